import { readdirSync, statSync } from 'node:fs';
import path from 'node:path';

import { DATA_FOLDER, IS_CHECKOUT, PACKAGE_ROOT } from './folders';

/** Where `torch-losses setup` puts virtual environments that hold torch, one for each version and build. */
export const SETUPS_FOLDER = path.join(DATA_FOLDER, 'libtorch');

/** A checkout's own. */
export const CHECKOUT_SETUP = path.join(PACKAGE_ROOT, '.venv');

/** In a set-up's folder once it is complete: what was fetched, with hashes. */
export const SETUP_MARK = '.torch-losses';

/** The interpreter of a set-up. */
export function pythonOf(setup: string): string {
  return path.join(setup, 'bin', 'python');
}

/** The interpreters of what was set up: a checkout's own, then the latest. */
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
    return undefined; // not ours to read
  }
}
