// `npm run prebuilds [-- --libtorch=DIRECTORY …]`: the addons that the package ships, into
// addons/, for each libtorch given, else for the one in use. Refuses what would not load on
// every system on which that libtorch runs. (Not "prebuild": npm would run that before "build".)
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
