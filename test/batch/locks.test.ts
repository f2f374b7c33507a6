/** Locks of outputs on a disk that several machines share. The other machines are files that claim to be theirs. */
import { spawn } from 'node:child_process';
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'chai';
import torch, { nn } from 'torch-losses';
import { evaluate } from 'torch-losses/batch';

import { Lock } from '../../dist/batch/lock';
import { temporaryFolder } from '../support/folder';
import { MAIN } from './command';

const { numpy } = torch.utils;
const TIMES = { beat: 20, silence: 400, poll: 20 };
const ELSEWHERE = {
  host: 'node-7',
  pid: 4711,
  since: '2026-01-02T03:04:05.000Z',
  machine: 'other',
};

describe('batch: locks', () => {
  const file = temporaryFolder();
  let files: Record<'input' | 'target', string>;

  before(() => {
    torch.manual_seed(5);
    files = { input: file('x.npy'), target: file('y.npy') };
    numpy.save(files.input, torch.randn(4000, 20));
    numpy.save(files.target, torch.randn(4000, 20));
  });

  const take = (name: string, signal?: AbortSignal): Promise<Lock> =>
    Lock.take(file(name), file(`${name}.lock`), signal, TIMES);

  /** Writes the lock of another machine. */
  function claim(name: string, beats: number): void {
    const text = JSON.stringify({ ...ELSEWHERE, run: 'another', beats });
    writeFileSync(file(`${name}.lock`), `${text}\n`);
  }

  const failure = (promise: Promise<unknown>): Promise<Error> =>
    promise.then(
      () => expect.fail('no error'),
      (error: Error) => error,
    );

  it('say whose they are, change while they are held, and end with it', async () => {
    const lock = await take('own');
    const text = (): string => readFileSync(file('own.lock'), 'utf8');
    const first = JSON.parse(text());
    expect(first).to.include({ pid: process.pid, beats: 0 });
    expect(Math.abs(Date.parse(first.since) - Date.now())).to.be.lessThan(60_000);
    while (JSON.parse(text()).beats < 2) await sleep(5);
    lock.check();
    expect(await failure(take('own'))).to.include({ problem: 'busy' });
    lock.release();
    expect(existsSync(file('own.lock'))).to.equal(false);
  });

  it('of a run of another machine that is alive refuse, with its name', async () => {
    claim('alive', 0);
    let beats = 0;
    const timer = setInterval(() => claim('alive', ++beats), 30);
    const error = await failure(take('alive'));
    clearInterval(timer);
    expect(error).to.include({ name: 'BatchError', problem: 'busy', code: 'ERR_TORCH_BATCH' });
    expect(error.message).to.include(
      `Another run writes ${file('alive')}: process 4711 on node-7, since 2026-01-02T03:04:05.000Z`,
    );
    expect(readFileSync(file('alive.lock'), 'utf8')).to.include('node-7');
  });

  it('of a run that gives no sign of life are taken, and that run finds it out', async () => {
    const first = await take('silent');
    const owner = JSON.parse(readFileSync(file('silent.lock'), 'utf8'));
    const elsewhere = { ...owner, machine: 'other' };
    first.release();
    writeFileSync(file('silent.lock'), JSON.stringify(elsewhere));
    const warnings: Error[] = [];
    const note = (warning: Error): void => void warnings.push(warning);
    process.on('warning', note);
    const start = performance.now();
    const second = await take('silent');
    expect(performance.now() - start).to.be.at.least(TIMES.silence);
    process.off('warning', note);
    expect(warnings.map(({ message }) => message).join()).to.include(
      `silent.lock says that process`,
    );
    const error = await failure((async () => first.check())());
    expect(error).to.include({ problem: 'busy' });
    second.check();
    second.release();
  });

  it('that another run takes at the same moment are left to it', async () => {
    claim('raced', 0);
    let beats = 0;
    const timer = setInterval(() => {
      const isOurs = !readFileSync(file('raced.lock'), 'utf8').includes('node-7');
      if (isOurs || beats) claim('raced', ++beats);
    }, 5);
    const error = await failure(take('raced'));
    clearInterval(timer);
    expect(error).to.include({ problem: 'busy' });
    expect(readFileSync(file('raced.lock'), 'utf8')).to.include('node-7');
  });

  it('go on at once if the file is removed, and end by a signal', async () => {
    claim('removed', 0);
    const taken = take('removed');
    await sleep(40);
    rmSync(file('removed.lock'));
    const start = performance.now();
    const lock = await taken;
    expect(performance.now() - start).to.be.lessThan(TIMES.silence);
    rmSync(file('removed.lock'));
    const gone = await failure((async () => lock.check())());
    expect(gone.message).to.include('removed.lock was removed, so that another run may write');
    lock.release();
    claim('ended', 0);
    const controller = new AbortController();
    const waiting = take('ended', controller.signal);
    controller.abort();
    expect(await failure(waiting)).to.include({ name: 'AbortError' });
    claim('ended', 0);
    rmSync(file('ended.lock'));
    (await take('ended')).release();
  });

  it('of a killed run of this machine are taken at once', async () => {
    const lock = file('killed.npy.lock');
    const args = ['--loss', 'MSELoss', '--input', files.input, '--target', files.target];
    const job = [MAIN, 'eval', ...args, '--memory', '20K', '--out', file('killed.npy')];
    const child = spawn(process.execPath, job, { stdio: 'ignore' });
    const ended = new Promise((resolve) => child.once('exit', resolve));
    while (child.exitCode === null && !existsSync(`${file('killed.npy')}.job`)) await sleep(2);
    child.kill('SIGKILL');
    await ended;
    expect(existsSync(lock)).to.equal(true);
    const options = { out: file('killed.npy'), resume: true };
    expect((await evaluate(new nn.MSELoss(), files, options).summary()).rows).to.equal(4000);
    expect(existsSync(lock)).to.equal(false);
  }).timeout(30_000);

  it('that are lost stop the job before it writes', async () => {
    const options = { out: file('lost.npy'), memory: 100_000 };
    const job = evaluate(new nn.MSELoss(), files, options);
    let error: unknown;
    try {
      for await (const _step of job) claim('lost.npy', 1);
    } catch (caught) {
      error = caught;
    }
    expect(error).to.include({ name: 'BatchError', problem: 'busy' });
    expect(existsSync(file('lost.npy'))).to.equal(false);
    expect(readFileSync(file('lost.npy.lock'), 'utf8')).to.include('node-7');
  });
});
