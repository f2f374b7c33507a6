/** Files of one kind that a job writes one after another: losses or gradients. */
import { rmSync } from 'node:fs';

import { valueError } from '../bindings/errors';
import type { DType } from '../tensor/dtype';
import { BatchError, writing } from './error';
import { exists, partialOf, STANDARD_OUTPUT } from './output';
import type { OutputFile } from './outputs/file';
import { openOutput } from './outputs/open';
import type { Range } from './part';
import type { Chunk, Target } from './plan';

/** The elements of some rows. */
export interface Elements {
  readonly dtype: DType;
  readonly shape: readonly number[];
  readonly bytes: Uint8Array;
}

/** The dtype of the elements, and the shape of a row. */
export interface Form {
  readonly dtype: DType;
  readonly row: readonly number[];
  /** Where the rows end in the file, if the next run must know it. */
  readonly end?: number;
}

export class FileSeries {
  #file: OutputFile | undefined;
  #form: Form | undefined;
  #chunks: readonly Chunk[] = [];
  /** Where the rows end that an earlier run has written, by file. */
  readonly #ends = new Map<string, number>();
  /** The files that this run has finished. */
  readonly #finished = new Set<string>();

  /**
   * @param what - what the files have: `losses`
   * @param dim - the dimension of the rows
   */
  constructor(
    private readonly what: string,
    readonly targets: readonly Target[],
    private readonly dim: number,
  ) {}

  /** Whether each file has its name. */
  get isWhole(): boolean {
    return this.targets.every(({ file }) => exists(file));
  }

  /**
   * Removes what no run goes on with: all files, or those after the chunks that were done before.
   *
   * @param before - what the chunks had that were done, if the job goes on
   * @throws BatchError if a file that was written before is missing
   */
  prepare(chunks: readonly Chunk[], before: readonly Form[] | undefined): void {
    this.#chunks = chunks;
    for (const [index, form] of before?.entries() ?? []) {
      this.#form = form;
      const target = this.#targetOf(chunks[index]!);
      if (target && form.end !== undefined) this.#ends.set(target.file, form.end);
    }
    const isResumed = before !== undefined;
    const done = chunks[(before?.length ?? 0) - 1]?.to ?? chunks[0]!.from;
    for (const { file, from, to } of this.targets) {
      if (file === STANDARD_OUTPUT) continue;
      const isStarted = isResumed && done > from;
      if (!isStarted) {
        if (to > from || !isResumed) rmSync(partialOf(file), { force: true });
        if (!isResumed) rmSync(file, { force: true });
        continue;
      }
      const isThere = exists(partialOf(file)) || (done >= to && exists(file));
      if (isThere) continue;
      throw new BatchError('changed', `${file} cannot be resumed: it is missing`, file);
    }
  }

  /** Writes the elements of rows. They are durable when the promise resolves. */
  async write(rows: Range, elements: Elements): Promise<Form> {
    const { dtype, shape, bytes } = elements;
    const form = this.#checked({ dtype, row: shape.filter((_, dim) => dim !== this.dim) }, rows);
    const target = this.#targetOf(rows);
    if (!target) return form;
    const file = (this.#file ??= await this.#open(target));
    const from = rows.from - target.from;
    const end = await writing(nameOf(target.file), from, () =>
      file.write(from, rows.to - rows.from, bytes),
    );
    if (end === undefined) return form;
    this.#ends.set(target.file, end);
    return { ...form, end };
  }

  #checked(form: Form, { from }: Range): Form {
    const wanted = (this.#form ??= form);
    if (form.dtype === wanted.dtype && String(form.row) === String(wanted.row)) return form;
    throw valueError(
      `evaluate(): the ${this.what} from row ${from} have another form than those before: ` +
        `${form.dtype} (${form.row}), not ${wanted.dtype} (${wanted.row})`,
    );
  }

  #targetOf({ from, to }: Range): Target | undefined {
    return this.targets.find(
      (target) => target.from <= from && to <= target.to && (from < target.to || from === to),
    );
  }

  #open({ file, format, from, to }: Target): Promise<OutputFile> {
    const { dtype, row } = this.#form!;
    const parts = this.#chunks
      .filter((chunk) => from <= chunk.from && chunk.to <= to && chunk.from < chunk.to)
      .map((chunk) => [chunk.from - from, chunk.to - from] as const);
    const shape = [...row.slice(0, this.dim), to - from, ...row.slice(this.dim)];
    const end = this.#ends.get(file) ?? 0;
    return writing(nameOf(file), undefined, () =>
      openOutput(file, format, { dtype, shape, dim: this.dim, parts, end }),
    );
  }

  /** Gives the file that ends with these rows its name. */
  async finishAfter(rows: Range): Promise<void> {
    if (this.#targetOf(rows)?.to === rows.to) await this.#finishFile();
  }

  async #finishFile(): Promise<void> {
    const file = this.#file;
    this.#file = undefined;
    if (!file) return;
    await writing(nameOf(file.path), undefined, () => file.finish());
    this.#finished.add(file.path);
  }

  /** Gives each file its name, files without rows included. */
  async finish(): Promise<void> {
    for (const target of this.targets) {
      if (this.#finished.has(target.file) || exists(target.file)) continue;
      this.#file = await this.#open(target);
      await this.#finishFile();
    }
  }

  async close(): Promise<void> {
    await this.#file?.close();
  }
}

const nameOf = (file: string): string => (file === STANDARD_OUTPUT ? 'Standard output' : file);
