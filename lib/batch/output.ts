/** The files that a job writes. Nothing is under its final name before it is whole. */

import { statSync } from 'node:fs';
import { type FileHandle, open, rename } from 'node:fs/promises';
import path from 'node:path';

import { typeError } from '../bindings/errors';
import { DESCRIPTORS, headOf } from '../serialization/npy';
import type { DType } from '../tensor/dtype';

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

/** A `.npy` file whose rows are written in parts. */
export class NpyFile {
  private constructor(
    readonly path: string,
    private readonly file: FileHandle,
    private readonly start: number,
    private readonly rowBytes: number,
  ) {}

  /**
   * Opens the unfinished file, or makes it.
   *
   * @throws TypeError for a dtype that numpy has not
   */
  static async open(path: string, dtype: DType, shape: readonly number[]): Promise<NpyFile> {
    const descriptor = DESCRIPTORS.get(dtype);
    if (!descriptor) {
      throw typeError(`evaluate(): numpy has no ${dtype}: choose another dtype for the inputs`);
    }
    const head = headOf(descriptor, false, shape);
    const rowBytes = shape.slice(1).reduce((product, size) => product * size, dtype.itemsize);
    const isNew = !exists(partialOf(path));
    const file = await open(partialOf(path), isNew ? 'w' : 'r+');
    const result = new NpyFile(path, file, head.length, rowBytes);
    // Also for a file that is there: it may be of a run that was killed before the head was written.
    await result.#write(head, 0);
    await file.truncate(head.length + shape[0]! * rowBytes);
    await file.datasync();
    await syncFolder(folderOf(path));
    return result;
  }

  /** Writes rows. They are durable when the promise resolves. */
  async write(row: number, bytes: Uint8Array): Promise<void> {
    await this.#write(bytes, this.start + row * this.rowBytes);
    await this.file.datasync();
  }

  async #write(bytes: Uint8Array, position: number): Promise<void> {
    for (let done = 0; done < bytes.length; ) {
      const left = bytes.length - done;
      done += (await this.file.write(bytes, done, left, position + done)).bytesWritten;
    }
  }

  async finish(): Promise<void> {
    await this.file.sync();
    await this.file.close();
    await rename(partialOf(this.path), this.path);
    await syncFolder(folderOf(this.path));
  }

  async close(): Promise<void> {
    await this.file.close();
  }
}

const folderOf = (file: string): string => path.dirname(path.resolve(file));
