// Everything between a bare clone and a program that runs. Each step is skipped where nothing has
// changed since it was last done to its end.
import { buildAddon } from './addon.mjs';
import { ensureLibtorch } from './libtorch.mjs';
import { withLock } from './lock.mjs';
import { installPackages } from './packages.mjs';
import { compileLibrary } from './typescript.mjs';

/**
 * @returns the libtorch to use: `{ directory, version, source, python }`, as lib/bindings/libtorch/find.ts
 * says it
 */
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
