// `npm run test:package [-- --libtorch=DIRECTORY …]`: makes the prebuilt addons, packs the package, and tests it:
// installed with npm, pnpm and yarn; on other versions of Node, on Bun and Deno; with the libtorch that `setup`
// downloads and the addon that `build` builds; with bundlers, publint, "Are the types wrong?" and npm audit. Takes some minutes
// and two gigabytes.
import './lib/node-version.mjs';

import { main } from './lib/advice.mjs';
import { tool } from './lib/checkout.mjs';
import { installPackageTools } from './lib/package_tools.mjs';
import { mustRun, run } from './lib/run.mjs';
import { setUp } from './lib/setup.mjs';
import { compileTests } from './lib/typescript.mjs';

await main(async () => {
  const libtorch = await setUp();
  await compileTests();
  const prebuilds = ['scripts/prebuilds.mjs', ...process.argv.slice(2)];
  await mustRun('Building the addons', process.execPath, prebuilds);
  const env = {
    ...process.env,
    TORCH_LOSSES_PACKAGE_TOOLS: await installPackageTools(),
    ...(libtorch.python && { TORCH_LOSSES_PYTHON: libtorch.python }),
  };
  const options = ['--no-config', '--reporter=scripts/lib/reporter.cjs', '--fail-zero'];
  const tests = [tool('mocha', 'bin', 'mocha.js'), ...options, 'dist-test/package/**/*.test.js'];
  const { status } = await run(process.execPath, tests, { env, inherit: true });
  return (await audit()) || status;
});

/** Runs npm audit if the registry supports it, which many mirrors do not. */
async function audit() {
  const { status, output } = await run('npm', ['audit']);
  if (!output.includes('audit endpoint returned an error')) return status;
  console.log('npm audit: SKIPPED, as the registry in use does not answer it');
  return 0;
}
