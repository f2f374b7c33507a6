/** The files that a job writes. Nothing is under its final name before it is whole. */

import { statSync } from 'node:fs';
import { open } from 'node:fs/promises';
import path from 'node:path';

/** The name of a file while it is written. */
export const partialOf = (file: string): string => `${file}.partial`;

export const exists = (file: string): boolean =>
  statSync(file, { throwIfNoEntry: false }) !== undefined;

/** Makes the names in a folder durable. */
export async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder);
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

export const folderOf = (file: string): string => path.dirname(path.resolve(file));
