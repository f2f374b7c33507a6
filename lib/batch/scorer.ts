/** Computes the losses of chunks of rows, and what is noted of them. */
import { valueError } from '../bindings/errors';
import { handleOf } from '../bindings/handle';
import { submit } from '../bindings/jobs';
import { wrap } from '../bindings/wrap';
import { to } from '../nn/ops';
import type { DType } from '../tensor/dtype';
import { ones_like } from '../tensor/factories';
import type { Tensor } from '../tensor/tensor';
import { BatchError } from './error';
import type { Column } from './inputs';
import type { Chunked } from './losses';
import type { Settings } from './options';
import { type Chunk, COMPARED } from './plan';
import { predictionsOf } from './predictions';
import {
  type BadRow,
  badRowsOf,
  type Computation,
  type Computed,
  computedWithout,
  firstBadRow,
  goodRows,
  type Inputs,
  indexOf,
  mapped,
  selected,
} from './rows';
import type { Elements } from './series';
import { type Counted, type Predictions, Statistics } from './statistics';
import { MOST_LISTED, nanRowsOf, numbersOf, Tally } from './summary';
import { Differences, type ScoresState } from './totals';
import { type Moved, Transfer } from './transfer';

/** Inputs of a chunk that are ready to be computed. */
export interface Prepared {
  readonly inputs: Inputs;
  readonly moved: Moved;
  readonly compared: Tensor | undefined;
}

export interface Scored {
  readonly elements: Readonly<Record<string, Elements>>;
  readonly scores: Omit<ScoresState, 'timing'>;
}

export class Scorer {
  readonly #computation: Computation;
  readonly #transfer: Transfer;
  /** Whether the statistics of a report are computed. */
  hasStatistics: boolean;

  constructor(
    private readonly loss: Chunked,
    private readonly first: Column,
    private readonly settings: Settings,
  ) {
    this.#transfer = new Transfer(settings.device);
    this.hasStatistics = settings.report !== null;
    this.#computation = {
      first: first.input,
      compute: (inputs) => this.#compute(inputs),
      dim: (input) => loss.row?.[input] ?? 0,
    };
    const { dtype } = this.#dtypeOf(first) ?? first;
    if (settings.gradOut !== null && !dtype.is_floating_point) {
      throw valueError(
        `evaluate(): 'gradOut' needs a floating-point input, and '${first.input}' is of ${dtype}`,
      );
    }
  }

  #dtypeOf({ input, dtype }: { input: string; dtype: DType }): { dtype: DType } | undefined {
    const { dtypes } = this.settings;
    const wanted = dtypes[input] ?? (dtype.is_floating_point ? dtypes['*'] : undefined);
    return wanted && { dtype: wanted };
  }

  /** Converts what was read, and starts to copy it to the device. */
  prepare({ [COMPARED]: compared, ...read }: Inputs): Prepared {
    const inputs = mapped(read, (tensor, input) => {
      const wanted = this.#dtypeOf({ input, dtype: tensor.dtype });
      return wanted ? to(tensor, wanted) : tensor;
    });
    return { inputs, moved: this.#transfer.start(inputs), compared };
  }

  /** Computes a chunk, and disposes of its inputs. */
  async score(chunk: Chunk, { inputs, moved, compared }: Prepared): Promise<Scored> {
    const rows = chunk.to - chunk.from;
    const there = this.#transfer.finish(moved);
    let bad: readonly BadRow[] = [];
    let computed: Computed;
    try {
      computed = await this.#compute(there);
    } catch (error) {
      this.settings.signal?.throwIfAborted();
      bad = await this.#badRows(chunk, there, error as Error);
      computed = await computedWithout(there, goodRows(rows, bad), bad, this.#computation);
    }
    const { losses, gradients } = computed;
    if (losses.shape[0] !== rows) {
      throw new BatchError('data', `${this.loss.name} gives losses of another number than ${rows}`);
    }
    const scored: Scored = {
      scores: this.#scoresOf(chunk, inputs, losses, bad, compared),
      elements: {
        losses: await elementsOf(losses),
        ...(gradients && { gradients: await elementsOf(gradients) }),
      },
    };
    const all = [losses, gradients, compared, ...Object.values(inputs), ...Object.values(there)];
    for (const each of all) each?.dispose();
    return scored;
  }

  #scoresOf(
    chunk: Chunk,
    inputs: Inputs,
    losses: Tensor,
    bad: readonly BadRow[],
    compared: Tensor | undefined,
  ): Scored['scores'] {
    const good = goodRows(bad.length ? chunk.to - chunk.from : 0, bad);
    const without = (tensor: Tensor): Tensor =>
      bad.length ? tensor.index_select(0, indexOf(good)) : tensor;
    const counted = bad.length ? selected(inputs, good, this.#computation) : inputs;
    const kept = without(losses);
    const values = numbersOf(kept);
    const tally = new Tally();
    tally.add(this.loss, counted, kept, values);
    if (tally.losses.nan) {
      const places = nanRowsOf(values, kept.shape[0]!);
      tally.nanRows = places.map((row) => this.#place(chunk, bad.length ? good[row]! : row));
    }
    tally.skipped = bad.length;
    tally.skippedRows = bad
      .slice(0, MOST_LISTED)
      .map(({ row, cause }) => ({ ...this.#place(chunk, row), message: cause.message }));
    const rows: Counted['rows'] = bad.length
      ? good.map((row) => chunk.from + row)
      : { first: chunk.from, count: chunk.to - chunk.from };
    const predictions = this.hasStatistics ? predictionsOf(this.loss, counted) : undefined;
    const statistics = predictions && new Statistics();
    statistics?.add({ values, rows }, predictions!);
    let difference: Differences | undefined;
    if (compared) {
      this.#checkCompared(chunk, compared, losses);
      difference = differencesOf(kept, without(compared), rows, predictions);
    }
    return {
      tally: tally.state,
      statistics: statistics?.state ?? null,
      difference: difference?.state ?? null,
    };
  }

  #checkCompared({ from }: Chunk, compared: Tensor, { shape }: Tensor): void {
    if (String(compared.shape) === String(shape)) return;
    const text = (sizes: readonly number[]): string => `(${sizes.slice(1).join(', ')})`;
    throw new BatchError(
      'data',
      `The losses to compare with have the shape ${text(compared.shape)} in a row, ` +
        `and those of ${this.loss.name} ${text(shape)}`,
      undefined,
      from,
    );
  }

  /** Returns the file and row of a row of a chunk. */
  #place({ from }: Chunk, row: number): { file: string; row: number } {
    const { shard, row: inFile } = this.first.at(from + row);
    return { file: shard.name, row: inFile };
  }

  /** @throws BatchError that names the first row which the loss refuses, unless such rows are skipped */
  async #badRows(chunk: Chunk, inputs: Inputs, error: Error): Promise<readonly BadRow[]> {
    const rows = chunk.to - chunk.from;
    if (this.settings.onError === 'skip') {
      const bad = await badRowsOf(inputs, rows, this.#computation);
      if (bad?.length) return bad;
    }
    const first = await firstBadRow(inputs, rows, this.#computation);
    const { shard, row } = this.first.at(chunk.from + (first?.row ?? 0));
    const { message } = first?.cause ?? error;
    const where = first ? `row ${row}` : `rows ${row} to ${row + rows - 1}`;
    const text = `${this.loss.name} refuses ${where} of ${shard.name}: ${message}`;
    throw new BatchError('data', text, shard.path, row, { cause: first?.cause ?? error });
  }

  /** Returns the losses on the CPU, and the gradients. */
  async #compute(inputs: Inputs): Promise<Computed> {
    const dim = this.#computation.dim(this.first.input);
    const rows = inputs[this.first.input]!.shape[dim]!;
    // libtorch adds in another order if the result is a single number.
    if (rows !== 1 || this.first.rows === 1) return this.#computeRows(inputs);
    const { losses, gradients } = await this.#computeRows(
      selected(inputs, [0, 0], this.#computation),
    );
    return { losses: losses.narrow(0, 0, 1), gradients: gradients?.narrow(dim, 0, 1) };
  }

  async #computeRows(inputs: Inputs): Promise<Computed> {
    const { compute, options, inputs: names } = this.loss;
    const { device, signal, gradOut } = this.settings;
    const there = (value: unknown): unknown =>
      device !== 'cpu' && value instanceof Object && 'cpu' in value
        ? to(value as Tensor, { device })
        : value;
    const values = Object.fromEntries(
      Object.entries(options).map(([name, value]) => [name, there(inputs[name] ?? value)]),
    );
    const args = names.map((name) => inputs[name]!);
    if (gradOut !== null) args[0] = args[0]!.detach().requires_grad_();
    const losses = await compute(
      { ...values, reduction: 'none' },
      args as never,
      signal && { signal },
    );
    if (gradOut === null) return { losses: await onCpu(losses) };
    // The rows do not depend on each other, so this gives each its own gradient.
    await losses.backwardAsync(ones_like(losses));
    return { losses: await onCpu(losses), gradients: await onCpu(args[0]!.grad!) };
  }
}

/** Waits for a result off the event loop. */
async function onCpu(tensor: Tensor): Promise<Tensor> {
  const result = tensor.detach();
  if (tensor.device.type === 'cpu') return result;
  return wrap(await submit((job) => job.contiguous_cpu_copy(handleOf(result)!)));
}

async function elementsOf(tensor: Tensor): Promise<Elements> {
  const elements = await tensor.toTypedArrayAsync();
  const bytes = new Uint8Array(elements.buffer, elements.byteOffset, elements.byteLength);
  return { dtype: tensor.dtype, shape: tensor.shape, bytes };
}

function differencesOf(
  losses: Tensor,
  compared: Tensor,
  rows: Counted['rows'],
  predictions: Predictions | undefined,
): Differences {
  const [now, before] = [losses.double(), compared.double()];
  const numbers = (tensor: Tensor): Float64Array => tensor.toTypedArray() as Float64Array;
  const between = [numbers(now), numbers(before)] as const;
  const values = numbers(now.sub(before));
  const result = new Differences();
  result.add(values, between[1]);
  if (predictions) {
    const { classes } = predictions;
    result.statistics = new Statistics();
    result.statistics.add({ values, rows, between }, classes ? { classes } : {});
  }
  return result;
}
