/** What is on the disk after a crash, and on a full disk. */
import { execFile } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import fs from 'node:fs/promises';
import path from 'node:path';
import { expect } from 'chai';
import torch, { nn, type Tensor } from 'torch-losses';
import { evaluate } from 'torch-losses/batch';

import { temporaryFolder } from '../support/folder';
import { MAIN } from './command';
import { type Crash, recorded, type State, stateAfter } from './disk';

const { numpy } = torch.utils;
const ROWS = [200, 150];
const CLASSES = 11;

describe('batch: durability', () => {
  const file = temporaryFolder();
  let inputs: Record<'input' | 'target', string[]>;
  const loss = new nn.CrossEntropyLoss();

  before(() => {
    torch.manual_seed(9);
    const save = (name: string, tensor: Tensor): string => {
      numpy.save(file(name), tensor);
      return file(name);
    };
    inputs = {
      input: ROWS.map((rows, i) => save(`x-${i}.npy`, torch.randn(rows, CLASSES))),
      target: ROWS.map((rows, i) => save(`y-${i}.npy`, torch.randint(0, CLASSES, [rows]))),
    };
  });

  const isTemporary = (name: string): boolean => /\.(job|partial|html)$/.test(name);

  for (const name of ['one.npy', '']) {
    it(`survives a loss of power at each moment, with ${name || 'a folder'}`, async () => {
      const folder = file(`power-${name}`);
      const out = path.join(folder, name) + (name ? '' : '/');
      const gradOut = name ? path.join(folder, 'gradients.npy') : undefined;
      const report = path.join(folder, 'report.html');
      const given = { out, gradOut, report, memory: 60_000 };
      mkdirSync(folder);
      const operations = await recorded(folder, () => evaluate(loss, inputs, given).summary());
      const whole = filesIn(folder);
      expect(operations.filter(({ kind }) => kind === 'write')).to.have.length.at.least(10);
      for (let count = 0; count <= operations.length; count++) {
        for (const crash of ['killed', 'synced', 'renamed'] as const satisfies Crash[]) {
          const state = stateAfter(operations.slice(0, count), crash);
          const when = `${crash} after ${count} operations`;
          for (const [each, bytes] of state) {
            if (isTemporary(each)) continue;
            expect(bytes.equals(whole.get(each)!), `${each}, ${when}`).to.equal(true);
          }
          restore(folder, state);
          await evaluate(loss, inputs, { ...given, resume: true }).summary();
          const after = filesIn(folder);
          for (const [each, bytes] of whole) {
            if (each.endsWith('.npy')) expect(after.get(each)?.equals(bytes), when).to.equal(true);
          }
          expect([...after.keys()].sort(), when).to.deep.equal([...whole.keys()].sort());
        }
      }
    }).timeout(240_000);
  }

  const filesIn = (folder: string): State =>
    new Map(readdirSync(folder).map((name) => [name, readFileSync(path.join(folder, name))]));

  function restore(folder: string, state: State): void {
    rmSync(folder, { recursive: true });
    mkdirSync(folder);
    for (const [name, bytes] of state) writeFileSync(path.join(folder, name), bytes);
  }

  it('names the file and row that a full disk has no room for, and goes on when there is', async () => {
    const whole = file('room.npy');
    await evaluate(loss, inputs, { out: whole }).summary();
    const out = file('full.npy');
    const probe = await fs.open(file('x-0.npy'));
    const handles = Object.getPrototypeOf(probe);
    await probe.close();
    const { write } = handles;
    for (const most of [1, 2, 5, 3]) {
      let count = 0;
      handles.write = function (...args: unknown[]) {
        if (++count <= most) return write.apply(this, args);
        const full = new Error('ENOSPC: no space left on device, write');
        return Promise.reject(Object.assign(full, { code: 'ENOSPC', syscall: 'write' }));
      };
      const job = evaluate(loss, inputs, { out, memory: 30_000, resume: true });
      const error = await job.summary().then(
        () => undefined,
        (caught) => caught,
      );
      handles.write = write;
      expect(error).to.include({ name: 'BatchError', problem: 'write', code: 'ERR_TORCH_BATCH' });
      expect(error.message).to.match(
        /full\.npy(\.job)? cannot be written( from row \d+)?: ENOSPC: no space left on device/,
      );
      expect(error.cause.code).to.equal('ENOSPC');
      expect(existsSync(out)).to.equal(false);
    }
    await evaluate(loss, inputs, { out, memory: 30_000, resume: true }).summary();
    expect(readFileSync(out).equals(readFileSync(whole))).to.equal(true);
  });

  it('ends the command with 6 if a file may not grow', async () => {
    const args = [
      ...['--loss', 'CrossEntropyLoss', '--grad-out', file('large.npy')],
      ...inputs.input.flatMap((name) => ['--input', name]),
      ...inputs.target.flatMap((name) => ['--target', name]),
    ];
    const script = 'ulimit -f 2; exec "$0" "$@"';
    const command = ['-c', script, process.execPath, MAIN, 'eval', ...args];
    const { code, stderr } = await new Promise<{ code: unknown; stderr: string }>((resolve) => {
      execFile('bash', command, (error, _stdout, stderr) =>
        resolve({ code: error?.code ?? 0, stderr }),
      );
    });
    expect(code, stderr).to.equal(6);
    expect(stderr).to.match(/large\.npy(\.job)? cannot be written.*: EFBIG: file too large/);
    expect(stderr).to.include('--resume goes on with the job when there is room.');
    expect(existsSync(file('large.npy'))).to.equal(false);
  }).timeout(30_000);
});
