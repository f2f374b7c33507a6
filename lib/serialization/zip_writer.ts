/** Writes zip archives of stored or compressed entries, with zip64 where sizes need it, in one pass over the data. */
import { constants, crc32, deflateRawSync } from 'node:zlib';
import type { FileWriter } from './writer';

const UTF8_NAMES = 0x0800;
const LARGEST = 0xffffffff;
const ZIP64_FIELD = 1;
/** The extra field of padding that torch writes: `FB`. */
const PADDING_FIELD = 0x4246;
const VERSION = { short: 20, long: 45 };

const STORED = 0;
const DEFLATED = 8;
/** By how much the compressed bytes may be more. */
const COMPRESSION_OVERHEAD = 2 ** 24;

interface Written {
  readonly name: Buffer;
  readonly method: typeof STORED | typeof DEFLATED;
  readonly offset: number;
  readonly size: number;
  readonly compressed: number;
  readonly checksum: number;
}

export class ZipWriter {
  readonly #entries: Written[] = [];

  /** @param alignment - the data of each entry begins at a multiple of it */
  constructor(
    readonly file: FileWriter,
    readonly alignment = 1,
  ) {}

  /**
   * @param chunks - the entry's bytes, which are `size` in all
   * @param compresses - whether they are compressed. Then there is no alignment
   */
  add(name: string, size: number, chunks: Iterable<Uint8Array>, compresses = false): void {
    const { file } = this;
    const method: Written['method'] = compresses ? DEFLATED : STORED;
    const offset = file.size;
    const entry = { name: Buffer.from(name), method, offset, size, compressed: size, checksum: 0 };
    const header = localHeader(entry, compresses ? 1 : this.alignment);
    file.write(header);
    let checksum = 0;
    for (const chunk of chunks) {
      checksum = crc32(chunk, checksum);
      file.write(
        compresses ? deflateRawSync(chunk, { finishFlush: constants.Z_SYNC_FLUSH }) : chunk,
      );
    }
    if (compresses) file.write(deflateRawSync(Buffer.alloc(0)));
    const written: Written = {
      ...entry,
      checksum,
      compressed: file.size - offset - header.length,
    };
    file.patch(offset + 14, localHeader(written, 1).subarray(14, 26));
    if (compresses && isLong(written)) {
      file.patch(offset + 30 + entry.name.length + 12, uint64(written.compressed));
    }
    this.#entries.push(written);
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

const uint64 = (value: number): Buffer => {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64LE(BigInt(value));
  return bytes;
};

/** Whether the sizes of an entry do not fit into its header, or may not. */
const isLong = ({ size, method }: Pick<Written, 'size' | 'method'>): boolean =>
  size >= LARGEST - (method === DEFLATED ? COMPRESSION_OVERHEAD : 0);

/** Returns the field with the numbers that do not fit into the header. */
function longField(numbers: readonly number[]): Buffer {
  if (numbers.length === 0) return Buffer.alloc(0);
  const field = Buffer.alloc(4 + 8 * numbers.length);
  field.writeUInt16LE(ZIP64_FIELD, 0);
  field.writeUInt16LE(8 * numbers.length, 2);
  for (const [i, number] of numbers.entries()) field.writeBigUInt64LE(BigInt(number), 4 + 8 * i);
  return field;
}

function localHeader(entry: Written, alignment: number): Buffer {
  const { name, method, offset, size, compressed, checksum } = entry;
  const hasLong = isLong(entry);
  const long = longField(hasLong ? [size, compressed] : []);
  const end = offset + 30 + name.length + long.length;
  const padding = alignment > 1 ? paddingField(end, alignment) : Buffer.alloc(0);
  const header = Buffer.alloc(30);
  header.writeUInt32LE(0x04034b50, 0);
  header.writeUInt16LE(hasLong ? VERSION.long : VERSION.short, 4);
  header.writeUInt16LE(UTF8_NAMES, 6);
  header.writeUInt16LE(method, 8);
  header.writeUInt32LE(checksum, 14);
  header.writeUInt32LE(hasLong ? LARGEST : compressed, 18);
  header.writeUInt32LE(hasLong ? LARGEST : size, 22);
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

function centralHeader(entry: Written): Buffer {
  const { name, method, offset, size, compressed, checksum } = entry;
  const hasLong = isLong(entry);
  const long = longField([
    ...(hasLong ? [size, compressed] : []),
    ...(offset >= LARGEST ? [offset] : []),
  ]);
  const header = Buffer.alloc(46);
  header.writeUInt32LE(0x02014b50, 0);
  header.writeUInt16LE(VERSION.long, 4);
  header.writeUInt16LE(long.length > 0 ? VERSION.long : VERSION.short, 6);
  header.writeUInt16LE(UTF8_NAMES, 8);
  header.writeUInt16LE(method, 10);
  header.writeUInt32LE(checksum, 16);
  header.writeUInt32LE(hasLong ? LARGEST : compressed, 20);
  header.writeUInt32LE(hasLong ? LARGEST : size, 24);
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
