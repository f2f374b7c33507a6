/** The compressions of Parquet's pages. */
import zlib from 'node:zlib';

/** @throws Error if the input is damaged or has another size */
export type Decompress = (input: Uint8Array, size: number) => Uint8Array;

type WithZstd = typeof zlib & { zstdDecompressSync?: typeof zlib.gunzipSync };

/** Returns the function that decompresses pages, or undefined for a codec that is not known. */
export async function decompressor(codec: string): Promise<Decompress | undefined> {
  switch (codec) {
    case 'UNCOMPRESSED':
      return (input) => input;
    case 'SNAPPY':
      return unsnappy;
    case 'LZ4_RAW':
      return unlz4;
    case 'GZIP':
      return (input, size) => zlib.gunzipSync(input, { maxOutputLength: Math.max(size, 1) });
    case 'BROTLI':
      return (input, size) =>
        zlib.brotliDecompressSync(input, { maxOutputLength: Math.max(size, 1) });
    case 'ZSTD': {
      const { zstdDecompressSync } = zlib as WithZstd;
      if (zstdDecompressSync) {
        return (input, size) => zstdDecompressSync(input, { maxOutputLength: Math.max(size, 1) });
      }
      const { decompress } = await import('fzstd');
      return (input, size) => decompress(input, new Uint8Array(size));
    }
    default:
      return undefined;
  }
}

/** The bytes of a page while they are made: literals, and copies of what was made before. */
class Output {
  readonly bytes: Uint8Array;
  #at = 0;

  constructor(size: number) {
    this.bytes = new Uint8Array(size);
  }

  literal(input: Uint8Array, from: number, length: number): void {
    if (from + length > input.length) throw new Error('is compressed data that end too early');
    this.#check(length);
    const { bytes } = this;
    if (length > 32) bytes.set(input.subarray(from, from + length), this.#at);
    else for (let i = 0; i < length; i++) bytes[this.#at + i] = input[from + i]!;
    this.#at += length;
  }

  copy(distance: number, length: number): void {
    if (distance === 0 || distance > this.#at) throw new Error('is compressed data that are wrong');
    this.#check(length);
    const { bytes } = this;
    const from = this.#at - distance;
    if (distance >= length && length > 32) bytes.copyWithin(this.#at, from, from + length);
    else for (let i = 0; i < length; i++) bytes[this.#at + i] = bytes[from + i]!;
    this.#at += length;
  }

  #check(length: number): void {
    if (this.#at + length > this.bytes.length) throw new Error('is larger than it says');
  }

  finish(): Uint8Array {
    if (this.#at !== this.bytes.length) throw new Error('is smaller than it says');
    return this.bytes;
  }
}

/** See https://github.com/google/snappy/blob/main/format_description.txt */
function unsnappy(input: Uint8Array, size: number): Uint8Array {
  const output = new Output(size);
  let at = 0;
  while (at < input.length && input[at]! >= 0x80) at++;
  at++;
  while (at < input.length) {
    const tag = input[at++]!;
    const upper = tag >> 2;
    switch (tag & 3) {
      case 0: {
        const bytes = Math.max(upper - 59, 0);
        const length = (bytes === 0 ? upper : number(input, at, bytes)) + 1;
        output.literal(input, at + bytes, length);
        at += bytes + length;
        break;
      }
      case 1:
        output.copy(((upper >> 3) << 8) | number(input, at, 1), (upper & 7) + 4);
        at += 1;
        break;
      case 2:
        output.copy(number(input, at, 2), upper + 1);
        at += 2;
        break;
      default:
        output.copy(number(input, at, 4), upper + 1);
        at += 4;
    }
  }
  return output.finish();
}

/** See https://github.com/lz4/lz4/blob/dev/doc/lz4_Block_format.md */
function unlz4(input: Uint8Array, size: number): Uint8Array {
  const output = new Output(size);
  let at = 0;
  const longer = (length: number): number => {
    if (length < 15) return length;
    let sum = length;
    for (let byte = 255; byte === 255; sum += byte) byte = number(input, at++, 1);
    return sum;
  };
  while (at < input.length) {
    const token = input[at++]!;
    const literals = longer(token >> 4);
    output.literal(input, at, literals);
    at += literals;
    if (at >= input.length) break;
    const distance = number(input, at, 2);
    at += 2;
    output.copy(distance, longer(token & 15) + 4);
  }
  return output.finish();
}

/** Returns a little-endian integer. */
function number(input: Uint8Array, at: number, bytes: number): number {
  if (at + bytes > input.length) throw new Error('is compressed data that end too early');
  let value = 0;
  for (let i = bytes - 1; i >= 0; i--) value = value * 256 + input[at + i]!;
  return value;
}
