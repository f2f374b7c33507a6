/** Runs a batch job: the next rows are read while some are computed and those before them are written. */
import { mkdirSync, rmSync } from 'node:fs';

import { describeJob } from './description';
import { BatchError, writing } from './error';
import type { Column } from './inputs';
import { type Contents, checkSame, type Heading, Journal } from './journal';
import { Lock } from './lock';
import type { Chunked } from './losses';
import type { Output, Settings } from './options';
import { exists, folderOf, STANDARD_OUTPUT } from './output';
import {
  fileOf,
  journalOf,
  journalsIn,
  lockOf,
  partOfJournal,
  type Range,
  rowsOf,
  textOf,
} from './part';
import { type Chunk, chunksOf, rowsOfChunk, targetsOf } from './plan';
import { ReadAhead } from './read_ahead';
import { Scorer, type Started } from './scorer';
import { FileSeries } from './series';
import type { BatchSummary } from './summary';
import { Scores, type Timing, Totals } from './totals';
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
    this.#scorer = new Scorer(loss, columns, settings);
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
    const { part, signal } = this.#settings;
    const outs = this.#outputs().map(({ out }) => out);
    if (!outs.some((out) => out !== STANDARD_OUTPUT)) return yield* this.#stream();
    const locks: Lock[] = [];
    try {
      for (const each of outs) {
        const folder = each.endsWith('/') ? each : folderOf(each);
        await writing(folder, undefined, async () => mkdirSync(folder, { recursive: true }));
        locks.push(await Lock.take(fileOf(each, part), lockOf(each, part), signal));
      }
      return yield* this.#write(journalOf(outs[0]!, part), locks);
    } finally {
      for (const lock of locks) lock.release();
    }
  }

  /** Runs a job that no other run goes on with. */
  async *#stream(): AsyncGenerator<BatchProgress, BatchSummary> {
    const chunkRows = rowsOfChunk(this.#columns, this.#settings);
    const chunks = chunksOf(this.#columns[0]!, chunkRows, this.#range);
    const writer = Writer.streaming(this.#series, chunks);
    const summary = yield* this.#compute(chunkRows, 0, writer);
    await writer.finish(summary);
    await this.#report(this.#heading(chunkRows));
    return summary;
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

  async *#write(file: string, locks: readonly Lock[]): AsyncGenerator<BatchProgress, BatchSummary> {
    const { resume, overwrite } = this.#settings;
    const found = resume || !overwrite ? Journal.read(file) : undefined;
    // A run that has computed nothing leaves nothing to go on with, and nothing to lose.
    const isBegun = found !== undefined && found.chunks.length > 0;
    const earlier = resume && isBegun ? found : undefined;
    const chunkRows = earlier?.heading.chunkRows ?? rowsOfChunk(this.#columns, this.#settings);
    const heading = this.#heading(chunkRows);
    if (earlier) this.#goOn(file, earlier, heading);
    else if (overwrite) for (const other of othersOf(file)) rmSync(other, { force: true });
    else this.#refuseExisting(file, isBegun);
    const done = earlier?.chunks.length ?? 0;
    const chunks = chunksOf(this.#columns[0]!, chunkRows, this.#range);
    const isWhole = Object.values(this.#series).every((files) => files.isWhole);
    if (earlier?.isFinished && isWhole) {
      await this.#report(earlier.heading);
      return this.#summary();
    }
    const writer = await Writer.open({ file, heading, locks }, this.#series, chunks, earlier);
    try {
      const summary = yield* this.#compute(chunkRows, done, writer);
      await writer.finish(summary);
      await this.#report(earlier?.heading ?? heading);
      return summary;
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

  #refuseExisting(journal: string, isBegun: boolean): void {
    const targets = Object.values(this.#series).flatMap((files) => files.targets);
    const own = isBegun ? [journal] : [];
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
    writer: Writer,
  ): AsyncGenerator<BatchProgress, BatchSummary> {
    const chunks = chunksOf(this.#columns[0]!, chunkRows, this.#range).slice(done);
    const clock = new Clock();
    let written = Promise.resolve();
    try {
      for await (const started of this.#started(chunks, clock)) {
        const { rows: chunk } = started;
        const scores = new Scores();
        const elements = await clock.computing(this.#scorer.finish(started, scores));
        await clock.writing(written);
        const record = { ...scores.state, timing: clock.lap(chunk.to - chunk.from) };
        this.#totals.add(record);
        written = writer.write(chunk, { elements, scores: record });
        written.catch(() => {}); // reported when it is awaited
        yield this.#progress(chunk, chunks[0]!.from, clock.seconds);
      }
      await written;
    } finally {
      await Promise.allSettled([written]);
    }
    return this.#summary();
  }

  /**
   * Yields chunks that are being computed, in order. On the CPU, the next is begun before one is yielded. A GPU and a
   * backward pass have several calls for a chunk, whose results would wait for the next one.
   */
  async *#started(chunks: readonly Chunk[], clock: Clock): AsyncGenerator<Started<Chunk>> {
    const { signal, device, gradOut } = this.#settings;
    const most = device === 'cpu' && gradOut === null ? 2 : 1;
    const ahead = new ReadAhead(this.#columns, chunks, (chunk, inputs) =>
      this.#scorer.prepare(chunk, inputs),
    );
    const running: Started<Chunk>[] = [];
    try {
      for (const chunk of chunks) {
        signal?.throwIfAborted();
        running.push(this.#scorer.start(chunk, await clock.reading(ahead.take())));
        if (running.length < most) continue;
        yield running[0]!;
        running.shift();
        ahead.more();
      }
      yield* running;
    } finally {
      await Promise.allSettled(running.map(({ computed }) => computed));
      await ahead.close();
    }
  }

  #summary(): BatchSummary {
    return this.#totals.summary(this.#loss.name, this.#loss.reduction);
  }

  async #report(heading: Heading): Promise<void> {
    const { report, part } = this.#settings;
    if (report === null) return;
    const { writeReport } = await import('./report/index.js');
    const machines = [this.#totals.timings];
    await writeReport(fileOf(report, part), { heading, totals: this.#totals, machines });
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
}

/** Measures what the time of a job is used for, in milliseconds. */
class Clock {
  readonly #start = performance.now();
  #times = { reading: 0, computing: 0, writing: 0 };

  get seconds(): number {
    return (performance.now() - this.#start) / 1000;
  }

  readonly reading = <T>(wait: Promise<T>): Promise<T> => this.#measure('reading', wait);
  readonly computing = <T>(wait: Promise<T>): Promise<T> => this.#measure('computing', wait);
  readonly writing = <T>(wait: Promise<T>): Promise<T> => this.#measure('writing', wait);

  async #measure<T>(kind: 'reading' | 'computing' | 'writing', wait: Promise<T>): Promise<T> {
    const start = performance.now();
    const value = await wait;
    this.#times[kind] += performance.now() - start;
    return value;
  }

  /** Returns the times since the last call. */
  lap(rows: number): Timing {
    const times = this.#times;
    this.#times = { reading: 0, computing: 0, writing: 0 };
    return { ...times, at: performance.now() - this.#start, rows };
  }
}

/** Returns the journals of the same output that divide the job into another number of parts. */
function othersOf(journal: string): string[] {
  const { output, part } = partOfJournal(journal)!;
  return journalsIn(folderOf(journal), output)
    .filter((other) => other.part.count !== part.count)
    .map(({ file }) => file);
}
