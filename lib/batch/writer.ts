/** Writes the losses of a job's chunks, and notes them in its journal. */
import { rmSync } from 'node:fs';

import { valueError } from '../bindings/errors';
import type { DType } from '../tensor/dtype';
import { BatchError } from './error';
import { type ChunkRecord, type Heading, Journal } from './journal';
import { exists, NpyFile, partialOf } from './output';
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
  #file: NpyFile | undefined;
  /** The dtype and shape of a row's losses. */
  #form: { dtype: DType; row: readonly number[] } | undefined;

  private constructor(
    private readonly journal: Journal,
    private readonly targets: readonly Target[],
  ) {}

  /**
   * Starts, or goes on after `done` rows.
   *
   * @throws BatchError if a file that was written before is missing
   */
  static async open(
    journalFile: string,
    heading: Heading,
    targets: readonly Target[],
    done: number,
    earlier: Earlier | undefined,
  ): Promise<Writer> {
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
    return new Writer(journal, targets);
  }

  /** Writes a chunk. It is done when the promise resolves. */
  async write(chunk: Chunk, { dtype, shape, bytes, tally }: Written): Promise<void> {
    const row = shape.slice(1);
    this.#checkForm(chunk, dtype, row);
    const target = this.#targetOf(chunk);
    const file = (this.#file ??= await this.#open(target));
    await file.write(chunk.from - target.from, bytes);
    await this.journal.add({ chunk: chunk.index, tally, dtype: dtype.name, row });
    if (chunk.to === target.to) await this.#finishFile();
  }

  /** Goes on with losses of this form. */
  resumeWith(dtype: DType, row: readonly number[]): void {
    this.#form = { dtype, row };
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

  #open({ file, from, to }: Target): Promise<NpyFile> {
    const { dtype, row } = this.#form!;
    return NpyFile.open(file, dtype, [to - from, ...row]);
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
