// Runs a loop while other objects are alive: `upkeep.mjs LOOP plain|dispose nothing|handles|heap`. Prints the
// milliseconds of a step, and the growth of the peak of resident memory.
import torch from 'torch-losses';

import { liveHeap, MEGABYTE, settle, watchGrowth } from './process.mjs';

const { mse_loss, huber_loss } = torch.nn.functional;

/** For each loop, a function that makes the tensors of one step. `free` disposes a tensor or does nothing. */
const LOOPS = {
  'losses of 8×8': (free) => {
    const [x, y] = [torch.randn(8, 8), torch.randn(8, 8)];
    return () => free(mse_loss(x, y));
  },
  'losses of 1000×1000': (free) => {
    const [x, y] = [torch.randn(1000, 1000), torch.randn(1000, 1000)];
    return () => free(huber_loss(x, y));
  },
  'results of 1 MB': (free) => {
    const x = torch.randn(512, 512);
    return () => free(x.add(1));
  },
  'results of 16 MB': (free) => {
    const x = torch.randn(2048, 2048);
    return () => free(x.add(1));
  },
  'forward+backward of 1000×1000': (free) => {
    const [x, y] = [torch.randn(1000, 1000, { requires_grad: true }), torch.randn(1000, 1000)];
    return () => {
      const loss = mse_loss(x, y);
      loss.backward();
      x.grad = null;
      free(loss);
    };
  },
  'results of 4 MB, all kept': () => {
    const x = torch.randn(1024, 1024);
    const kept = [];
    return () => {
      if (kept.length === 100) {
        for (const tensor of kept.splice(0)) {
          tensor.dispose();
        }
        torch.emptyCache();
      }
      kept.push(x.add(1));
    };
  },
  'matrix products of 512×512': (free) => {
    const x = torch.randn(512, 512);
    return () => free(x.mm(x));
  },
};

const [name, style, beside] = process.argv.slice(2);
const others = makeOthers(beside);
settle();
const step = LOOPS[name](style === 'dispose' ? (tensor) => tensor.dispose() : () => {});
const WARM_UP = 200; // milliseconds
const LENGTH = 500;

repeat(WARM_UP);
const growth = watchGrowth();
const milliseconds = repeat(LENGTH);
console.log(JSON.stringify({ milliseconds, growth: growth(), others: others.length }));

/** Returns the time of a step, measured over this many milliseconds. */
function repeat(length) {
  const start = performance.now();
  let elapsed = 0;
  let steps = 0;
  for (; elapsed < length; elapsed = performance.now() - start) {
    for (let i = 0; i < 10; i++) {
      step();
    }
    steps += 10;
  }
  return elapsed / steps;
}

function makeOthers(what) {
  if (what === 'handles') {
    return Array.from({ length: 100_000 }, () => torch.empty(1));
  }
  return liveHeap(what === 'heap' ? 450 * MEGABYTE : 0);
}
