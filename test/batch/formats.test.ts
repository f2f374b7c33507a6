/** Parquet and JSON lines beside pyarrow, numpy and torch, and what is wrong with files. */
import { execFile, execFileSync, spawn } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  renameSync,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';
import zlib, { gzipSync } from 'node:zlib';
import { expect } from 'chai';
import torch, { nn, type Tensor } from 'torch-losses';
import { BatchError, evaluate } from 'torch-losses/batch';

import { Column } from '../../dist/batch/inputs';
import { Sources } from '../../dist/batch/sources';
import { type Environment, environmentWith } from '../support/environment';
import { temporaryFolder } from '../support/folder';

const { numpy } = torch.utils;
const FIXTURES = path.join(__dirname, '..', '..', 'test', 'fixtures', 'tables');
const TABLES = `${FIXTURES}.py`;
const MAIN = path.join(__dirname, '..', '..', 'dist', 'cli', 'main.js');

/** Whether Node compresses by Zstandard. */
const HAS_ZSTD = 'zstdCompress' in zlib;

interface Outcome {
  status: number;
  stdout: string;
  stderr: string;
}

/** Runs the command with a text as standard input. */
function run(args: readonly string[], input: string | Buffer = ''): Promise<Outcome> {
  return new Promise((resolve) => {
    const child = execFile(process.execPath, [MAIN, 'eval', ...args], (error, stdout, stderr) =>
      resolve({ status: Number(error?.code ?? 0), stdout, stderr }),
    );
    child.stdin!.on('error', () => {}); // a command that fails does not read it
    child.stdin!.end(input);
  });
}

/** Returns the bytes of an array, for comparisons with NaN. */
const bytesOf = (tensor: Tensor): Buffer => {
  const { buffer, byteOffset, byteLength } = tensor.contiguous().toTypedArray();
  return Buffer.from(buffer as ArrayBuffer, byteOffset, byteLength);
};

async function columnOf<T>(
  input: string,
  file: string,
  body: (column: Column) => Promise<T>,
): Promise<T> {
  const sources = new Sources();
  try {
    return await body(await Column.open(input, file, 0, sources));
  } finally {
    await sources.close();
  }
}

const readRows = (column: Column, from: number, to: number): Promise<Tensor> =>
  column.read(from, to, new SharedArrayBuffer((to - from) * column.rowBytes));

describe('batch: tables beside Python', function () {
  this.timeout(600_000);
  const file = temporaryFolder();
  let python: Exclude<Environment, { reason: string }>;

  before(async function () {
    const found = environmentWith('pyarrow', ['pyarrow', 'numpy'], ['pyarrow', 'numpy']);
    if ('reason' in found) {
      console.log(`      ${found.reason}`);
      return this.skip();
    }
    python = found;
    await python.run([TABLES, file('.'), 'jobs']);
  });

  it('read each column of Parquet as numpy has it, whole and in parts', async () => {
    const { files, columns } = JSON.parse(await python.run([TABLES, file('.'), 'parquet'])) as {
      files: string[];
      columns: string[];
    };
    const sources = new Sources();
    for (const name of files) {
      for (const member of columns) {
        const what = `${name}: ${member}`;
        const expected = numpy.load(file(`${member}.npy`)) as Tensor;
        const input = `${file(`${name}.parquet`)}:${member}`;
        const column = await Column.open('input', input, 0, sources);
        expect(column.dtype, what).to.equal(expected.dtype);
        expect(column.shards[0]!.shape, what).to.deep.equal(expected.shape);
        for (const [from, to] of [
          [0, column.rows],
          [column.rows - 3, column.rows],
          [880, 1901],
          [5, 6],
        ] as const) {
          const rows = await readRows(column, from, to);
          const same = bytesOf(rows).equals(bytesOf(expected.narrow(0, from, to - from)));
          expect(same, `${what}, rows ${from} to ${to}`).to.equal(true);
        }
      }
    }
    await sources.close();
  });

  it('refuse columns that are no tensor, with their name', async () => {
    const wrong: [member: string, message: string][] = [
      ['text', 'column "text" is of BYTE_ARRAY (STRING), where numbers are expected'],
      ['date', 'column "date" is of INT32 (DATE), where numbers are expected'],
      ['ragged', 'column "ragged" has lists of different lengths, which are no tensor'],
      ['nowhere', 'has no array "nowhere", but "logits", "labels"'],
    ];
    for (const [member, message] of wrong) {
      const error = await columnOf('input', `${file('small.parquet')}:${member}`, async () => {})
        .then(() => undefined)
        .catch((caught) => caught);
      expect(error, member).to.be.instanceOf(BatchError);
      expect(error.message).to.include(message).and.include('small.parquet');
      expect(error.file).to.equal(file('small.parquet'));
    }
  });

  for (const [name, input, target] of [
    ['Parquet', 'part-*.parquet:logits', 'part-*.parquet:label'],
    ['JSON lines', 'part-*.jsonl:model.logits', 'part-*.jsonl:label'],
    ['Parquet and JSON lines', 'part-*.parquet:logits', 'part-*.jsonl:label'],
  ] as const) {
    it(`give torch's losses of ${name}, file by file`, async () => {
      const out = `${file(name.replaceAll(' ', '-'))}/`;
      const files = { input: file(input), target: file(target) };
      const options = { out, memory: 70_000_000 };
      const { rows } = await evaluate(new nn.CrossEntropyLoss(), files, options).summary();
      expect(rows).to.equal(2001);
      for (const i of [0, 1, 2]) {
        const ours = readFileSync(path.join(out, `part-${i}.npy`));
        expect(ours.equals(readFileSync(file(`losses-${i}.npy`))), `part ${i}`).to.equal(true);
      }
    });
  }

  it('read JSON lines that Zstandard compressed', async () => {
    const [many, out] = [file('many.jsonl.zst'), file('many-ours.npy')];
    const files = { input: `${many}:x`, target: `${many}:y` };
    await evaluate(new nn.MSELoss(), files, { out, memory: 2e7 }).summary();
    expect(readFileSync(out).equals(readFileSync(file('many.npy')))).to.equal(true);
  });

  it('read numbers of JSON in the dtype that is asked for', async () => {
    const files = { input: file('scores.ndjson:score'), target: file('scores.ndjson:label') };
    for (const dtype of [torch.float32, torch.float64]) {
      const out = file('scores.npy');
      const options = { out, overwrite: true, dtype: { '*': dtype, target: dtype } };
      await evaluate(new nn.BCELoss(), files, options).summary();
      const expected = readFileSync(file(`scores-${dtype.name}.npy`));
      expect(readFileSync(out).equals(expected), dtype.name).to.equal(true);
    }
  });

  it('write what pyarrow, json and safetensors read', async () => {
    const x = torch.randn(60, 2, 3);
    x.index_put_([torch.tensor([4])], torch.tensor(Number.POSITIVE_INFINITY));
    numpy.save(file('x.npy'), x);
    numpy.save(file('y.npy'), torch.zeros(60, 2, 3));
    numpy.save(file('flat.npy'), x.select(2, 0).select(1, 0).contiguous());
    numpy.save(file('zero.npy'), torch.zeros(60));
    for (const [input, target] of [
      ['x.npy', 'y.npy'],
      ['flat.npy', 'zero.npy'],
    ] as const) {
      const compressed = ['o.jsonl.gz', ...(HAS_ZSTD ? ['o.jsonl.zst'] : [])];
      const names = ['o.npy', 'o.parquet', 'o.jsonl', ...compressed, 'o.safetensors'].map(file);
      for (const out of names) {
        const files = { input: file(input), target: file(target) };
        const options = { out, overwrite: true, memory: 10_000 };
        await evaluate(new nn.MSELoss(), files, options).summary();
      }
      const losses = torch.safetensors.load_file(names.pop()!).get('loss')!;
      expect(torch.equal(losses, numpy.load(names[0]!) as Tensor)).to.equal(true);
      const read = await python.run([TABLES, file('.'), 'read', ...names]);
      const [array, ...others] = read
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line));
      for (const other of others) expect(other).to.deep.equal(array);
      expect(array.shape).to.deep.equal(losses.shape);
    }
  });
});

function linkOf(file: string): string {
  try {
    return readlinkSync(file);
  } catch {
    return ''; // closed meanwhile
  }
}

/** Whether a process has the copy of a pipe open, which has no name. */
const isCopying = (pid: number): boolean =>
  readdirSync(`/proc/${pid}/fd`).some((fd) => {
    return linkOf(`/proc/${pid}/fd/${fd}`).includes('torch-losses-');
  });

describe('batch: JSON lines, pipes and lists of files', () => {
  const file = temporaryFolder();
  const mse = ['--loss', 'MSELoss'];

  const save = (name: string, text: string | Buffer): string => {
    writeFileSync(file(name), text);
    return file(name);
  };
  const lines = (rows: readonly object[]): string =>
    rows.map((row) => `${JSON.stringify(row)}\n`).join('');
  const table = (rows: number): string =>
    lines(Array.from({ length: rows }, (_, i) => ({ x: [i / 7, -i], y: [0.5, i % 3] })));

  const expected = (rows: number): Tensor => {
    const i = torch.arange(rows);
    const numbers = (f: (i: number) => number) => (i.tolist() as number[]).map(f);
    const x = torch.tensor(numbers((n) => n / 7)).reshape(-1, 1);
    const first = nn.functional.mse_loss(x, torch.full([rows, 1], 0.5), { reduction: 'none' });
    const second = nn.functional.mse_loss(
      torch
        .tensor(
          numbers((n) => -n),
          { dtype: torch.float32 },
        )
        .reshape(-1, 1),
      torch
        .tensor(
          numbers((n) => n % 3),
          { dtype: torch.float32 },
        )
        .reshape(-1, 1),
      { reduction: 'none' },
    );
    return torch.cat([first, second], 1);
  };

  it('come as files and through a pipe, compressed or not, with the same losses', async () => {
    const text = table(3000);
    const out = file('t.npy');
    const isRight = (): boolean => torch.equal(numpy.load(out) as Tensor, expected(3000));
    for (const name of [
      save('t.jsonl', text),
      save('t.jsonl.gz', gzipSync(text)),
      save(
        'parts.jsonl.gz',
        Buffer.concat([gzipSync(text.slice(0, 999)), gzipSync(text.slice(999))]),
      ),
      save('no-newline.jsonl', text.slice(0, -1)),
      save('crlf.jsonl', `\ufeff${text.replaceAll('\n', '\r\n')}`),
      save('blank.jsonl', `\n${text.replaceAll('\n', '\n\n \n')}`),
    ]) {
      const options = { out, overwrite: true, memory: 4e7 };
      const files = { input: `${name}:x`, target: `${name}:y` };
      await evaluate(new nn.MSELoss(), files, options).summary();
      expect(isRight(), name).to.equal(true);
    }
    const args = ['--input', '-:x', '--target', '-:y', '--out', out, '--overwrite'];
    for (const input of [text, gzipSync(text)]) {
      expect(await run([...mse, ...args], input)).to.include({ status: 0 });
      expect(isRight()).to.equal(true);
    }
    const [fifo, name] = [file('fifo'), file('t.jsonl')];
    execFileSync('mkfifo', [fifo]);
    spawn('sh', ['-c', `cat '${name}' > '${fifo}'`]);
    const files = { input: `${fifo}:x`, target: `${fifo}:y` };
    await evaluate(new nn.MSELoss(), files, { out, overwrite: true }).summary();
    expect(isRight()).to.equal(true);
  }).timeout(60_000);

  it('may be several frames of Zstandard', async () => {
    const frame = readFileSync(path.join(FIXTURES, 'lines.jsonl.zst'));
    const name = save('frames.jsonl.zst', Buffer.concat([frame, frame]));
    const rows = await columnOf('input', name, (column) => readRows(column, 0, column.rows));
    expect(rows.shape).to.deep.equal([80, 5]);
    expect(torch.equal(rows.narrow(0, 0, 40), rows.narrow(0, 40, 40))).to.equal(true);
    const array = path.join(FIXTURES, 'deflated.npz');
    const x = await columnOf('input', array, (column) => readRows(column, 0, column.rows));
    expect(torch.equal(rows.narrow(0, 0, 40), x)).to.equal(true);
  });

  it('of arrays come through a pipe, too, and a job goes on with the same content only', async () => {
    numpy.save(file('a.npy'), torch.randn(50, 3));
    numpy.save(file('b.npy'), torch.randn(50, 3));
    const bytes = readFileSync(file('a.npy'));
    const args = [...mse, '--input', '-', '--target', file('b.npy'), '--out', file('piped.npy')];
    expect(await run(args, bytes)).to.include({ status: 0 });
    const losses = nn.functional.mse_loss(
      numpy.load(file('a.npy')) as Tensor,
      numpy.load(file('b.npy')) as Tensor,
      { reduction: 'none' },
    );
    expect(torch.equal(numpy.load(file('piped.npy')) as Tensor, losses)).to.equal(true);
    expect(await run([...args, '--resume'], bytes)).to.include({ status: 0 });
    bytes[bytes.length - 1]! ^= 1;
    const changed = await run([...args, '--resume'], bytes);
    expect(changed.status).to.equal(4);
    expect(changed.stderr).to.include('standard input has changed');
  }).timeout(60_000);

  it('end by a signal while they wait for a pipe', async () => {
    const args = [...mse, '--input', '-:x', '--target', '-:y', '--out', file('waiting.npy')];
    const child = spawn(process.execPath, [MAIN, 'eval', ...args]);
    const ended = new Promise((resolve) => child.once('exit', resolve));
    let stderr = '';
    child.stderr.on('data', (text) => {
      stderr += text;
    });
    child.stdin.write('{"x": 1, "y": 2}\n');
    // The handler of signals is there before the copy of the pipe.
    while (!isCopying(child.pid!)) await new Promise((resolve) => setTimeout(resolve, 20));
    child.kill('SIGINT');
    expect(await ended, stderr).to.equal(130);
    expect(stderr).to.include('The job was interrupted.');
    expect(existsSync(file('waiting.npy'))).to.equal(false);
  }).timeout(60_000);

  it('that were killed go on, and give the same bytes', async () => {
    const input = save('long.jsonl', table(60_000));
    for (const end of ['jsonl.gz', 'parquet']) {
      const args = (name: string): string[] => [
        ...[...mse, '--input', `${input}:x`, '--target', `${input}:y`, '--memory', '13M'],
        ...['--out', file(`${name}.${end}`), '--resume'],
      ];
      expect(await run(args('whole'))).to.include({ status: 0 });
      const journal = file(`killed.${end}.job`);
      const chunks = (): number =>
        existsSync(journal) ? readFileSync(journal, 'utf8').split('\n').length - 2 : 0;
      const child = spawn(process.execPath, [MAIN, 'eval', ...args('killed')], { stdio: 'ignore' });
      const ended = new Promise((resolve) => child.once('exit', resolve));
      while (chunks() < 2 && child.exitCode === null) {
        await new Promise((resolve) => setTimeout(resolve, 2));
      }
      child.kill('SIGKILL');
      await ended;
      expect(await run(args('killed'))).to.include({ status: 0 });
      const [whole, killed] = ['whole', 'killed'].map((name) =>
        readFileSync(file(`${name}.${end}`)),
      );
      expect(killed!.equals(whole!), end).to.equal(true);
    }
  }).timeout(240_000);

  it('name the file, row and line that is wrong', async () => {
    const good = '{"x": 0.5, "y": 1}\n'.repeat(1500);
    const wrong: [text: string, row: number, message: string][] = [
      ['{"x": 0.5, "y": ', 1500, 'row 1500 (line 1501) is no JSON:'],
      [
        '{"x": "a", "y": 1}',
        1500,
        'row 1500 (line 1501) has "a" as "x", where a number is expected',
      ],
      ['{"x": 0.5}', 1500, 'row 1500 (line 1501) has no "y"'],
      ['{"x": 0.5, "y": 0.5}', 1500, 'has 0.5 as "y", where an integer'],
      ['{"x": [1], "y": 1}', 1500, 'has a list as "x", where a number is expected'],
      ['{"x": 0.5, "y": 9007199254740993}', 1500, 'as "y", where an integer of at most 53 bits'],
      ['{"x": 0.5, "y": null}', 1500, 'has null as "y"'],
      ['\0\0', 1500, 'is no JSON:'],
    ];
    for (const [text, row, message] of wrong) {
      const name = save('wrong.jsonl', `${good}${text}\n${good}`);
      const files = { input: `${name}:x`, target: `${name}:y` };
      const error = await evaluate(new nn.MSELoss(), files, {
        out: file('wrong.npy'),
        overwrite: true,
      })
        .summary()
        .catch((caught) => caught);
      expect(error, text).to.be.instanceOf(BatchError).and.to.include({ file: name, row });
      expect(error.message, text).to.include(message).and.include(name);
      expect(existsSync(file('wrong.npy'))).to.equal(false);
    }
  }).timeout(60_000);

  it('are read as Python reads them: NaN, Infinity, null, 1.0, booleans, nested objects', async () => {
    const rows = ['1', '2.0', 'NaN', '-Infinity', 'null', '1e999', '"Infinity"'];
    const text = rows.map((x) => `{"a": {"b": ${x}}, "s": "NaN -Infinity \\" 1.5", "t": true}\n`);
    const name = save('special.jsonl', text.join(''));
    const a = await columnOf('x', `${name}:a.b`, (column) => readRows(column, 0, column.rows));
    const values = [1, 2, Number.NaN, -Infinity, Number.NaN, Infinity, Infinity];
    expect(a.dtype).to.equal(torch.float32);
    expect(a.tolist()).to.deep.equal(values);
    const t = await columnOf('x', `${name}:t`, (column) => readRows(column, 0, 2));
    expect(t.tolist()).to.deep.equal([true, true]);
    const plain = save('plain.jsonl', '[[1, 2], [3, 4]]\n[[-5, 6], [7, 9007199254740991]]\n');
    const list = await columnOf('x', plain, (column) => readRows(column, 0, 2));
    expect(list.dtype).to.equal(torch.int64);
    expect(list.tolist()).to.deep.equal([
      [
        [1, 2],
        [3, 4],
      ],
      [
        [-5, 6],
        [7, 9007199254740991],
      ],
    ]);
  });

  it('have sequences for CTC, whose rows are the second dimension', async () => {
    const [log_probs, targets] = [
      torch.randn(9, 30, 5).log_softmax(2),
      torch.randint(1, 5, [30, 4]),
    ];
    const lengths = { input: torch.full([30], 9), target: torch.full([30], 4) };
    const rows = (log_probs.transpose(0, 1).tolist() as number[][][]).map((x, i) => ({
      log_probs: x,
      targets: (targets.tolist() as number[][])[i]!,
      input_lengths: 9,
      target_lengths: 4,
    }));
    const name = save('ctc.jsonl', lines(rows));
    const names = ['log_probs', 'targets', 'input_lengths', 'target_lengths'];
    const files = Object.fromEntries(names.map((input) => [input, name]));
    const out = file('ctc.npy');
    await evaluate(new nn.CTCLoss(), files, { out }).summary();
    const losses = nn.functional.ctc_loss(log_probs, targets, lengths.input, lengths.target, {
      reduction: 'none',
    });
    expect(torch.equal(numpy.load(out) as Tensor, losses)).to.equal(true);
  });

  it('of a folder, of a list and of several formats follow one another', async () => {
    mkdirSync(file('mixed'));
    numpy.save(file('mixed/a.npy'), torch.zeros(3, 2));
    writeFileSync(file('mixed/b.jsonl'), table(5));
    writeFileSync(file('mixed/c.jsonl.gz'), gzipSync(''));
    numpy.savez(file('mixed/d.npz'), { x: torch.ones(4, 2), z: torch.ones(1) });
    writeFileSync(file('mixed/_SUCCESS'), '');
    writeFileSync(file('mixed/notes.md'), 'no data');
    writeFileSync(file('mixed.txt'), '# all\nmixed/a.npy\nmixed/b.jsonl:x\nmixed/d.npz:x\n');
    writeFileSync(file('columns.txt'), 'mixed/b.jsonl\nmixed/c.jsonl.gz\nmixed/d.npz\n');
    const score = async (input: string, rows: number): Promise<string[]> => {
      const out = `${file(`out-${input.replaceAll(/\W/g, '-')}`)}/`;
      const target = save('ones.jsonl', '[1.0, 1.0]\n'.repeat(rows));
      const options = { out, format: 'jsonl' } as const;
      await evaluate(new nn.MSELoss(), { input: file(input), target }, options).summary();
      const written = readdirSync(out).filter((name) => !name.endsWith('.job'));
      const text = written.map((name) => readFileSync(path.join(out, name), 'utf8')).join('');
      expect(text.trim().split('\n')).to.have.length(rows);
      return written;
    };
    expect(await score('mixed.txt', 12)).to.deep.equal(['a.jsonl', 'b.jsonl', 'd.jsonl']);
    expect(await score('columns.txt:x', 9)).to.deep.equal(['b.jsonl', 'c.jsonl', 'd.jsonl']);
    renameSync(file('mixed/a.npy'), file('a.npy'));
    expect(await score('mixed/:x', 9)).to.deep.equal(['b.jsonl', 'c.jsonl', 'd.jsonl']);
  });

  it('say which formats there are', async () => {
    const x = save('pairs.jsonl', '[1.0, 1.0]\n'.repeat(4));
    const wrong: [args: string[], status: number, message: string][] = [
      [
        ['--out', file('x.txt')],
        2,
        "'out' must be a folder with / at its end, or a file that ends",
      ],
      [
        ['--out', `${file('x')}/`, '--format', 'csv'],
        2,
        "'format' must be one of npy, safetensors",
      ],
      [['--out', file('x.npy'), '--format', 'jsonl'], 2, "'format' is jsonl, but 'out' is"],
      [['--dtype', 'bfloat16', '--out', file('x.parquet')], 2, 'Parquet has no torch.bfloat16'],
    ];
    if (!HAS_ZSTD) wrong.push([['--out', file('x.jsonl.zst')], 2, 'needs Node 22.15 or later']);
    for (const [args, status, message] of wrong) {
      const outcome = await run([...mse, '--input', x, '--target', x, ...args]);
      expect(outcome.stderr).to.include(message).and.not.to.include('    at ');
      expect(outcome.status, message).to.equal(status);
    }
    const empty = await run([...mse, '--input', '-', '--target', x], '');
    expect(empty.status).to.equal(3);
    expect(empty.stderr).to.include('standard input');
  }).timeout(60_000);
});
