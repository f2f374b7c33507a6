import { existsSync } from 'node:fs';
import path from 'node:path';

import { minorVersion } from './versions';

/** The folder of this package, where package.json lies. */
export const PACKAGE_ROOT = path.resolve(__dirname, '..', '..');

/**
 * Whether this is a checkout, where an addon that is missing can be built, and not an installed
 * package.
 */
export const IS_CHECKOUT = existsSync(path.join(PACKAGE_ROOT, 'CMakeLists.txt'));

/** The command that fetches libtorch, and in a checkout builds what is missing. */
export const MENDING_COMMAND = IS_CHECKOUT ? 'npm run setup' : 'npx torch-losses setup';

/** Where addons are looked for: what was built here, then what the package ships. */
export const ADDON_FOLDERS: readonly string[] = [
  path.join(PACKAGE_ROOT, 'build', process.env['TORCH_LOSSES_DEBUG'] ? 'Debug' : 'Release'),
  path.join(PACKAGE_ROOT, 'prebuilds', `${process.platform}-${process.arch}`),
];

/**
 * The file name of the addon built for a version of libtorch; versions of one minor version share
 * it.
 */
export function addonName(torchVersion: string): string {
  return `torch_losses-${minorVersion(torchVersion)}.node`;
}

/** The path of an addon file, or undefined where there is none. */
export function findAddon(fileName: string): string | undefined {
  return ADDON_FOLDERS.map((folder) => path.join(folder, fileName)).find((file) =>
    existsSync(file),
  );
}
