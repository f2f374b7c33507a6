// Runs a loop that never yields to the event loop: `loop.mjs NAME plain|dispose HEAP_MEGABYTES`. Prints the growth of
// the peak of resident memory, and the time.
import torch from 'torch-losses';

import { liveHeap, MEGABYTE, settle, watchGrowth } from './process.mjs';

const { mse_loss, huber_loss } = torch.nn.functional;
const square = (options = {}) => torch.randn(1000, 1000, options);

/** For each loop, the number of steps and a function that makes a step. `free` disposes a tensor or does nothing. */
const LOOPS = {
  'results of 1 MB': {
    times: 3000,
    make: (free) => {
      const x = torch.randn(512, 512);
      return () => free(x.add(1));
    },
  },
  'scalar results of 4 MB work': {
    times: 900,
    make: (free) => {
      const [x, y] = [square(), square()];
      return () => free(huber_loss(x, y));
    },
  },
  'forward+backward at 1000×1000': {
    times: 300,
    make: (free) => {
      const [x, y] = [square({ requires_grad: true }), square()];
      return () => {
        const loss = mse_loss(x, y);
        loss.backward();
        x.grad = null;
        free(loss);
      };
    },
  },
  'losses whose graphs keep 4 MB': {
    times: 1000,
    make: (free) => {
      const [x, y] = [square({ requires_grad: true }), square()];
      return () => {
        const activation = x.exp();
        free(mse_loss(activation, y));
        free(activation);
      };
    },
  },
  'tiny losses': {
    times: 200_000,
    make: (free) => {
      const [x, y] = [torch.randn(4, 4, { requires_grad: true }), torch.randn(4, 4)];
      return () => free(mse_loss(x, y));
    },
  },
};

const [name, style, heap] = process.argv.slice(2);
const { times, make } = LOOPS[name];
const step = make(style === 'dispose' ? (tensor) => tensor.dispose() : () => {});
const ballast = liveHeap(Number(heap) * MEGABYTE);
step();
settle();

const growth = watchGrowth();
const start = performance.now();
for (let time = 0; time < times; time++) {
  step();
}
const seconds = (performance.now() - start) / 1000;
console.log(JSON.stringify({ growth: growth(), seconds, ballast: ballast.length }));
