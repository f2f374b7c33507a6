/** The inputs of a job: files, shards, folders, lists of files. */
import { readdirSync, readFileSync, statSync } from 'node:fs';
import path from 'node:path';

import { valueError } from '../bindings/errors';
import { empty } from '../nn/ops';
import { frombuffer } from '../tensor/frombuffer';
import type { Tensor } from '../tensor/tensor';
import { expand } from '../utils/glob';
import { BatchError } from './error';
import type { Settings } from './options';
import { openShard, type Shard } from './shard';
import { Sources, STANDARD_INPUT } from './sources';

/**
 * Names files: a path or pattern, or `-` for standard input, which may end with `:` and the name of an array or column in
 * the file; or several of these.
 */
export type Files = string | readonly string[];

/** Matches the files of a folder that are read. */
export const EXTENSION = /\.(npy|npz|safetensors|pth?|parquet|(jsonl|ndjson)(\.gz|\.zst)?)$/;

interface Named {
  readonly file: string;
  readonly member: string | undefined;
}

/**
 * Returns the files of an input, in order: a folder's by name, a pattern's by name, those of a list (`.txt`) in the
 * order of its lines.
 *
 * @throws BatchError if there is none
 */
function filesOf(input: string, files: Files): Named[] {
  const named = [files].flat().flatMap((text) => filesNamed(input, text));
  if (named.length) return named;
  throw new BatchError('data', `evaluate(): input '${input}' has no file`);
}

/** @param member - the name of the array, unless the text has one */
function filesNamed(input: string, text: string, member?: string): Named[] {
  if (text === STANDARD_INPUT) return [{ file: text, member }];
  const found = existing(text);
  if (found.length) return found.flatMap((file) => listed(input, file, member));
  const colon = text.lastIndexOf(':');
  const start = text.slice(0, Math.max(colon, 0));
  const ofMember = start === STANDARD_INPUT ? [start] : existing(start);
  if (start && ofMember.length) {
    return ofMember.flatMap((file) => listed(input, file, text.slice(colon + 1)));
  }
  throw new BatchError(
    'data',
    `evaluate(): input '${input}' has no file: there is no ${text}`,
    text,
  );
}

/** Returns what exists under a name, or what a pattern names. */
function existing(text: string): string[] {
  return expand([text]).files.filter((file) => statSync(file, { throwIfNoEntry: false }));
}

function listed(input: string, file: string, member: string | undefined): Named[] {
  if (file === STANDARD_INPUT) return [{ file, member }];
  if (statSync(file).isDirectory()) {
    return readdirSync(file)
      .filter((name) => EXTENSION.test(name))
      .sort()
      .map((name) => ({ file: path.join(file, name), member }));
  }
  if (path.extname(file) !== '.txt') return [{ file, member }];
  return readFileSync(file, 'utf8')
    .split(/\r?\n/)
    .map((line) => line.trim())
    .filter((line) => line && !line.startsWith('#'))
    .flatMap((line) => filesNamed(input, path.resolve(path.dirname(file), line), member));
}

/** One input: the rows of its shards, one after another. */
export class Column {
  /** The number of the first row of each shard. */
  readonly starts: readonly number[];
  readonly rows: number;

  constructor(
    readonly input: string,
    readonly shards: readonly Shard[],
    readonly dim: number,
  ) {
    let rows = 0;
    this.starts = shards.map((shard) => {
      const start = rows;
      rows += shard.shape[dim]!;
      return start;
    });
    this.rows = rows;
  }

  static async open(
    input: string,
    files: Files,
    dim: number,
    sources: Sources,
    dtypes: Settings['dtypes'] = {},
  ): Promise<Column> {
    const dtype = { own: dtypes[input], floats: dtypes['*'] };
    const opened: Shard[] = [];
    for (const { file, member } of filesOf(input, files)) {
      opened.push(await openShard(file, { member, input, dim, dtype }, sources));
    }
    const first = opened.find((shard) => !shard.isFormless) ?? opened[0]!;
    const shards = opened.map((shard) => (shard.isFormless ? shard.like(first, dim) : shard));
    for (const shard of shards) checkLike(input, shard, shards[0]!, dim);
    return new Column(input, shards, dim);
  }

  get dtype() {
    return this.shards[0]!.dtype;
  }

  get ndim(): number {
    return this.shards[0]!.shape.length;
  }

  /** The bytes of one row. */
  get rowBytes(): number {
    const sizes = this.shards[0]!.shape.filter((_, dim) => dim !== this.dim);
    return sizes.reduce((product, size) => product * size, this.dtype.itemsize);
  }

  /** The memory that the files take while they are read, beside the rows. */
  get held(): number {
    return Math.max(...this.shards.map((shard) => shard.held));
  }

  /** Returns the shard with a row, and the row's number in it. */
  at(row: number): { shard: Shard; row: number } {
    let index = this.starts.length - 1;
    while (index > 0 && this.starts[index]! > row) index--;
    return { shard: this.shards[index]!, row: row - this.starts[index]! };
  }

  /**
   * Returns rows as a tensor, of the file itself if it can be mapped, else of the memory. Ask {@link checkWhole} after
   * they are used.
   */
  async load(from: number, to: number, memory: SharedArrayBuffer): Promise<Tensor> {
    const { dim } = this;
    const { shard, row } = this.at(from);
    const last = row + to - from;
    const isInOne = last <= shard.shape[dim]!;
    const mapped = isInOne ? await shard.map({ dim, from: row, to: last }) : undefined;
    return mapped ?? this.read(from, to, memory);
  }

  /** @throws BatchError if the file did not have the rows any more when they were used */
  checkWhole(from: number, tensor: Tensor): void {
    this.at(from).shard.checkWhole(tensor);
  }

  /** Reads rows into memory, and returns them as a tensor of that memory. */
  async read(from: number, to: number, memory: SharedArrayBuffer): Promise<Tensor> {
    const count = to - from;
    const bytes = new Uint8Array(memory, 0, count * this.rowBytes);
    for (const [index, shard] of this.shards.entries()) {
      const start = this.starts[index]!;
      const first = Math.max(from, start);
      const last = Math.min(to, start + shard.shape[this.dim]!);
      if (first >= last) continue;
      const rows = { dim: this.dim, from: first - start, to: last - start };
      await shard.read(rows, bytes, { at: first - from, count });
    }
    const shape = [...this.shards[0]!.shape];
    shape[this.dim] = count;
    if (bytes.length === 0) return empty(shape, { dtype: this.dtype, device: 'cpu' });
    return frombuffer(bytes, { dtype: this.dtype }).reshape(shape);
  }
}

function checkLike(input: string, shard: Shard, first: Shard, dim: number): void {
  const { shape, dtype, name, path: file } = shard;
  const text = (sizes: readonly number[]): string => `(${sizes.join(', ')})`;
  if (shape.length <= dim) {
    throw valueError(
      `evaluate(): input '${input}': ${name} has the shape ${text(shape)}, and no rows`,
    );
  }
  if (dtype !== first.dtype) {
    const problem = `${name} is of ${dtype}, and ${first.name} of ${first.dtype}`;
    throw new BatchError('data', `evaluate(): input '${input}': ${problem}`, file);
  }
  const isLike =
    shape.length === first.shape.length &&
    shape.every((size, i) => i === dim || size === first.shape[i]);
  if (isLike) return;
  const problem = `${name} has rows of another shape ${text(shape)} than ${first.name} ${text(first.shape)}`;
  throw new BatchError('data', `evaluate(): input '${input}': ${problem}`, file);
}

/** Returns a whole array. */
export async function wholeTensor(input: string, file: string): Promise<Tensor> {
  const sources = new Sources();
  try {
    const column = await Column.open(input, file, 0, sources);
    return await column.read(0, column.rows, new SharedArrayBuffer(column.rows * column.rowBytes));
  } finally {
    await sources.close();
  }
}
