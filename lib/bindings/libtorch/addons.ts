/**
 * The native addons: the loader, and one for each minor version of libtorch. Each has a folder of its own, in which
 * node-gyp-build finds the file for this system.
 */
import path = require('node:path');

import { DATA_FOLDER, IS_BUNDLED, IS_CHECKOUT, PACKAGE_ROOT, PACKAGE_VERSION } from './folders';
import { minorVersion, SUPPORTED_VERSIONS } from './versions';

/** The parts of node-gyp-build that this file uses. The package has no types. */
interface NodeGypBuild {
  (folder: string): unknown;
  resolve(folder: string): string;
}

const nodeGypBuild = loadNodeGypBuild();

/** Names an addon: `loader`, or the minor version of libtorch that it is built for, such as `2.13`. */
export type AddonName = 'loader' | (typeof SUPPORTED_VERSIONS)[number];

/**
 * Loads the addons of the package. Each call is written out with a literal path, because bundlers (@vercel/nft,
 * webpack's asset relocator) only include an addon if they see the whole argument of node-gyp-build. The relocator does
 * not parse syntax that is newer than ES2020, so this file uses none.
 */
const PACKAGED: Readonly<Record<AddonName, () => unknown>> = {
  loader: () => require('node-gyp-build')(path.join(__dirname, '../../../addons/loader')),
  '2.11': () => require('node-gyp-build')(path.join(__dirname, '../../../addons/2.11')),
  '2.12': () => require('node-gyp-build')(path.join(__dirname, '../../../addons/2.12')),
  '2.13': () => require('node-gyp-build')(path.join(__dirname, '../../../addons/2.13')),
  '2.14': () => require('node-gyp-build')(path.join(__dirname, '../../../addons/2.14')),
};

/** The folder of the addons that {@link PACKAGED} loads. A release build of a checkout puts its addons there. */
export const PACKAGED_FOLDER = path.join(PACKAGE_ROOT, 'addons');

/** The configuration that a checkout loads instead of the release build: `Debug`, `Sanitize` or `Coverage`. */
const CHECKOUT_BUILD = IS_CHECKOUT && process.env['TORCH_LOSSES_BUILD'];

/**
 * The folder to which a build writes addons. A checkout writes to its own folder, an installed package to the user's
 * data.
 */
export const BUILD_FOLDER = IS_CHECKOUT
  ? buildFolder(CHECKOUT_BUILD || 'Release')
  : path.join(DATA_FOLDER, 'addons', PACKAGE_VERSION);

/** Returns the folder to which a checkout builds the addons of a configuration. */
export function buildFolder(configuration: string): string {
  return configuration === 'Release'
    ? PACKAGED_FOLDER
    : path.join(PACKAGE_ROOT, 'build', configuration);
}

/**
 * Returns the folder to which a build writes an addon, and in which node-gyp-build finds it. A checkout uses `build/`,
 * so that `prebuilds/` only has the addons that are published.
 */
export function outputFolder(folder: string, name: AddonName): string {
  return IS_CHECKOUT
    ? path.join(folder, name, 'build', 'Release')
    : path.join(folder, name, 'prebuilds', `${process.platform}-${process.arch}`);
}

/** Returns the name of the addon for a version of libtorch. Versions of one minor version share an addon. */
export function addonFor(torchVersion: string): AddonName {
  return minorVersion(torchVersion) as AddonName;
}

/** The folders that contain the addons' folders. An addon is loaded from the first one that has it. */
export const ADDON_FOLDERS: readonly string[] = IS_CHECKOUT
  ? [BUILD_FOLDER]
  : [BUILD_FOLDER, PACKAGED_FOLDER];

/** Returns the folders in which node-gyp-build looks for an addon. */
export function foldersOf(name: AddonName): string[] {
  return ADDON_FOLDERS.map((folder) => path.join(folder, name));
}

/** Returns the minor versions of libtorch for which there is an addon. */
export function versionsWithAddon(): string[] {
  return SUPPORTED_VERSIONS.filter((version) => hasAddon(version));
}

/**
 * Returns whether there is an addon. In a bundle, returns true: only {@link PACKAGED} knows the addons' paths there.
 */
export function hasAddon(name: AddonName): boolean {
  return IS_BUNDLED || findAddon(name) !== undefined;
}

/** Returns the path of an addon's file, or undefined if there is none. */
export function findAddon(name: AddonName): string | undefined {
  return foldersOf(name)
    .map(resolve)
    .find((file) => file !== undefined);
}

/**
 * Loads an addon.
 *
 * @throws Error of node-gyp-build's, `No native build was found for …`, where there is none, or of the dynamic linker's
 */
export function requireAddon(name: AddonName): unknown {
  if (IS_BUNDLED) return PACKAGED[name]();
  const folder = path.join(BUILD_FOLDER, name);
  return CHECKOUT_BUILD || resolve(folder) ? nodeGypBuild(folder) : PACKAGED[name]();
}

// Loads node-gyp-build, which looks for /etc/alpine-release unless LIBC is set. If the process may not read that file,
// LIBC is set meanwhile, because node-gyp-build would throw.
function loadNodeGypBuild(): NodeGypBuild {
  if (process.env['LIBC'] || (process.permission?.has('fs.read', '/etc/alpine-release') ?? true)) {
    return require('node-gyp-build');
  }
  process.env['LIBC'] = 'glibc';
  try {
    return require('node-gyp-build');
  } finally {
    delete process.env['LIBC'];
  }
}

function resolve(folder: string): string | undefined {
  try {
    return nodeGypBuild.resolve(folder);
  } catch {
    return undefined;
  }
}
