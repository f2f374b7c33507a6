/** The files that a job writes. Nothing is under its final name before it is whole. */

import { statSync } from 'node:fs';
import { type FileHandle, open, rename } from 'node:fs/promises';
import path from 'node:path';

import { typeError } from '../bindings/errors';
import { DESCRIPTORS, headOf } from '../serialization/npy';
import type { DType } from '../tensor/dtype';
import { writing } from './error';

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

/** Writes a whole file. It has its name when it is on the disk. */
export function writeFile(file: string, content: string): Promise<void> {
  const bytes = Buffer.from(content);
  return writing(file, undefined, async () => {
    const handle = await open(partialOf(file), 'w');
    try {
      await writeAt(handle, bytes, 0);
      await handle.sync();
    } finally {
      await handle.close();
    }
    await rename(partialOf(file), file);
    await syncFolder(folderOf(file));
  });
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

/** A `.npy` file whose rows are written in parts. */
export class NpyFile {
  private constructor(
    readonly path: string,
    private readonly file: FileHandle,
    private readonly start: number,
    private readonly layout: Layout,
  ) {}

  /**
   * Opens the unfinished file, or makes it.
   *
   * @param dim - the dimension of the rows
   * @throws TypeError for a dtype that numpy has not; BatchError if the file cannot be written
   */
  static async open(
    path: string,
    dtype: DType,
    shape: readonly number[],
    dim = 0,
  ): Promise<NpyFile> {
    const descriptor = DESCRIPTORS.get(dtype);
    if (!descriptor) {
      throw typeError(`evaluate(): numpy has no ${dtype}: choose another dtype for the inputs`);
    }
    const head = headOf(descriptor, false, shape);
    const layout = layoutOf(shape, dim, dtype.itemsize);
    return writing(path, undefined, async () => {
      const isNew = !exists(partialOf(path));
      const file = await open(partialOf(path), isNew ? 'w' : 'r+');
      const result = new NpyFile(path, file, head.length, layout);
      // Also for a file that is there: it may be of a run that was killed before the head was written.
      await writeAt(file, head, 0);
      await file.truncate(head.length + layout.outer * layout.rows * layout.rowBytes);
      await file.datasync();
      await syncFolder(folderOf(path));
      return result;
    });
  }

  /** Writes `count` rows. They are durable when the promise resolves. */
  write(row: number, count: number, bytes: Uint8Array): Promise<void> {
    const { outer, rows, rowBytes } = this.layout;
    const length = count * rowBytes;
    return writing(this.path, row, async () => {
      for (let i = 0; i < outer && length > 0; i++) {
        const position = this.start + (i * rows + row) * rowBytes;
        await writeAt(this.file, bytes.subarray(i * length, (i + 1) * length), position);
      }
      await this.file.datasync();
    });
  }

  finish(): Promise<void> {
    return writing(this.path, undefined, async () => {
      try {
        await this.file.sync();
      } finally {
        await this.file.close();
      }
      await rename(partialOf(this.path), this.path);
      await syncFolder(folderOf(this.path));
    });
  }

  async close(): Promise<void> {
    await this.file.close();
  }
}

/** Where rows are: one after another, `outer` times. */
interface Layout {
  readonly outer: number;
  readonly rows: number;
  readonly rowBytes: number;
}

function layoutOf(shape: readonly number[], dim: number, itemsize: number): Layout {
  const product = (sizes: readonly number[]): number => sizes.reduce((a, b) => a * b, 1);
  const rowBytes = product(shape.slice(dim + 1)) * itemsize;
  return { outer: product(shape.slice(0, dim)), rows: shape[dim]!, rowBytes };
}

export const folderOf = (file: string): string => path.dirname(path.resolve(file));
