// `npm run prebuilds [-- --libtorch=DIRECTORY …]`: the addons that the package ships, into
// prebuilds/, for each libtorch given, else for the one in use. Refuses what would not load on
// every system on which that libtorch runs. (Not "prebuild": npm would run that before "build".)
import './lib/node-version.mjs';

import { copyFileSync, mkdirSync, rmSync, symlinkSync } from 'node:fs';
import path from 'node:path';
import { parseArgs, promisify } from 'node:util';

import prebuildify from 'prebuildify';

import { main } from './lib/advice.mjs';
import { BUILD, PREBUILDS, ROOT } from './lib/checkout.mjs';
import { withLock } from './lib/lock.mjs';
import { installPackages } from './lib/packages.mjs';
import { checkPortability } from './lib/portability.mjs';
import { compileLibrary, findLibtorch, library } from './lib/typescript.mjs';

// node-gyp removes the build folder that it finds: here it finds none of this checkout's.
const STAGE = path.join(BUILD, 'prebuildify');
const STAGED = ['binding.gyp', 'CMakeLists.txt', 'scripts'];

await main(async () => {
  const { values } = parseArgs({ options: { libtorch: { type: 'string', multiple: true } } });
  await withLock(async () => {
    await installPackages();
    await compileLibrary();
  });
  const { libtorchIn } = await library('bindings/libtorch/find');
  for (const libtorch of values.libtorch?.map(libtorchIn) ?? [await findLibtorch()]) {
    await withLock(() => prebuild(libtorch));
  }
});

async function prebuild(libtorch) {
  const { addonName } = await library('bindings/libtorch/addons');
  rmSync(STAGE, { recursive: true, force: true });
  mkdirSync(STAGE, { recursive: true });
  for (const name of STAGED) {
    symlinkSync(path.join(ROOT, name), path.join(STAGE, name));
  }
  process.env.LIBTORCH = libtorch.directory; // which scripts/build.mjs takes
  // One addon serves every version of Node; the target is the one whose node-gyp runs.
  const target = { runtime: 'node', target: process.versions.node };
  await promisify(prebuildify)({
    ...{ cwd: STAGE, out: ROOT, targets: [target], napi: true, name: 'loader' },
  });
  // It takes one file of a build; the addon of this libtorch lies beside it.
  const addon = addonName(libtorch.version);
  const output = path.join(PREBUILDS, `${process.platform}-${process.arch}`);
  copyFileSync(path.join(STAGE, 'build', 'Release', addon), path.join(output, addon));
  for (const name of ['loader.node', addon]) {
    checkPortability(path.join(output, name), libtorch.directory);
  }
}
