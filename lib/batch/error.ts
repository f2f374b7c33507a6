import { TorchError } from '../bindings/errors';

/**
 * What stops a batch job.
 *
 * - `data`: an input cannot be read, or the loss refuses a row. `file` and `row` say where.
 * - `changed`: an unfinished job was made with other inputs, options or another libtorch.
 * - `busy`: another process writes this output.
 * - `exists`: there is an output already.
 */
export type BatchProblem = 'data' | 'changed' | 'busy' | 'exists';

export class BatchError extends TorchError {
  override name = 'BatchError';

  constructor(
    readonly problem: BatchProblem,
    message: string,
    /** The file with the row that the loss refuses, or the file that cannot be read. */
    readonly file?: string,
    /** The number of the row in the file, from 0. */
    readonly row?: number,
    options?: { cause?: unknown },
  ) {
    super(message, options);
    this.pythonType = 'RuntimeError';
    this.code = 'ERR_TORCH_BATCH';
  }
}
