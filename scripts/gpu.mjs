// Everything that a GPU is needed for, in one run: sets up what is missing, then the tests of CUDA,
// then its benchmarks. Where there is no GPU both say so, and the tests that need none run instead.
import './lib/node-version.mjs';

import { main } from './lib/advice.mjs';
import { tool } from './lib/checkout.mjs';
import { run } from './lib/run.mjs';
import { setUp } from './lib/setup.mjs';
import { compileTests } from './lib/typescript.mjs';

await main(async () => {
  const started = performance.now();
  const libtorch = await setUp();
  await compileTests();
  console.log(`Built in ${seconds(started)} s`);
  const tests = await node(
    libtorch,
    tool('mocha', 'bin', 'mocha.js'),
    '--grep',
    '^(CUDA|parity: devices)',
  );
  const benchmarks = await node(libtorch, 'scripts/bench.mjs', '--device=cuda', '--quick');
  console.log(`Done in ${seconds(started)} s`);
  return tests || benchmarks;
});

async function node(libtorch, ...args) {
  const env = {
    OMP_WAIT_POLICY: 'PASSIVE',
    ...process.env,
    ...(libtorch.python && { TORCH_LOSSES_PYTHON: libtorch.python }),
  };
  const { status } = await run(process.execPath, args, { env, inherit: true });
  return status;
}

function seconds(since) {
  return Math.round((performance.now() - since) / 1000);
}
