/** Writes what a job computes of its chunks, and notes the chunks in its journal. */
import { dtypes } from '../tensor/dtype_table';
import { type ChunkRecord, type FormRecord, type Heading, Journal } from './journal';
import type { Lock } from './lock';
import type { Chunk } from './plan';
import type { Elements, FileSeries, Form } from './series';
import type { ScoresState } from './totals';

/** What is computed of a chunk. */
export interface Written {
  /** By kind. */
  readonly elements: Readonly<Record<string, Elements>>;
  readonly scores: ScoresState;
}

/** What was done before. */
export interface Earlier {
  readonly chunks: readonly ChunkRecord[];
  /** The length of the journal. */
  readonly size: number;
}

/** Where a job is noted. */
export interface Notes {
  /** The journal. */
  readonly file: string;
  readonly heading: Heading;
  readonly locks: readonly Lock[];
}

/** The files of each kind: `losses`, `gradients`. */
export type SeriesByKind = Readonly<Record<string, FileSeries>>;

export class Writer {
  private constructor(
    private readonly series: SeriesByKind,
    private readonly journal?: Journal,
    private readonly locks: readonly Lock[] = [],
  ) {}

  /**
   * Starts, or goes on after the chunks that were done.
   *
   * @throws BatchError if a file that was written before is missing
   */
  static async open(
    { file, heading, locks }: Notes,
    series: SeriesByKind,
    chunks: readonly Chunk[],
    earlier: Earlier | undefined,
  ): Promise<Writer> {
    for (const [kind, files] of Object.entries(series)) {
      const done = earlier?.chunks.map(({ forms }) => formOf(forms[kind]!));
      files.prepare(chunks, done);
    }
    const journal = await Journal.open(file, heading, earlier?.size ?? 0);
    return new Writer(series, journal, locks);
  }

  /** Starts without a journal. */
  static streaming(series: SeriesByKind, chunks: readonly Chunk[]): Writer {
    for (const files of Object.values(series)) files.prepare(chunks, undefined);
    return new Writer(series);
  }

  /**
   * Writes a chunk. It is done when the promise resolves.
   *
   * @throws BatchError if another run has taken the locks
   */
  async write(chunk: Chunk, { elements, scores }: Written): Promise<void> {
    for (const lock of this.locks) lock.check();
    const forms: Record<string, FormRecord> = {};
    for (const [kind, files] of Object.entries(this.series)) {
      forms[kind] = recordOf(await files.write(chunk, elements[kind]!));
    }
    await this.journal?.add({ chunk: chunk.index, ...scores, forms });
    for (const files of Object.values(this.series)) await files.finishAfter(chunk);
  }

  /** Gives all files their names, and notes the summary. */
  async finish(summary: object): Promise<void> {
    for (const files of Object.values(this.series)) await files.finish();
    await this.journal?.add({ summary });
  }

  async close(): Promise<void> {
    for (const files of Object.values(this.series)) await files.close();
    await this.journal?.close();
  }
}

const recordOf = ({ dtype, row, end }: Form): FormRecord => ({
  dtype: dtype.name,
  row,
  ...(end !== undefined && { end }),
});

const formOf = ({ dtype, ...form }: FormRecord): Form => ({ dtype: dtypes.get(dtype)!, ...form });
