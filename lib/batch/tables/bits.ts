/** Integers of few bits in Parquet's pages: levels, indices and booleans. */
import { LONGEST_SIZE, varint } from './compact';

/**
 * Fills `out` from runs of equal values and groups of 8 packed ones.
 * See https://parquet.apache.org/docs/file-format/data-pages/encodings/
 *
 * @param width - the bits of a value, 0 to 32
 * @throws Error if the bytes end before
 */
export function unpackRuns(bytes: Uint8Array, width: number, out: Uint8Array | Int32Array): void {
  if (width > 32) throw new Error(`has values of ${width} bits`);
  if (width === 0) {
    out.fill(0);
    return;
  }
  const size = (width + 7) >> 3;
  let at = 0;
  for (let done = 0; done < out.length; ) {
    const { value: header, next } = varint(bytes, at, LONGEST_SIZE);
    at = next;
    const count = Math.floor(header / 2);
    if (header % 2 === 1) {
      const values = Math.min(count * 8, out.length - done);
      const end = at + Math.ceil((values * width) / 8);
      if (end > bytes.length || values === 0) throw new Error('has runs that end too early');
      unpackBits(bytes, at, width, out, done, values);
      done += values;
      at = Math.min(at + count * width, bytes.length);
    } else {
      if (at + size > bytes.length) throw new Error('has runs that end too early');
      let value = 0;
      for (let i = 0; i < size; i++) value |= bytes[at++]! << (8 * i);
      out.fill(value, done, Math.min(done + count, out.length));
      done += count;
    }
  }
}

/** Unpacks values that begin at the byte `at`. The caller checks that they end within the bytes. */
export function unpackBits(
  bytes: Uint8Array,
  at: number,
  width: number,
  out: Uint8Array | Int32Array,
  from: number,
  count: number,
): void {
  if (width === 1) {
    for (let i = 0; i < count; i++) out[from + i] = (bytes[at + (i >> 3)]! >> (i & 7)) & 1;
    return;
  }
  const mask = width === 32 ? -1 : (1 << width) - 1;
  for (let i = 0, bit = at * 8; i < count; i++, bit += width) {
    const byte = Math.floor(bit / 8);
    const shift = bit % 8;
    // Bytes beyond the end are undefined, which is 0 here.
    const low =
      bytes[byte]! | (bytes[byte + 1]! << 8) | (bytes[byte + 2]! << 16) | (bytes[byte + 3]! << 24);
    const high = shift + width > 32 ? bytes[byte + 4]! << (32 - shift) : 0;
    out[from + i] = ((low >>> shift) | high) & mask;
  }
}

/** Returns how many bits the values 0 to `highest` need. */
export const bitsOf = (highest: number): number => 32 - Math.clz32(highest);
