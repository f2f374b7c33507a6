import { existsSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';

/** The folder of this package, where package.json lies. */
export const PACKAGE_ROOT = path.resolve(__dirname, '..', '..', '..');

/** Whether this is a checkout, with scripts for development, and not an installed package. */
export const IS_CHECKOUT = existsSync(path.join(PACKAGE_ROOT, 'scripts', 'setup.mjs'));

/** Whether a tool has put this file and others into a bundle: then the folders of this package are not around it. */
export const IS_BUNDLED =
  path.relative(PACKAGE_ROOT, __filename) !==
  path.join('dist', 'bindings', 'libtorch', 'folders.js');

/**
 * What `torch-losses setup` and `build` made for this user: outside the package, whose folder may be read-only and is
 * replaced with each installation.
 */
export const DATA_FOLDER =
  process.env['TORCH_LOSSES_HOME'] || userFolder('XDG_DATA_HOME', '.local', 'share');

/** What can be found out again. */
export const CACHE_FOLDER = userFolder('XDG_CACHE_HOME', '.cache');

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
