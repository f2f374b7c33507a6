// `npm run fuzz -- [--calls NUMBER] [--seed INTEGER]`: calls every public function with hostile arguments in child
// processes. Reports crashes, hangs, undocumented errors and growth of memory. The same seed gives the same calls. With
// --simulated-cuda, half of the tensors are on simulated devices (scripts/test.mjs).
//
// `npm run fuzz -- --workers NUMBER`: starts this many workers instead, terminates half of them in the middle of a
// call, and prints the growth of memory and threads (test/hostile/churn.ts).
import './lib/node-version.mjs';

import path from 'node:path';

import { main } from './lib/advice.mjs';
import { DIST_TEST } from './lib/checkout.mjs';
import { run } from './lib/run.mjs';
import { setUp } from './lib/setup.mjs';
import { simulation } from './lib/simulator.mjs';
import { compileTests } from './lib/typescript.mjs';

await main(async () => {
  const libtorch = await setUp();
  await compileTests();
  const { args, environment } = await simulation(process.argv.slice(2), libtorch);
  const program =
    args[0] === '--workers'
      ? ['--expose-gc', path.join(DIST_TEST, 'hostile', 'churn.js'), ...args.slice(1)]
      : [path.join(DIST_TEST, 'fuzz', 'main.js'), ...args];
  const { status } = await run(process.execPath, program, {
    env: { SIMULATED_CUDA_MEMORY: '268435456', ...process.env, ...environment },
    inherit: true,
  });
  return status;
});
