// What npm runs before `npm pack` and `npm publish`: compiles lib/. With --publish, refuses a
// package without the addon of each supported libtorch.
import './lib/node-version.mjs';

import { existsSync } from 'node:fs';
import path from 'node:path';

import { main, SetupError } from './lib/advice.mjs';
import { PREBUILDS } from './lib/checkout.mjs';
import { withLock } from './lib/lock.mjs';
import { installPackages } from './lib/packages.mjs';
import { compileLibrary, library } from './lib/typescript.mjs';

await main(async () => {
  await withLock(async () => {
    await installPackages();
    await compileLibrary();
  });
  if (process.argv.includes('--publish')) {
    const { SUPPORTED_VERSIONS } = await library('bindings/libtorch/versions');
    const { addonName } = await library('bindings/libtorch/addons');
    const missing = ['loader.node', ...SUPPORTED_VERSIONS.map(addonName)]
      .map((name) => path.join(PREBUILDS, 'linux-x64', name))
      .filter((file) => !existsSync(file));
    if (missing.length > 0) {
      throw new SetupError(
        `The package would lack\n  ${missing.join('\n  ')}`,
        'Build them with `npm run prebuilds -- --libtorch=DIRECTORY …`: see docs/development/releasing.md.',
      );
    }
  }
});
