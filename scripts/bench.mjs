// `npm run bench`: sets up what is missing, then compares the speed of the addon with Python, a C++ loop and JavaScript
// libraries, and writes docs/figures/benchmarks.md. Options: --quick, --only=LOSS, --threads=COUNT, --device=cuda
// (compares with Python on the GPU: docs/figures/benchmarks-cuda.md), --soak=MINUTES (measures a training loop's memory
// over time instead), --memory (measures the allocator and the cost of memory management instead), --distributed
// (compares collectives and training in two processes with Python's instead).
import './lib/node-version.mjs';

import { parseArgs } from 'node:util';

import { runDeviceBenchmarks } from './bench/device.mjs';
import { runDistributedBenchmarks } from './bench/distributed.mjs';
import { runBenchmarks, runSoak, runUpkeep } from './bench/main.mjs';
import { main } from './lib/advice.mjs';
import { setUp } from './lib/setup.mjs';

await main(async () => {
  const { values } = parseArgs({
    options: {
      quick: { type: 'boolean', default: false },
      only: { type: 'string' },
      threads: { type: 'string' },
      device: { type: 'string' },
      soak: { type: 'string' },
      memory: { type: 'boolean', default: false },
      distributed: { type: 'boolean', default: false },
    },
  });
  const { soak, memory, distributed, threads, device, ...options } = values;
  const libtorch = await setUp();
  const chosen = threads ? { threads: Number(threads) } : {};
  if (soak) {
    await runSoak(libtorch, Number(soak));
  } else if (device && device !== 'cpu') {
    return runDeviceBenchmarks(libtorch, device, options);
  } else if (memory) {
    await runUpkeep(libtorch, chosen);
  } else if (distributed) {
    await runDistributedBenchmarks(libtorch, options);
  } else {
    await runBenchmarks(libtorch, { ...options, ...chosen });
  }
});
