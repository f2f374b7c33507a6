// One loop that never yields: `loop.mjs NAME plain|dispose HEAP_MEGABYTES`. Prints how much resident
// memory it grew by at its peak, and how long it took.
import { readFileSync, writeFileSync } from 'node:fs';

import torch from 'torch-losses';

const MEGABYTE = 2 ** 20;
const { mse_loss, huber_loss } = torch.nn.functional;
const square = (options = {}) => torch.randn(1000, 1000, options);

/** Each is how often, and one step made from what the loop works on; `free` disposes, or does nothing. */
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

writeFileSync('/proc/self/clear_refs', '5'); // the peak counts from here
const before = process.memoryUsage.rss();
const start = performance.now();
for (let time = 0; time < times; time++) {
  step();
}
const seconds = (performance.now() - start) / 1000;
console.log(
  JSON.stringify({ growth: (peak() - before) / MEGABYTE, seconds, ballast: ballast.length }),
);

// Small objects that refer to each other, as the state of a program does.
function liveHeap(bytes) {
  const objects = [];
  const used = () => process.memoryUsage().heapUsed;
  for (const end = used() + bytes; bytes > 0 && used() < end; ) {
    for (let i = 0; i < 50_000; i++) {
      objects.push({ previous: objects.at(-1), index: i, a: 1, b: 2, c: 3, d: 4, e: 5, f: 6 });
    }
  }
  return objects;
}

function peak() {
  const [, kilobytes] = /^VmHWM:\s*(\d+)/m.exec(readFileSync('/proc/self/status', 'utf8'));
  return Number(kilobytes) * 1024;
}
