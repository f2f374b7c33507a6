/** Computes the losses of rows, and what is noted of them. */
import { valueError } from '../bindings/errors';
import { handleOf } from '../bindings/handle';
import { submit } from '../bindings/jobs';
import { wrap } from '../bindings/wrap';
import { to } from '../nn/ops';
import type { DType } from '../tensor/dtype';
import type { TypedArray } from '../tensor/elements';
import { ones_like } from '../tensor/factories';
import type { Tensor } from '../tensor/tensor';
import { BatchError } from './error';
import type { Column } from './inputs';
import type { Chunked } from './losses';
import type { Settings } from './options';
import type { Range } from './part';
import { COMPARED, memoryOfRow } from './plan';
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
import { MOST_LISTED, nanRowsOf, numbersOf } from './summary';
import { Differences, type Scores } from './totals';
import { type Moved, Transfer } from './transfer';

/** Inputs of some rows that are ready to be computed. */
export interface Prepared {
  readonly inputs: Inputs;
  readonly moved: Moved;
  readonly compared: Tensor | undefined;
}

/** Rows that are being computed. */
export interface Started<Rows extends Range = Range> extends Prepared {
  readonly rows: Rows;
  /** The inputs on the device. */
  readonly there: Inputs;
  readonly computed: Promise<Computed>;
}

/** What is written of some rows, by kind. */
export type ElementsByKind = Readonly<Record<string, Elements>>;

const OUT_OF_MEMORY = 'ERR_TORCH_OUT_OF_MEMORY';

export class Scorer {
  readonly #computation: Computation;
  readonly #transfer: Transfer;
  /** Whether the statistics of a report are computed. */
  hasStatistics: boolean;

  constructor(
    private readonly loss: Chunked,
    private readonly columns: readonly Column[],
    private readonly settings: Settings,
  ) {
    const { first } = this;
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

  private get first(): Column {
    return this.columns[0]!;
  }

  #dtypeOf({ input, dtype }: { input: string; dtype: DType }): { dtype: DType } | undefined {
    const { dtypes } = this.settings;
    const wanted = dtypes[input] ?? (dtype.is_floating_point ? dtypes['*'] : undefined);
    return wanted && { dtype: wanted };
  }

  /** Converts what was read, and starts to copy it to the device. */
  prepare(rows: Range, { [COMPARED]: compared, ...read }: Inputs): Prepared {
    try {
      const inputs = mapped(read, (tensor, input) => {
        const wanted = this.#dtypeOf({ input, dtype: tensor.dtype });
        if (!wanted) return tensor;
        const converted = to(tensor, wanted);
        this.#checkWhole(rows, { [input]: tensor });
        if (converted !== tensor) tensor.dispose();
        return converted;
      });
      return { inputs, moved: this.#transfer.start(inputs), compared };
    } catch (error) {
      this.#checkFits(rows, error as Error);
      throw error;
    }
  }

  /** @throws BatchError if a file has become shorter while it was used */
  #checkWhole({ from }: Range, inputs: Inputs): void {
    for (const column of this.columns) {
      const tensor = inputs[column.input];
      if (tensor) column.checkWhole(from, tensor);
    }
  }

  /** @throws RangeError (ValueError) that says how to compute fewer rows together, if memory ran out */
  #checkFits({ from, to: end }: Range, error: Error): void {
    if ((error as { code?: string }).code !== OUT_OF_MEMORY) return;
    const { device } = this.settings;
    const memory = (end - from) * memoryOfRow(this.columns, this.settings);
    const text = `${end - from} rows do not fit on ${device}: give a 'memory' of less than ${memory} bytes`;
    throw Object.assign(valueError(`evaluate(): ${text}, so that fewer are computed together`), {
      cause: error,
    });
  }

  /** Starts to compute rows. An error shows when they are finished. */
  start<Rows extends Range>(rows: Rows, prepared: Prepared): Started<Rows> {
    const there = this.#transfer.finish(prepared.moved);
    const computed = this.#compute(there);
    computed.catch(() => {});
    return { ...prepared, rows, there, computed };
  }

  /** Waits for the losses of rows, adds them to `scores`, and disposes of the inputs. */
  async finish(started: Started, scores: Scores): Promise<ElementsByKind> {
    const { rows, inputs, there, compared } = started;
    const count = rows.to - rows.from;
    let bad: readonly BadRow[] = [];
    let computed: Computed;
    try {
      computed = await started.computed;
    } catch (error) {
      this.settings.signal?.throwIfAborted();
      this.#checkFits(rows, error as Error);
      this.#checkWhole(rows, inputs);
      bad = await this.#badRows(rows, there, error as Error);
      computed = await computedWithout(there, goodRows(count, bad), bad, this.#computation);
    }
    const { losses, gradients } = computed;
    if (losses.shape[0] !== count) {
      throw new BatchError(
        'data',
        `${this.loss.name} gives losses of another number than ${count}`,
      );
    }
    const elements = {
      losses: elementsOf(losses, losses.toTypedArray()),
      ...(gradients && { gradients: elementsOf(gradients, await gradients.toTypedArrayAsync()) }),
    };
    this.#score(started, losses, bad, scores);
    this.#checkWhole(rows, { ...inputs, ...(compared && { [COMPARED]: compared }) });
    const all = [losses, gradients, compared, ...Object.values(inputs), ...Object.values(there)];
    for (const each of all) each?.dispose();
    return elements;
  }

  #score(
    { rows, inputs, compared }: Started,
    losses: Tensor,
    bad: readonly BadRow[],
    scores: Scores,
  ): void {
    const count = rows.to - rows.from;
    const good = goodRows(bad.length ? count : 0, bad);
    const without = (tensor: Tensor): Tensor =>
      bad.length ? tensor.index_select(0, indexOf(good)) : tensor;
    const counted = bad.length ? selected(inputs, good, this.#computation) : inputs;
    const kept = without(losses);
    const values = numbersOf(kept);
    const { tally } = scores;
    const nan = tally.losses.nan;
    tally.add(this.loss, counted, kept, values);
    if (tally.losses.nan > nan) {
      const places = nanRowsOf(values, kept.shape[0]!);
      tally.addNanRows(places.map((row) => this.#place(rows, bad.length ? good[row]! : row)));
    }
    const skipped = bad.slice(0, MOST_LISTED);
    tally.addSkipped(
      bad.length,
      skipped.map(({ row, cause }) => ({ ...this.#place(rows, row), message: cause.message })),
    );
    const numbers: Counted['rows'] = bad.length
      ? good.map((row) => rows.from + row)
      : { first: rows.from, count };
    const predictions = this.hasStatistics ? predictionsOf(this.loss, counted) : undefined;
    if (predictions) {
      (scores.statistics ??= new Statistics()).add({ values, rows: numbers }, predictions);
    }
    if (compared) {
      this.#checkCompared(rows, compared, losses);
      const between = [kept, without(compared)] as const;
      addDifferences((scores.difference ??= new Differences()), between, numbers, predictions);
    }
  }

  #checkCompared({ from }: Range, compared: Tensor, { shape }: Tensor): void {
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

  /** Returns the file and row of a row of some rows. */
  #place({ from }: Range, row: number): { file: string; row: number } {
    const { shard, row: inFile } = this.first.at(from + row);
    return { file: shard.name, row: inFile };
  }

  /** @throws BatchError that names the first row which the loss refuses, unless such rows are skipped */
  async #badRows(range: Range, inputs: Inputs, error: Error): Promise<readonly BadRow[]> {
    const rows = range.to - range.from;
    if (this.settings.onError === 'skip') {
      const bad = await badRowsOf(inputs, rows, this.#computation);
      if (bad?.length) return bad;
    }
    const first = await firstBadRow(inputs, rows, this.#computation);
    const cause = first?.cause ?? error;
    if (/dtype|scalar type/i.test(cause.message)) throw this.#dtypesRefused(inputs, cause);
    const { shard, row } = this.first.at(range.from + (first?.row ?? 0));
    const where = first ? `row ${row}` : `rows ${row} to ${row + rows - 1}`;
    const text = `${this.loss.name} refuses ${where} of ${shard.name}: ${cause.message}`;
    throw new BatchError('data', text, shard.path, row, { cause });
  }

  #dtypesRefused(inputs: Inputs, cause: Error): BatchError {
    const given = Object.entries(inputs).map(([name, { dtype }]) => `${name} of ${dtype}`);
    const text = `${this.loss.name} refuses ${given.join(', ')}: ${cause.message}`;
    return new BatchError('data', text, undefined, undefined, { cause });
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

function elementsOf({ dtype, shape }: Tensor, array: TypedArray): Elements {
  const bytes = new Uint8Array(array.buffer, array.byteOffset, array.byteLength);
  return { dtype, shape, bytes };
}

function addDifferences(
  differences: Differences,
  [losses, compared]: readonly [Tensor, Tensor],
  rows: Counted['rows'],
  predictions: Predictions | undefined,
): void {
  const [now, before] = [losses.double(), compared.double()];
  const numbers = (tensor: Tensor): Float64Array => tensor.toTypedArray() as Float64Array;
  const between = [numbers(now), numbers(before)] as const;
  const values = numbers(now.sub(before));
  differences.add(values, between[1]);
  if (!predictions) return;
  const { classes } = predictions;
  const statistics = (differences.statistics ??= new Statistics());
  statistics.add({ values, rows, between }, classes ? { classes } : {});
}
