import { runtimeError } from '../bindings/errors';
import type { _Loss } from '../nn/modules/loss/base';
import type { Files } from './inputs';
import { type Chunked, chunked } from './losses';
import { type EvaluateOptions, filesByInput, type Settings, settingsOf } from './options';
import { openCompared, openInputs } from './plan';
import { type BatchProgress, Job } from './run';
import { Sources } from './sources';
import type { BatchSummary } from './summary';

/**
 * A batch job. Iterating over it runs it, and gives its progress after each chunk. Leaving the loop ends the job; `resume`
 * goes on with it.
 */
export class Evaluation implements AsyncIterable<BatchProgress> {
  readonly #steps: AsyncGenerator<BatchProgress, BatchSummary>;
  #summary: BatchSummary | undefined;

  /** @internal Use {@link evaluate}. */
  constructor(steps: AsyncGenerator<BatchProgress, BatchSummary>) {
    this.#steps = steps;
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<BatchProgress, void> {
    // A job that has run gives no summary again.
    this.#summary = (yield* this.#steps) ?? this.#summary;
  }

  /** Runs what is left of the job, and returns its summary. */
  async summary(): Promise<BatchSummary> {
    for await (const _progress of this);
    if (this.#summary) return this.#summary;
    throw runtimeError('summary(): the job was ended before it was done');
  }
}

/**
 * Computes a loss for each row of files that may be larger than memory. The losses are those of one call with
 * `reduction: 'none'`, bit for bit; the mean and the sum are exact, and rounded once.
 *
 * ```ts
 * import { nn } from 'torch-losses';
 * import { evaluate } from 'torch-losses/batch';
 *
 * const criterion = new nn.CrossEntropyLoss({ label_smoothing: 0.1 });
 * const job = evaluate(criterion, { input: 'logits-*.npy', target: 'labels-*.npy' }, { out: 'losses/' });
 * for await (const { rows, totalRows, mean } of job) console.log(rows, totalRows, mean);
 * console.log(await job.summary());
 * ```
 *
 * @param loss - a loss of torch.nn. Its `reduction` says what the summary's `value` is. Null for an input that has losses
 *   already, for a report or to compare them
 * @param inputs - the files of each input, by the names of the loss's parameters: `.npy`, `.npz`, `.safetensors`, files of
 *   `torch.save`, Parquet or JSON lines; paths, patterns, folders, `.txt` files that list them, or `-` for standard input,
 *   with `:NAME` for an array or column of a file. The first dimension is that of the rows; in CTC's `log_probs`, the
 *   second. Losses with a weight for each element take it as the input `weight`
 * @throws TypeError for wrong arguments; RangeError (ValueError) for a loss that cannot be computed in chunks of rows. The
 *   job throws RangeError (ValueError) for shapes that the loss does not take, and BatchError for a file that cannot be
 *   read, a row that the loss refuses, an output that exists, is written by another run, or belongs to another job, and one
 *   that cannot be written
 */
export function evaluate<Args extends unknown[]>(
  loss: _Loss<Args> | null,
  inputs: Readonly<Record<string, Files>>,
  options: EvaluateOptions = {},
): Evaluation {
  const settings = settingsOf(loss, inputs, options);
  const chunkedLoss = chunked(loss);
  return new Evaluation(run(chunkedLoss, filesByInput(chunkedLoss, inputs), settings));
}

async function* run(
  loss: Chunked,
  files: ReadonlyMap<string, Files>,
  settings: Settings,
): AsyncGenerator<BatchProgress, BatchSummary> {
  const sources = new Sources(settings.signal);
  try {
    const columns = await openInputs(loss, files, settings, sources);
    const { compare } = settings;
    if (compare !== null) columns.push(await openCompared(compare, columns[0]!, sources));
    return yield* new Job(loss, columns, settings).run();
  } catch (error) {
    // What was waited for fails when it is ended.
    settings.signal?.throwIfAborted();
    throw error;
  } finally {
    await sources.close();
  }
}
