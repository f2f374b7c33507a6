/** Gradients by rows, beside Python's, in chunks, after kills and on several machines. */
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { expect } from 'chai';
import torch, { nn, type Tensor } from 'torch-losses';
import { evaluate, merge } from 'torch-losses/batch';

import { temporaryFolder } from '../support/folder';
import { PYTHON, runEval } from './command';

const { numpy } = torch.utils;
const ROWS = 523;
const WIDTH = 19;

/** Reads the inputs, and writes the gradient of the first. */
const SCRIPT = `
import json, sys
import torch
def load(entry):
    data = bytearray(bytes.fromhex(entry['bytes']))
    return torch.frombuffer(data, dtype=getattr(torch, entry['dtype'])).reshape(entry['shape'])
job = json.load(sys.stdin)
torch.set_num_threads(job['threads'])
inputs = [load(entry) for entry in job['inputs']]
options = {name: load(value) if isinstance(value, dict) else value for name, value in job['options'].items()}
first = inputs[0].requires_grad_()
losses = getattr(torch.nn, job['loss'])(**options, reduction='none')(*inputs)
losses.backward(torch.ones_like(losses))
sys.stdout.write(bytes(first.grad.contiguous().untyped_storage()).hex())
`;

const entryOf = (tensor: Tensor): object => ({
  dtype: tensor.dtype.name,
  shape: tensor.shape,
  bytes: Buffer.from((tensor.toTypedArray() as Float32Array).buffer).toString('hex'),
});

type Options = Record<string, Tensor | number | boolean>;
interface Case {
  options?: Options;
  inputs: Record<string, Tensor>;
  dims?: Record<string, number>;
}

function cases(): Record<string, Case> {
  const normal = (...size: number[]): Tensor => torch.randn(...size);
  const classes = torch.randint(0, WIDTH, [ROWS]);
  const signs = normal(ROWS).sign();
  return {
    CrossEntropyLoss: {
      options: { weight: torch.rand(WIDTH), ignore_index: 3, label_smoothing: 0.1 },
      inputs: { input: normal(ROWS, WIDTH), target: classes },
    },
    MSELoss: { inputs: { input: normal(ROWS, WIDTH), target: normal(ROWS, WIDTH) } },
    HuberLoss: { inputs: { input: normal(ROWS).double(), target: normal(ROWS).double() } },
    MultiMarginLoss: { inputs: { input: normal(ROWS, WIDTH), target: classes } },
    TripletMarginLoss: {
      inputs: {
        anchor: normal(ROWS, WIDTH),
        positive: normal(ROWS, WIDTH),
        negative: normal(ROWS, WIDTH),
      },
    },
    CosineEmbeddingLoss: {
      inputs: { input1: normal(ROWS, WIDTH), input2: normal(ROWS, WIDTH), target: signs },
    },
    CTCLoss: {
      inputs: {
        log_probs: normal(9, ROWS, WIDTH).log_softmax(2),
        targets: torch.randint(1, WIDTH, [ROWS, 4]),
        input_lengths: torch.randint(6, 10, [ROWS]),
        target_lengths: torch.randint(1, 4, [ROWS]),
      },
      dims: { log_probs: 1 },
    },
  };
}

describe('batch: gradients', () => {
  const file = temporaryFolder();
  torch.manual_seed(17);

  /** Saves the inputs, in two files each if `parts` is set. */
  function save({ inputs, dims = {} }: Case, parts = false): Record<string, string[]> {
    return Object.fromEntries(
      Object.entries(inputs).map(([name, tensor]) => {
        const dim = dims[name] ?? 0;
        const sizes = parts ? [200, ROWS - 200] : [ROWS];
        const files = sizes.map((size, i) => {
          const shard = file(`${name}-${i}.npy`);
          numpy.save(shard, tensor.narrow(dim, i * 200, size).contiguous());
          return shard;
        });
        return [name, files];
      }),
    );
  }

  const lossOf = (name: string, options: Options = {}) =>
    new (nn as unknown as Record<string, new (options: object) => nn.MSELoss>)[name]!(options);

  function pythons(name: string, { inputs, options = {} }: Case): string {
    const shown = Object.entries(options).map(([option, value]) => [
      option,
      typeof value === 'object' ? entryOf(value) : value,
    ]);
    const input = JSON.stringify({
      loss: name,
      threads: torch.get_num_threads(),
      inputs: Object.values(inputs).map(entryOf),
      options: Object.fromEntries(shown),
    });
    return execFileSync(PYTHON, ['-c', SCRIPT], { input, encoding: 'utf8', maxBuffer: 2 ** 28 });
  }

  const bytesOf = (name: string): string => {
    const tensor = numpy.load(name) as Tensor;
    return Buffer.from((tensor.toTypedArray() as Float32Array).buffer).toString('hex');
  };

  for (const [name, each] of Object.entries(cases())) {
    it(`of ${name} are Python's`, async () => {
      const gradOut = file(`${name}.npy`);
      const options = { gradOut, memory: 200_000 };
      const out = file(`${name}-losses.npy`);
      const loss = lossOf(name, each.options);
      const files = save(each, true);
      await evaluate(loss, files, { ...options, out }).summary();
      expect(bytesOf(gradOut)).to.equal(pythons(name, each));
      const [first] = Object.values(each.inputs);
      expect((numpy.load(gradOut) as Tensor).shape).to.deep.equal(first!.shape);
      const plain = file(`${name}-plain.npy`);
      await evaluate(loss, files, { out: plain }).summary();
      expect(bytesOf(out)).to.equal(bytesOf(plain));
    }).timeout(60_000);
  }

  it('go on after an interruption, in parts too, and in folders', async () => {
    const name = 'CTCLoss';
    const each = cases()[name]!;
    const files = save(each, true);
    const whole = file('whole.npy');
    const losses = file('whole-losses.npy');
    const loss = lossOf(name);
    await evaluate(loss, files, { gradOut: whole, out: losses }).summary();
    const out = file('resumed-losses.npy');
    const gradOut = file('resumed.npy');
    for (const shard of ['1/2', '2/2']) {
      const options = { gradOut, out, shard, memory: 300_000 };
      for await (const _step of evaluate(loss, files, options)) break;
      expect(existsSync(file(`resumed.${shard.replace('/', '-of-')}.npy`))).to.equal(false);
      let steps = 0;
      for await (const { rows, newRows } of evaluate(loss, files, { ...options, resume: true })) {
        expect(newRows).to.be.lessThan(rows);
        steps++;
      }
      expect(steps).to.be.at.least(2);
    }
    await merge(out);
    for (const [ours, theirs] of [
      [out, losses],
      [gradOut, whole],
    ] as const) {
      expect(readFileSync(ours).equals(readFileSync(theirs)), ours).to.equal(true);
    }
    await evaluate(loss, files, { gradOut: `${file('folder')}/` }).summary();
    const parts = files['log_probs']!.map((shard) =>
      numpy.load(path.join(file('folder'), path.basename(shard))),
    ) as Tensor[];
    expect(torch.equal(torch.cat(parts, 1), numpy.load(whole) as Tensor)).to.equal(true);
  });

  it('of rows that are skipped are NaN', async () => {
    const input = torch.randn(30, 5);
    const target = torch.randint(0, 5, [30]);
    target.index_put_([torch.tensor([4, 29])], torch.tensor(5));
    const files = { input: file('x.npy'), target: file('y.npy') };
    numpy.save(files.input, input);
    numpy.save(files.target, target);
    const gradOut = file('skipped.npy');
    await evaluate(new nn.CrossEntropyLoss(), files, { gradOut, onError: 'skip' }).summary();
    const gradients = numpy.load(gradOut) as Tensor;
    const missing = gradients.isnan().all(1).nonzero().flatten().tolist();
    expect(missing).to.deep.equal([4, 29]);
    expect(gradients.isnan().sum().item()).to.equal(10);
  });

  it('are refused for integers, and without a place to go', async () => {
    const files = { input: file('i.npy'), target: file('j.npy') };
    for (const name of Object.values(files))
      numpy.save(name, torch.ones(4, { dtype: torch.int64 }));
    const error = await evaluate(new nn.L1Loss(), files, { gradOut: file('no.npy') })
      .summary()
      .catch((caught) => caught);
    expect(error).to.be.instanceOf(RangeError);
    expect(error.message).to.include(
      "'gradOut' needs a floating-point input, and 'input' is of torch.int64",
    );
    expect(() => evaluate(new nn.L1Loss(), files, { gradOut: 'x', out: 'y.npy' })).to.throw(
      "'gradOut' must be a folder with / at its end, or a file that ends with",
    );
    expect(() => evaluate(new nn.L1Loss(), files, { gradOut: 'x.npy', out: 'x.npy' })).to.throw(
      "'out' and 'gradOut' must not be the same",
    );
    const args = ['--loss', 'L1Loss', '--input', files.input, '--target', files.target];
    const { status, stderr } = await runEval([...args, '--backward']);
    expect({ status, stderr }).to.deep.equal({
      status: 2,
      stderr: 'Error: --backward needs --grad-out FILE.npy or --grad-out FOLDER/\n',
    });
  });
});
