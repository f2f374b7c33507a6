// `npm test`: sets up what is missing, then runs the tests. Arguments go to mocha: `npm test --
// --grep CTC`.
import './lib/node-version.mjs';

import { main } from './lib/advice.mjs';
import { tool } from './lib/checkout.mjs';
import { run } from './lib/run.mjs';
import { setUp } from './lib/setup.mjs';
import { compileTests } from './lib/typescript.mjs';

await main(async () => {
  const libtorch = await setUp();
  await compileTests();
  // The parity tests compare with the Python whose torch this is, so that both run on one libtorch.
  const env = {
    // Two processes take turns on the same cores: a thread that waits must not keep one busy.
    OMP_WAIT_POLICY: 'PASSIVE',
    ...process.env,
    ...(libtorch.python && { TORCH_LOSSES_PYTHON: libtorch.python }),
  };
  const mocha = [tool('mocha', 'bin', 'mocha.js'), ...process.argv.slice(2)];
  const { status } = await run(process.execPath, mocha, { env, inherit: true });
  return status;
});
