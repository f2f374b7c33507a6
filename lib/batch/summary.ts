/** The sum and the mean of a job's losses, which do not depend on its chunks. */
import * as dtypes from '../tensor/dtype';
import type { Tensor } from '../tensor/tensor';
import { ExactSum, type SumState } from './exact';
import { type Chunked, hasProbabilities } from './losses';

/** Where a row is. */
export interface RowPlace {
  readonly file: string;
  /** The number of the row in the file, from 0. */
  readonly row: number;
}

/** A row that was left out, and why. */
export interface SkippedRow extends RowPlace {
  readonly message: string;
}

/** The result of a job. */
export interface BatchSummary {
  readonly loss: string;
  readonly rows: number;
  /** The number of losses: several for a row, if `reduction='none'` gives several. */
  readonly losses: number;
  readonly reduction: string;
  /** The sum or the mean, as `reduction` says; null for `'none'`. */
  readonly value: number | null;
  /** The exact mean, divided as torch's `'mean'` divides, and rounded once. */
  readonly mean: number;
  /** The exact sum, rounded once. */
  readonly sum: number;
  /** How many losses are NaN, and infinite. */
  readonly nan: number;
  readonly infinite: number;
  /** The first rows with a loss that is NaN. */
  readonly nanRows: readonly RowPlace[];
  readonly skipped: number;
  /** The first rows that were skipped. */
  readonly skippedRows: readonly SkippedRow[];
  /** How the losses differ from those that they were compared with. */
  readonly difference?: DifferenceSummary;
}

/** The difference of two scorings: the losses, less those before. Its means are of all losses, without weights. */
export interface DifferenceSummary {
  /** The exact mean of the differences, and their exact sum, each rounded once. */
  readonly mean: number;
  readonly sum: number;
  /** The mean of the losses before. */
  readonly before: number;
  /** How many losses are lower than before, higher, and equal. */
  readonly lower: number;
  readonly higher: number;
  readonly equal: number;
  /** How many differences are NaN. */
  readonly nan: number;
}

/** A summary lists so many rows. */
export const MOST_LISTED = 10;

export interface TallyState {
  readonly rows: number;
  readonly losses: SumState;
  readonly means: SumState | null;
  readonly weights: SumState | null;
  readonly ignored: number;
  readonly nanRows: readonly RowPlace[];
  readonly skipped: number;
  readonly skippedRows: readonly SkippedRow[];
}

/** What the summary of some rows is made of. */
export class Tally {
  rows = 0;
  readonly losses = new ExactSum();
  /** The sum whose quotient is the mean, if it is another. */
  means: ExactSum | undefined;
  weights: ExactSum | undefined;
  ignored = 0;
  nanRows: RowPlace[] = [];
  skipped = 0;
  skippedRows: SkippedRow[] = [];

  static of(state: TallyState): Tally {
    const tally = new Tally();
    Object.assign(tally, state, {
      losses: ExactSum.of(state.losses),
      means: state.means ? ExactSum.of(state.means) : undefined,
      weights: state.weights ? ExactSum.of(state.weights) : undefined,
    });
    return tally;
  }

  get state(): TallyState {
    return {
      rows: this.rows,
      losses: this.losses.state,
      means: this.means?.state ?? null,
      weights: this.weights?.state ?? null,
      ignored: this.ignored,
      nanRows: this.nanRows,
      skipped: this.skipped,
      skippedRows: this.skippedRows,
    };
  }

  /** Lists rows whose losses are NaN, after those that are listed. */
  addNanRows(rows: readonly RowPlace[]): void {
    this.nanRows = [...this.nanRows, ...rows].slice(0, MOST_LISTED);
  }

  /** Counts rows that were skipped, and lists the first. */
  addSkipped(count: number, rows: readonly SkippedRow[]): void {
    this.skipped += count;
    this.skippedRows = [...this.skippedRows, ...rows].slice(0, MOST_LISTED);
  }

  /** Adds the losses of rows. */
  add(
    loss: Chunked,
    inputs: Readonly<Record<string, Tensor>>,
    losses: Tensor,
    numbers: Float32Array | Float64Array,
  ): void {
    this.rows += losses.shape[0]!;
    this.losses.add(numbers);
    if (loss.divisor === 'classes') this.#addClasses(loss, inputs);
    const { weight } = inputs;
    if (loss.divisor === 'weight' && weight)
      (this.weights ??= new ExactSum()).add(numbersOf(weight));
    if (loss.divisor === 'lengths') {
      const lengths = inputs['target_lengths']!.clamp_min(1);
      (this.means ??= new ExactSum()).add(numbersOf(losses.div(lengths)));
    }
  }

  #addClasses({ options }: Chunked, inputs: Readonly<Record<string, Tensor>>): void {
    const { input, target } = inputs as { input: Tensor; target: Tensor };
    if (hasProbabilities(input, target)) return;
    const counted = target.ne(options['ignore_index'] as number);
    const weight = options['weight'] as Tensor | null;
    if (weight) {
      const weights = weight.cpu().index(target.index(counted).to(dtypes.int64));
      (this.weights ??= new ExactSum()).add(numbersOf(weights));
    } else {
      this.ignored += target.numel() - counted.sum().item();
    }
  }

  addTally(other: Tally): void {
    this.rows += other.rows;
    this.losses.addSum(other.losses);
    if (other.means) (this.means ??= new ExactSum()).addSum(other.means);
    if (other.weights) (this.weights ??= new ExactSum()).addSum(other.weights);
    this.ignored += other.ignored;
    this.addNanRows(other.nanRows);
    this.addSkipped(other.skipped, other.skippedRows);
  }

  get mean(): number {
    return (this.means ?? this.losses).over(this.weights ?? this.losses.count - this.ignored);
  }

  summary(name: string, reduction: string): BatchSummary {
    const { losses, mean } = this;
    const sum = losses.value();
    const values: Record<string, number> = { mean, sum, batchmean: losses.over(this.rows) };
    return {
      loss: name,
      rows: this.rows + this.skipped,
      losses: losses.count,
      reduction,
      value: values[reduction] ?? null,
      mean,
      sum,
      nan: losses.nan,
      infinite: losses.infinite[0] + losses.infinite[1],
      nanRows: this.nanRows,
      skipped: this.skipped,
      skippedRows: this.skippedRows,
    };
  }
}

/** Returns the elements as float32 or float64, which hold each value of narrower dtypes. */
export function numbersOf(tensor: Tensor): Float32Array | Float64Array {
  const isDouble = tensor.dtype === dtypes.float64;
  const wide = isDouble || tensor.dtype === dtypes.float32 ? tensor : tensor.to(dtypes.float32);
  return wide.toTypedArray() as Float32Array | Float64Array;
}

/** Returns the numbers of the first rows that have a NaN. */
export function nanRowsOf(values: Float32Array | Float64Array, rows: number): number[] {
  const perRow = values.length / rows;
  const found: number[] = [];
  for (let i = 0; i < values.length && found.length < MOST_LISTED; i++) {
    if (Number.isNaN(values[i]!)) {
      const row = Math.floor(i / perRow);
      found.push(row);
      i = (row + 1) * perRow - 1;
    }
  }
  return found;
}
