/** The files that a job writes. Nothing is under its final name before it is whole. */

import { statSync } from 'node:fs';
import { type FileHandle, open, rename } from 'node:fs/promises';
import path from 'node:path';

import { writing } from './error';

/** Names standard output. */
export const STANDARD_OUTPUT = '-';

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

/** Writes all bytes from a position on. */
export async function writeAt(
  file: FileHandle,
  bytes: Uint8Array,
  position: number,
): Promise<void> {
  for (let done = 0; done < bytes.length; ) {
    const left = bytes.length - done;
    done += (await file.write(bytes, done, left, position + done)).bytesWritten;
  }
}

/** Writes a whole file. It has its name when it is on the disk. */
export function writeFile(file: string, content: string): Promise<void> {
  return writing(file, undefined, async () => {
    const handle = await open(partialOf(file), 'w');
    try {
      await writeAt(handle, Buffer.from(content), 0);
      await handle.sync();
    } finally {
      await handle.close();
    }
    await rename(partialOf(file), file);
    await syncFolder(folderOf(file));
  });
}

export const folderOf = (file: string): string => path.dirname(path.resolve(file));
