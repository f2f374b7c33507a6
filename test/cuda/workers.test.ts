/** Worker threads with their own device and stream, ended in different ways. */
import { once } from 'node:events';
import { Worker } from 'node:worker_threads';

import { expect } from 'chai';
import torch from 'torch-losses';

import { describeCuda } from './gpu';

const { cuda } = torch;

/** Trains on the last device, on its own stream, until it gets a message or is terminated. */
const PROGRAM = `
const { parentPort } = require('node:worker_threads');
const torch = require('torch-losses');
torch.cuda.set_device(torch.cuda.device_count() - 1);
torch.cuda.set_stream(new torch.cuda.Stream());
const criterion = new torch.nn.MSELoss();
const input = torch.randn(256, 256, { device: 'cuda', requires_grad: true });
const target = torch.randn(256, 256, { device: 'cuda' });
let goesOn = true;
parentPort.once('message', () => { goesOn = false; parentPort.close(); });
const step = () => {
  criterion(input, target).backward();
  criterion.forwardAsync(input, target).then((loss) => loss.backwardAsync()).catch(() => {});
  if (goesOn) setImmediate(step);
};
step();
parentPort.postMessage(String(input.device));
`;

describeCuda('workers', () => {
  it('leave the other threads’ device and stream alone, and no memory behind', async () => {
    const device = cuda.device_count() - 1;
    const before = [cuda.current_device(), String(cuda.current_stream())];
    const held = cuda.memory_allocated(device);
    for (let i = 0; i < 8; i++) {
      const worker = new Worker(PROGRAM, { eval: true });
      const exit = once(worker, 'exit');
      expect(await once(worker, 'message')).to.deep.equal([`cuda:${device}`]);
      if (i % 2) await worker.terminate();
      else worker.postMessage('end');
      expect(await exit).to.deep.equal([i % 2]);
    }
    expect([cuda.current_device(), String(cuda.current_stream())]).to.deep.equal(before);
    expect(cuda.memory_allocated(device)).to.equal(held);
  }).timeout(60_000);
});
