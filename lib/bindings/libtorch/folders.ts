import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';

/** The folder of this package, where package.json lies. */
export const PACKAGE_ROOT = path.resolve(__dirname, '..', '..', '..');

const manifest = readManifest();

/** Whether a tool has put this file and others into a bundle: then the folders of this package are not around it. */
export const IS_BUNDLED = manifest === undefined;

/** The version of this package; empty in a bundle. */
export const PACKAGE_VERSION = manifest?.version ?? '';

/** Whether this is a checkout, with scripts for development, and not an installed package. */
export const IS_CHECKOUT = !IS_BUNDLED && exists(path.join(PACKAGE_ROOT, 'scripts', 'setup.mjs'));

/**
 * What `torch-losses setup` and `build` made for this user: outside the package, whose folder may be read-only and is
 * replaced with each installation.
 */
export const DATA_FOLDER =
  process.env['TORCH_LOSSES_HOME'] || userFolder('XDG_DATA_HOME', '.local', 'share');

/** What can be found out again. */
export const CACHE_FOLDER = userFolder('XDG_CACHE_HOME', '.cache');

/** Whether there is a file or folder that this process may read. Under Node's permission model, existsSync throws. */
export function exists(file: string): boolean {
  try {
    return existsSync(file);
  } catch {
    return false;
  }
}

/**
 * Makes a folder, and those above it. Use this in place of mkdirSync's `recursive`, which never returns for a folder
 * under /proc.
 */
export function makeFolder(folder: string): void {
  if (exists(folder)) return;
  makeFolder(path.dirname(folder));
  try {
    mkdirSync(folder);
  } catch (error) {
    // Another process may have made it meanwhile.
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  }
}

// Reads package.json where npm put it. Not with `require`, which bundlers would follow.
function readManifest(): { name: string; version: string } | undefined {
  const inPackage = path.join(PACKAGE_ROOT, 'dist', 'bindings', 'libtorch', 'folders.js');
  try {
    const found = JSON.parse(readFileSync(path.join(PACKAGE_ROOT, 'package.json'), 'utf8'));
    return found.name === 'torch-losses' && __filename === inPackage ? found : undefined;
  } catch {
    return undefined;
  }
}

// As the XDG Base Directory Specification has it: a relative path in a variable is to be ignored.
function userFolder(variable: string, ...underHome: string[]): string {
  const set = process.env[variable];
  const parent = set && path.isAbsolute(set) ? set : path.join(homeFolder(), ...underHome);
  return path.join(parent, 'torch-losses');
}

function homeFolder(): string {
  try {
    return os.homedir();
  } catch {
    return os.tmpdir(); // a user without an entry, as in many containers
  }
}
