/** Files of one kind that a job writes one after another: losses or gradients. */
import { rmSync } from 'node:fs';

import { valueError } from '../bindings/errors';
import type { DType } from '../tensor/dtype';
import { BatchError } from './error';
import { exists, NpyFile, partialOf } from './output';
import type { Range } from './part';
import type { Target } from './plan';

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
}

export class FileSeries {
  #file: NpyFile | undefined;
  #form: Form | undefined;

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
   * Removes what no run goes on with: all files, or those after `done` rows if the job goes on.
   *
   * @throws BatchError if a file that was written before is missing
   */
  prepare(done: number, isResumed: boolean): void {
    for (const { file, from, to } of this.targets) {
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

  /** Goes on with elements of this form. */
  resumeWith(form: Form): void {
    this.#form = form;
  }

  /** Writes the elements of rows. They are durable when the promise resolves. */
  async write(rows: Range, elements: Elements): Promise<Form> {
    const { dtype, shape, bytes } = elements;
    const form = this.#checked({ dtype, row: shape.filter((_, dim) => dim !== this.dim) }, rows);
    const target = this.#targetOf(rows);
    if (target) {
      this.#file ??= await this.#open(target);
      await this.#file.write(rows.from - target.from, rows.to - rows.from, bytes);
    }
    return form;
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

  #open({ file, from, to }: Target): Promise<NpyFile> {
    const { dtype, row } = this.#form!;
    const shape = [...row.slice(0, this.dim), to - from, ...row.slice(this.dim)];
    return NpyFile.open(file, dtype, shape, this.dim);
  }

  /** Gives the file that ends with these rows its name. */
  async finishAfter(rows: Range): Promise<void> {
    if (this.#targetOf(rows)?.to === rows.to) await this.#finishFile();
  }

  async #finishFile(): Promise<void> {
    const file = this.#file;
    this.#file = undefined;
    await file?.finish();
  }

  /** Gives each file its name, files without rows included. */
  async finish(): Promise<void> {
    for (const target of this.targets) {
      if (exists(target.file)) continue;
      this.#file = await this.#open(target);
      await this.#finishFile();
    }
  }

  async close(): Promise<void> {
    await this.#file?.close();
  }
}
