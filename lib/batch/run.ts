/** Runs a batch job: the next chunk is read while one is computed and the one before it is written. */
import { mkdirSync, rmSync } from 'node:fs';

import { describeJob } from './description';
import { BatchError, writing } from './error';
import type { Column } from './inputs';
import { type Contents, checkSame, type Heading, Journal, lock } from './journal';
import type { Chunked } from './losses';
import type { Output, Settings } from './options';
import { exists, folderOf } from './output';
import {
  fileOf,
  journalOf,
  journalsIn,
  partOfJournal,
  type Range,
  rowsOf,
  textOf,
  WHOLE,
} from './part';
import { type Chunk, chunksOf, rowsOfChunk, targetsOf } from './plan';
import { type Prepared, Scorer } from './scorer';
import { FileSeries } from './series';
import type { BatchSummary } from './summary';
import { Totals } from './totals';
import { type SeriesByKind, Writer } from './writer';

/** How far a job is. */
export interface BatchProgress {
  /** The rows that are done, those of an earlier run included. */
  readonly rows: number;
  /** The rows of the job, or of its part. */
  readonly totalRows: number;
  /** The rows that this run has done. */
  readonly newRows: number;
  /** The bytes of the inputs that this run has read. */
  readonly bytes: number;
  readonly seconds: number;
  readonly rowsPerSecond: number;
  readonly bytesPerSecond: number;
  /** How long the rows that are left take at this speed. */
  readonly secondsLeft: number;
  /** The mean of the losses so far. */
  readonly mean: number;
}

export class Job {
  readonly #loss: Chunked;
  /** The inputs, and the losses to compare with. */
  readonly #columns: readonly Column[];
  readonly #settings: Settings;
  readonly #range: Range;
  readonly #series: SeriesByKind;
  readonly #totals = new Totals();
  readonly #scorer: Scorer;

  constructor(loss: Chunked, columns: readonly Column[], settings: Settings) {
    this.#loss = loss;
    this.#columns = columns;
    this.#settings = settings;
    const first = columns[0]!;
    const outputs = this.#outputs();
    const byFile = outputs.some(({ out }) => out.endsWith('/'));
    this.#range = rowsOf(first, settings.part, byFile);
    this.#series = Object.fromEntries(
      outputs.map((output) => {
        const targets = targetsOf(output, first, settings.part, this.#range);
        return [output.kind, new FileSeries(output.kind, targets, output.dim)];
      }),
    );
    this.#scorer = new Scorer(loss, first, settings);
  }

  /** Returns what is written, and the dimension of its rows. */
  #outputs(): (Output & { readonly kind: string; readonly dim: number })[] {
    const { out, gradOut } = this.#settings;
    return [
      ...(out ? [{ kind: 'losses', ...out, dim: 0 }] : []),
      ...(gradOut ? [{ kind: 'gradients', ...gradOut, dim: this.#columns[0]!.dim }] : []),
    ];
  }

  /** Runs the job. Yields after each chunk, and returns the summary. */
  async *run(): AsyncGenerator<BatchProgress, BatchSummary> {
    return this.#conclude(yield* this.#runPart());
  }

  /** Returns the first line of the journal. */
  async *#runPart(): AsyncGenerator<BatchProgress, Heading> {
    const { part } = this.#settings;
    const outs = this.#outputs().map(({ out }) => out);
    if (outs.length === 0) {
      const chunkRows = rowsOfChunk(this.#columns, this.#settings);
      yield* this.#compute(chunkRows, 0, undefined);
      return this.#heading(chunkRows);
    }
    const unlocks: (() => void)[] = [];
    try {
      for (const each of outs) {
        const folder = each.endsWith('/') ? each : folderOf(each);
        await writing(folder, undefined, async () => mkdirSync(folder, { recursive: true }));
        unlocks.push(await lock(fileOf(each, part)));
      }
      return yield* this.#write(journalOf(outs[0]!, part));
    } finally {
      for (const unlock of unlocks) unlock();
    }
  }

  #heading(chunkRows: number): Heading {
    const { part, report } = this.#settings;
    const { shards, dim } = this.#columns[0]!;
    return {
      ...describeJob(this.#loss, this.#columns, this.#settings),
      chunkRows,
      part: textOf(part),
      files: shards.map(({ name, shape }) => [name, shape[dim]!]),
      outputs: Object.fromEntries(
        this.#outputs().map(({ kind, out: file, ...form }) => [kind, { file, ...form }]),
      ),
      reduction: this.#loss.reduction,
      rowBytes: this.#rowBytes,
      report: report !== null,
    };
  }

  async *#write(file: string): AsyncGenerator<BatchProgress, Heading> {
    const { resume, overwrite } = this.#settings;
    const earlier = resume ? Journal.read(file) : undefined;
    const chunkRows = earlier?.heading.chunkRows ?? rowsOfChunk(this.#columns, this.#settings);
    const heading = this.#heading(chunkRows);
    if (earlier) this.#goOn(file, earlier, heading);
    else if (overwrite) for (const other of othersOf(file)) rmSync(other, { force: true });
    else this.#refuseExisting(file);
    const done = earlier?.chunks.length ?? 0;
    const chunks = chunksOf(this.#columns[0]!, chunkRows, this.#range);
    const isWhole = Object.values(this.#series).every((files) => files.isWhole);
    if (earlier?.isFinished && isWhole) return earlier.heading;
    const writer = await Writer.open(file, heading, this.#series, chunks, earlier);
    try {
      yield* this.#compute(chunkRows, done, writer);
      await writer.finish(this.#summaryOf(this.#totals));
      return earlier?.heading ?? heading;
    } finally {
      await writer.close();
    }
  }

  /** Takes what an earlier run has done. */
  #goOn(file: string, { heading, chunks }: Contents, now: Heading): void {
    checkSame(file, heading, now);
    if (now.report && !heading.report) {
      throw new BatchError(
        'changed',
        `The job of ${file} cannot be resumed: it was started without a report`,
        file,
      );
    }
    this.#scorer.hasStatistics = heading.report;
    this.#totals.addAll(file, chunks);
  }

  #refuseExisting(journal: string): void {
    const targets = Object.values(this.#series).flatMap((files) => files.targets);
    // A run that was killed may have left a journal without its first line.
    const own = this.#settings.resume ? [] : [journal];
    const there = [...own, ...othersOf(journal), ...targets.map(({ file }) => file)].find(exists);
    if (there === undefined) return;
    const what = there.endsWith('.job')
      ? `The job of ${there} was started before`
      : `${there} exists`;
    throw new BatchError('exists', `${what}: resume it, or overwrite it`, there);
  }

  async *#compute(
    chunkRows: number,
    done: number,
    writer: Writer | undefined,
  ): AsyncGenerator<BatchProgress, void> {
    const { signal } = this.#settings;
    const chunks = chunksOf(this.#columns[0]!, chunkRows, this.#range);
    const memory = [0, 1].map(() => this.#allocate(chunks));
    const start = performance.now();
    let next = done < chunks.length ? this.#read(chunks[done]!, memory[done % 2]!) : undefined;
    let written = Promise.resolve();
    let clock = start;
    const lap = (): number => {
      const before = clock;
      clock = performance.now();
      return clock - before;
    };
    try {
      for (const chunk of chunks.slice(done)) {
        signal?.throwIfAborted();
        clock = performance.now();
        const inputs = await next!;
        const reading = lap();
        const following = chunks[chunk.index + 1];
        next = following && this.#read(following, memory[following.index % 2]!);
        const { elements, scores } = await this.#scorer.score(chunk, inputs);
        const computing = lap();
        await written;
        const rows = chunk.to - chunk.from;
        const timing = { reading, computing, writing: lap(), at: clock - start, rows };
        const record = { ...scores, timing };
        this.#totals.add(record);
        written = writer?.write(chunk, { elements, scores: record }) ?? Promise.resolve();
        written.catch(() => {}); // reported when it is awaited
        yield this.#progress(chunk, chunks[done]!.from, (performance.now() - start) / 1000);
      }
      await written;
    } finally {
      await Promise.allSettled([next, written]);
      for (const { shards } of this.#columns) for (const shard of shards) shard.release();
    }
  }

  #summaryOf(totals: Totals): BatchSummary {
    return totals.summary(this.#loss.name, this.#loss.reduction);
  }

  /** Waits for the other processes of the group, writes the report, and returns the summary. */
  async #conclude(heading: Heading): Promise<BatchSummary> {
    const { group, report, signal } = this.#settings;
    let { part } = this.#settings;
    let totals = this.#totals;
    let machines: Totals['timings'][] = [totals.timings];
    if (group) {
      const { statesOfRanks } = await import('./ranks.js');
      const states = await statesOfRanks(group, heading, totals.state, signal);
      part = WHOLE;
      totals = Totals.of(states);
      machines = states.map(({ timings }) => timings);
    }
    if (report !== null && !group?.rank()) {
      const { writeReport } = await import('./report/index.js');
      await writeReport(fileOf(report, part), {
        heading: { ...heading, part: textOf(part) },
        totals,
        machines,
      });
    }
    return this.#summaryOf(totals);
  }

  get #rowBytes(): number {
    return this.#columns.reduce((sum, { rowBytes }) => sum + rowBytes, 0);
  }

  #progress({ to }: Chunk, first: number, seconds: number): BatchProgress {
    const { from, to: end } = this.#range;
    const newRows = to - first;
    const bytes = newRows * this.#rowBytes;
    const rowsPerSecond = newRows / seconds;
    return {
      rows: to - from,
      totalRows: end - from,
      newRows,
      bytes,
      seconds,
      rowsPerSecond,
      bytesPerSecond: bytes / seconds,
      secondsLeft: newRows ? (end - to) / rowsPerSecond : 0,
      mean: this.#totals.tally.mean,
    };
  }

  #allocate(chunks: readonly Chunk[]): SharedArrayBuffer[] {
    const rows = Math.max(...chunks.map(({ from, to: end }) => end - from));
    return this.#columns.map(({ rowBytes }) => new SharedArrayBuffer(rows * rowBytes));
  }

  /** Reads the inputs of a chunk. An error shows when the promise is awaited. */
  #read({ from, to: end }: Chunk, memory: readonly SharedArrayBuffer[]): Promise<Prepared> {
    const reads = this.#columns.map(async (column, i) => {
      return [column.input, await column.read(from, end, memory[i]!)] as const;
    });
    const inputs = Promise.all(reads).then((entries) =>
      this.#scorer.prepare(Object.fromEntries(entries)),
    );
    inputs.catch(() => {});
    return inputs;
  }
}

/** Returns the journals of the same output that divide the job into another number of parts. */
function othersOf(journal: string): string[] {
  const { output, part } = partOfJournal(journal)!;
  return journalsIn(folderOf(journal), output)
    .filter((other) => other.part.count !== part.count)
    .map(({ file }) => file);
}
