/** Ports that are replayed on what Python recorded: right ones, and ones that are wrong in one way each. */
import { mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';

import { expect } from 'chai';
import torch, { nn, type Tensor } from 'torch-losses';

import { PACKAGE_ROOT } from '../../dist/bindings/libtorch/folders';
import type { RunReport } from '../../dist/testing/parity/port/comparison';
import { reportOn } from '../../dist/testing/parity/port/replay';
import type { Run } from '../../dist/testing/parity/port/run';
import { askPython } from '../parity/parity';

const F = nn.functional;
const { record, replay } = torch.testing.parity;

let folder: string;
before(() => {
  folder = mkdtempSync(path.join(os.tmpdir(), 'torch-losses-'));
});
after(() => rmSync(folder, { recursive: true }));

const RECORDER = `
import sys
sys.dont_write_bytecode = True
sys.path.insert(0, ${JSON.stringify(path.join(PACKAGE_ROOT, 'lib', 'testing', 'parity'))})
from torch_losses_run import record_run
`;

/** Records a program of Python, whose lines see `run`, and gives the file. */
async function recorded(name: string, program: string, options = ''): Promise<string> {
  const file = path.join(folder, `${name.replace(/\W+/g, '-')}.safetensors`);
  const body = program.trim().split('\n').join('\n    ');
  await askPython(
    `${RECORDER}\ntorch.manual_seed(5)\nwith record_run(${JSON.stringify(file)}${options}) as run:\n    ${body}`,
    [],
  );
  return file;
}

const INPUTS = `
x = run.input('x', torch.randn(16, 10, requires_grad=True))
y = run.input('y', torch.rand(16, 10))
t = run.input('t', torch.tensor([7, 1, 2, 7, 4, 5, 6, 0, 8, 9, 0, 1, 2, 3, 7, 5]))
w = run.input('w', torch.rand(10) + 0.5)
d = run.input('d', torch.randn(16, 10, dtype=torch.float64))`;

interface Inputs {
  x: Tensor;
  y: Tensor;
  t: Tensor;
  w: Tensor;
  d: Tensor;
}

interface Case {
  /** What Python records as `value`, and the same in TypeScript. */
  python: string;
  right(inputs: Inputs): Tensor;
  /** A port that is wrong in one way, and the one thing that is said of it. */
  wrong(inputs: Inputs): Tensor;
  says: RegExp;
}

const pick = (x: Tensor, t: Tensor): Tensor =>
  x.log_softmax(1).gather(1, t.unsqueeze(1)).squeeze(1);
const PICK = 'x.log_softmax(1).gather(1, t.unsqueeze(1)).squeeze(1)';

const CASES: Record<string, Case> = {
  'a sum for a mean': {
    python: 'x.exp().mul(y).mean()',
    right: ({ x, y }) => x.exp().mul(y).mean(),
    wrong: ({ x, y }) => x.exp().mul(y).sum(),
    says: /times 160, which is the number of elements of "x": a sum where Python has a mean/,
  },
  'a mean for batchmean': {
    python: "F.kl_div(x.log_softmax(1), y, reduction='batchmean')",
    right: ({ x, y }) => F.kl_div(x.log_softmax(1), y, { reduction: 'batchmean' }),
    wrong: ({ x, y }) => F.kl_div(x.log_softmax(1), y, { reduction: 'sum' }).div(160),
    says: /divided by 10, which is the size of dimension 1 of "x"/,
  },
  'a mean that is not divided by the weights': {
    python: `(${PICK} * w[t]).sum() / w[t].sum()`,
    right: ({ x, t, w }) => pick(x, t).mul(w.index(t)).sum().div(w.index(t).sum()),
    wrong: ({ x, t, w }) => pick(x, t).mul(w.index(t)).sum().div(16),
    says: /the sum of "w" at "t".*divided by the number of elements, where Python divides by the sum/,
  },
  'an index that is not ignored': {
    python: `${PICK} * (t != 7)`,
    right: ({ x, t }) => pick(x, t).mul(t.ne(7)),
    wrong: ({ x, t }) => pick(x, t),
    says: /those where "t" is 7: is that value ignored/,
  },
  'the other sign': {
    python: PICK,
    right: ({ x, t }) => pick(x, t),
    wrong: ({ x, t }) => pick(x, t).neg(),
    says: /^The sign is the opposite everywhere/,
  },
  'a transposition': {
    python: 'x @ y.t()',
    right: ({ x, y }) => x.matmul(y.t()),
    wrong: ({ x, y }) => x.matmul(y.t()).t(),
    says: /dimensions 0 and 1 swapped/,
  },
  'a permutation of the rows': {
    python: 'x.exp()',
    right: ({ x }) => x.exp(),
    wrong: ({ x }) => x.exp().flip([0]),
    says: /The rows are Python's in another order: row 0 is Python's row 15/,
  },
  'a shift by one': {
    python: 'y[:, 1:]',
    right: ({ y }) => y.narrow(1, 1, 9),
    wrong: ({ y }) => y.narrow(1, 0, 9),
    says: /shifted by one along dimension 1: index i has Python's of i - 1/,
  },
  'softmax twice': {
    python: 'x.softmax(1)',
    right: ({ x }) => x.softmax(1),
    wrong: ({ x }) => x.softmax(1).softmax(1),
    says: /are softmax of Python's: it is applied once too often/,
  },
  'no softmax': {
    python: 'x.softmax(1)',
    right: ({ x }) => x.softmax(1),
    wrong: ({ x }) => x,
    says: /Python's numbers are softmax of these: it is missing/,
  },
  'the log of a probability twice': {
    python: 'y.log()',
    right: ({ y }) => y.log(),
    wrong: ({ y }) => y.log().neg().log(),
    says: /are log of the negative of Python's: it is applied once too often/,
  },
  'cross_entropy of probabilities': {
    python: 'F.cross_entropy(x, t)',
    right: ({ x, t }) => F.cross_entropy(x, t),
    wrong: ({ x, t }) => F.cross_entropy(x.softmax(1), t),
    says: /those of cross_entropy\(x, t.*, these of cross_entropy\(softmax\(x\), t/,
  },
  'no label_smoothing': {
    python: 'F.cross_entropy(x, t, label_smoothing=0.1)',
    right: ({ x, t }) => F.cross_entropy(x, t, { label_smoothing: 0.1 }),
    wrong: ({ x, t }) => F.cross_entropy(x, t),
    says: /label_smoothing=0\.1.*, these of .*label_smoothing=0,/,
  },
  'no weight': {
    python: "F.cross_entropy(x, t, weight=w, reduction='none')",
    right: ({ x, t, w }) => F.cross_entropy(x, t, { weight: w, reduction: 'none' }),
    wrong: ({ x, t }) => F.cross_entropy(x, t, { reduction: 'none' }),
    says: /cross_entropy\(x, t, weight=w.*, these of cross_entropy\(x, t, label/,
  },
  'a sigmoid taken twice': {
    python: 'F.binary_cross_entropy_with_logits(x, y)',
    right: ({ x, y }) => F.binary_cross_entropy_with_logits(x, y),
    wrong: ({ x, y }) => F.binary_cross_entropy_with_logits(x.sigmoid(), y),
    says: /those of binary_cross_entropy_with_logits\(x, .*, these of .*\(sigmoid\(x\)/,
  },
  'float64 rounded to float32': {
    python: 'd.exp()',
    right: ({ d }) => d.exp(),
    wrong: ({ d }) => d.exp().to(torch.float32).to(torch.float64),
    says: /^Every number here is one of float32.*rounded to float32 on the way/,
  },
  'float64 rounded to float32 before the last operation': {
    python: 'd.exp().mul(d)',
    right: ({ d }) => d.exp().mul(d),
    wrong: ({ d }) => d.exp().to(torch.float32).to(torch.float64).mul(d),
    says: /as large as those of rounding to float32/,
  },
  'float32 rounded to half': {
    python: 'x.tanh()',
    right: ({ x }) => x.tanh(),
    wrong: ({ x }) => x.tanh().to(torch.float16).to(torch.float32),
    says: /one of float16/,
  },
  'float32 rounded to bfloat16': {
    python: 'x.tanh()',
    right: ({ x }) => x.tanh(),
    wrong: ({ x }) => x.tanh().to(torch.bfloat16).to(torch.float32),
    says: /one of bfloat16/,
  },
  'another order of summation': {
    python: '(d @ d.t()).sum(1)',
    right: ({ d }) => d.matmul(d.t()).sum(1),
    wrong: ({ d }) => d.matmul(d.t()).cumsum(1).index('...', -1).add(0),
    says: /of the size of rounding, without a bias/,
  },
};

const inputsOf = (run: Run): Inputs => ({
  x: run.input('x'),
  y: run.input('y'),
  t: run.input('t'),
  w: run.input('w'),
  d: run.input('d'),
});

describe('testing.parity: a port', () => {
  for (const [name, { python, right, wrong, says }] of Object.entries(CASES)) {
    describe(`with ${name}`, () => {
      let file: string;
      before(async () => {
        file = await recorded(name, `${INPUTS}\nrun.output('value', ${python})`);
      });
      const replayed = (port: (inputs: Inputs) => Tensor): Promise<RunReport> =>
        reportOn(file, (run) => run.check('value', port(inputsOf(run))));

      it('is told so, and nothing else', async () => {
        const { verdict, results } = await replayed(wrong);
        expect(verdict).to.equal('different');
        expect(results[0]!.diagnoses.join('\n')).to.match(says);
        expect(results[0]!.diagnoses).to.have.length(1);
      });

      it('made right is equal bit for bit', async () => {
        const { verdict, results } = await replayed(right);
        expect(results).to.have.length(1);
        expect(verdict).to.equal('equal');
      });
    });
  }

  /** Differences that none of the diagnoses explains. */
  const UNEXPLAINED: Record<string, [python: string, wrong: (inputs: Inputs) => Tensor]> = {
    'another exponent': ['y ** 2', ({ y }) => y.pow(2.1)],
    'an epsilon': ['(y + 1e-8).log()', ({ y }) => y.add(1e-3).log()],
    'an epsilon in float64': [
      '(d ** 2 + 1).log()',
      ({ d }) =>
        d
          .pow(2)
          .add(1 + 1e-7)
          .log(),
    ],
    'another factor for each row': ['x.exp()', ({ x, y }) => x.exp().mul(y.sum(1, true))],
    'a scalar of another loss': ['x.exp().mul(y).mean()', ({ x, y }) => x.sinh().mul(y).mean()],
    'a gradient of noise': ['x', ({ x, y }) => x.add(y.sub(0.5))],
    'one row': [
      'x.exp()',
      ({ x }) => torch.cat([x.narrow(0, 0, 15).exp(), x.narrow(0, 15, 1).cos()]),
    ],
  };
  for (const [name, [python, wrong]] of Object.entries(UNEXPLAINED)) {
    it(`with ${name}: nothing is said that does not fit`, async () => {
      const file = await recorded(name, `${INPUTS}\nrun.output('value', ${python})`);
      const report = await reportOn(file, (run) => run.check('value', wrong(inputsOf(run))));
      expect(report.verdict).to.equal('different');
      expect(report.results[0]!.diagnoses).to.deep.equal([]);
    });
  }

  const TRAINING = `
model = run.module('model', nn.Sequential(nn.Linear(4, 3), nn.Dropout(0.5)))
optimizer = torch.optim.SGD(model.parameters(), lr=run.options['lr'], momentum=0.9)
for i in range(3):
    x = run.input('x', torch.randn(5, 4))
    y = run.input('y', torch.randint(0, 3, (5,)))
    optimizer.zero_grad()
    logits = run.record('logits', model(x))
    loss = run.output('loss', F.cross_entropy(logits, y))
    loss.backward()
    run.gradients()
    optimizer.step()
    run.step()`;

  /** The same program, recorded or replayed. */
  function train(
    run: Run,
    { lr = run.options['lr'] as number, given = {} }: TrainOptions = {},
  ): void {
    const model = run.module('model', new nn.Sequential(new nn.Linear(4, 3), new nn.Dropout(0.5)));
    const optimizer = new torch.optim.SGD(model.parameters(), { lr, momentum: 0.9 });
    for (let i = 0; i < 3; i++) {
      const x = run.input('x', given.x?.());
      const y = run.input('y', given.y?.());
      optimizer.zero_grad();
      const logits = run.check('logits', model.forward(x) as Tensor);
      run.output('loss', F.cross_entropy(logits, y)).backward();
      run.gradients();
      optimizer.step();
      run.step();
    }
  }
  interface TrainOptions {
    lr?: number;
    given?: { x?: () => Tensor; y?: () => Tensor };
  }
  it('of three steps of training with dropout is equal, with the state at the end', async () => {
    const file = await recorded('training', TRAINING, ', lr=0.1');
    const before = torch.get_rng_state();
    const report = await replay(file, train);
    expect(report.verdict).to.equal('equal');
    expect(report.notes).to.deep.equal([]);
    expect(report.results.map(({ name, step }) => `${step} ${name}`)).to.deep.equal([
      ...[0, 1, 2].flatMap((step) =>
        ['logits', 'loss', 'grad.model.0.weight', 'grad.model.0.bias'].map(
          (name) => `${step} ${name}`,
        ),
      ),
      '3 final.model.0.weight',
      '3 final.model.0.bias',
    ]);
    expect(
      torch.equal(torch.get_rng_state(), before),
      'the random generator is as before',
    ).to.equal(true);
  });

  it('says the first tensor that differs, and the last before it that does not', async () => {
    const file = await recorded('training', TRAINING, ', lr=0.1');
    const report = await reportOn(file, (run) => train(run, { lr: 0.2 }));
    expect(report.first).to.equal('logits (step 1)');
    expect(report.last).to.equal('grad.model.0.bias (step 0)');
  });

  it('throws the report as text', async () => {
    const file = await recorded('training', TRAINING, ', lr=0.1');
    const error = await replay(file, (run) => train(run, { lr: 0.2 })).then(
      () => undefined,
      (error: Error & { report: RunReport }) => error,
    );
    expect(error!.message).to.match(/The first that differs is logits \(step 1\)/);
    expect(error!.message).to.match(/by at most [\d.e+,]+ ulps \(median .*furthest at \[/s);
    expect(error!.report.verdict).to.equal('different');
  });

  it('whose gradient is detached is told so, where the value is equal', async () => {
    const file = await recorded(
      'detached',
      `${INPUTS}
run.output('loss', (x * x.softmax(1)).sum()).backward()
run.gradients()`,
    );
    const port =
      (change: (p: Tensor) => Tensor) =>
      (run: Run): void => {
        const { x } = inputsOf(run);
        run.output('loss', x.mul(change(x.softmax(1))).sum());
        x.mul(change(x.softmax(1)))
          .sum()
          .backward();
        run.gradients();
      };
    expect(
      (
        await reportOn(
          file,
          port((p) => p),
        )
      ).verdict,
    ).to.equal('equal');
    const { results } = await reportOn(
      file,
      port((p) => p.detach()),
    );
    expect(results.map(({ name, verdict }) => [name, verdict])).to.deep.equal([
      ['loss', 'equal'],
      ['grad.x', 'different'],
    ]);
    expect(results[1]!.diagnoses[0]).to.match(
      /values of this step are equal and the gradient is not/,
    );
    const none = await reportOn(file, (run) => {
      const { x } = inputsOf(run);
      run.output('loss', x.mul(x.softmax(1)).sum());
      run.gradients();
    });
    expect(none.results[1]!.problem).to.match(/Python has it, and here there is none/);
    expect(none.results[1]!.diagnoses[0]).to.match(/no gradient arrives here/);
  });

  it('must check all that was recorded, in its order', async () => {
    const file = await recorded(
      'order',
      `${INPUTS}\nrun.record('a', x + 1)\nrun.record('b', x + 2)`,
    );
    const missing = await reportOn(file, (run) => run.check('a', run.input('x').add(1)));
    expect(missing.verdict).to.equal('different');
    expect(missing.results[1]).to.include({ name: 'b', problem: 'was recorded and never checked' });
    const swapped = await reportOn(file, (run) => {
      const x = run.input('x');
      run.check('b', x.add(2));
      run.check('a', x.add(1));
    });
    expect(swapped.verdict).to.equal('different');
    expect(swapped.problems).to.deep.equal([
      'a was checked after b, and recorded before it (step 0)',
    ]);
  });

  it('says what stands out, with values and bits', async () => {
    const file = await recorded('rows', `${INPUTS}\nrun.record('a', x.clamp(1, 1))`);
    const { results } = await reportOn(file, (run) => {
      const ours = torch.ones(16, 10);
      ours.index_put_([3], 1 + 2 ** -23);
      ours.index_put_([5, 2], 1 - 2 ** -24);
      ours.index_put_([5], 1 + 2 ** -20);
      run.input('x');
      run.check('a', ours);
    });
    const { different, count, ulps, relative, at, values, bits, where } = results[0]!.difference!;
    expect({ different, count, ulps, at }).to.deep.equal({
      different: 20,
      count: 160,
      ulps: { greatest: 8, median: 1 },
      at: [5, 0],
    });
    expect(relative.greatest).to.be.closeTo(2 ** -20, 1e-11);
    expect(values).to.deep.equal(['1', String(1 + 2 ** -20)]);
    expect(bits).to.deep.equal(['0x3f800000', '0x3f800008']);
    expect(where).to.deep.equal(['only at 2 of 16 indices of dimension 0: 3, 5']);
  });

  it('is within tolerances, of all tensors and by name', async () => {
    const file = await recorded(
      'tolerance',
      `${INPUTS}\nrun.record('a', y)\nrun.record('b', y * 0)`,
    );
    const port = (run: Run): void => {
      const { y } = inputsOf(run);
      run.check('a', y.mul(1 + 2 ** -22));
      run.check('b', y.mul(-0));
    };
    const verdict = async (options: object): Promise<string[]> =>
      (await reportOn(file, port, options)).results.map(({ verdict }) => verdict);
    expect(await verdict({})).to.deep.equal(['different', 'different']);
    expect(await verdict({ ulps: 0 })).to.deep.equal(['different', 'close']);
    expect(await verdict({ ulps: 4 })).to.deep.equal(['close', 'close']);
    expect(await verdict({ rtol: 1e-6 })).to.deep.equal(['close', 'close']);
    expect(await verdict({ tolerances: { a: { rtol: 1e-6 } } })).to.deep.equal([
      'close',
      'different',
    ]);
  });

  it('with another dtype or shape is told so', async () => {
    const file = await recorded('shape', `${INPUTS}\nrun.record('a', y)\nrun.record('b', y)`);
    const { results } = await reportOn(file, (run) => {
      const { y } = inputsOf(run);
      run.check('a', y.to(torch.float64));
      run.check('b', y.t());
    });
    expect(results[0]!.problem).to.match(/Python has torch\.float32.*here it is torch\.float64/);
    expect(results[0]!.diagnoses).to.match(/only the dtype is another/);
    expect(results[1]!.diagnoses).to.match(/dimensions 0 and 1 swapped/);
  });

  it('gets inputs in the memory layout that Python had', async () => {
    const file = await recorded(
      'layout',
      `run.input('a', torch.randn(6, 4).t())
run.input('b', torch.randn(1, 4).expand(6, 4))`,
    );
    await replay(file, (run) => {
      expect(run.input('a').stride()).to.deep.equal([1, 4]);
      expect(run.input('b').stride()).to.deep.equal([0, 1]);
    });
  });

  const REFUSED: Record<string, [port: (run: Run) => unknown, message: RegExp]> = {
    'a name that is not recorded': [
      (run) => run.check('b', torch.ones(1)),
      /check\(\): step 0 of .* has no "b"; it has a/,
    ],
    'an input that is not recorded': [(run) => run.input('z'), /has no "z"; it has x, y, t, w, d/],
    'a module that is not recorded': [
      (run) => run.module('m', new nn.Linear(1, 1)),
      /module\(\): step 0 of .* has no "m"; it has none/,
    ],
    'a second check': [
      (run) => {
        run.check('a', torch.ones(1));
        run.check('a', torch.ones(1));
      },
      /"a" was checked already in step 0/,
    ],
    'what is no tensor': [
      (run) => run.check('a', 3 as unknown as Tensor),
      /check\(\): "a" must be a Tensor, got/,
    ],
    'gradients that are not recorded': [
      (run) => run.gradients(),
      /the recording has none in step 0/,
    ],
  };
  for (const [what, [port, message]] of Object.entries(REFUSED)) {
    it(`is refused ${what}`, async () => {
      const file = await recorded('refused', `${INPUTS}\nrun.record('a', y)`);
      const error = await reportOn(file, port).then(
        () => undefined,
        (error: Error) => error,
      );
      expect(error?.message).to.match(message);
    });
  }

  it('is refused another module than Python’s', async () => {
    const file = await recorded('module', "run.module('m', nn.Linear(2, 3))");
    const of = (module: nn.Module): Promise<unknown> =>
      reportOn(file, (run) => run.module('m', module as never)).then(
        () => undefined,
        (error: Error) => error.message,
      );
    expect(await of(new nn.Linear(3, 3))).to.match(
      /m.weight has the shape \[3, 3\], and Python's \[3, 2\]/,
    );
    expect(await of(new nn.Linear(2, 3, { bias: false }))).to.match(
      /m has no "bias", and Python's has/,
    );
  });

  it('is recorded in the same format, and replayed', async () => {
    const file = path.join(folder, 'typescript.safetensors');
    const given = {
      x: () => torch.randn(5, 4, { requires_grad: true }),
      y: () => torch.randint(0, 3, [5]),
    };
    await record(file, (run) => train(run, { given }), { options: { lr: 0.1 } });
    expect((await replay(file, train)).verdict).to.equal('equal');
    const twice = record(file, (run) => {
      run.check('a', torch.ones(1));
      run.check('a', torch.ones(1));
    });
    const error = await twice.then(
      () => undefined,
      (error: Error) => error,
    );
    expect(error?.message).to.match(/"a" is recorded twice in step 0/);
    expect((await replay(file, train)).verdict, 'the file is as it was').to.equal('equal');
  });

  it('in Python: refuses what the file cannot hold, and leaves no file', async () => {
    const programs = [
      "run.record('a', 3)",
      "run.record('', torch.ones(1))",
      "run.record('a', torch.ones(1)); run.record('a', torch.ones(1))",
      "run.input('a')",
    ];
    const file = path.join(folder, 'none.safetensors');
    const runs = programs.map(
      (line) => `
try:
    with record_run(${JSON.stringify(file)}) as run:
        ${line}
except (TypeError, ValueError) as error:
    texts.append(str(error))`,
    );
    const [texts, files] = (await askPython(`${RECORDER}\nimport os\ntexts = []${runs.join('')}`, [
      'texts',
      `[name for name in os.listdir(${JSON.stringify(folder)}) if name.startswith('none')]`,
    ])) as [string[], string[]];
    expect(texts[0]).to.match(/'a' must be a tensor, got int/);
    expect(texts[1]).to.match(/the name must be a text/);
    expect(texts[2]).to.match(/'a' is recorded twice in step 0/);
    expect(texts[3]).to.match(/'a' has no tensor/);
    expect(files).to.deep.equal([]);
  });
});
