import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';

import { DATA_FOLDER, IS_CHECKOUT, PACKAGE_ROOT } from './folders';
import { minorVersion } from './versions';

/** The version of this package. */
export const PACKAGE_VERSION = (
  JSON.parse(readFileSync(path.join(PACKAGE_ROOT, 'package.json'), 'utf8')) as { version: string }
).version;

const PLATFORM = `${process.platform}-${process.arch}`;

/**
 * Where a build puts addons: a checkout's own folder (`TORCH_LOSSES_BUILD` names another than the release's), else one
 * for this version of the package among the user's data.
 */
export const BUILD_FOLDER = IS_CHECKOUT
  ? path.join(PACKAGE_ROOT, 'build', process.env['TORCH_LOSSES_BUILD'] || 'Release')
  : path.join(DATA_FOLDER, 'addons', PACKAGE_VERSION, PLATFORM);

/** Where addons are looked for: what was built here, then what the package ships. */
export const ADDON_FOLDERS: readonly string[] = [
  BUILD_FOLDER,
  path.join(PACKAGE_ROOT, 'prebuilds', PLATFORM),
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
