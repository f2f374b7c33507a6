// Sets up a clone. A step is skipped if it was completed and its inputs have not changed.
import { buildAddon } from './addon.mjs';
import { ensureLibtorch } from './libtorch.mjs';
import { withLock } from './lock.mjs';
import { installPackages } from './packages.mjs';
import { compileLibrary } from './typescript.mjs';

/**
 * @param {string} [configuration] the build of the addon: `Release`, `Debug`, `Sanitize` or `Coverage`
 * @returns the libtorch to use: `{ directory, version, source, python }`, see lib/bindings/libtorch/find.ts
 */
export async function setUp(configuration = 'Release') {
  const libtorch = await withLock(async () => {
    await installPackages();
    await compileLibrary();
    const libtorch = await ensureLibtorch();
    await buildAddon(libtorch, { configuration });
    return libtorch;
  });
  console.log(`libtorch ${libtorch.version} in ${libtorch.directory}`);
  return libtorch;
}
