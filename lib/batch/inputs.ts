/** The inputs of a job: files, shards, folders, lists of files. */
import { readdirSync, readFileSync, statSync } from 'node:fs';
import path from 'node:path';

import { valueError } from '../bindings/errors';
import { empty } from '../nn/ops';
import { frombuffer } from '../tensor/creation';
import type { Tensor } from '../tensor/tensor';
import { expand } from '../utils/glob';
import { BatchError } from './error';
import { openShard, type Shard } from './shard';

/** Names files: a path or pattern, which may end with `:` and the name of an array in the file, or several of these. */
export type Files = string | readonly string[];

const EXTENSIONS = ['.npy', '.npz', '.safetensors', '.pt', '.pth'];

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
export function filesOf(input: string, files: Files): Named[] {
  const named = [files].flat().flatMap((text) => filesNamed(input, text));
  if (named.length) return named;
  throw new BatchError('data', `evaluate(): input '${input}' has no file`);
}

function filesNamed(input: string, text: string): Named[] {
  const found = existing(text);
  if (found.length) return found.flatMap((file) => listed(input, file, undefined));
  const colon = text.lastIndexOf(':');
  const ofMember = colon > 0 ? existing(text.slice(0, colon)) : [];
  if (ofMember.length) {
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
  if (statSync(file).isDirectory()) {
    return readdirSync(file)
      .filter((name) => EXTENSIONS.includes(path.extname(name)))
      .sort()
      .map((name) => ({ file: path.join(file, name), member }));
  }
  if (path.extname(file) !== '.txt') return [{ file, member }];
  return readFileSync(file, 'utf8')
    .split(/\r?\n/)
    .map((line) => line.trim())
    .filter((line) => line && !line.startsWith('#'))
    .flatMap((line) => filesNamed(input, path.resolve(path.dirname(file), line)));
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

  static open(input: string, files: Files, dim: number): Column {
    const shards = filesOf(input, files).map(({ file, member }) => openShard(file, member, input));
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

  /** Returns the shard with a row, and the row's number in it. */
  at(row: number): { shard: Shard; row: number } {
    let index = this.starts.length - 1;
    while (index > 0 && this.starts[index]! > row) index--;
    return { shard: this.shards[index]!, row: row - this.starts[index]! };
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
  const column = Column.open(input, file, 0);
  return column.read(0, column.rows, new SharedArrayBuffer(column.rows * column.rowBytes));
}
