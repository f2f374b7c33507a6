import { TorchError } from '../bindings/errors';

/**
 * What stops a batch job.
 *
 * - `data`: an input cannot be read, or the loss refuses a row. `file` and `row` say where.
 * - `changed`: an unfinished job was made with other inputs, options or another libtorch.
 * - `busy`: another process writes this output.
 * - `exists`: there is an output already.
 * - `write`: an output cannot be written, such as on a full disk.
 * - `parts`: parts of a job cannot be merged: they are missing, not finished, double, or of another job.
 */
export type BatchProblem = 'data' | 'changed' | 'busy' | 'exists' | 'write' | 'parts';

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

/**
 * Runs what writes to a file.
 *
 * @throws BatchError that names the file, and the row from which on it is not written
 */
export async function writing<T>(
  file: string,
  row: number | undefined,
  write: () => Promise<T>,
): Promise<T> {
  try {
    return await write();
  } catch (cause) {
    if (!(cause as NodeJS.ErrnoException).syscall) throw cause;
    const from = row === undefined ? '' : ` from row ${row}`;
    const text = `${file} cannot be written${from}: ${(cause as Error).message}`;
    throw new BatchError('write', text, file, row, { cause });
  }
}
