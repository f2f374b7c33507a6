import { readdirSync, statSync } from 'node:fs';
import path from 'node:path';

import { DATA_FOLDER, IS_CHECKOUT, PACKAGE_ROOT } from './folders';

/** The folder of the virtual environments that `torch-losses setup` makes, one for each version and build of torch. */
export const SETUPS_FOLDER = path.join(DATA_FOLDER, 'libtorch');

/** The virtual environment of a checkout. */
export const CHECKOUT_SETUP = path.join(PACKAGE_ROOT, '.venv');

/** The file that marks a complete environment. It lists what was fetched, with hashes. */
export const SETUP_MARK = '.torch-losses';

/** Returns the interpreter of an environment. */
export function pythonOf(setup: string): string {
  return path.join(setup, 'bin', 'python');
}

/** Returns the interpreters of all environments: the checkout's, then those of `setup`, the latest first. */
export function setupPythons(): string[] {
  const times = new Map(
    foldersIn(SETUPS_FOLDER).map((setup) => [setup, timeOf(path.join(setup, SETUP_MARK))]),
  );
  const complete = [...times.keys()].filter((setup) => times.get(setup));
  const latestFirst = complete.sort((a, b) => times.get(b)! - times.get(a)!);
  return [...(IS_CHECKOUT ? [CHECKOUT_SETUP] : []), ...latestFirst].map(pythonOf);
}

function foldersIn(folder: string): string[] {
  try {
    return readdirSync(folder).map((name) => path.join(folder, name));
  } catch {
    return [];
  }
}

function timeOf(file: string): number | undefined {
  try {
    return statSync(file, { throwIfNoEntry: false })?.mtimeMs;
  } catch {
    return undefined; // this process may not read it
  }
}
