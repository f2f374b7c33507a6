/** Worker threads: in large numbers, and ended in different ways. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { Worker } from 'node:worker_threads';
import { expect } from 'chai';
import torch from 'torch-losses';

import { liveBytes, until } from '../support/memory';

const ROOT = path.join(__dirname, '..', '..');
const fixture = (name: string): string => path.join(ROOT, 'test', 'fixtures', name);

function start(steps: number): Worker {
  return new Worker(fixture('worker.js'), { workerData: { steps } });
}

/** Each worker takes some tenths of a second. */
const WORKERS = 200;

/** Runs a function many times, a few at once. */
async function repeatedly(times: number, act: (round: number) => Promise<void>): Promise<void> {
  let round = 0;
  const lane = async (): Promise<void> => {
    while (round < times) await act(round++);
  };
  await Promise.all([lane(), lane(), lane(), lane()]);
}

describe('worker threads', () => {
  it('compute side by side', async () => {
    const results = await Promise.all(
      [50, 50, 50, 50].map(async (steps) => {
        const worker = start(steps);
        const [[loss]] = await Promise.all([once(worker, 'message'), once(worker, 'exit')]);
        return loss as number;
      }),
    );
    expect(new Set(results).size).to.equal(1);
    expect(results[0]).to.be.greaterThan(0).and.lessThan(1);
  }).timeout(300_000);

  it('can be terminated in the middle', async () => {
    for (let round = 0; round < 10; round++) {
      const worker = start(1e9);
      await once(worker, 'online');
      await new Promise((resolve) => setTimeout(resolve, 60 * round));
      expect(await worker.terminate()).to.equal(1);
    }
  }).timeout(300_000);

  it('can be terminated with asynchronous calls in flight, 60 of 60 times', async () => {
    await repeatedly(60, async (round) => {
      const worker = new Worker(fixture('busy.js'));
      await once(worker, 'message');
      await new Promise((resolve) => setTimeout(resolve, 3 * (round % 10)));
      expect(await worker.terminate()).to.equal(1);
    });
  }).timeout(600_000);

  for (const [how, end] of [
    ['ends', (worker: Worker) => worker.postMessage('end')],
    ['is terminated', (worker: Worker) => void worker.terminate()],
  ] as const) {
    it(`that ${how} frees what it held`, async () => {
      const before = liveBytes();
      const worker = new Worker(fixture('holder.js'));
      const [bytes] = (await once(worker, 'message')) as [Record<string, number>];
      expect(bytes).to.deep.equal({ cpu: 8e6 });
      expect(liveBytes()).to.be.at.least(before + 8e6);
      const ended = once(worker, 'exit');
      end(worker);
      await ended;
      await until(() => liveBytes() <= before);
    }).timeout(300_000);
  }

  it('come and go, each with a shared tensor', async () => {
    const x = torch.zeros(200);
    const before = liveBytes();
    await repeatedly(WORKERS, async (round) => {
      const worker = new Worker(fixture('sharing.js'));
      const token = x.index(round).share();
      worker.postMessage({ action: 'fill', token, value: round });
      await once(worker, 'message');
      await worker.terminate();
    });
    expect(x.sum().item()).to.equal((WORKERS * (WORKERS - 1)) / 2);
    await until(() => liveBytes() <= before);
  }).timeout(600_000);

  it('do not hinder the process from exiting, calls and tokens in flight', async () => {
    const program = `const torch = require('torch-losses');
      const { Worker } = require('worker_threads');
      const x = torch.ones(300, 300, { requires_grad: true });
      for (let i = 0; i < 5; i++) {
        x.share({ timeout: i + 1 });
        torch.ops.aten.mm.async(x, x).then((y) => y.sum().backwardAsync());
      }
      const worker = new Worker(${JSON.stringify(fixture('busy.js'))});
      worker.once('message', () => setTimeout(() => process.exit(7), 5));`;
    for (let round = 0; round < 3; round++) {
      const [code, signal] = (await once(
        spawn(process.execPath, ['-e', program], { cwd: ROOT, stdio: 'ignore' }),
        'exit',
      )) as [number | null, string | null];
      expect([code, signal]).to.deep.equal([7, null]);
    }
  }).timeout(300_000);
});
