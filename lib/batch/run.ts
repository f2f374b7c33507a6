/** Runs a batch job: the next chunk is read while one is computed and the one before it is written. */
import { mkdirSync } from 'node:fs';
import path from 'node:path';

import { to } from '../nn/ops';
import type { DType } from '../tensor/dtype';
import type { Tensor } from '../tensor/tensor';
import { describeJob } from './description';
import { BatchError } from './error';
import type { Column } from './inputs';
import { checkSame, Journal, lock } from './journal';
import type { Chunked } from './losses';
import type { Settings } from './options';
import { exists } from './output';
import { type Chunk, chunksOf, rowsOfChunk, type Target, targetsOf } from './plan';
import {
  type BadRow,
  badRowsOf,
  type Computation,
  firstBadRow,
  goodRows,
  type Inputs,
  indexOf,
  lossesWithout,
  mapped,
  selected,
} from './rows';
import { type BatchSummary, nanRowsOf, numbersOf, Tally } from './summary';
import { Writer, type Written } from './writer';

/** How far a job is. */
export interface BatchProgress {
  /** The rows that are done, those of an earlier run included. */
  readonly rows: number;
  readonly totalRows: number;
  /** The rows that this run has done. */
  readonly newRows: number;
  /** The bytes of the inputs that this run has read. */
  readonly bytes: number;
  readonly seconds: number;
  /** The mean of the losses so far. */
  readonly mean: number;
}

export class Job {
  readonly #loss: Chunked;
  readonly #columns: readonly Column[];
  readonly #settings: Settings;
  readonly #targets: readonly Target[];
  readonly #tally = new Tally();
  readonly #computation: Computation;

  constructor(loss: Chunked, columns: readonly Column[], settings: Settings) {
    this.#loss = loss;
    this.#columns = columns;
    this.#settings = settings;
    this.#targets =
      settings.out === null ? [] : targetsOf(settings.out, settings.format, columns[0]!);
    this.#computation = {
      compute: (inputs) => this.#lossesOf(inputs),
      dim: (input) => loss.row?.[input] ?? 0,
    };
  }

  /** Runs the job. Yields after each chunk, and returns the summary. */
  async *run(): AsyncGenerator<BatchProgress, BatchSummary> {
    const { out } = this.#settings;
    if (out === null) {
      return yield* this.#compute(rowsOfChunk(this.#columns, this.#settings), 0, undefined);
    }
    const folder = out.endsWith('/') ? out : path.dirname(path.resolve(out));
    mkdirSync(folder, { recursive: true });
    const unlock = await lock(out);
    try {
      return yield* this.#write(out.endsWith('/') ? `${out}eval.job` : `${out}.job`);
    } finally {
      unlock();
    }
  }

  async *#write(file: string): AsyncGenerator<BatchProgress, BatchSummary> {
    const description = describeJob(this.#loss, this.#columns, this.#settings);
    const earlier = this.#settings.resume ? Journal.read(file) : undefined;
    if (earlier) checkSame(file, earlier.heading, description);
    else if (!this.#settings.overwrite) this.#refuseExisting(file);
    for (const { tally } of earlier?.chunks ?? []) this.#tally.addTally(Tally.of(tally));
    const done = earlier?.chunks.length ?? 0;
    const chunkRows = earlier?.heading.chunkRows ?? rowsOfChunk(this.#columns, this.#settings);
    const chunks = chunksOf(this.#columns[0]!, chunkRows);
    const isWhole = this.#targets.every((target) => exists(target.file));
    if (earlier?.isFinished && isWhole) return this.#summary();
    const heading = { ...description, chunkRows };
    const writer = await Writer.open(file, heading, this.#targets, chunks, earlier);
    try {
      const summary = yield* this.#compute(chunkRows, done, writer);
      await writer.finish(summary);
      return summary;
    } finally {
      await writer.close();
    }
  }

  #refuseExisting(journal: string): void {
    const there = [journal, ...this.#targets.map(({ file }) => file)].find(exists);
    if (there === undefined) return;
    const what = there === journal ? `The job of ${there} was started before` : `${there} exists`;
    throw new BatchError('exists', `${what}: resume it, or overwrite it`, there);
  }

  async *#compute(
    chunkRows: number,
    done: number,
    writer: Writer | undefined,
  ): AsyncGenerator<BatchProgress, BatchSummary> {
    const { signal } = this.#settings;
    const chunks = chunksOf(this.#columns[0]!, chunkRows);
    const memory = [0, 1].map(() => this.#allocate(chunks));
    const start = performance.now();
    let next = done < chunks.length ? this.#read(chunks[done]!, memory[done % 2]!) : undefined;
    let writing = Promise.resolve();
    try {
      for (const chunk of chunks.slice(done)) {
        signal?.throwIfAborted();
        const inputs = await next!;
        const following = chunks[chunk.index + 1];
        next = following && this.#read(following, memory[following.index % 2]!);
        const written = await this.#chunk(chunk, inputs);
        await writing;
        writing = writer?.write(chunk, written) ?? Promise.resolve();
        writing.catch(() => {}); // reported when it is awaited
        yield this.#progress(chunk, chunks[done]!.from, (performance.now() - start) / 1000);
      }
      await writing;
    } finally {
      await Promise.allSettled([next, writing]);
      for (const { shards } of this.#columns) for (const shard of shards) shard.release();
    }
    return this.#summary();
  }

  #summary(): BatchSummary {
    return this.#tally.summary(this.#loss);
  }

  #progress({ to: rows }: Chunk, first: number, seconds: number): BatchProgress {
    const totalRows = this.#columns[0]!.rows;
    const newRows = rows - first;
    const bytes = newRows * this.#columns.reduce((sum, { rowBytes }) => sum + rowBytes, 0);
    return { rows, totalRows, newRows, bytes, seconds, mean: this.#tally.mean };
  }

  #allocate(chunks: readonly Chunk[]): SharedArrayBuffer[] {
    const rows = Math.max(...chunks.map(({ from, to: end }) => end - from));
    return this.#columns.map(({ rowBytes }) => new SharedArrayBuffer(rows * rowBytes));
  }

  /** Reads the inputs of a chunk. An error shows when the promise is awaited. */
  #read({ from, to: end }: Chunk, memory: readonly SharedArrayBuffer[]): Promise<Inputs> {
    const reads = this.#columns.map(async (column, i) => {
      return [column.input, await column.read(from, end, memory[i]!)] as const;
    });
    const inputs = Promise.all(reads).then((entries) => Object.fromEntries(entries));
    inputs.catch(() => {});
    return inputs;
  }

  /** Computes a chunk and adds it to the tally. */
  async #chunk(chunk: Chunk, inputs: Inputs): Promise<Written> {
    const rows = chunk.to - chunk.from;
    const converted = mapped(inputs, (input, name) => this.#converted(input, name));
    let bad: readonly BadRow[] = [];
    let losses: Tensor;
    try {
      losses = await this.#lossesOf(converted);
    } catch (error) {
      this.#settings.signal?.throwIfAborted();
      bad = await this.#badRows(chunk, converted, error as Error);
      losses = await lossesWithout(converted, goodRows(rows, bad), bad, this.#computation);
    }
    if (losses.shape[0] !== rows) {
      throw new BatchError(
        'data',
        `${this.#loss.name} gives losses of another number than ${rows}`,
      );
    }
    const tally = this.#tallyOf(chunk, converted, losses, bad);
    const { dtype, shape } = losses;
    const elements = losses.toTypedArray();
    const bytes = new Uint8Array(elements.buffer, elements.byteOffset, elements.byteLength);
    const written = { dtype, shape, bytes, tally: tally.state };
    for (const each of [losses, ...Object.values(converted), ...Object.values(inputs)]) {
      each.dispose();
    }
    this.#tally.addTally(tally);
    return written;
  }

  #tallyOf(chunk: Chunk, inputs: Inputs, losses: Tensor, bad: readonly BadRow[]): Tally {
    const tally = new Tally();
    const rows = chunk.to - chunk.from;
    const place = (row: number) => {
      const { shard, row: inFile } = this.#columns[0]!.at(chunk.from + row);
      return { file: shard.name, row: inFile };
    };
    const good = goodRows(bad.length ? rows : 0, bad);
    const counted = bad.length ? losses.index_select(0, indexOf(good)) : losses;
    const numbers = numbersOf(counted);
    tally.add(
      this.#loss,
      bad.length ? selected(inputs, good, this.#computation) : inputs,
      counted,
      numbers,
    );
    if (tally.losses.nan) {
      tally.nanRows = nanRowsOf(numbers, counted.shape[0]!).map((row) =>
        place(bad.length ? good[row]! : row),
      );
    }
    tally.skipped = bad.length;
    tally.skippedRows = bad
      .map(({ row, cause }) => ({ ...place(row), message: cause.message }))
      .slice(0, 10);
    return tally;
  }

  /** @throws BatchError that names the first row which the loss refuses, unless such rows are skipped */
  async #badRows(chunk: Chunk, inputs: Inputs, error: Error): Promise<readonly BadRow[]> {
    const rows = chunk.to - chunk.from;
    if (this.#settings.onError === 'skip') {
      const bad = await badRowsOf(inputs, rows, this.#computation);
      if (bad?.length) return bad;
    }
    const first = await firstBadRow(inputs, rows, this.#computation);
    const { shard, row } = this.#columns[0]!.at(chunk.from + (first?.row ?? 0));
    const { message } = first?.cause ?? error;
    const where = first ? `row ${row}` : `rows ${row} to ${row + rows - 1}`;
    const text = `${this.#loss.name} refuses ${where} of ${shard.name}: ${message}`;
    throw new BatchError('data', text, shard.path, row, { cause: first?.cause ?? error });
  }

  #converted(input: Tensor, name: string): Tensor {
    const { dtypes: wanted } = this.#settings;
    const dtype: DType | undefined =
      wanted[name] ?? (input.dtype.is_floating_point ? wanted['*'] : undefined);
    return dtype ? to(input, { dtype }) : input;
  }

  /** Returns the losses on the CPU. */
  async #lossesOf(inputs: Inputs): Promise<Tensor> {
    const { functional, options, inputs: names } = this.#loss;
    const { device, signal } = this.#settings;
    const there = (value: unknown): unknown =>
      device !== 'cpu' && value instanceof Object && 'cpu' in value
        ? to(value as Tensor, { device })
        : value;
    const values = Object.fromEntries(
      Object.entries(options).map(([name, value]) => [name, there(inputs[name] ?? value)]),
    );
    const args = names.map((name) => there(inputs[name]));
    const losses = await functional.async(
      { ...values, reduction: 'none' },
      args as never,
      signal && { signal },
    );
    return device === 'cpu' ? losses.detach() : losses.detach().cpu();
  }
}
