// The folders of this checkout. The set-up makes all except ROOT, and git ignores them.
import path from 'node:path';
import { fileURLToPath } from 'node:url';

export const ROOT = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '..', '..');
export const NODE_MODULES = path.join(ROOT, 'node_modules');
export const VENV = path.join(ROOT, '.venv');
export const BUILD = path.join(ROOT, 'build');
export const DIST = path.join(ROOT, 'dist');
export const DIST_TEST = path.join(ROOT, 'dist-test');
export const DIST_EXAMPLES = path.join(ROOT, 'dist-examples');

/** Returns the path of a command of a package in node_modules. */
export function tool(...parts) {
  return path.join(NODE_MODULES, ...parts);
}
