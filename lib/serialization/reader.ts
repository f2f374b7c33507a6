/** Reads parts of a file, with checks that they lie inside it. */
import { closeSync, constants, fstatSync, openSync, readSync } from 'node:fs';

import { valueError } from '../bindings/errors';

/** The largest number of bytes in one read call. */
const LARGEST_READ = 2 ** 30;

/** Returns the error for a damaged file. */
export const damaged = (path: string, problem: string): Error => valueError(`${path}: ${problem}`);

export class Reader {
  private constructor(
    /** The file's path, or what messages call the bytes. */
    readonly path: string,
    readonly size: number,
    private readonly source: number | Uint8Array,
  ) {}

  /** Opens a file while `body` runs. */
  static with<T>(path: string, body: (reader: Reader) => T): T {
    const reader = Reader.open(path);
    try {
      return body(reader);
    } finally {
      reader.close();
    }
  }

  /**
   * Opens a file until `close` is called.
   *
   * @param label - what messages call the file
   * @throws the error of `fs` if the file does not exist; RangeError (ValueError) if it is not a regular file
   */
  static open(path: string, label = path): Reader {
    // Without O_NONBLOCK, open would wait forever for the writer of a named pipe.
    const descriptor = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
    const status = fstatSync(descriptor);
    if (status.isFile()) return new Reader(label, status.size, descriptor);
    closeSync(descriptor);
    throw damaged(label, 'is not a regular file');
  }

  /** Reads a file's bytes in memory. */
  static of(bytes: Uint8Array): Reader {
    return new Reader('the bytes', bytes.length, bytes);
  }

  /**
   * Returns the bytes of a part. They may be those of the file in memory, so they must not be changed.
   *
   * @param what - names the part for the error
   * @throws RangeError (ValueError) if the part ends beyond the file
   */
  read(offset: number, length: number, what: string): Uint8Array {
    this.check(offset, length, what);
    if (typeof this.source !== 'number') return this.source.subarray(offset, offset + length);
    const bytes = this.#room(length, what);
    this.fill(bytes, offset, what);
    return bytes;
  }

  /** Fills `bytes` from a part of the file. */
  fill(bytes: Uint8Array, offset: number, what: string): void {
    const { length } = bytes;
    this.check(offset, length, what);
    if (typeof this.source !== 'number') {
      bytes.set(this.source.subarray(offset, offset + length));
      return;
    }
    for (let done = 0; done < length; ) {
      const wanted = Math.min(LARGEST_READ, length - done);
      const count = readSync(this.source, bytes, done, wanted, offset + done);
      if (count === 0) throw damaged(this.path, `became shorter while ${what} was read`);
      done += count;
    }
  }

  /** @throws RangeError (ValueError) if a part ends beyond the file */
  check(offset: number, length: number, what: string): void {
    if (offset >= 0 && length >= 0 && offset + length <= this.size) return;
    throw damaged(
      this.path,
      `is truncated or damaged: ${what} would be bytes ${offset} to ${offset + length} of ${this.size}`,
    );
  }

  #room(length: number, what: string): Uint8Array {
    try {
      return new Uint8Array(length);
    } catch {
      throw valueError(`${this.path}: there is no memory for the ${length} bytes of ${what}`);
    }
  }

  close(): void {
    if (typeof this.source === 'number') closeSync(this.source);
  }
}

/** Returns a DataView on the bytes. */
export const dataView = (bytes: Uint8Array): DataView =>
  new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);

/** Reads a 64-bit size as a number. A size that a number cannot hold is larger than any file, and becomes Infinity. */
export function size64(view: DataView, offset: number): number {
  const value = Number(view.getBigUint64(offset, true));
  return Number.isSafeInteger(value) ? value : Infinity;
}

/** Returns the number of elements in a shape from a file. Returns undefined if it is not a valid shape. */
export function elementsOf(shape: unknown): number | undefined {
  if (!Array.isArray(shape) || shape.length > MOST_DIMENSIONS) return undefined;
  if (!shape.every((size) => Number.isSafeInteger(size) && size >= 0)) return undefined;
  const elements = (shape as number[]).reduce((product, size) => product * size, 1);
  return Number.isSafeInteger(elements) ? elements : undefined;
}

/** The largest number of dimensions in libtorch. */
const MOST_DIMENSIONS = 64;
