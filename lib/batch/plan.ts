/** Divides a job into chunks of rows. */
import path from 'node:path';

import { valueError } from '../bindings/errors';
import { BatchError } from './error';
import { Column, EXTENSION, type Files } from './inputs';
import { type Chunked, dimsOf } from './losses';
import type { Output, Settings } from './options';
import type { OutputFormat } from './outputs/file';
import { fileOf, hasFile, isWhole, type Part, type Range } from './part';
import type { Sources } from './sources';

/** Rows that are computed together. They lie in one file of the first input. */
export interface Chunk extends Range {
  readonly index: number;
}

/** A chunk is not larger than this, so that a job that was killed loses little. */
const LARGEST_CHUNK = 2 ** 25;
/**
 * A chunk of a larger file has two rows or more: libtorch adds in another order if the result is a single number. With
 * this many rows allowed, equal parts have two or more.
 */
const LEAST_ROWS = 4;
/** Beside the inputs, computing takes about so many times their memory, and more with a backward pass. */
const WORK = 4;
const BACKWARD_WORK = 8;

/** Opens the inputs of a loss and checks that they fit together. */
export async function openInputs(
  loss: Chunked,
  files: ReadonlyMap<string, Files>,
  { dtypes }: Settings,
  sources: Sources,
): Promise<Column[]> {
  const columns: Column[] = [];
  for (const [input, of] of files) {
    columns.push(await Column.open(input, of, loss.row?.[input] ?? 0, sources, dtypes));
  }
  const first = columns[0]!;
  const least = loss.least ?? 1;
  if (first.ndim < least) {
    throw valueError(
      `evaluate(): ${loss.name} takes input '${first.input}' of ${least} dimensions or more, ` +
        `but ${first.shards[0]!.name} has ${first.ndim}`,
    );
  }
  for (const column of columns) {
    const dims = dimsOf(loss, column.input, first.ndim);
    if (dims !== undefined && column.ndim !== dims) {
      throw valueError(
        `evaluate(): ${loss.name} takes input '${column.input}' of ${dims} dimensions in chunks, ` +
          `but ${column.shards[0]!.name} has ${column.ndim}`,
      );
    }
    checkRows(column, first);
  }
  return columns;
}

/** The name of the column with losses to compare with. */
export const COMPARED = 'compare';

/** Opens the files with losses to compare with. */
export async function openCompared(files: Files, first: Column, sources: Sources): Promise<Column> {
  const column = await Column.open(COMPARED, files, 0, sources);
  checkRows(column, first);
  return column;
}

function checkRows(column: Column, first: Column): void {
  const isByFile = column.shards.length === first.shards.length;
  for (const [index, shard] of isByFile ? column.shards.entries() : []) {
    const other = first.shards[index]!;
    const [rows, wanted] = [shard.shape[column.dim]!, other.shape[first.dim]!];
    if (rows === wanted) continue;
    throw new BatchError(
      'data',
      `${shard.name} has ${rows} rows, but ${other.name} has ${wanted}`,
      shard.path,
      Math.min(rows, wanted),
    );
  }
  if (column.rows === first.rows) return;
  throw new BatchError(
    'data',
    `Input '${column.input}' has ${column.rows} rows in ${column.shards.length} files, but '${first.input}' has ${first.rows} in ${first.shards.length}`,
  );
}

/**
 * Returns how many rows a chunk may have.
 *
 * @throws RangeError (ValueError) if the memory does not suffice
 */
export function rowsOfChunk(columns: readonly Column[], settings: Settings): number {
  const { memory } = settings;
  const held = columns.reduce((sum, column) => sum + column.held, 0);
  const row = memoryOfRow(columns, settings);
  const rows = Math.floor(Math.min((memory - held) / row, LARGEST_CHUNK / bytesOfRow(columns)));
  if (rows >= LEAST_ROWS) return rows;
  const needed = Math.ceil(held + LEAST_ROWS * row);
  if (needed <= memory) return LEAST_ROWS;
  throw valueError(
    `evaluate(): 'memory' of ${memory} bytes does not suffice: ${LEAST_ROWS} rows take ${needed}`,
  );
}

/** Returns how much memory the job takes for each row of a chunk. */
export function memoryOfRow(
  columns: readonly Column[],
  { dtypes, gradOut }: Pick<Settings, 'dtypes' | 'gradOut'>,
): number {
  let converted = 0;
  for (const { input, dtype, rowBytes } of columns) {
    const all = dtype.is_floating_point ? dtypes['*'] : undefined;
    const { itemsize } = dtypes[input] ?? all ?? dtype;
    converted += (rowBytes / dtype.itemsize) * itemsize;
  }
  // Two chunks are in memory: one is computed while the next is read.
  const work = gradOut === null ? WORK : BACKWARD_WORK;
  return Math.max(1, 2 * bytesOfRow(columns) + work * converted);
}

const bytesOfRow = (columns: readonly Column[]): number =>
  Math.max(
    1,
    columns.reduce((sum, { rowBytes }) => sum + rowBytes, 0),
  );

/** Divides the rows of a range, in each file of the first input, into chunks of about the same size. */
export function chunksOf(first: Column, most: number, range: Range): Chunk[] {
  const chunks: Chunk[] = [];
  for (const [shard, start] of first.starts.entries()) {
    const from = Math.max(range.from, start);
    const rows = Math.min(range.to, start + first.shards[shard]!.shape[first.dim]!) - from;
    const count = Math.max(0, Math.ceil(rows / most));
    for (let i = 0; i < count; i++) {
      chunks.push({
        index: chunks.length,
        from: from + Math.floor((rows * i) / count),
        to: from + Math.floor((rows * (i + 1)) / count),
      });
    }
  }
  // Without rows, an empty chunk shows the dtype and shape of the losses.
  if (chunks.length === 0) chunks.push({ index: 0, from: range.from, to: range.from });
  return chunks;
}

/** A file to write: the losses of the rows `from` to `to`. */
export interface Target extends Range {
  readonly file: string;
  readonly format: OutputFormat;
}

/**
 * Returns the files that a part of a job writes: one for its rows, or one for each of its files of the first input, under
 * that file's name.
 *
 * @throws RangeError (ValueError) if two files would have one name
 */
export function targetsOf(
  { out, format }: Output,
  first: Column,
  part: Part,
  range: Range,
): Target[] {
  if (!out.endsWith('/')) return [{ file: fileOf(out, part), format, ...range }];
  const seen = new Map<string, string>();
  const targets = first.shards.map(({ path: source, member, shape }, index) => {
    const base = path.basename(source);
    const name = EXTENSION.test(base) ? base.replace(EXTENSION, '') : path.parse(base).name;
    const isUnique = first.shards.every(
      (other) => other.path !== source || other.member === member,
    );
    const file = path.join(out, `${isUnique ? name : `${name}-${member}`}.${format}`);
    const other = seen.get(file);
    if (other) throw valueError(`evaluate(): ${source} and ${other} would both be ${file}`);
    seen.set(file, source);
    const from = first.starts[index]!;
    return { file, format, from, to: from + shape[first.dim]! };
  });
  return targets.filter((_, index) => isWhole(part) || hasFile(first, index, part));
}
