/**
 * Reads zip archives as numpy writes them: stored or deflated entries, and zip64.
 *
 * An archive stores its properties twice, and a malicious one can contradict itself. The central directory is used
 * here. An entry that contradicts it, overlaps another, or has another size or checksum after decompression is an
 * error. Names are not used as paths.
 */
import { crc32, inflateRawSync } from 'node:zlib';

import { damaged, dataView, type Reader, size64 } from './reader';

const END = { signature: 0x06054b50, size: 22 };
const LONGEST_COMMENT = 0xffff;
const END64_LOCATOR = { signature: 0x07064b50, size: 20 };
const END64 = { signature: 0x06064b50, size: 56 };
const CENTRAL = { signature: 0x02014b50, size: 46 };
const LOCAL = { signature: 0x04034b50, size: 30 };
/** Stands for a number that is stored in the zip64 field. */
const IN_ZIP64 = 0xffffffff;
const ZIP64_FIELD = 1;
const ENCRYPTED = 1;
const [STORED, DEFLATED] = [0, 8];
const MOST_ENTRIES = 100_000;
/** The highest compression ratio of deflate. A larger claimed size is refused before memory is allocated. */
const HIGHEST_RATIO = 1032;

export interface ZipEntry {
  readonly name: string;
  /** The size after decompression, in bytes. */
  readonly size: number;
  /** The offset of the bytes in the file, or undefined if they are compressed. */
  readonly stored: number | undefined;
  /** The CRC-32 of the bytes. 0 if the writer left it out, as `torch.save` can. */
  readonly checksum: number;
  /** Returns the decompressed bytes. */
  read(): Uint8Array;
}

interface Directory {
  count: number;
  offset: number;
  size: number;
}

interface Central {
  name: string;
  flags: number;
  method: number;
  checksum: number;
  packed: number;
  size: number;
  offset: number;
}

/**
 * Returns the entries of an archive.
 *
 * @throws RangeError (ValueError) if the file is damaged or not a zip archive
 */
export function zipEntries(reader: Reader): Map<string, ZipEntry> {
  const { path } = reader;
  const directory = findDirectory(reader);
  const bytes = reader.read(directory.offset, directory.size, 'the central directory');
  const view = dataView(bytes);
  const entries = new Map<string, ZipEntry>();
  const taken: [from: number, to: number][] = [];
  let at = 0;
  for (let i = 0; i < directory.count; i++) {
    const [central, next] = centralEntry(bytes, view, at, path);
    at = next;
    if (entries.has(central.name)) {
      throw damaged(path, `has two entries ${JSON.stringify(central.name)}`);
    }
    const from = dataOffset(reader, central);
    taken.push([central.offset, from + central.packed]);
    entries.set(central.name, {
      name: central.name,
      size: central.size,
      stored: storedAt(central, from),
      checksum: central.checksum,
      read: () => unpack(reader, central, from),
    });
  }
  if (at !== bytes.length) throw damaged(path, 'has a central directory of another length');
  taken.sort(([a], [b]) => a - b);
  for (const [i, [, to]] of taken.entries()) {
    if (to > (taken[i + 1]?.[0] ?? directory.offset))
      throw damaged(path, 'has entries that overlap');
  }
  return entries;
}

function findDirectory(reader: Reader): Directory {
  const { path, size } = reader;
  const length = Math.min(size, END.size + LONGEST_COMMENT);
  const tail = reader.read(size - length, length, 'the end');
  const view = dataView(tail);
  for (let at = length - END.size; at >= 0; at--) {
    const ends = at + END.size + view.getUint16(at + 20, true) === length;
    if (view.getUint32(at, true) === END.signature && ends) {
      return directoryAt(reader, view, at, size - length + at);
    }
  }
  throw damaged(path, 'is no zip archive, or truncated');
}

function directoryAt(reader: Reader, view: DataView, at: number, position: number): Directory {
  const { path } = reader;
  const short = {
    count: view.getUint16(at + 10, true),
    size: view.getUint32(at + 12, true),
    offset: view.getUint32(at + 16, true),
  };
  const isSplit = view.getUint16(at + 4, true) !== 0 || view.getUint16(at + 6, true) !== 0;
  const isLong = short.count === 0xffff || short.size === IN_ZIP64 || short.offset === IN_ZIP64;
  const directory = isLong ? longDirectory(reader, position) : short;
  if (isSplit && !isLong) throw damaged(path, 'is one part of an archive in several');
  if (directory.count > MOST_ENTRIES) throw damaged(path, `has ${directory.count} entries`);
  if (directory.offset + directory.size > position) {
    throw damaged(path, 'is truncated or damaged: its central directory lies outside it');
  }
  return directory;
}

function longDirectory(reader: Reader, end: number): Directory {
  const { path } = reader;
  const locator = dataView(
    reader.read(end - END64_LOCATOR.size, END64_LOCATOR.size, 'the zip64 locator'),
  );
  const at = size64(locator, 8);
  const record = dataView(reader.read(at, END64.size, 'the zip64 end'));
  if (
    locator.getUint32(0, true) !== END64_LOCATOR.signature ||
    record.getUint32(0, true) !== END64.signature
  ) {
    throw damaged(path, 'is a zip64 archive without a zip64 end');
  }
  return { count: size64(record, 32), size: size64(record, 40), offset: size64(record, 48) };
}

function centralEntry(
  bytes: Uint8Array,
  view: DataView,
  at: number,
  path: string,
): [central: Central, next: number] {
  const fits = at + CENTRAL.size <= bytes.length;
  if (!fits || view.getUint32(at, true) !== CENTRAL.signature) {
    throw damaged(path, 'has a damaged central directory');
  }
  const [nameLength, extraLength, commentLength] = [28, 30, 32].map((field) =>
    view.getUint16(at + field, true),
  ) as [number, number, number];
  const nameEnd = at + CENTRAL.size + nameLength;
  const next = nameEnd + extraLength + commentLength;
  if (next > bytes.length) throw damaged(path, 'has a damaged central directory');
  const short = [24, 20, 42].map((field) => view.getUint32(at + field, true));
  const extra = bytes.subarray(nameEnd, nameEnd + extraLength);
  const [size, packed, offset] = withZip64(short, extra, path) as [number, number, number];
  const central = {
    name: Buffer.from(bytes.subarray(at + CENTRAL.size, nameEnd)).toString('utf8'),
    flags: view.getUint16(at + 8, true),
    method: view.getUint16(at + 10, true),
    checksum: view.getUint32(at + 16, true),
    size,
    packed,
    offset,
  };
  return [central, next];
}

/** Replaces the numbers that are stored in the zip64 field, in order. */
function withZip64(numbers: readonly number[], extra: Uint8Array, path: string): number[] {
  if (!numbers.includes(IN_ZIP64)) return [...numbers];
  const view = dataView(extra);
  let at = 0;
  while (at + 4 <= extra.length && view.getUint16(at, true) !== ZIP64_FIELD) {
    at += 4 + view.getUint16(at + 2, true);
  }
  const fieldEnd = at + 4 <= extra.length ? at + 4 + view.getUint16(at + 2, true) : at;
  let next = at + 4;
  return numbers.map((number) => {
    if (number !== IN_ZIP64) return number;
    if (next + 8 > Math.min(fieldEnd, extra.length)) throw damaged(path, 'lacks a zip64 field');
    next += 8;
    return size64(view, next - 8);
  });
}

/** Returns the offset of an entry's data, which follows its local header. That header must name the same entry. */
function dataOffset(reader: Reader, { name, offset }: Central): number {
  const what = `the header of ${JSON.stringify(name)}`;
  const view = dataView(reader.read(offset, LOCAL.size, what));
  const [nameLength, extraLength] = [view.getUint16(26, true), view.getUint16(28, true)];
  const own = Buffer.from(reader.read(offset + LOCAL.size, nameLength, what)).toString('utf8');
  if (view.getUint32(0, true) !== LOCAL.signature || own !== name) {
    throw damaged(
      reader.path,
      `has another header than its directory says for ${JSON.stringify(name)}`,
    );
  }
  return offset + LOCAL.size + nameLength + extraLength;
}

function storedAt({ method, flags, size, packed }: Central, from: number): number | undefined {
  return method === STORED && !(flags & ENCRYPTED) && size === packed ? from : undefined;
}

function unpack(reader: Reader, central: Central, from: number): Uint8Array {
  const { name, flags, method, size, packed, checksum } = central;
  const wrong = (problem: string): Error =>
    damaged(reader.path, `entry ${JSON.stringify(name)} ${problem}`);
  if (flags & ENCRYPTED) throw wrong('is encrypted');
  if (method !== STORED && method !== DEFLATED) throw wrong(`is packed by method ${method}`);
  if (size > packed * (method === STORED ? 1 : HIGHEST_RATIO)) {
    throw wrong(`says it is ${size} bytes, which ${packed} packed ones cannot be`);
  }
  const data = reader.read(from, packed, `entry ${JSON.stringify(name)}`);
  const bytes = method === STORED ? data : inflated(data, size, wrong);
  if (bytes.length !== size) throw wrong(`is ${bytes.length} bytes, and says ${size}`);
  if (checksum !== 0 && crc32(bytes) !== checksum)
    throw wrong('is damaged: its checksum is another');
  return bytes;
}

function inflated(data: Uint8Array, size: number, wrong: (problem: string) => Error): Uint8Array {
  try {
    return inflateRawSync(data, { maxOutputLength: Math.max(1, size) });
  } catch (error) {
    throw wrong(`cannot be unpacked: ${(error as Error).message}`);
  }
}
