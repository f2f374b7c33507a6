/** Writes zip archives of stored entries, with zip64 where sizes need it, in one pass over the data. */
import { crc32 } from 'node:zlib';
import type { FileWriter } from './writer';

const UTF8_NAMES = 0x0800;
const LARGEST = 0xffffffff;
const ZIP64_FIELD = 1;
/** The extra field of padding that torch writes: `FB`. */
const PADDING_FIELD = 0x4246;
const VERSION = { short: 20, long: 45 };

interface Written {
  readonly name: Buffer;
  readonly offset: number;
  readonly size: number;
  readonly checksum: number;
}

export class ZipWriter {
  readonly #entries: Written[] = [];

  /** @param alignment - the data of each entry begins at a multiple of it */
  constructor(
    readonly file: FileWriter,
    readonly alignment = 1,
  ) {}

  /** @param chunks - the entry's bytes, which are `size` in all */
  add(name: string, size: number, chunks: Iterable<Uint8Array>): void {
    const { file } = this;
    const entry = { name: Buffer.from(name), offset: file.size, size };
    file.write(localHeader({ ...entry, checksum: 0 }, this.alignment));
    let checksum = 0;
    for (const chunk of chunks) {
      checksum = crc32(chunk, checksum);
      file.write(chunk);
    }
    file.patch(entry.offset + 14, uint32(checksum));
    this.#entries.push({ ...entry, checksum });
  }

  /** Writes the directory. Nothing can be added afterwards. */
  finish(): void {
    const { file } = this;
    const offset = file.size;
    for (const entry of this.#entries) file.write(centralHeader(entry));
    const size = file.size - offset;
    const count = this.#entries.length;
    if (offset >= LARGEST || count >= 0xffff) file.write(longEnd(count, size, offset));
    file.write(shortEnd(count, size, offset));
  }
}

const uint32 = (value: number): Buffer => {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value);
  return bytes;
};

/** Returns the field with the numbers that do not fit into the header. */
function longField(numbers: readonly number[]): Buffer {
  if (numbers.length === 0) return Buffer.alloc(0);
  const field = Buffer.alloc(4 + 8 * numbers.length);
  field.writeUInt16LE(ZIP64_FIELD, 0);
  field.writeUInt16LE(8 * numbers.length, 2);
  for (const [i, number] of numbers.entries()) field.writeBigUInt64LE(BigInt(number), 4 + 8 * i);
  return field;
}

function localHeader({ name, offset, size }: Written, alignment: number): Buffer {
  const isLong = size >= LARGEST;
  const long = longField(isLong ? [size, size] : []);
  const end = offset + 30 + name.length + long.length;
  const padding = alignment > 1 ? paddingField(end, alignment) : Buffer.alloc(0);
  const header = Buffer.alloc(30);
  header.writeUInt32LE(0x04034b50, 0);
  header.writeUInt16LE(isLong ? VERSION.long : VERSION.short, 4);
  header.writeUInt16LE(UTF8_NAMES, 6);
  header.writeUInt32LE(isLong ? LARGEST : size, 18);
  header.writeUInt32LE(isLong ? LARGEST : size, 22);
  header.writeUInt16LE(name.length, 26);
  header.writeUInt16LE(long.length + padding.length, 28);
  return Buffer.concat([header, name, long, padding]);
}

function paddingField(end: number, alignment: number): Buffer {
  const length = (alignment - ((end + 4) % alignment)) % alignment;
  const field = Buffer.alloc(4 + length, 'Z');
  field.writeUInt16LE(PADDING_FIELD, 0);
  field.writeUInt16LE(length, 2);
  return field;
}

function centralHeader({ name, offset, size, checksum }: Written): Buffer {
  const isLong = size >= LARGEST;
  const long = longField([...(isLong ? [size, size] : []), ...(offset >= LARGEST ? [offset] : [])]);
  const header = Buffer.alloc(46);
  header.writeUInt32LE(0x02014b50, 0);
  header.writeUInt16LE(VERSION.long, 4);
  header.writeUInt16LE(long.length > 0 ? VERSION.long : VERSION.short, 6);
  header.writeUInt16LE(UTF8_NAMES, 8);
  header.writeUInt32LE(checksum, 16);
  header.writeUInt32LE(isLong ? LARGEST : size, 20);
  header.writeUInt32LE(isLong ? LARGEST : size, 24);
  header.writeUInt16LE(name.length, 28);
  header.writeUInt16LE(long.length, 30);
  header.writeUInt32LE(Math.min(offset, LARGEST), 42);
  return Buffer.concat([header, name, long]);
}

function longEnd(count: number, size: number, offset: number): Buffer {
  const end = Buffer.alloc(56 + 20);
  end.writeUInt32LE(0x06064b50, 0);
  end.writeBigUInt64LE(44n, 4);
  end.writeUInt16LE(VERSION.long, 12);
  end.writeUInt16LE(VERSION.long, 14);
  end.writeBigUInt64LE(BigInt(count), 24);
  end.writeBigUInt64LE(BigInt(count), 32);
  end.writeBigUInt64LE(BigInt(size), 40);
  end.writeBigUInt64LE(BigInt(offset), 48);
  end.writeUInt32LE(0x07064b50, 56);
  end.writeBigUInt64LE(BigInt(offset + size), 64);
  end.writeUInt32LE(1, 72);
  return end;
}

function shortEnd(count: number, size: number, offset: number): Buffer {
  const end = Buffer.alloc(22);
  end.writeUInt32LE(0x06054b50, 0);
  end.writeUInt16LE(Math.min(count, 0xffff), 8);
  end.writeUInt16LE(Math.min(count, 0xffff), 10);
  end.writeUInt32LE(Math.min(size, LARGEST), 12);
  end.writeUInt32LE(Math.min(offset, LARGEST), 16);
  return end;
}
