/** Arrays in files whose rows are read in parts. */

import { type BigIntStats, statSync } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';

import { handleOf, isTensor } from '../bindings/handle';
import { native } from '../bindings/native';
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

/** What the content of a file depends on. */
export interface Stamp {
  readonly size: string;
  readonly modified: string;
}

/** An array's elements: in the file as they are, or in a tensor that is made when it is needed. */
type Content = { readonly offset: number } | { make(): Tensor; readonly bytes: number };

export class Shard {
  #made: Tensor | undefined;

  constructor(
    readonly path: string,
    /** The name of the array in the file, if it has several. */
    readonly member: string | undefined,
    readonly dtype: DType,
    readonly shape: readonly number[],
    readonly stamp: Stamp,
    private readonly content: Content,
  ) {}

  get name(): string {
    return this.member === undefined ? this.path : `${this.path}:${this.member}`;
  }

  /** The memory that the array takes while it is read, beside the rows. */
  get held(): number {
    return 'offset' in this.content ? 0 : this.content.bytes;
  }

  /**
   * Copies rows into `bytes`.
   *
   * @throws BatchError that names the file, if it has changed or cannot be read
   */
  async read(rows: Rows, bytes: Uint8Array, place: Place): Promise<void> {
    try {
      if ('offset' in this.content) await this.#readFile(this.content.offset, rows, bytes, place);
      else this.#readTensor(this.content.make, rows, bytes, place);
    } catch (cause) {
      if (cause instanceof BatchError) throw cause;
      const why = `${this.name} cannot be read from row ${rows.from}: ${(cause as Error).message}`;
      throw new BatchError('data', why, this.path, rows.from, { cause });
    }
  }

  async #readFile(offset: number, rows: Rows, bytes: Uint8Array, place: Place): Promise<void> {
    const file = await open(this.path);
    try {
      const status = await file.stat({ bigint: true });
      this.#check(status);
      for (const { from, at, length } of this.#parts(rows, place)) {
        await this.#fill(file, bytes.subarray(at, at + length), offset + from);
      }
    } finally {
      await file.close();
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

  #readTensor(make: () => Tensor, rows: Rows, bytes: Uint8Array, place: Place): void {
    this.#check(statSync(this.path, { bigint: true }));
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
    if (to === this.shape[dim]) this.release();
  }

  /** Frees what is held for reading. */
  release(): void {
    this.#made?.dispose();
    this.#made = undefined;
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
    if (size === this.stamp.size && modified === this.stamp.modified) return;
    throw new BatchError('data', `${this.path} has changed while the job ran`, this.path);
  }
}

const stampOf = ({ size, mtimeNs }: BigIntStats): Stamp => ({
  size: String(size),
  modified: String(mtimeNs),
});

/**
 * Opens an array in a file: `.npy`, `.npz`, `.safetensors`, or a file of `torch.save`.
 *
 * @param member - the name of the array. Default: the only one, or `fallback`
 * @throws BatchError that names the file
 */
export function openShard(path: string, member: string | undefined, fallback: string): Shard {
  try {
    const stamp = stampOf(statSync(path, { bigint: true }));
    return Reader.with(path, (reader) => {
      const contents = contentsOf(reader);
      const read = READERS[contents as keyof typeof READERS];
      if (!read) throw damaged(path, 'is no .npy, .npz, .safetensors or torch.save file');
      return read(reader, stamp, member, fallback);
    });
  } catch (cause) {
    throw new BatchError('data', (cause as Error).message, path, undefined, { cause });
  }
}

type Open = (reader: Reader, stamp: Stamp, member: string | undefined, fallback: string) => Shard;

const openNpy: Open = (reader, stamp, member) => {
  const { path, size } = reader;
  if (member !== undefined) throw damaged(path, `is one array, and has no ${member}`);
  const wrong = (problem: string): Error => damaged(path, problem);
  const head = npyHeader(reader.read(0, Math.min(size, LONGEST_HEAD), 'the header'), size, wrong);
  const make = (): Tensor => tensorOf(head, mapFile(path, size), wrong);
  const content = isRowMajor(head) ? { offset: head.start } : { make, bytes: 0 };
  return new Shard(path, undefined, head.dtype, head.shape, stamp, content);
};

const openNpz: Open = (reader, stamp, member, fallback) => {
  const { path } = reader;
  const entries = zipEntries(reader);
  const names = [...entries.keys()].map((entry) => entry.replace(/\.npy$/, ''));
  const name = chosen(path, names, member, fallback);
  const what = `array ${JSON.stringify(name)}`;
  const entry = entries.get(`${name}.npy`)!;
  const { stored, size } = entry;
  const source = stored === undefined ? Reader.of(entry.read()) : reader;
  const start = source.read(stored ?? 0, Math.min(size, LONGEST_HEAD), what);
  const head = npyHeader(start, size, (problem) => damaged(path, `${what} ${problem}`));
  const make = (): Tensor => Reader.with(path, (again) => new NpzReader(again).tensor(name)!);
  const isPlain = stored !== undefined && isRowMajor(head);
  const content = isPlain ? { offset: stored + head.start } : { make, bytes: size };
  return new Shard(path, name, head.dtype, head.shape, stamp, content);
};

const openSafetensors: Open = (reader, stamp, member, fallback) => {
  const { entries, start } = safetensorsHeader(reader);
  const name = chosen(
    reader.path,
    entries.map((entry) => entry.name),
    member,
    fallback,
  );
  const { dtype, shape, from } = entries.find((entry) => entry.name === name)!;
  return new Shard(reader.path, name, dtype, shape, stamp, { offset: start + from });
};

const openTorch: Open = ({ path }, stamp, member, fallback) => {
  const make = (): Tensor => {
    const value = load([path, { mmap: true, map_location: 'cpu' }]);
    if (isTensor(value) && member === undefined) return value as Tensor;
    const tensors = tensorsOf(value);
    return tensors.get(chosen(path, [...tensors.keys()], member, fallback))!;
  };
  const { dtype, shape } = make();
  return new Shard(path, member, dtype, shape, stamp, { make, bytes: 0 });
};

function tensorsOf(value: unknown): Map<string, Tensor> {
  const entries = value instanceof Map ? [...value] : Object.entries(value ?? {});
  return new Map(entries.filter((entry): entry is [string, Tensor] => isTensor(entry[1])));
}

const READERS = { npy: openNpy, npz: openNpz, safetensors: openSafetensors, torch: openTorch };

function chosen(
  path: string,
  names: readonly string[],
  member: string | undefined,
  fallback: string,
): string {
  const name = member ?? (names.length === 1 ? names[0]! : fallback);
  if (names.includes(name)) return name;
  const all = names.map((each) => JSON.stringify(each)).join(', ');
  throw damaged(
    path,
    `has no array ${JSON.stringify(name)}, but ${all || 'none'}: name one as ${path}:NAME`,
  );
}

/** Whether each row lies after the one before it, without gaps. */
function isRowMajor({ shape, strides }: NpyHeader): boolean {
  let stride = 1;
  for (let i = shape.length - 1; i >= 0; i--) {
    if (shape[i]! > 1 && strides[i] !== stride) return false;
    stride *= Math.max(shape[i]!, 1);
  }
  return true;
}
