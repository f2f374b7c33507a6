// npm runs this before `npm pack` and `npm publish`. Sets up what is missing, and makes the prebuilt addon for the
// libtorch in use, unless it exists for these sources. With --publish, fails unless the package has an addon for each
// supported libtorch.
import './lib/node-version.mjs';

import { main, SetupError } from './lib/advice.mjs';
import { ensureLibtorch } from './lib/libtorch.mjs';
import { withLock } from './lib/lock.mjs';
import { installPackages } from './lib/packages.mjs';
import { compileLibrary, library } from './lib/typescript.mjs';

await main(() =>
  withLock(async () => {
    await installPackages();
    await compileLibrary();
    const { SUPPORTED_VERSIONS } = await library('bindings/libtorch/versions');
    const missing = await missingAmong(['loader', ...SUPPORTED_VERSIONS]);
    if (missing.length === 0) return;
    if (process.argv.includes('--publish')) {
      throw new SetupError(
        `The package would lack prebuilt addons of its sources: ${missing.join(', ')}`,
        'Build them with `npm run prebuilds -- --libtorch=DIRECTORY …`: see docs/development/releasing.md.',
      );
    }
    await prebuildForLibtorchInUse();
  }),
);

async function missingAmong(names) {
  const { isPrebuilt } = await import('./lib/prebuilds.mjs'); // which needs the packages
  const present = await Promise.all(names.map(isPrebuilt));
  return names.filter((_, index) => !present[index]);
}

async function prebuildForLibtorchInUse() {
  const { prebuild } = await import('./lib/prebuilds.mjs');
  const { addonFor } = await library('bindings/libtorch/addons');
  const libtorch = await ensureLibtorch();
  const addon = addonFor(libtorch.version);
  if ((await missingAmong(['loader', addon])).length > 0) {
    const problems = await prebuild(libtorch);
    if (problems.length > 0) {
      console.log(`The package is for systems like this one:\n  ${problems.join('\n  ')}`);
    }
  }
}
