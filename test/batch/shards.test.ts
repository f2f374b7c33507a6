/** Jobs in parts: the bytes and the summary of one machine, whatever the number of parts. */
import { execFile } from 'node:child_process';
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';
import { expect } from 'chai';
import torch, { nn, type Tensor } from 'torch-losses';
import { type BatchSummary, evaluate, merge } from 'torch-losses/batch';

import { fileOf, partNamed } from '../../dist/batch/part';
import { freePort } from '../distributed/ranks';
import { temporaryFolder } from '../support/folder';
import { MAIN, type Outcome, PYTHON, runEval, summaryOf } from './command';

const { numpy } = torch.utils;
const FILES = [701, 0, 1, 300, 2, 996];
const ROWS = FILES.reduce((sum, rows) => sum + rows, 0);
const CLASSES = 17;

describe('batch: shards', () => {
  const file = temporaryFolder();
  const criterion = (): nn.CrossEntropyLoss =>
    new nn.CrossEntropyLoss({ weight: torch.rand(CLASSES), ignore_index: 3 });
  let loss: nn.CrossEntropyLoss;
  let inputs: Record<'input' | 'target', string[]>;
  let expected: BatchSummary;

  before(async () => {
    torch.manual_seed(7);
    loss = criterion();
    const x = torch.randn(ROWS, CLASSES);
    x.index_put_([torch.tensor([5, 900])], torch.tensor(Number.NaN));
    const y = torch.randint(0, CLASSES, [ROWS]);
    inputs = { input: split('x', x), target: split('y', y) };
    expected = await evaluate(loss, inputs, { out: file('one.npy') }).summary();
    await evaluate(loss, inputs, { out: `${file('one')}/` }).summary();
  });

  function split(name: string, tensor: Tensor): string[] {
    let from = 0;
    return FILES.map((rows, i) => {
      const shard = file(`${name}-${i}.npy`);
      numpy.save(shard, tensor.narrow(0, from, rows).contiguous());
      from += rows;
      return shard;
    });
  }

  const runShard = (out: string, shard: string, options: object = {}): Promise<BatchSummary> =>
    evaluate(loss, inputs, { out, shard, memory: 50_000, ...options }).summary();

  async function runAll(out: string, count: number, options: object = {}): Promise<void> {
    for (let index = 1; index <= count; index++) {
      await runShard(out, `${index}/${count}`, options);
    }
  }

  for (const count of [2, 3, 7, 16]) {
    it(`of ${count} machines have the summary and the file of one`, async () => {
      const out = file(`parts-${count}.npy`);
      await runAll(out, count);
      expect(await merge(out)).to.deep.equal(expected);
      expect(readFileSync(out).equals(readFileSync(file('one.npy')))).to.equal(true);
    });

    it(`of ${count} machines write the folder of one`, async () => {
      const out = `${file(`folder-${count}`)}/`;
      await runAll(out, count);
      expect(await merge(out)).to.deep.equal(expected);
      const names = readdirSync(out).filter((name) => name.endsWith('.npy'));
      expect(names.sort()).to.deep.equal(
        readdirSync(file('one'))
          .filter((name) => name.endsWith('.npy'))
          .sort(),
      );
      for (const name of names) {
        const [ours, theirs] = [out, file('one')].map((each) =>
          readFileSync(path.join(each, name)),
        );
        expect(ours!.equals(theirs!), name).to.equal(true);
      }
      // No machine has computed a file of another.
      const journals = readdirSync(out).filter((name) => name.endsWith('.job'));
      expect(journals).to.have.length(count);
    });
  }

  for (const format of ['safetensors', 'parquet', 'jsonl', 'jsonl.gz']) {
    it(`write .${format} files that are merged into one`, async () => {
      const out = file(`all.${format}`);
      await runAll(out, 3);
      expect(await merge(out)).to.deep.equal(expected);
      const whole = file(`whole.${format}`);
      await evaluate(loss, inputs, { out: whole }).summary();
      if (format === 'safetensors' || format === 'jsonl') {
        expect(readFileSync(out).equals(readFileSync(whole))).to.equal(true);
      }
      const options = { compare: file('one.npy') };
      const { difference } = await evaluate(null, { input: out }, options).summary();
      expect(difference).to.include({ equal: ROWS - 2, nan: 2, lower: 0, higher: 0 });
    });
  }

  it('more than there are rows have the file of one', async () => {
    const few = { input: inputs.input[4]!, target: inputs.target[4]! };
    const whole = await evaluate(loss, few, { out: file('few.npy') }).summary();
    for (let index = 1; index <= 5; index++) {
      await evaluate(loss, few, { out: file('many.npy'), shard: `${index}/5` }).summary();
    }
    expect(await merge(file('many.npy'))).to.deep.equal(whole);
    expect(readFileSync(file('many.npy')).equals(readFileSync(file('few.npy')))).to.equal(true);
  });

  it('merge from several folders, and the summary alone from journals alone', async () => {
    const names = ['apart.1-of-2.npy', 'apart.2-of-2.npy'];
    await runAll(file('apart.npy'), 2);
    const folders = names.map((name, i) => {
      const folder = file(`machine-${i}`);
      mkdirSync(folder);
      for (const each of [name, `${name}.job`]) copyFileSync(file(each), path.join(folder, each));
      return folder;
    });
    const journals = folders.map((folder, i) => path.join(folder, `${names[i]}.job`));
    const error = await merge(journals).catch((caught) => caught);
    expect(error).to.include({ code: 'ERR_TORCH_VALUE' });
    expect(error.message).to.include('name the file for all losses');
    const out = file('joined.npy');
    expect(await merge(journals, { out })).to.deep.equal(expected);
    expect(readFileSync(out).equals(readFileSync(file('one.npy')))).to.equal(true);
    for (const [i, folder] of folders.entries()) rmSync(path.join(folder, names[i]!));
    expect(await merge(journals)).to.deep.equal(expected);
  });

  it('that are missing, not finished, double or of another job are named', async () => {
    const out = file('wrong.npy');
    const journal = (index: number): string => file(`wrong.${index}-of-3.npy.job`);
    const problem = async (...outputs: string[]): Promise<string> => {
      const error = await merge(outputs).catch((caught) => caught);
      expect(error).to.include({ name: 'BatchError', problem: 'parts', code: 'ERR_TORCH_BATCH' });
      return error.message;
    };
    expect(await problem(out)).to.include('has no shards');
    await runShard(out, '1/3');
    expect(await problem(out)).to.include('shard 2/3 is missing; shard 3/3 is missing');
    for await (const _step of evaluate(loss, inputs, { out, shard: '2/3', memory: 50_000 })) break;
    await runShard(out, '3/3');
    expect(await problem(out)).to.match(/: shard 2\/3 is not finished: \S+2-of-3\.npy\.job has/);
    await runShard(out, '2/3', { resume: true });
    copyFileSync(journal(1), file('copy.1-of-3.npy.job'));
    expect(await problem(out, file('copy.1-of-3.npy.job'))).to.match(
      /shard 1\/3 is there twice: \S+wrong\.1-of-3\.npy\.job and \S+copy\.1-of-3\.npy\.job/,
    );
    await evaluate(criterion(), inputs, { out: file('weight.npy'), shard: '2/3' }).summary();
    const foreign = file('weight.2-of-3.npy.job');
    expect(await problem(journal(1), foreign, journal(3))).to.match(
      /weight\.2-of-3\.npy\.job is of another job than \S+wrong\.1-of-3\.npy\.job: option weight was/,
    );
    await runShard(file('four.npy'), '4/4');
    expect(await problem(out, file('four.4-of-4.npy.job'))).to.include(
      'four.4-of-4.npy.job is shard 4/4, and',
    );
    expect(await merge(out)).to.deep.equal(expected);
    const error = await merge(out).catch((caught) => caught);
    expect(error).to.include({ problem: 'exists' });
    expect(await merge(out, { overwrite: true })).to.deep.equal(expected);
  });

  it('are merged by names and journals alone: all else is an error', async () => {
    writeFileSync(file('text.job'), 'no journal\n');
    writeFileSync(file('object.job'), '{"format":1}\n');
    writeFileSync(file('empty.job'), '');
    const wrong: [args: unknown[], code: string, message: string][] = [
      [[], 'TYPE', "merge(): missing required argument 'outputs'"],
      [[7], 'TYPE', "input 'outputs' must be a path or an array of paths, got the number 7"],
      [[[]], 'TYPE', "input 'outputs' must be a path or an array of paths"],
      [['x', { report: 1 }], 'TYPE', "argument 'report' must be a string or null"],
      [['x', { reprot: 'x' }], 'TYPE', "did you mean 'report'?"],
      [['a\0b'], 'BATCH', 'cannot be read'],
      [[file('nothing.job')], 'BATCH', 'There is no '],
      [[file('text.job')], 'BATCH', 'text.job is no journal of a batch job'],
      [[file('object.job')], 'BATCH', 'object.job is no journal of a batch job'],
      [[file('empty.job')], 'BATCH', 'empty.job has no job'],
      [[file('x-0.npy/')], 'BATCH', 'cannot be read'],
    ];
    for (const [args, code, message] of wrong) {
      const error = await (merge as (...given: unknown[]) => Promise<unknown>)(...args).catch(
        (caught: unknown) => caught,
      );
      expect(error, message).to.include({ code: `ERR_TORCH_${code}` });
      expect((error as Error).message).to.include(message);
    }
  });

  it('do not mix with a whole job, nor with another number of shards', async () => {
    const out = `${file('mixed')}/`;
    await runShard(out, '1/2');
    for (const shard of ['1/1', '1/3']) {
      const error = await runShard(out, shard).catch((caught) => caught);
      expect(error, shard).to.include({ problem: 'exists' });
      expect(error.message).to.include('The job of').and.to.include('eval.1-of-2.job');
    }
    await runShard(out, '1/1', { overwrite: true });
    expect(existsSync(`${out}eval.1-of-2.job`)).to.equal(false);
  });

  it('are those of the ranks of torchrun', async () => {
    const out = `${file('ranks')}/`;
    const given = inputs.input.flatMap((name) => ['--input', name]);
    const targets = inputs.target.flatMap((name) => ['--target', name]);
    const weight = file('weight-of-classes.npy');
    numpy.save(weight, loss.weight as Tensor);
    const args = [
      ...['-m', 'torch.distributed.run', '--no-python', '--nproc-per-node', '2'],
      ...[process.execPath, MAIN, 'eval', '--loss', 'CrossEntropyLoss', '--out', out],
      ...['--option', `weight=${weight}`, '--option', 'ignore_index=3', ...given, ...targets],
      ...['--report', file('ranks.html'), '--json'],
    ];
    const outcome = await new Promise<Outcome>((resolve) => {
      execFile(PYTHON, args, (error, stdout, stderr) =>
        resolve({ status: Number(error?.code ?? 0), stdout, stderr }),
      );
    });
    // Ranks with NaN losses end with 0, since torchrun would end the others.
    expect(outcome.status, outcome.stderr).to.equal(0);
    const summaries = outcome.stdout.split('\n').filter((line) => line.startsWith('{"loss"'));
    expect(summaries).to.have.lengthOf(1);
    expect(JSON.parse(summaries[0]!)).to.deep.equal(JSON.parse(JSON.stringify(expected)));
    expect(existsSync(file('ranks.html'))).to.equal(true);
    expect(readdirSync(file('.')).filter((name) => /^ranks\..*of/.test(name))).to.deep.equal([]);
    const merged = await runEval(['merge', out, '--json']);
    expect(merged.status, merged.stderr).to.equal(5);
    expect(summaryOf(merged)).to.deep.equal(JSON.parse(JSON.stringify(expected)));
  }).timeout(120_000);

  it('are said to write their own files', async () => {
    const [input, target] = [inputs.input[0]!, inputs.target[0]!];
    const args = ['--loss', 'CrossEntropyLoss', '--input', input, '--target', target];
    const [out, report] = [file('said.npy'), file('said.html')];
    const run = (
      more: readonly string[],
      env: Readonly<Record<string, string>> = {},
    ): Promise<Outcome> => runEval([...args, '--on-error', 'skip', ...more], env);
    const written = ({ stdout }: Outcome): string[] =>
      stdout.split('\n').filter((line) => line.startsWith('Wrote'));
    for (const shard of ['1/2', '2/2']) {
      const [first, second] = [out, report].map(
        (each) => `Wrote ${fileOf(each, partNamed(shard))}`,
      );
      expect(
        written(await run(['--out', out, '--report', report, '--shard', shard])),
      ).to.deep.equal([first, second]);
    }
    expect(written(await runEval(['merge', out, '--report', report]))).to.deep.equal([
      `Wrote ${out}`,
      `Wrote ${report}`,
    ]);
    const port = String(await freePort());
    const meeting = { WORLD_SIZE: '2', MASTER_ADDR: '127.0.0.1', MASTER_PORT: port };
    const ranks = await Promise.all(
      ['0', '1'].map((RANK) => run(['--out', file('all.npy')], { ...meeting, RANK })),
    );
    expect(ranks.map(written)).to.deep.equal([
      [
        `Wrote ${file('all.1-of-2.npy')} to ${file('all.2-of-2.npy')}: \`eval merge ${file('all.npy')}\` makes one file of them`,
      ],
      [],
    ]);
  }).timeout(90_000);

  it('are refused by name: outside 1/N to N/N, without an output, or beside a rank', async () => {
    const wrong: [args: string[], env: Record<string, string>, message: string][] = [
      [['--shard', '0/16'], {}, "'shard' must be from 1/16 to 16/16, got 0/16"],
      [['--shard', '17/16'], {}, "'shard' must be from 1/16 to 16/16, got 17/16"],
      [['--shard', 'third'], {}, "'shard' must be such as 3/16, got third"],
      [
        ['--shard', '1/2'],
        { RANK: '0', WORLD_SIZE: '2' },
        '--shard 1/2 and RANK=0 of the environment',
      ],
      [[], { RANK: '2', WORLD_SIZE: '2' }, 'RANK must be from 0 to 1, but got 2'],
      [[], { RANK: '0' }, 'WORLD_SIZE must be the number of ranks'],
    ];
    const given = [
      '--loss',
      'CrossEntropyLoss',
      '--input',
      inputs.input[0]!,
      '--out',
      file('no.npy'),
    ];
    for (const [args, env, message] of wrong) {
      const outcome = await runEval([...given, '--target', inputs.target[0]!, ...args], env);
      expect(outcome.stderr).to.include(message);
      expect(outcome.status, message).to.equal(2);
    }
    expect(() => evaluate(loss, inputs, { shard: '1/2' })).to.throw(
      RangeError,
      "'shard' needs 'out'",
    );
    const help = await runEval(['merge', '--help']);
    expect(help.stdout).to.include('eval merge [OPTIONS] OUT');
    expect((await runEval(['merge'])).stderr).to.include('merge needs an output');
    expect(await runEval(['merge', file('nothing/')])).to.include({ status: 4 });
  }).timeout(90_000);
});
