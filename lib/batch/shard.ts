/** Arrays in files whose rows are read in parts. */

import { type BigIntStats, statSync } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';

import { handleOf, isTensor } from '../bindings/handle';
import { native } from '../bindings/native';
import { wrap } from '../bindings/wrap';
import { withoutGrad } from '../nn/ops';
import { contentsOf } from '../serialization/contents';
import { load } from '../serialization/load';
import { mapFile } from '../serialization/mapping';
import {
  LONGEST_HEAD,
  type NpyHeader,
  headerOf as npyHeader,
  tensorOf,
} from '../serialization/npy';
import { NpzReader } from '../serialization/npz';
import { damaged, Reader } from '../serialization/reader';
import { headerOf as safetensorsHeader } from '../serialization/safetensors_header';
import { zipEntries } from '../serialization/zip';
import type { DType } from '../tensor/dtype';
import * as dtypes from '../tensor/dtype';
import type { Tensor } from '../tensor/tensor';
import { BatchError } from './error';
import { type Source, type Sources, type Stamp, stampOf } from './sources';
import type { Compression } from './tables/compression';
import { RowProblem } from './tables/problem';
import { chosenName, type Selection, type TableColumn } from './tables/table';

/** Where rows lie: `from` to `to` of dimension `dim`. */
export interface Rows {
  readonly dim: number;
  readonly from: number;
  readonly to: number;
}

/** Where they go: after `at` of `count` rows of the same dimension. */
export interface Place {
  readonly at: number;
  readonly count: number;
}

/** An array's elements: in the file as they are, in a tensor that is made when it is needed, or in a table. */
type Content =
  | { readonly offset: number }
  | { make(): Tensor; readonly bytes: number }
  | { readonly column: TableColumn; readonly dim: number };

/** Mapping fewer bytes takes longer than copying them. */
const SMALLEST_MAPPED = 2 ** 20;
/** The bits of results depend on it. */
const ALIGNMENT = 16;

export class Shard {
  #made: Tensor | undefined;
  #file: Promise<FileHandle> | undefined;
  /** How many reads of the file run, and whether the last rows were among them. */
  #reads = 0;
  #isRead = false;

  constructor(
    readonly source: Source,
    /** The name of the array in the file, if it has several. */
    readonly member: string | undefined,
    readonly dtype: DType,
    readonly shape: readonly number[],
    private readonly content: Content,
    /** Whether the file has no rows, and does not tell the dtype and shape of a row. */
    readonly isFormless = false,
  ) {}

  /** What messages call the file. */
  get path(): string {
    return this.source.label;
  }

  get stamp(): Stamp {
    return this.source.stamp;
  }

  get name(): string {
    return this.member === undefined ? this.path : `${this.path}:${this.member}`;
  }

  /** The memory that the array takes while it is read, beside the rows. */
  get held(): number {
    if ('column' in this.content) return this.content.column.held;
    return 'offset' in this.content ? 0 : this.content.bytes;
  }

  /** Returns a shard without rows in the form of another. */
  like({ dtype, shape }: Shard, dim: number): Shard {
    const sizes = shape.map((size, i) => (i === dim ? 0 : size));
    return new Shard(this.source, this.member, dtype, sizes, this.content);
  }

  /**
   * Copies rows into `bytes`.
   *
   * @throws BatchError that names the file, if it has changed or cannot be read
   */
  async read(rows: Rows, bytes: Uint8Array, place: Place): Promise<void> {
    const { content } = this;
    try {
      if ('offset' in content) await this.#readFile(content.offset, rows, bytes, place);
      else if ('column' in content) await this.#readTable(content.column, rows, bytes, place);
      else await this.#readTensor(content.make, rows, bytes, place);
    } catch (cause) {
      throw this.#error(rows, cause);
    }
  }

  /**
   * Returns rows of the file without a copy, or undefined if they must be copied. Ask {@link checkWhole} after they are
   * used.
   *
   * @throws BatchError that names the file, if it has changed or cannot be read
   */
  async map(rows: Rows): Promise<Tensor | undefined> {
    const { content, shape, dtype } = this;
    // The bytes of bools must be looked at.
    if (!('offset' in content) || dtype === dtypes.bool) return undefined;
    const [part, ...others] = this.#parts(rows, { at: 0, count: rows.to - rows.from });
    if (!part || others.length || part.length < SMALLEST_MAPPED) return undefined;
    const offset = content.offset + part.from;
    if (offset % ALIGNMENT) return undefined;
    const sizes = shape.map((size, dim) => (dim === rows.dim ? rows.to - rows.from : size));
    try {
      const mapped = await this.#withFile(rows, ({ fd }) =>
        native.read_mapped(fd, offset, sizes, dtype.code),
      );
      return mapped === null ? undefined : wrap(mapped);
    } catch (cause) {
      throw this.#error(rows, cause);
    }
  }

  /** @throws BatchError if rows that were mapped were not in the file any more when they were used */
  checkWhole(tensor: Tensor): void {
    if (native.is_cut(handleOf(tensor)!)) throw this.#changed();
  }

  #error({ from }: Rows, cause: unknown): BatchError {
    if (cause instanceof BatchError) return cause;
    if (cause instanceof RowProblem) return tableError(this.path, cause);
    const why = `${this.name} cannot be read from row ${from}: ${(cause as Error).message}`;
    return new BatchError('data', why, this.path, from, { cause });
  }

  #readFile(offset: number, rows: Rows, bytes: Uint8Array, place: Place): Promise<void> {
    return this.#withFile(rows, async (file) => {
      for (const { from, at, length } of this.#parts(rows, place)) {
        await this.#fill(file, bytes.subarray(at, at + length), offset + from);
      }
    });
  }

  /** Reads rows of the file, which stays open until its last rows are read. */
  async #withFile<T>(rows: Rows, read: (file: FileHandle) => Promise<T>): Promise<T> {
    this.#reads++;
    try {
      const file = await (this.#file ??= open(this.source.path));
      this.#check(await file.stat({ bigint: true }));
      return await read(file);
    } finally {
      this.#reads--;
      this.#isRead ||= rows.to === this.shape[rows.dim];
      if (this.#isRead && this.#reads === 0) await this.release();
    }
  }

  async #fill(file: FileHandle, bytes: Uint8Array, position: number): Promise<void> {
    for (let done = 0; done < bytes.length; ) {
      const { bytesRead } = await file.read(bytes, done, bytes.length - done, position + done);
      if (bytesRead === 0) throw damaged(this.path, 'is truncated');
      done += bytesRead;
    }
    if (this.dtype !== dtypes.bool) return;
    const wrong = bytes.find((byte) => byte > 1);
    if (wrong !== undefined) throw damaged(this.path, `is of bools, and has a byte ${wrong}`);
  }

  async #readTensor(
    make: () => Tensor,
    rows: Rows,
    bytes: Uint8Array,
    place: Place,
  ): Promise<void> {
    this.#check(statSync(this.source.path, { bigint: true }));
    this.#made ??= make();
    const { dim, from, to } = rows;
    const part = withoutGrad(() => this.#made!.narrow(dim, from, to - from).contiguous());
    const whole = new Uint8Array(part.numel() * this.dtype.itemsize);
    native.copy_bytes(handleOf(part)!, whole);
    part.dispose();
    let done = 0;
    for (const { at, length } of this.#parts(rows, place)) {
      bytes.set(whole.subarray(done, done + length), at);
      done += length;
    }
    if (to === this.shape[dim]) await this.release();
  }

  async #readTable(
    column: TableColumn,
    rows: Rows,
    bytes: Uint8Array,
    place: Place,
  ): Promise<void> {
    this.#check(statSync(this.source.path, { bigint: true }));
    const { dim, from, to } = rows;
    const parts = [...this.#parts(rows, place)];
    // The caller's bytes are in memory that threads share.
    const memory = bytes.buffer as SharedArrayBuffer;
    if (dim === 0) {
      for (const { at } of parts) await column.read(from, to, memory, bytes.byteOffset + at);
      return;
    }
    const length = parts.reduce((sum, part) => sum + part.length, 0);
    const whole = new SharedArrayBuffer(length);
    await column.read(from, to, whole, 0);
    // In the table a row lies in one piece; in the array it has a part for each of the outer positions.
    const count = to - from;
    const part = length / Math.max(1, parts.length * count);
    for (const [outer, { at }] of parts.entries()) {
      for (let row = 0; row < count; row++) {
        const start = (row * parts.length + outer) * part;
        bytes.set(new Uint8Array(whole, start, part), at + row * part);
      }
    }
  }

  /** Frees what is held for reading. */
  async release(): Promise<void> {
    this.#made?.dispose();
    const opened = this.#file;
    this.#made = undefined;
    this.#file = undefined;
    this.#isRead = false;
    const file = await opened?.catch(() => undefined);
    await file?.close();
  }

  /** Yields the parts of the file that have the rows, and their places. */
  *#parts({ dim, from, to }: Rows, { at, count }: Place) {
    const product = (sizes: readonly number[]): number => sizes.reduce((a, b) => a * b, 1);
    const row = product(this.shape.slice(dim + 1)) * this.dtype.itemsize;
    const outer = product(this.shape.slice(0, dim));
    const length = (to - from) * row;
    if (length === 0) return;
    for (let i = 0; i < outer; i++) {
      yield { from: (i * this.shape[dim]! + from) * row, at: (i * count + at) * row, length };
    }
  }

  #check(status: BigIntStats): void {
    const { size, modified } = stampOf(status);
    const { opened } = this.source;
    if (size === opened.size && modified === opened.modified) return;
    throw this.#changed();
  }

  #changed(): BatchError {
    return new BatchError('data', `${this.path} has changed while the job ran`, this.path);
  }
}

/** How an input is opened. */
export interface Opening extends Selection {
  /** The dimension of the rows. */
  readonly dim: number;
}

const FORMATS = '.npy, .npz, .safetensors, torch.save, Parquet or JSON lines';

/**
 * Opens an array in a file: `.npy`, `.npz`, `.safetensors`, a file of `torch.save`, or a column of a Parquet file or of
 * JSON lines.
 *
 * @throws BatchError that names the file
 */
export async function openShard(name: string, opening: Opening, sources: Sources): Promise<Shard> {
  let source: Source | undefined;
  try {
    source = await sources.open(name);
    const reader = Reader.open(source.path, source.label);
    try {
      const kind = tableKind(source.label, reader);
      if (kind) return await openTable(kind, source, reader, opening, sources);
      const contents = contentsOf(reader);
      const read = READERS[contents as keyof typeof READERS];
      if (!read) throw damaged(source.label, `is no ${FORMATS} file`);
      return sources.add(read(reader, source, opening.member, opening.input));
    } finally {
      reader.close();
    }
  } catch (cause) {
    const { label = name, path = name } = source ?? {};
    if (cause instanceof RowProblem) throw tableError(label, cause);
    const message = (cause as Error).message.replaceAll(path, label);
    throw new BatchError('data', message, label, undefined, { cause });
  }
}

const tableError = (path: string, cause: RowProblem): BatchError =>
  new BatchError('data', `${path}: ${cause.message}`, path, cause.row, { cause });

type TableKind = 'parquet' | Compression;

/** Returns the kind of a table, or undefined for a file that has arrays. */
function tableKind(label: string, reader: Reader): TableKind | undefined {
  const head = Buffer.from(reader.read(0, Math.min(reader.size, LONGEST_BLANK), 'the beginning'));
  const startsWith = (...bytes: number[]): boolean => bytes.every((byte, i) => head[i] === byte);
  if (startsWith(0x50, 0x41, 0x52, 0x31)) return 'parquet';
  if (startsWith(0x1f, 0x8b)) return 'gzip';
  if (startsWith(0x28, 0xb5, 0x2f, 0xfd)) return 'zstd';
  if (/\.(jsonl|ndjson)$/.test(label)) return 'none';
  const isText = /^(\ufeff)?\s*[{[]/.test(head.toString('utf8'));
  return isText && contentsOf(reader) === 'unknown' ? 'none' : undefined;
}

/** The beginning of a file, in which its first character that is not blank must be. */
const LONGEST_BLANK = 256;

async function openTable(
  kind: TableKind,
  source: Source,
  reader: Reader,
  opening: Opening,
  sources: Sources,
): Promise<Shard> {
  const { path } = source;
  const { dim } = opening;
  const { tables, decoders } = sources;
  const wrong = (problem: string): Error => damaged(source.label, problem);
  const open = async () => {
    if (kind === 'parquet') {
      return (await import('./tables/parquet.js')).Parquet.open(reader, path, decoders);
    }
    return (await import('./tables/json_lines.js')).JsonLines.open(
      path,
      reader.size,
      kind,
      decoders,
    );
  };
  const opened = tables.get(path) ?? open();
  tables.set(path, opened);
  const column = await (await opened).column(opening, wrong);
  const { shape = [0], name } = column;
  if (dim >= shape.length && column.shape) {
    throw wrong(`has rows of ${shape.length - 1} dimensions, where ${dim} or more are expected`);
  }
  // The rows are the first dimension of a table.
  const sizes = [...shape.slice(1, dim + 1), shape[0]!, ...shape.slice(dim + 1)];
  return new Shard(source, name, column.dtype, sizes, { column, dim }, !column.shape);
}

type Open = (reader: Reader, source: Source, member: string | undefined, fallback: string) => Shard;

const openNpy: Open = (reader, source, member) => {
  const { path, size } = reader;
  if (member !== undefined) throw damaged(path, `is one array, and has no ${member}`);
  const wrong = (problem: string): Error => damaged(path, problem);
  const head = npyHeader(reader.read(0, Math.min(size, LONGEST_HEAD), 'the header'), size, wrong);
  const make = (): Tensor => tensorOf(head, mapFile(source.path, size), wrong);
  const content = isRowMajor(head) ? { offset: head.start } : { make, bytes: 0 };
  return new Shard(source, undefined, head.dtype, head.shape, content);
};

const openNpz: Open = (reader, source, member, fallback) => {
  const { path } = reader;
  const entries = zipEntries(reader);
  const names = [...entries.keys()].map((entry) => entry.replace(/\.npy$/, ''));
  const name = chosen(path, names, member, fallback);
  const what = `array ${JSON.stringify(name)}`;
  const entry = entries.get(`${name}.npy`)!;
  const { stored, size } = entry;
  const unpacked = stored === undefined ? Reader.of(entry.read()) : reader;
  const start = unpacked.read(stored ?? 0, Math.min(size, LONGEST_HEAD), what);
  const head = npyHeader(start, size, (problem) => damaged(path, `${what} ${problem}`));
  const make = (): Tensor =>
    Reader.with(source.path, (again) => new NpzReader(again).tensor(name)!);
  const isPlain = stored !== undefined && isRowMajor(head);
  const content = isPlain ? { offset: stored + head.start } : { make, bytes: size };
  return new Shard(source, name, head.dtype, head.shape, content);
};

const openSafetensors: Open = (reader, source, member, fallback) => {
  const { entries, start } = safetensorsHeader(reader);
  const name = chosen(
    reader.path,
    entries.map((entry) => entry.name),
    member,
    fallback,
  );
  const { dtype, shape, from } = entries.find((entry) => entry.name === name)!;
  return new Shard(source, name, dtype, shape, { offset: start + from });
};

const openTorch: Open = ({ path }, source, member, fallback) => {
  const make = (): Tensor => {
    const value = load(source.path, { mmap: true, map_location: 'cpu' });
    if (isTensor(value) && member === undefined) return value as Tensor;
    const tensors = tensorsOf(value);
    return tensors.get(chosen(path, [...tensors.keys()], member, fallback))!;
  };
  const { dtype, shape } = make();
  return new Shard(source, member, dtype, shape, { make, bytes: 0 });
};

function tensorsOf(value: unknown): Map<string, Tensor> {
  const entries = value instanceof Map ? [...value] : Object.entries(value ?? {});
  return new Map(entries.filter((entry): entry is [string, Tensor] => isTensor(entry[1])));
}

const READERS = { npy: openNpy, npz: openNpz, safetensors: openSafetensors, torch: openTorch };

const chosen = (
  path: string,
  names: readonly string[],
  member: string | undefined,
  fallback: string,
): string => chosenName(names, member, fallback, (problem) => damaged(path, problem));

/** Whether each row lies after the one before it, without gaps. */
function isRowMajor({ shape, strides }: NpyHeader): boolean {
  let stride = 1;
  for (let i = shape.length - 1; i >= 0; i--) {
    if (shape[i]! > 1 && strides[i] !== stride) return false;
    stride *= Math.max(shape[i]!, 1);
  }
  return true;
}
