// Stamps: a folder that a step of the set-up made contains the hash of the step's inputs.
import { createHash } from 'node:crypto';
import { accessSync, constants, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';

import { ROOT } from './checkout.mjs';

/** Returns a hash of strings, and of the names and contents of files and folders in this checkout. */
export function hashOf({ files = [], strings = [] }) {
  const hash = createHash('sha256');
  for (const string of strings) {
    hash.update(`${string}\0`);
  }
  for (const file of files.flatMap(filesUnder)) {
    hash
      .update(`${file}\0`)
      .update(readFileSync(path.join(ROOT, file)))
      .update('\0');
  }
  return hash.digest('hex');
}

function filesUnder(name) {
  let entries;
  try {
    entries = readdirSync(path.join(ROOT, name), { withFileTypes: true });
  } catch (error) {
    if (error.code === 'ENOTDIR') {
      return [name];
    }
    throw error;
  }
  const sorted = entries.sort((a, b) => (a.name < b.name ? -1 : 1));
  return sorted.flatMap((entry) => {
    const child = path.join(name, entry.name);
    return entry.isDirectory() ? filesUnder(child) : [child];
  });
}

/**
 * Runs a step of the set-up, unless its stamp shows that it was completed with the same inputs.
 *
 * @param {string} stamp the file of the stamp
 * @param {string} inputs the hash of the inputs
 * @param {() => Promise<void>} step
 */
export async function unlessDone(stamp, inputs, step) {
  if (readStamp(stamp) !== inputs) {
    accessSync(ROOT, constants.W_OK); // some tools call a read-only folder a missing one
    rmSync(stamp, { force: true });
    await step();
    writeFileSync(stamp, inputs);
  }
}

function readStamp(stamp) {
  try {
    return readFileSync(stamp, 'utf8');
  } catch {
    return undefined;
  }
}
