/** Writes the losses of a job's chunks, and notes them in its journal. */
import { rmSync } from 'node:fs';

import { valueError } from '../bindings/errors';
import type { DType } from '../tensor/dtype';
import { dtypes } from '../tensor/dtype_table';
import { BatchError } from './error';
import { type ChunkRecord, type Heading, Journal } from './journal';
import { exists, partialOf } from './output';
import type { OutputFile } from './outputs/file';
import { openOutput } from './outputs/open';
import type { Chunk, Target } from './plan';
import type { TallyState } from './summary';

/** The losses of a chunk. */
export interface Written {
  readonly dtype: DType;
  readonly shape: readonly number[];
  readonly bytes: Uint8Array;
  readonly tally: TallyState;
}

/** What was done before. */
export interface Earlier {
  readonly chunks: readonly ChunkRecord[];
  /** The length of the journal. */
  readonly size: number;
}

export class Writer {
  #file: OutputFile | undefined;
  /** Where the rows end that an earlier run has written, by file. */
  readonly #ends = new Map<string, number>();
  /** The dtype and shape of a row's losses. */
  #form: { dtype: DType; row: readonly number[] } | undefined;

  private constructor(
    private readonly journal: Journal,
    private readonly targets: readonly Target[],
    private readonly chunks: readonly Chunk[],
  ) {}

  /**
   * Starts, or goes on after the chunks that were done.
   *
   * @throws BatchError if a file that was written before is missing
   */
  static async open(
    journalFile: string,
    heading: Heading,
    targets: readonly Target[],
    chunks: readonly Chunk[],
    earlier: Earlier | undefined,
  ): Promise<Writer> {
    const done = chunks[(earlier?.chunks.length ?? 0) - 1]?.to ?? 0;
    for (const { file, from, to } of targets) {
      const isStarted = earlier !== undefined && done > from;
      if (!isStarted) {
        if (to > from || !earlier) rmSync(partialOf(file), { force: true });
        if (!earlier) rmSync(file, { force: true });
        continue;
      }
      const isThere = exists(partialOf(file)) || (done >= to && exists(file));
      if (isThere) continue;
      throw new BatchError('changed', `${file} cannot be resumed: it is missing`, file);
    }
    const journal = await Journal.open(journalFile, heading, earlier?.size ?? 0);
    const writer = new Writer(journal, targets, chunks);
    for (const record of earlier?.chunks ?? []) writer.#goOn(record);
    return writer;
  }

  #goOn({ chunk, dtype, row, end }: ChunkRecord): void {
    this.#form = { dtype: dtypes.get(dtype)!, row };
    if (end !== undefined) this.#ends.set(this.#targetOf(this.chunks[chunk]!).file, end);
  }

  /** Writes a chunk. It is done when the promise resolves. */
  async write(chunk: Chunk, { dtype, shape, bytes, tally }: Written): Promise<void> {
    const row = shape.slice(1);
    this.#checkForm(chunk, dtype, row);
    const target = this.#targetOf(chunk);
    const file = (this.#file ??= await this.#open(target));
    const end = await file.write(chunk.from - target.from, chunk.to - chunk.from, bytes);
    await this.journal.add({
      chunk: chunk.index,
      tally,
      dtype: dtype.name,
      row,
      ...(end !== undefined && { end }),
    });
    if (chunk.to === target.to) await this.#finishFile();
  }

  #checkForm(chunk: Chunk, dtype: DType, row: readonly number[]): void {
    const { dtype: wanted, row: sizes } = (this.#form ??= { dtype, row });
    if (dtype === wanted && String(row) === String(sizes)) return;
    throw valueError(
      `evaluate(): the losses of chunk ${chunk.index} have another form than those before: ` +
        `${dtype} (${row}), not ${wanted} (${sizes})`,
    );
  }

  #targetOf({ from, to }: Chunk): Target {
    return this.targets.find(
      (target) => target.from <= from && to <= target.to && (from < target.to || from === to),
    )!;
  }

  #open({ file, format, from, to }: Target): Promise<OutputFile> {
    const inside = this.chunks.filter((chunk) => from <= chunk.from && chunk.to <= to);
    const parts = inside.map((chunk) => [chunk.from - from, chunk.to - from] as const);
    const { dtype, row } = this.#form!;
    return openOutput(file, format, {
      dtype,
      shape: [to - from, ...row],
      dim: 0,
      parts: parts.filter(([first, last]) => last > first),
      end: this.#ends.get(file) ?? 0,
    });
  }

  async #finishFile(): Promise<void> {
    await this.#file!.finish();
    this.#file = undefined;
  }

  /** Gives each file its name, files without rows included, and notes the summary. */
  async finish(summary: object): Promise<void> {
    for (const target of this.targets) {
      if (exists(target.file)) continue;
      this.#file = await this.#open(target);
      await this.#finishFile();
    }
    await this.journal.add({ summary });
  }

  async close(): Promise<void> {
    await this.#file?.close();
    await this.journal.close();
  }
}
