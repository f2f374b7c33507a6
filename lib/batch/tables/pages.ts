/** Reads columns of Parquet files in a thread: pages, levels and values, without an object for each value. */
import { closeSync, openSync, readSync } from 'node:fs';
import { crc32 } from 'node:zlib';
import type { PageHeader } from 'hyparquet' with { 'resolution-mode': 'import' };

import { bitsOf, unpackRuns } from './bits';
import { type Decompress, decompressor } from './codecs';
import { structEnd, Unfinished } from './compact';
import type { PagesTask } from './messages';
import { RowProblem } from './problem';
import { slice, type ValueForm, Values } from './values';

/** A part of a column: its pages for a group of rows. */
export interface PageGroup {
  /** The number of its first row in the file. */
  readonly from: number;
  readonly rows: number;
  /** Its bytes in the file. */
  readonly start: number;
  readonly end: number;
}

export interface PageColumn extends ValueForm {
  readonly name: string;
  readonly isFloat: boolean;
  readonly codec: string;
  /** The level of a value that is there, and that of a null in its place, or -1 if there is none. */
  readonly present: number;
  readonly missing: number;
  /** The shape of a row. */
  readonly shape: readonly number[];
  readonly groups: readonly PageGroup[];
}

/** A page is not larger than this. */
const LARGEST_PAGE = 2 ** 30;
/** What is read at once to parse the header of a page, and what the largest header has. */
const HEADER = { first: 2 ** 10, largest: 2 ** 24 };

export async function readPages(task: PagesTask): Promise<void> {
  const { path, column, from, to, memory, offset } = task;
  const width = product(column.shape);
  const file = openSync(path, 'r');
  try {
    for (const group of column.groups) {
      const first = Math.max(from, group.from);
      const last = Math.min(to, group.from + group.rows);
      if (first >= last) continue;
      const bytes = (last - first) * width * column.size;
      const out = new Uint8Array(memory, offset + (first - from) * width * column.size, bytes);
      const pages = await Pages.of(file, path, column, group);
      pages.read((first - group.from) * width, (last - group.from) * width, out);
    }
  } finally {
    closeSync(file);
  }
}

/** Returns the shape of the rows of a column of lists of lists: that of the first row. */
export async function shapeOfRows(
  path: string,
  column: PageColumn,
  levels: number,
): Promise<number[]> {
  const width = product(column.shape);
  const group = column.groups[0]!;
  const file = openSync(path, 'r');
  try {
    const pages = await Pages.of(file, path, column, group);
    const repetitions = pages.repetitions(width);
    const shape: number[] = [];
    let outer = 1;
    for (let level = 1; level <= levels; level++) {
      const count = repetitions.reduce((sum, value) => sum + Number(value <= level), 0);
      shape.push(count / outer);
      outer = count;
    }
    if (shape.every(Number.isInteger)) return shape;
    throw new RowProblem(
      `row ${group.from} has lists of different lengths as ${JSON.stringify(column.name)}`,
      group.from,
    );
  } finally {
    closeSync(file);
  }
}

const product = (sizes: readonly number[]): number => sizes.reduce((a, b) => a * b, 1);

/** What was seen of a group's pages, so that a later task does not start at the first one. */
interface Seen {
  /** The places of data pages: the number of the first value, and the offset. */
  readonly pages: [value: number, offset: number][];
  dictionary: Uint8Array | undefined;
}

/** By file, column and group. It has the last group of each column only, since dictionaries take memory. */
const seen = new Map<string, { group: number; seen: Seen }>();

/** A data page, without its levels. */
interface Content {
  readonly count: number;
  /** Whether a value is there, or undefined if all are. */
  readonly levels: Uint8Array | undefined;
  readonly repetitions: Uint8Array | undefined;
  readonly encoding: string;
  readonly values: Uint8Array;
}

type ParseHeader = (reader: { view: DataView; offset: number }) => PageHeader;

class Pages {
  readonly #width: number;
  /** The repetition levels of a row: 0 for its first value, n for the first of a list of the nth level. */
  readonly #pattern: Uint8Array;

  private constructor(
    private readonly file: number,
    private readonly column: PageColumn,
    private readonly group: PageGroup,
    private readonly seen: Seen,
    private readonly parse: ParseHeader,
    private readonly decompress: Decompress,
    private readonly values: Values,
  ) {
    this.#width = product(column.shape);
    this.#pattern = patternOf(column.shape);
  }

  static async of(
    file: number,
    path: string,
    column: PageColumn,
    group: PageGroup,
  ): Promise<Pages> {
    const key = `${path}:${column.name}`;
    const known = seen.get(key);
    const kept = known?.group === group.from ? known.seen : { pages: [], dictionary: undefined };
    seen.set(key, { group: group.from, seen: kept });
    const { parquetHeader } = (await import('hyparquet/src/column.js')) as unknown as {
      parquetHeader: ParseHeader;
    };
    const decompress = await decompressor(column.codec);
    if (!decompress) throw new Error(`is compressed by ${column.codec}, which is not supported`);
    const values = await Values.of(column);
    return new Pages(file, column, group, kept, parquetHeader, decompress, values);
  }

  /** Copies the values `from` to `to` of the group. */
  read(from: number, to: number, out: Uint8Array): void {
    const { size } = this.column;
    let [value, offset] = this.#before(from);
    while (value < to) {
      const page = this.#page(offset, value);
      if (page.count > 0 && value + page.count > from) {
        const first = Math.max(from, value);
        const last = Math.min(to, value + page.count);
        const content = page.content();
        this.#checkRepetitions(content, value);
        const part = out.subarray((first - from) * size, (last - from) * size);
        this.#copy(content, value, first - value, last - value, part);
      }
      value += page.count;
      offset = page.end;
      if (page.count > 0 && value > (this.seen.pages.at(-1)?.[0] ?? 0)) {
        this.seen.pages.push([value, offset]);
      }
    }
  }

  /** Returns the first repetition levels of the group. */
  repetitions(count: number): Uint8Array {
    const all = new Uint8Array(count);
    let offset = this.group.start;
    for (let done = 0; done < count; ) {
      const page = this.#page(offset, done);
      offset = page.end;
      if (page.count === 0) continue;
      const { repetitions } = page.content();
      all.set(repetitions!.subarray(0, count - done), done);
      done += page.count;
    }
    return all;
  }

  /** Returns the last known page that begins at or before a value. */
  #before(value: number): [value: number, offset: number] {
    const { pages } = this.seen;
    let i = pages.length - 1;
    while (i >= 0 && pages[i]![0] > value) i--;
    return i >= 0 ? pages[i]! : [0, this.group.start];
  }

  /** Reads the header of a page. A dictionary is kept, and counts no values. */
  #page(offset: number, value: number): { count: number; end: number; content(): Content } {
    const { header, start } = this.#header(offset, value);
    const { compressed_page_size: packed, uncompressed_page_size: size } = header;
    const end = start + packed;
    const isPage = packed >= 0 && size >= 0 && size <= LARGEST_PAGE && end <= this.group.end;
    if (!isPage) throw this.#damaged(value, 'has a page that lies outside its column');
    const body = (): Uint8Array => {
      const bytes = this.#bytes(start, packed, value);
      const { crc } = header;
      if (crc !== undefined && crc >>> 0 !== crc32(bytes)) {
        throw this.#damaged(value, 'has a page with another checksum');
      }
      return bytes;
    };
    if (header.type === 'DICTIONARY_PAGE') {
      this.seen.dictionary ??= this.#guard(value, () => this.#dictionary(header, body()));
      return { count: 0, end, content: noContent };
    }
    const data = header.data_page_header ?? header.data_page_header_v2;
    if (!data) return { count: 0, end, content: noContent };
    const count = data.num_values;
    const most = this.group.rows * this.#width - value;
    if (!(count >= 0 && count <= most)) {
      throw this.#damaged(value, `has a page of ${count} values, where ${most} are left`);
    }
    return { count, end, content: () => this.#guard(value, () => this.#content(header, body())) };
  }

  #header(offset: number, value: number): { header: PageHeader; start: number } {
    for (let length = HEADER.first; ; length *= 16) {
      const room = this.group.end - offset;
      if (room <= 0) throw this.#damaged(value, 'has fewer values than it says');
      const bytes = this.#bytes(offset, Math.min(length, room), value);
      try {
        const size = structEnd(bytes, 0);
        const view = new DataView(bytes.buffer, bytes.byteOffset, size);
        return { header: this.parse({ view, offset: 0 }), start: offset + size };
      } catch (error) {
        const isLonger = error instanceof Unfinished && length < Math.min(room, HEADER.largest);
        if (!isLonger) throw this.#damaged(value, 'has a damaged page');
      }
    }
  }

  #bytes(offset: number, length: number, value: number): Uint8Array {
    const bytes = new Uint8Array(length);
    for (let done = 0; done < length; ) {
      const count = readSync(this.file, bytes, done, length - done, offset + done);
      if (count === 0) throw this.#damaged(value, 'is truncated');
      done += count;
    }
    return bytes;
  }

  /** Names the row in an error of what decodes a page. */
  #guard<T>(value: number, body: () => T): T {
    try {
      return body();
    } catch (error) {
      if (error instanceof RowProblem) throw error;
      throw this.#damaged(value, `has a page that cannot be read: ${(error as Error).message}`);
    }
  }

  #damaged(value: number, problem: string): RowProblem {
    const row = this.group.from + Math.floor(value / Math.max(this.#width, 1));
    return new RowProblem(`row ${row}: column ${JSON.stringify(this.column.name)} ${problem}`, row);
  }

  #dictionary(
    { dictionary_page_header: head, uncompressed_page_size: size }: PageHeader,
    body: Uint8Array,
  ) {
    const bytes = this.decompress(body, size);
    if (bytes.length !== size) throw new Error(`it has ${bytes.length} bytes, and says ${size}`);
    return this.values.plain(bytes, head?.num_values ?? -1);
  }

  #content(header: PageHeader, body: Uint8Array): Content {
    const two = header.data_page_header_v2;
    const content = two
      ? this.#contentOf2(two, header.uncompressed_page_size, body)
      : this.#contentOf1(header, body);
    const { levels } = content;
    return levels && isAll(levels, this.column.present)
      ? { ...content, levels: undefined }
      : content;
  }

  #contentOf1(header: PageHeader, body: Uint8Array): Content {
    const { num_values: count, encoding } = header.data_page_header!;
    const size = header.uncompressed_page_size;
    const bytes = this.decompress(body, size);
    if (bytes.length !== size) throw new Error(`it has ${bytes.length} bytes, and says ${size}`);
    let at = 0;
    const next = (highest: number): Uint8Array | undefined => {
      if (highest === 0) return undefined;
      const length = new DataView(bytes.buffer, bytes.byteOffset).getUint32(at, true);
      at += 4 + length;
      return levelsIn(slice(bytes, at - length, length), highest, count);
    };
    const repetitions = next(this.column.shape.length);
    const levels = next(this.column.present);
    return { count, repetitions, levels, encoding, values: bytes.subarray(at) };
  }

  #contentOf2(
    head: NonNullable<PageHeader['data_page_header_v2']>,
    size: number,
    body: Uint8Array,
  ): Content {
    const { num_values: count, encoding } = head;
    const first = head.repetition_levels_byte_length;
    const second = head.definition_levels_byte_length;
    const packed = slice(body, first + second, body.length - first - second);
    const rest = size - first - second;
    const values = head.is_compressed === false ? packed : this.decompress(packed, rest);
    if (values.length !== rest) throw new Error(`it has ${values.length} bytes, and says ${rest}`);
    const depth = this.column.shape.length;
    const { present } = this.column;
    return {
      count,
      repetitions: depth ? levelsIn(slice(body, 0, first), depth, count) : undefined,
      levels: present ? levelsIn(slice(body, first, second), present, count) : undefined,
      encoding,
      values,
    };
  }

  /** Checks that each row is lists of the same lengths. */
  #checkRepetitions({ repetitions, count }: Content, value: number): void {
    if (!repetitions) return;
    const pattern = this.#pattern;
    let at = value % pattern.length;
    for (let i = 0; i < count; i++) {
      if (repetitions[i] !== pattern[at]) {
        throw this.#damaged(value + i, `has a list of another length than (${this.column.shape})`);
      }
      at = at + 1 === pattern.length ? 0 : at + 1;
    }
  }

  /** Copies the values `from` to `to` of a page. */
  #copy(content: Content, value: number, from: number, to: number, out: Uint8Array): void {
    const { size } = this.column;
    const { levels } = content;
    if (!levels) {
      const values = this.#guard(value, () => this.#values(content, content.count));
      out.set(values.subarray(from * size, to * size));
      return;
    }
    const there = levels.reduce((sum, level) => sum + Number(level === this.column.present), 0);
    const values = this.#guard(value, () => this.#values(content, there));
    let next = 0;
    for (let i = 0; i < to; i++) {
      if (levels[i] === this.column.present) {
        if (i >= from) out.set(values.subarray(next * size, (next + 1) * size), (i - from) * size);
        next++;
      } else if (i >= from) {
        this.#checkNull(levels[i]!, value + i);
        out.set(NANS[size]!, (i - from) * size);
      }
    }
  }

  #values({ encoding, values }: Content, count: number): Uint8Array {
    return this.values.decode(encoding, values, count, this.seen.dictionary);
  }

  #checkNull(level: number, value: number): void {
    const { isFloat, missing } = this.column;
    if (isFloat && level === missing) return;
    throw this.#damaged(value, level === missing ? 'is null' : 'has a list that is empty or null');
  }
}

const noContent = (): never => {
  throw new Error('it has no values');
};

/** NaN by the number of its bytes. */
const NANS: Readonly<Record<number, Uint8Array>> = {
  2: new Uint8Array([0, 0x7e]),
  4: new Uint8Array(new Float32Array([Number.NaN]).buffer),
  8: new Uint8Array(new Float64Array([Number.NaN]).buffer),
};

function isAll(levels: Uint8Array, level: number): boolean {
  for (let i = 0; i < levels.length; i++) if (levels[i] !== level) return false;
  return true;
}

function levelsIn(bytes: Uint8Array, highest: number, count: number): Uint8Array {
  const levels = new Uint8Array(count);
  unpackRuns(bytes, bitsOf(highest), levels);
  return levels;
}

function patternOf(shape: readonly number[]): Uint8Array {
  const pattern = new Uint8Array(product(shape)).fill(shape.length);
  let length = pattern.length;
  const starts: number[] = [];
  for (const count of shape) {
    starts.push(length);
    length /= count;
  }
  // The outermost list comes last, since its first value is also the first of those in it.
  for (let level = starts.length - 1; level >= 0; level--) {
    for (let i = 0; i < pattern.length; i += starts[level]!) pattern[i] = level;
  }
  return pattern;
}
