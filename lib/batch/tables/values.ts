/** The values of Parquet's pages, as they are in memory. */
import type * as deltas from 'hyparquet/src/delta.js' with { 'resolution-mode': 'import' };

import { unpackBits, unpackRuns } from './bits';
import { LONGEST_SIZE, varint } from './compact';

/** What the values are: in the file, and in memory. */
export interface ValueForm {
  /** The type in the file, such as `INT32`, and the bytes of a value there; 0 for booleans, which have a bit. */
  readonly physical: string;
  readonly physicalSize: number;
  /** The bytes of an element in memory. */
  readonly size: number;
}

/** Decodes the values of a column. */
export class Values {
  private constructor(
    private readonly column: ValueForm,
    private readonly delta: typeof deltas,
  ) {}

  static async of(column: ValueForm): Promise<Values> {
    return new Values(column, await import('hyparquet/src/delta.js'));
  }

  /**
   * Returns values.
   *
   * @throws Error if there are fewer, or the encoding is not supported
   */
  decode(
    encoding: string,
    values: Uint8Array,
    count: number,
    dictionary: Uint8Array | undefined,
  ): Uint8Array {
    const { size } = this.column;
    switch (encoding) {
      case 'PLAIN':
        return this.plain(values, count);
      case 'PLAIN_DICTIONARY':
      case 'RLE_DICTIONARY':
        return this.#looked(values, count, dictionary);
      case 'RLE': {
        if (this.column.physical !== 'BOOLEAN') break;
        const booleans = new Uint8Array(count);
        unpackRuns(values.subarray(4), 1, booleans);
        return booleans;
      }
      case 'BYTE_STREAM_SPLIT':
        return this.#narrowed(joined(values, this.column.physicalSize, count), count);
      case 'DELTA_BINARY_PACKED':
        return this.#narrowed(this.#differences(values, count), count);
    }
    throw new Error(`it has the encoding ${encoding} for values of ${size} bytes`);
  }

  /** Returns values that lie one after another, as those of a dictionary do. */
  plain(values: Uint8Array, count: number): Uint8Array {
    const { physical, physicalSize } = this.column;
    if (physical !== 'BOOLEAN')
      return this.#narrowed(slice(values, 0, count * physicalSize), count);
    const booleans = new Uint8Array(count);
    slice(values, 0, Math.ceil(count / 8));
    unpackBits(values, 0, 1, booleans, 0, count);
    return booleans;
  }

  /** Drops the upper bytes of integers that are narrower in memory than in the file. */
  #narrowed(values: Uint8Array, count: number): Uint8Array {
    const { physicalSize, size } = this.column;
    if (physicalSize === size) return values;
    const narrow = new Uint8Array(count * size);
    for (let i = 0; i < count; i++) {
      for (let byte = 0; byte < size; byte++) {
        narrow[i * size + byte] = values[i * physicalSize + byte]!;
      }
    }
    return narrow;
  }

  /** Looks values up in the dictionary. */
  #looked(values: Uint8Array, count: number, dictionary: Uint8Array | undefined): Uint8Array {
    if (!dictionary) throw new Error('it has no dictionary');
    const { size } = this.column;
    const indices = new Int32Array(count);
    if (count > 0) unpackRuns(values.subarray(1), slice(values, 0, 1)[0]!, indices);
    const entries = dictionary.length / size;
    for (const index of indices) {
      if (index < 0 || index >= entries) throw new Error(`it has no entry ${index} of ${entries}`);
    }
    if (size % 4 === 0) return lookedUp(dictionary, indices, size / 4);
    const found = new Uint8Array(count * size);
    for (let i = 0; i < count; i++) {
      for (let byte = 0; byte < size; byte++) {
        found[i * size + byte] = dictionary[indices[i]! * size + byte]!;
      }
    }
    return found;
  }

  #differences(values: Uint8Array, count: number): Uint8Array {
    const is32 = this.column.physical === 'INT32';
    if (!is32 && this.column.physical !== 'INT64') throw new Error('it has differences');
    const out = is32 ? new Int32Array(count) : new BigInt64Array(count);
    checkBlocks(values);
    const view = new DataView(values.buffer, values.byteOffset, values.byteLength);
    if (count > 0) this.delta.deltaBinaryUnpack({ view, offset: 0 }, count, out);
    return new Uint8Array(out.buffer);
  }
}

/** @throws Error if the part ends beyond the bytes */
export function slice(bytes: Uint8Array, at: number, length: number): Uint8Array {
  const isIn = at >= 0 && length >= 0 && at + length <= bytes.length;
  if (isIn) return bytes.subarray(at, at + length);
  throw new Error('it ends too early');
}

/** Returns values whose first bytes come first, then their second bytes, and so on. */
function joined(bytes: Uint8Array, size: number, count: number): Uint8Array {
  slice(bytes, 0, size * count);
  const values = new Uint8Array(size * count);
  for (let byte = 0; byte < size; byte++) {
    for (let i = 0; i < count; i++) values[i * size + byte] = bytes[byte * count + i]!;
  }
  return values;
}

/** Copies entries of words of 32 bits. As numbers, some NaNs would change. */
function lookedUp(dictionary: Uint8Array, indices: Int32Array, words: number): Uint8Array {
  const aligned = dictionary.byteOffset % 4 === 0 ? dictionary : dictionary.slice();
  const entries = new Int32Array(aligned.buffer, aligned.byteOffset, aligned.length / 4);
  const found = new Int32Array(indices.length * words);
  if (words === 1) for (let i = 0; i < indices.length; i++) found[i] = entries[indices[i]!]!;
  else {
    for (let i = 0; i < found.length; i++) {
      found[i] = entries[indices[Math.floor(i / words)]! * words + (i % words)]!;
    }
  }
  return new Uint8Array(found.buffer);
}

/** The most parts of a block of differences; writers use 4. */
const MOST_PARTS = 2 ** 12;

/** Checks the sizes of blocks of differences, since the library allocates what they say. */
function checkBlocks(bytes: Uint8Array): void {
  const { value: block, next } = varint(bytes, 0, LONGEST_SIZE);
  const { value: parts } = varint(bytes, next, LONGEST_SIZE);
  const isBlock = parts > 0 && parts <= MOST_PARTS && block > 0 && block % parts === 0;
  if (!isBlock) throw new Error(`it has blocks of ${block} values in ${parts} parts`);
}
