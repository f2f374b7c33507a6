/** Jobs as a shell sees them: killed, resumed, refused, with bad rows, and beside a plain program in Python. */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import {
  appendFileSync,
  existsSync,
  readdirSync,
  readFileSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';
import { expect } from 'chai';
import torch, { nn, type Tensor } from 'torch-losses';
import { BatchError, evaluate } from 'torch-losses/batch';

import { temporaryFolder } from '../support/folder';
import { MAIN, PYTHON, runEval as run, summaryOf } from './command';

const { numpy } = torch.utils;
const KILLS = Number(process.env['BATCH_KILLS'] ?? 3);
const ROWS = 40_000;
const CLASSES = 50;

/** What a user without this package would write. */
const SCRIPT = `
import ast, mmap, struct, sys
import torch
def array(path, dtype):
    with open(path, 'rb') as file:
        view = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_COPY)
    size, = struct.unpack('<H', view[8:10])
    shape = ast.literal_eval(view[10:10 + size].decode())['shape']
    return torch.frombuffer(view, dtype=dtype, offset=10 + size).reshape(shape)
torch.set_num_threads(int(sys.argv[4]))
logits, labels = array(sys.argv[1], torch.float32), array(sys.argv[2], torch.int64)
with open(sys.argv[3], 'wb') as out:
    for start in range(0, len(logits), 7000):
        part = slice(start, start + 7000)
        losses = torch.nn.functional.cross_entropy(logits[part], labels[part], reduction='none')
        out.write(bytes(losses.untyped_storage()))
`;

const ended = (child: ChildProcess): Promise<void> =>
  new Promise((resolve) => child.once('exit', () => resolve()));

describe('batch: jobs', () => {
  const file = temporaryFolder();
  let inputs: string[];

  before(() => {
    torch.manual_seed(3);
    numpy.save(file('logits.npy'), torch.randn(ROWS, CLASSES));
    numpy.save(file('labels.npy'), torch.randint(0, CLASSES, [ROWS]));
    inputs = [
      '--loss',
      'CrossEntropyLoss',
      '--input',
      file('logits.npy'),
      '--target',
      file('labels.npy'),
    ];
  });

  const save = (name: string, tensor: Tensor): string => {
    numpy.save(file(name), tensor);
    return file(name);
  };

  it('give the bytes of a plain program in Python', async () => {
    const { status, stdout } = await run([...inputs, '--out', file('plain.npy'), '--json']);
    expect(status).to.equal(0);
    const threads = String(torch.get_num_threads());
    const args = [file('logits.npy'), file('labels.npy'), file('plain.bin'), threads];
    execFileSync(PYTHON, ['-c', SCRIPT, ...args]);
    const losses = readFileSync(file('plain.npy'));
    expect(losses.subarray(-4 * ROWS).equals(readFileSync(file('plain.bin')))).to.equal(true);
    const summary = JSON.parse(stdout.trim().split('\n').at(-1)!);
    expect(summary).to.include({ rows: ROWS, losses: ROWS, nan: 0 });
    expect(summary.mean).to.be.closeTo(
      (numpy.load(file('plain.npy')) as Tensor).double().mean().item(),
      1e-12,
    );
  }).timeout(60_000);

  it('that were killed go on, give the same bytes, and compute nothing twice but the chunk in flight', async () => {
    const small = ['--memory', '1M'];
    const whole = await run([...inputs, '--out', file('whole.npy'), ...small, '--json']);
    const out = file('killed.npy');
    const journal = `${out}.job`;
    let lines = 0;
    for (let kill = 0; kill < KILLS; kill++) {
      const child = spawn(
        process.execPath,
        [MAIN, 'eval', ...inputs, '--out', out, ...small, '--resume'],
        { stdio: 'ignore' },
      );
      const wait = lines + 1 + Math.floor(Math.random() * 5);
      const start = Date.now();
      while (child.exitCode === null && linesOf(journal) < wait && Date.now() - start < 20_000) {
        await new Promise((resolve) => setTimeout(resolve, Math.random() * 5));
      }
      child.kill('SIGKILL');
      if (child.exitCode === null && child.signalCode === null) await ended(child);
      expect(linesOf(journal)).to.be.at.least(lines);
      lines = linesOf(journal);
    }
    if (existsSync(journal)) appendFileSync(journal, '{"chunk":9');
    const resumed = await run([...inputs, '--out', out, '--resume', '--json']);
    expect(resumed.status, resumed.stderr).to.equal(0);
    expect(readFileSync(out).equals(readFileSync(file('whole.npy')))).to.equal(true);
    expect(JSON.parse(resumed.stdout.trim().split('\n').at(-1)!)).to.deep.equal(
      JSON.parse(whole.stdout.trim().split('\n').at(-1)!),
    );
    expect(linesOf(journal)).to.equal(linesOf(file('whole.npy.job')));
    expect(existsSync(`${out}.partial`)).to.equal(false);
  }).timeout(120_000);

  it('that are finished compute nothing again, and miss a file that is gone', async () => {
    const out = `${file('finished')}/`;
    const first = await run([...inputs, '--out', out, '--json']);
    const again = await run([...inputs, '--out', out, '--json', '--resume']);
    expect(again.status).to.equal(0);
    expect(summaryOf(again)).to.deep.equal(summaryOf(first));
    expect(again.stdout).not.to.include('progress');
    expect(readdirSync(out).sort()).to.deep.equal(['eval.job', 'logits.npy']);
    rmSync(path.join(out, 'logits.npy'));
    const missing = await run([...inputs, '--out', out, '--resume']);
    expect(missing).to.include({ status: 4 });
    expect(missing.stderr).to.include('logits.npy cannot be resumed: it is missing');
  }).timeout(60_000);

  it('refuse another input, option or journal by name, and an output that exists', async () => {
    const out = file('same.npy');
    const labels = save('own-labels.npy', torch.zeros(ROWS, { dtype: torch.int64 }));
    const own = [...inputs.slice(0, -1), labels, '--out', out];
    expect((await run(own)).status).to.equal(0);
    const exists = await run(own);
    expect(exists.status).to.equal(4);
    expect(exists.stderr).to.include('same.npy.job was started before').and.to.include('--resume');
    const option = await run([...own, '--resume', '--option', 'label_smoothing=0.1']);
    expect(option.stderr).to.include('option label_smoothing was 0, and is 0.1');
    writeFileSync(labels, readFileSync(labels));
    const input = await run([...own, '--resume']);
    expect(input.status).to.equal(4);
    expect(input.stderr).to.include('own-labels.npy has changed');
    expect((await run([...own, '--overwrite'])).status).to.equal(0);
    const text = readFileSync(`${out}.job`, 'utf8');
    const changes = {
      libtorch: 'libtorch was other, and is',
      hardware: 'the hardware was other, and is',
    };
    for (const [name, message] of Object.entries(changes)) {
      const changed = text.replace(new RegExp(`"${name}":"[^"]*"`), `"${name}":"other"`);
      writeFileSync(`${out}.job`, changed);
      const outcome = await run([...own, '--resume']);
      expect(outcome.stderr).to.include(message);
      expect(outcome.status).to.equal(4);
    }
  }).timeout(60_000);

  it('are refused while another run writes the same output', async () => {
    const files = { input: file('logits.npy'), target: file('labels.npy') };
    const start = () =>
      evaluate(new nn.CrossEntropyLoss(), files, {
        out: file('busy.npy'),
        memory: 1e6,
        resume: true,
      });
    for await (const { rows, totalRows } of start()) {
      const error = await start()
        .summary()
        .catch((caught) => caught);
      expect(error)
        .to.be.instanceOf(BatchError)
        .and.to.include({ problem: 'busy', code: 'ERR_TORCH_BATCH' });
      expect(rows).to.be.lessThan(totalRows);
      break;
    }
    expect((await start().summary()).rows).to.equal(ROWS);
  });

  it('end by a signal, and go on', async () => {
    const files = { input: file('logits.npy'), target: file('labels.npy') };
    const controller = new AbortController();
    const options = { out: file('aborted.npy'), memory: 1e6 };
    const job = evaluate(new nn.CrossEntropyLoss(), files, {
      ...options,
      signal: controller.signal,
    });
    let error: unknown;
    try {
      for await (const _step of job) controller.abort();
    } catch (caught) {
      error = caught;
    }
    expect(error).to.equal(controller.signal.reason);
    expect(
      (await evaluate(new nn.CrossEntropyLoss(), files, { ...options, resume: true }).summary())
        .rows,
    ).to.equal(ROWS);
  });

  it('name the file and row that a loss refuses, or skip it', async () => {
    const input = [save('x-0.npy', torch.randn(90, 5)), save('x-1.npy', torch.randn(40, 5))];
    const labels = torch.randint(0, 5, [130]);
    labels.index_put_([torch.tensor([7, 97, 98])], torch.tensor(5));
    const target = [
      save('y-0.npy', labels.narrow(0, 0, 90)),
      save('y-1.npy', labels.narrow(0, 90, 40)),
    ];
    const args = [
      '--loss',
      'CrossEntropyLoss',
      ...input.flatMap((name) => ['--input', name]),
      ...target.flatMap((name) => ['--target', name]),
    ];
    const stopped = await run(args);
    expect(stopped.status).to.equal(3);
    expect(stopped.stderr).to.match(
      /CrossEntropyLoss refuses row 7 of \S+x-0\.npy: Target 5 is out of bounds/,
    );
    const skipped = await run([
      ...args,
      '--on-error',
      'skip',
      '--json',
      '--out',
      file('skipped.npy'),
    ]);
    expect(skipped.status).to.equal(5);
    const summary = JSON.parse(skipped.stdout.trim().split('\n').at(-1)!);
    expect(summary).to.include({ rows: 130, losses: 127, skipped: 3, nan: 0 });
    expect(summary.skippedRows.map(({ row }: { row: number }) => row)).to.deep.equal([7, 7, 8]);
    const losses = numpy.load(file('skipped.npy')) as Tensor;
    const good = losses.isnan().logical_not();
    expect(good.sum().item()).to.equal(127);
    const all = torch.cat(input.map((name) => numpy.load(name) as Tensor));
    const expected = nn.functional.cross_entropy(all, labels.clamp_max(4), { reduction: 'none' });
    expect(torch.equal(losses.index(good), expected.index(good))).to.equal(true);
    expect(summary.mean).to.be.closeTo(expected.index(good).double().mean().item(), 1e-12);
  }).timeout(60_000);

  it('name the dtypes that a loss refuses, and begin anew after that', async () => {
    const labels = torch.arange(20).remainder(3).int();
    const args = ['--loss', 'CrossEntropyLoss', '--out', file('anew.npy')];
    args.push('--input', save('x-anew.npy', torch.randn(20, 3)));
    args.push('--target', save('y-anew.npy', labels));
    const refused = await run(args);
    expect(refused.status).to.equal(3);
    expect(refused.stderr).to.include(
      'CrossEntropyLoss refuses input of torch.float32, target of torch.int32: expected target dtype',
    );
    expect(refused.stderr).to.include('--dtype INPUT=DTYPE converts an input');
    for (const resume of [['--resume'], []]) {
      rmSync(file('anew.npy'), { force: true });
      writeFileSync(
        `${file('anew.npy')}.job`,
        `${readFileSync(`${file('anew.npy')}.job`, 'utf8').split('\n')[0]}\n`,
      );
      const outcome = await run([...args, ...resume, '--dtype', 'target=int64']);
      expect(outcome.status, outcome.stderr).to.equal(0);
    }
    expect((await run([...args, '--dtype', 'target=int64'])).status).to.equal(4);
  }).timeout(60_000);

  it('name rows whose loss is NaN', async () => {
    const x = torch.ones(30, 4);
    x.index_put_([torch.tensor([11, 29])], torch.tensor(Number.NaN));
    const outcome = await run([
      '--loss',
      'MSELoss',
      '--input',
      save('nan.npy', x),
      '--target',
      save('one.npy', torch.ones(30, 4)),
    ]);
    expect(outcome.status).to.equal(5);
    expect(outcome.stdout).to.match(
      /8 losses NaN\n {2}NaN: row 11 of \S+nan\.npy\n {2}NaN: row 29 of/,
    );
  }).timeout(30_000);

  it('say what is wrong with files, shapes and options', async () => {
    const short = save('short.npy', torch.randn(10, 4));
    const truncated = save('truncated.npy', torch.randn(10, 4));
    truncateSync(truncated, 200);
    const mse = ['--loss', 'MSELoss', '--input'];
    const one = save('one.npy', torch.randn(10, 4));
    const wrong: [args: string[], status: number, message: string][] = [
      [
        [...mse, truncated, '--target', one],
        3,
        'truncated.npy: of shape (10, 4) and <f4 takes 160 bytes, and has 72',
      ],
      [
        [...mse, short, '--target', save('nine.npy', torch.randn(9, 4))],
        3,
        'nine.npy has 9 rows, but',
      ],
      [[...mse, short, short, '--target', one], 2, 'Unexpected argument'],
      [
        [...mse, short, '--input', save('wide.npy', torch.randn(2, 5)), '--target', one],
        3,
        'wide.npy has rows of another shape (2, 5) than',
      ],
      [
        [...mse, short, '--target', save('flat.npy', torch.randn(10))],
        2,
        "MSELoss takes input 'target' of 2 dimensions in chunks, but",
      ],
      [[...mse, short], 2, "MSELoss needs the input 'target'"],
      [
        [...mse, short, '--target', one, '--anchor', one],
        2,
        "MSELoss has no input 'anchor'; its inputs are input, target, weight",
      ],
      [['--loss', 'CrossEntropyLos'], 2, 'Did you mean --loss CrossEntropyLoss?'],
      [['--loss', 'Nonsense'], 2, 'BCEWithLogitsLoss, SoftMarginLoss, but got "Nonsense"'],
      [
        ['--loss', 'CrossEntropyLoss', '--option', 'label_smothing=1'],
        2,
        'Did you mean --option label_smoothing=VALUE?',
      ],
      [
        ['--loss', 'CrossEntropyLoss', '--option', 'label_smoothing=much'],
        2,
        '--option label_smoothing must be a number, but got "much"',
      ],
      [
        ['--loss', 'LinearCrossEntropyLoss', '--input', short],
        2,
        'LinearCrossEntropyLoss cannot be computed in chunks of rows: the bits of its matrix product',
      ],
      [
        [...mse, short, '--target', one, '--memory', '100'],
        2,
        "'memory' of 100 bytes does not suffice: 4 rows take 768",
      ],
      [[...mse, file('nowhere.npy'), '--target', one], 3, "input 'input' has no file"],
    ];
    const outcomes = [];
    for (const [args] of wrong) outcomes.push(await run(args));
    for (const [index, [, status, message]] of wrong.entries()) {
      expect(outcomes[index]!.stderr).to.include(message).and.not.to.include('    at ');
      expect(outcomes[index]!.status, message).to.equal(status);
    }
  }).timeout(90_000);

  it('read arrays of archives, safetensors, torch.save, folders and lists of files', async () => {
    const [x, y] = [torch.randn(20, 3), torch.randn(20, 3)];
    numpy.savez(file('two.npz'), { x, y });
    torch.safetensors.save_file({ input: x, target: y }, file('two.safetensors'));
    torch.save({ x, y }, file('two.pt'));
    save('fortran.npy', x.t().contiguous().t());
    save('list-0.npy', x.narrow(0, 0, 9));
    save('list-1.npy', x.narrow(0, 9, 11));
    writeFileSync(file('list.txt'), '# in order\nlist-0.npy\n\nlist-1.npy\n');
    const expected = nn.functional.mse_loss(x, y, { reduction: 'none' });
    const pairs: [string, string][] = [
      ['two.npz:x', 'two.npz:y'],
      ['two.safetensors', 'two.safetensors:target'],
      ['two.pt:x', 'two.pt:y'],
      ['fortran.npy', 'two.npz:y'],
      ['list.txt', 'two.npz:y'],
      ['list-*.npy', 'two.npz:y'],
    ];
    for (const [input, target] of pairs) {
      const out = file('formats.npy');
      const options = { out, memory: 2000, overwrite: true };
      await evaluate(
        new nn.MSELoss(),
        { input: file(input), target: file(target) },
        options,
      ).summary();
      expect(torch.equal(numpy.load(out) as Tensor, expected), input).to.equal(true);
    }
  });

  it('convert dtypes, and refuse one that numpy has not', async () => {
    const files = {
      input: save('a16.npy', torch.randn(20, 3).half()),
      target: save('t32.npy', torch.arange(20).remainder(3).int()),
    };
    const out = file('converted.npy');
    const dtype = { '*': torch.float32, target: torch.int64 };
    await evaluate(new nn.CrossEntropyLoss(), files, { out, dtype }).summary();
    const [input, target] = Object.values(files).map((name) => numpy.load(name) as Tensor);
    const expected = nn.functional.cross_entropy(input!.float(), target!.long(), {
      reduction: 'none',
    });
    expect(torch.equal(numpy.load(out) as Tensor, expected)).to.equal(true);
    const options = { out, overwrite: true, dtype: { ...dtype, '*': torch.bfloat16 } };
    const error = await evaluate(new nn.CrossEntropyLoss(), files, options)
      .summary()
      .catch((caught) => caught);
    expect(error)
      .to.be.instanceOf(TypeError)
      .and.to.have.property('message')
      .that.includes('numpy has no torch.bfloat16: write .safetensors, or choose another dtype');
  });

  it('throw for wrong arguments, with the name of the argument', () => {
    const loss = new nn.MSELoss();
    const files = { input: file('logits.npy'), target: file('logits.npy') };
    const wrong: [args: unknown[], message: string][] = [
      [[nn.MSELoss, files], "argument 'loss' must be a loss of torch.nn"],
      [[loss, 'x'], "argument 'inputs' must be a plain object, got the string"],
      [
        [loss, { input: 1, target: 'x' }],
        "input 'input' must be a path or an array of paths, got the number 1",
      ],
      [[loss, files, 1], 'options must be a plain object'],
      [[loss, files, { outt: 'x' }], "unexpected keyword argument 'outt'; did you mean 'out'?"],
      [
        [loss, files, { out: 'x.txt' }],
        "'out' must be a folder with / at its end, or a file that ends with",
      ],
      [[loss, files, { out: 'a\0b.npy' }], "'out' must not have a zero byte"],
      [[loss, files, { report: '' }], "'report' must not be empty"],
      [[loss, files, { memory: -1 }], "'memory' must be a number of bytes, got the number -1"],
      [[loss, files, { onError: 'go' }], "'onError' must be 'stop' or 'skip'"],
      [[loss, files, { signal: 1 }], "'signal' must be an AbortSignal"],
      [[loss, files, { dtype: 'float32' }], "'dtype' must be a torch.dtype or an object of them"],
      [[loss, files, { resume: true }], "'resume' needs 'out'"],
      [[loss, files, { out: 'x.npy', resume: true, overwrite: true }], 'exclude each other'],
    ];
    for (const [args, message] of wrong) {
      expect(() => (evaluate as (...given: unknown[]) => unknown)(...args))
        .to.throw(Error, message)
        .with.property('code')
        .that.matches(/^ERR_TORCH_/);
    }
  });
});

const linesOf = (journal: string): number =>
  existsSync(journal) ? readFileSync(journal, 'utf8').split('\n').length - 1 : 0;
