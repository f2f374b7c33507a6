/** Reading parts of a file, none of which may lie outside it. */
import { closeSync, constants, fstatSync, openSync, readSync } from 'node:fs';

import { valueError } from '../bindings/errors';

/** What one read of the system takes. */
const LARGEST_READ = 2 ** 30;

/** A file that is not what its name or contents say. */
export const damaged = (path: string, problem: string): Error => valueError(`${path}: ${problem}`);

export class Reader {
  readonly size: number;
  readonly #descriptor: number;

  /** @throws what `fs` throws where there is no such file; RangeError (ValueError) for what is no regular file */
  private constructor(readonly path: string) {
    // A pipe without a writer would be waited for.
    this.#descriptor = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
    const status = fstatSync(this.#descriptor);
    this.size = status.size;
    if (!status.isFile()) {
      this.close();
      throw damaged(path, 'is not a regular file');
    }
  }

  /** Opens a file for as long as `body` runs. */
  static with<T>(path: string, body: (reader: Reader) => T): T {
    const reader = new Reader(path);
    try {
      return body(reader);
    } finally {
      reader.close();
    }
  }

  /** Opens a file until `close` is called. */
  static open(path: string): Reader {
    return new Reader(path);
  }

  /**
   * @param what - is read, for the error
   * @throws RangeError (ValueError) where the file ends before
   */
  read(offset: number, length: number, what: string): Uint8Array {
    if (!(offset >= 0 && length >= 0 && offset + length <= this.size)) {
      throw damaged(
        this.path,
        `is truncated or damaged: ${what} would be bytes ${offset} to ${offset + length} of ${this.size}`,
      );
    }
    const bytes = this.#room(length, what);
    for (let done = 0; done < length; ) {
      const count = readSync(
        this.#descriptor,
        bytes,
        done,
        Math.min(LARGEST_READ, length - done),
        offset + done,
      );
      if (count === 0) throw damaged(this.path, `became shorter while ${what} was read`);
      done += count;
    }
    return bytes;
  }

  #room(length: number, what: string): Uint8Array {
    try {
      return new Uint8Array(length);
    } catch {
      throw valueError(`${this.path}: there is no memory for the ${length} bytes of ${what}`);
    }
  }

  close(): void {
    closeSync(this.#descriptor);
  }
}

/** A view for numbers in the bytes of a file. */
export const dataView = (bytes: Uint8Array): DataView =>
  new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);

/** A size of 64 bits as a number; one that a number cannot hold is larger than any file, and infinite here. */
export function size64(view: DataView, offset: number): number {
  const value = Number(view.getBigUint64(offset, true));
  return Number.isSafeInteger(value) ? value : Infinity;
}

/** The number of elements of a shape that a file gives; undefined where that is no shape. */
export function elementsOf(shape: unknown): number | undefined {
  if (!Array.isArray(shape) || shape.length > MOST_DIMENSIONS) return undefined;
  if (!shape.every((size) => Number.isSafeInteger(size) && size >= 0)) return undefined;
  const elements = (shape as number[]).reduce((product, size) => product * size, 1);
  return Number.isSafeInteger(elements) ? elements : undefined;
}

/** As many as libtorch has. */
const MOST_DIMENSIONS = 64;
