// `node scripts/gpu.mjs`, which run.sh of scripts/archive.mjs runs on a GPU host: sets up what is missing, then runs
// everything that needs a GPU: the CUDA tests, then the CUDA benchmarks. Without a GPU, both say so, and tests that need
// none run. Other tests are not loaded, so they cannot stop the run; with --all they run afterwards.
import './lib/node-version.mjs';

import { main } from './lib/advice.mjs';
import { tool } from './lib/checkout.mjs';
import { run } from './lib/run.mjs';
import { setUp } from './lib/setup.mjs';
import { compileTests } from './lib/typescript.mjs';

const MOCHA = [
  tool('mocha', 'bin', 'mocha.js'),
  '--no-config', // whose files come besides those that are named
  '--reporter=scripts/lib/reporter.cjs',
  '--timeout=120000',
  '--fail-zero',
];
const TESTS = ['dist-test/cuda/*.test.js', 'dist-test/parity/devices.test.js'];
// Leaves out the tests of the package, which need npm.
const OTHERS = ['scripts/test.mjs', '--ignore=dist-test/package/**'];

await main(async () => {
  const started = performance.now();
  const libtorch = await setUp();
  await compileTests();
  console.log(`Built in ${seconds(started)} s`);
  const tests = await node(libtorch, '--enable-source-maps', ...MOCHA, ...TESTS);
  const benchmarks = await node(libtorch, 'scripts/bench.mjs', '--device=cuda', '--quick');
  const all = process.argv.includes('--all') ? await node(libtorch, ...OTHERS) : 0;
  console.log(`Done in ${seconds(started)} s`);
  return tests || benchmarks || all;
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
