// Sets up a clone. A step is skipped if it was completed and its inputs have not changed.
import { buildAddon } from './addon.mjs';
import { ensureLibtorch } from './libtorch.mjs';
import { withLock } from './lock.mjs';
import { installPackages } from './packages.mjs';
import { compileLibrary } from './typescript.mjs';

/** @returns the libtorch to use: `{ directory, version, source, python }`, see lib/bindings/libtorch/find.ts */
export async function setUp() {
  const libtorch = await withLock(async () => {
    await installPackages();
    await compileLibrary();
    const libtorch = await ensureLibtorch();
    await buildAddon(libtorch);
    return libtorch;
  });
  console.log(`libtorch ${libtorch.version} in ${libtorch.directory}`);
  return libtorch;
}
