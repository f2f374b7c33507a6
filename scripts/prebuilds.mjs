// `npm run prebuilds [-- --libtorch=DIRECTORY …]`: the addons that the package ships, into
// prebuilds/, for each libtorch given, else for the one in use. Refuses what would not load on
// every system on which that libtorch runs. (Not "prebuild": npm would run that before "build".)
import './lib/node-version.mjs';

import path from 'node:path';
import { parseArgs } from 'node:util';

import { buildAddon } from './lib/addon.mjs';
import { main } from './lib/advice.mjs';
import { PREBUILDS } from './lib/checkout.mjs';
import { withLock } from './lib/lock.mjs';
import { installPackages } from './lib/packages.mjs';
import { checkPortability } from './lib/portability.mjs';
import { compileLibrary, findLibtorch, library } from './lib/typescript.mjs';

await main(async () => {
  const { values } = parseArgs({ options: { libtorch: { type: 'string', multiple: true } } });
  await withLock(async () => {
    await installPackages();
    await compileLibrary();
  });
  const { libtorchIn } = await library('libtorch/find');
  const { addonName } = await library('libtorch/addons');
  const output = path.join(PREBUILDS, `${process.platform}-${process.arch}`);
  for (const libtorch of values.libtorch?.map(libtorchIn) ?? [await findLibtorch()]) {
    await withLock(() => buildAddon(libtorch, { output, strip: true }));
    for (const name of ['loader.node', addonName(libtorch.version)]) {
      checkPortability(path.join(output, name), libtorch.directory);
    }
  }
});
