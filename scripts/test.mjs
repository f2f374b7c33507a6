// `npm test`: sets up what is missing, then runs the tests. Arguments are passed to mocha: `npm test -- --grep CTC`.
// With --simulated-cuda, a CUDA build of libtorch gets two devices, which test/cuda/simulator simulates, so that the
// CUDA tests run without a GPU.
import './lib/node-version.mjs';

import { main } from './lib/advice.mjs';
import { tool } from './lib/checkout.mjs';
import { run } from './lib/run.mjs';
import { setUp } from './lib/setup.mjs';
import { simulation } from './lib/simulator.mjs';
import { compileTests } from './lib/typescript.mjs';

await main(async () => {
  const libtorch = await setUp();
  await compileTests();
  // The parity tests compare with the Python whose torch the addon uses, so both use the same libtorch.
  const { args, environment } = await simulation(process.argv.slice(2), libtorch);
  const env = {
    // Makes idle threads sleep, because Python and the addon take turns on the same cores.
    OMP_WAIT_POLICY: 'PASSIVE',
    ...process.env,
    ...(libtorch.python && { TORCH_LOSSES_PYTHON: libtorch.python }),
    ...environment,
  };
  const mocha = [tool('mocha', 'bin', 'mocha.js'), ...args];
  const { status } = await run(process.execPath, mocha, { env, inherit: true });
  return status;
});
