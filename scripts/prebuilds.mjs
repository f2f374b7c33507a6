// `npm run prebuilds [-- --libtorch=DIRECTORY …]`: makes the addons of the package in addons/, for each given libtorch,
// or else for the one in use. Fails if an addon would not load on every system on which that libtorch runs. (The script
// is not called "prebuild", because npm would run that before "build".)
import './lib/node-version.mjs';

import { parseArgs } from 'node:util';

import { main, SetupError } from './lib/advice.mjs';
import { withLock } from './lib/lock.mjs';
import { installPackages } from './lib/packages.mjs';
import { compileLibrary, findLibtorch, library } from './lib/typescript.mjs';

await main(async () => {
  const { values } = parseArgs({ options: { libtorch: { type: 'string', multiple: true } } });
  await withLock(async () => {
    await installPackages();
    await compileLibrary();
  });
  const { prebuild } = await import('./lib/prebuilds.mjs');
  const { libtorchIn } = await library('bindings/libtorch/find');
  for (const libtorch of values.libtorch?.map(libtorchIn) ?? [await findLibtorch()]) {
    const problems = await withLock(() => prebuild(libtorch));
    if (problems.length > 0) {
      throw new SetupError(`The addons are not portable:\n  ${problems.join('\n  ')}`);
    }
  }
});
