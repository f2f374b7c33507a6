/**
 * The native addons: the loader, and one for each minor version of libtorch. Each has a folder of its own, in which
 * node-gyp-build finds the file for this system.
 */
import path = require('node:path');

import { DATA_FOLDER, IS_BUNDLED, IS_CHECKOUT, PACKAGE_ROOT, PACKAGE_VERSION } from './folders';
import { minorVersion, SUPPORTED_VERSIONS } from './versions';

/** The parts of node-gyp-build that are called here; it comes without types. */
interface NodeGypBuild {
  (folder: string): unknown;
  resolve(folder: string): string;
}

const nodeGypBuild = loadNodeGypBuild();

/** Names an addon: `loader`, or the minor version of libtorch that it is built for, such as `2.13`. */
export type AddonName = 'loader' | (typeof SUPPORTED_VERSIONS)[number];

/**
 * Loads the addons of the package. Each has a line of its own, since tools that bundle programs (@vercel/nft, webpack's asset
 * relocator) include the file that node-gyp-build finds only where they see its whole argument. The relocator reads
 * no syntax that is newer than ES2020: there must be none in this file.
 */
const PACKAGED: Readonly<Record<AddonName, () => unknown>> = {
  loader: () => require('node-gyp-build')(path.join(__dirname, '../../../addons/loader')),
  '2.11': () => require('node-gyp-build')(path.join(__dirname, '../../../addons/2.11')),
  '2.12': () => require('node-gyp-build')(path.join(__dirname, '../../../addons/2.12')),
  '2.13': () => require('node-gyp-build')(path.join(__dirname, '../../../addons/2.13')),
  '2.14': () => require('node-gyp-build')(path.join(__dirname, '../../../addons/2.14')),
};

/** The folder that holds {@link PACKAGED}'s addons. A checkout builds its own into it. */
export const PACKAGED_FOLDER = path.join(PACKAGE_ROOT, 'addons');

/** The build of a checkout that is to be loaded in place of the release build: `Debug`, `Sanitize` or `Coverage`. */
const CHECKOUT_BUILD = IS_CHECKOUT && process.env['TORCH_LOSSES_BUILD'];

/** The folder into which a build puts addons: in a checkout its own, else one among the user's data. */
export const BUILD_FOLDER = IS_CHECKOUT
  ? buildFolder(CHECKOUT_BUILD || 'Release')
  : path.join(DATA_FOLDER, 'addons', PACKAGE_VERSION);

/** The folder into which a checkout builds the addons of a configuration. */
export function buildFolder(configuration: string): string {
  return configuration === 'Release'
    ? PACKAGED_FOLDER
    : path.join(PACKAGE_ROOT, 'build', configuration);
}

/** Where a build puts an addon, so that node-gyp-build finds it: a checkout keeps it apart from what is to be shipped. */
export function outputFolder(folder: string, name: AddonName): string {
  return IS_CHECKOUT
    ? path.join(folder, name, 'build', 'Release')
    : path.join(folder, name, 'prebuilds', `${process.platform}-${process.arch}`);
}

/** The addon for a version of libtorch. Versions of one minor version share an addon. */
export function addonFor(torchVersion: string): AddonName {
  return minorVersion(torchVersion) as AddonName;
}

/** The folders that hold the addons' folders. The first in which there is an addon counts. */
export const ADDON_FOLDERS: readonly string[] = IS_CHECKOUT
  ? [BUILD_FOLDER]
  : [BUILD_FOLDER, PACKAGED_FOLDER];

/** The folders in which node-gyp-build looks for an addon. */
export function foldersOf(name: AddonName): string[] {
  return ADDON_FOLDERS.map((folder) => path.join(folder, name));
}

/** The minor versions of libtorch for which there is an addon. */
export function versionsWithAddon(): string[] {
  return SUPPORTED_VERSIONS.filter((version) => hasAddon(version));
}

/** Whether there is an addon. A bundle is taken to have it, since only {@link PACKAGED} knows where it lies there. */
export function hasAddon(name: AddonName): boolean {
  return IS_BUNDLED || findAddon(name) !== undefined;
}

/** The path of an addon's file; undefined where there is none. */
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

// node-gyp-build looks for /etc/alpine-release, and throws where it may not. It does not look if LIBC is set.
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
