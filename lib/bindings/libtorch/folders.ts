import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';

/** The folder of this package, which contains package.json. */
export const PACKAGE_ROOT = path.resolve(__dirname, '..', '..', '..');

const manifest = readManifest();

/** Whether this file is part of a bundle. The folders of the package are then not beside it. */
export const IS_BUNDLED = manifest === undefined;

/** The version of this package. Empty in a bundle. */
export const PACKAGE_VERSION = manifest?.version ?? '';

/** Whether this is a checkout with the scripts for development, not an installed package. */
export const IS_CHECKOUT = !IS_BUNDLED && exists(path.join(PACKAGE_ROOT, 'scripts', 'setup.mjs'));

/**
 * The folder to which `torch-losses setup` and `build` write. It is outside of the package, whose folder may be
 * read-only and is replaced by each installation.
 */
export const DATA_FOLDER =
  process.env['TORCH_LOSSES_HOME'] || userFolder('XDG_DATA_HOME', '.local', 'share');

/** The folder of cached answers, which may be deleted. */
export const CACHE_FOLDER = userFolder('XDG_CACHE_HOME', '.cache');

/** Returns whether a file or folder exists and may be read. existsSync throws under Node's permission model. */
export function exists(file: string): boolean {
  try {
    return existsSync(file);
  } catch {
    return false;
  }
}

/** Makes a folder and its parents. mkdirSync with `recursive` never returns for a folder under /proc. */
export function makeFolder(folder: string): void {
  if (exists(folder)) return;
  makeFolder(path.dirname(folder));
  try {
    mkdirSync(folder);
  } catch (error) {
    // Another process may have made the folder meanwhile.
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  }
}

// Reads the package.json of the installed package. `require` would make bundlers include a copy of it.
function readManifest(): { name: string; version: string } | undefined {
  const inPackage = path.join(PACKAGE_ROOT, 'dist', 'bindings', 'libtorch', 'folders.js');
  try {
    const found = JSON.parse(readFileSync(path.join(PACKAGE_ROOT, 'package.json'), 'utf8'));
    return found.name === 'torch-losses' && __filename === inPackage ? found : undefined;
  } catch {
    return undefined;
  }
}

// Follows the XDG Base Directory Specification, which ignores a relative path in a variable.
function userFolder(variable: string, ...underHome: string[]): string {
  const set = process.env[variable];
  const parent = set && path.isAbsolute(set) ? set : path.join(homeFolder(), ...underHome);
  return path.join(parent, 'torch-losses');
}

function homeFolder(): string {
  try {
    return os.homedir();
  } catch {
    return os.tmpdir(); // the user has no entry in the system's list, as in many containers
  }
}
