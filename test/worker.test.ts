/** Worker threads: any number, ended in any way. */
import { once } from 'node:events';
import path from 'node:path';
import { Worker } from 'node:worker_threads';
import { expect } from 'chai';

const FILE = path.join(__dirname, '..', 'test', 'fixtures', 'worker.js');

function start(steps: number): Worker {
  return new Worker(FILE, { workerData: { steps } });
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
  }).timeout(60_000);

  it('can be terminated in the middle', async () => {
    for (let round = 0; round < 10; round++) {
      const worker = start(1e9);
      await once(worker, 'online');
      await new Promise((resolve) => setTimeout(resolve, 60 * round));
      expect(await worker.terminate()).to.equal(1);
    }
  }).timeout(60_000);
});
