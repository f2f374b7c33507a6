/** What a report shows of losses: their distribution, the worst rows, the classes, the calibration. */
import { type BucketState, Buckets } from './buckets';

/** A row, by its number in the whole input, and its value: the mean of its losses. */
export interface RankedRow {
  readonly row: number;
  readonly value: number;
  /** For a difference: the row's loss in each of the two scorings. */
  readonly losses?: readonly [now: number, before: number];
}

/** The losses of the samples of a class. */
export interface ClassCounts {
  count: number;
  sum: number;
  /** How many have this class as the prediction. Null if the loss has no predictions. */
  correct: number | null;
}

/** Predictions of about the same probability. */
export interface Bin {
  count: number;
  /** The sum of the probabilities. */
  confidence: number;
  /** The sum of what came true. */
  outcome: number;
}

/** The bins of equal width in which predictions are counted. */
export const BINS = 20;
/** A report shows so many rows. */
const MOST_RANKED = 20;

/** A number that JSON may not have. */
type Text = number | string;
type RankedState = readonly [row: number, value: Text, now?: Text, before?: Text];

export interface StatisticsState {
  readonly buckets: BucketState;
  readonly least: number | null;
  readonly greatest: number | null;
  readonly highest: readonly RankedState[];
  readonly lowest: readonly RankedState[];
  /** The number of a class, its count, sum and correct predictions, and so on. */
  readonly classes: readonly (number | null)[] | null;
  readonly bins: readonly (readonly [count: number, confidence: number, outcome: number])[] | null;
}

/** Losses of some rows, to be counted. */
export interface Counted {
  readonly values: Float32Array | Float64Array;
  /** The values of each row, after that of `first`. */
  readonly rows: readonly number[] | { readonly first: number; readonly count: number };
  /** The two losses whose difference a value is. */
  readonly between?: readonly [now: Float64Array, before: Float64Array] | undefined;
}

/** What the samples are and what was predicted for them. */
export interface Predictions {
  /** The class of each value, or -1 for one that does not count. */
  readonly classes?: Int32Array;
  /** 1 for each value whose class was predicted, else 0. */
  readonly correct?: Float32Array;
  /** Probabilities, and what came true of each. */
  readonly confidence?: Float32Array;
  readonly outcome?: Float32Array;
}

export class Statistics {
  readonly buckets = new Buckets();
  highest: RankedRow[] = [];
  lowest: RankedRow[] = [];
  classes: Map<number, ClassCounts> | undefined;
  bins: Bin[] | undefined;

  add(counted: Counted, { classes, correct, confidence, outcome }: Predictions): void {
    this.buckets.add(counted.values);
    this.#rank(counted);
    if (classes) this.#addClasses(counted.values, classes, correct);
    if (confidence && outcome) this.#addBins(confidence, outcome);
  }

  #rank({ values, rows, between }: Counted): void {
    const count = 'first' in rows ? rows.count : rows.length;
    const perRow = values.length / count;
    if (!perRow) return;
    const meanOf = (of: Float32Array | Float64Array, at: number): number => {
      if (perRow === 1) return of[at]!;
      let sum = 0;
      for (let i = at * perRow; i < (at + 1) * perRow; i++) sum += of[i]!;
      return sum / perRow;
    };
    for (let i = 0; i < count; i++) {
      const value = meanOf(values, i);
      const isHigh = !(value <= this.#bound(this.highest));
      const isLow = !(value >= this.#bound(this.lowest));
      if (Number.isNaN(value) || !(isHigh || isLow)) continue;
      const row = 'first' in rows ? rows.first + i : rows[i]!;
      const ranked = between
        ? { row, value, losses: [meanOf(between[0], i), meanOf(between[1], i)] as const }
        : { row, value };
      if (isHigh) insert(this.highest, ranked, (other) => other.value < value);
      if (isLow) insert(this.lowest, ranked, (other) => other.value > value);
    }
  }

  /** Returns the last of the ranked values, or NaN as long as there is room. */
  #bound(ranked: readonly RankedRow[]): number {
    return ranked.length < MOST_RANKED ? Number.NaN : ranked.at(-1)!.value;
  }

  #addClasses(
    values: Float32Array | Float64Array,
    classes: Int32Array,
    correct: Float32Array | undefined,
  ): void {
    for (let i = 0; i < classes.length; i++) {
      const name = classes[i]!;
      const value = values[i]!;
      if (name < 0 || Number.isNaN(value)) continue;
      this.#addClass(name, 1, value, correct ? correct[i]! : null);
    }
  }

  #addClass(name: number, count: number, sum: number, correct: number | null): void {
    this.classes ??= new Map();
    const known = this.classes.get(name);
    if (!known) {
      this.classes.set(name, { count, sum, correct });
      return;
    }
    known.count += count;
    known.sum += sum;
    if (correct !== null) known.correct = (known.correct ?? 0) + correct;
  }

  #addBins(confidence: Float32Array, outcome: Float32Array): void {
    const bins = (this.bins ??= emptyBins());
    for (let i = 0; i < confidence.length; i++) {
      const probability = confidence[i]!;
      const bin = bins[Math.min(BINS - 1, Math.floor(probability * BINS))];
      if (!bin) continue; // NaN, or no probability
      bin.count++;
      bin.confidence += probability;
      bin.outcome += outcome[i]!;
    }
  }

  get state(): StatisticsState {
    const { buckets, classes, bins } = this;
    const isEmpty = buckets.count === 0;
    return {
      buckets: buckets.state,
      least: isEmpty ? null : buckets.least,
      greatest: isEmpty ? null : buckets.greatest,
      highest: this.highest.map(rankedState),
      lowest: this.lowest.map(rankedState),
      classes: classes
        ? [...classes].flatMap(([name, { count, sum, correct }]) => [name, count, sum, correct])
        : null,
      bins: bins
        ? bins.map(({ count, confidence, outcome }) => [count, confidence, outcome])
        : null,
    };
  }

  addState(state: StatisticsState): void {
    const { least, greatest, classes, bins } = state;
    this.buckets.addState(
      state.buckets,
      least ?? Number.POSITIVE_INFINITY,
      greatest ?? Number.NEGATIVE_INFINITY,
    );
    this.highest = ranking([...this.highest, ...state.highest.map(rankedOf)], -1);
    this.lowest = ranking([...this.lowest, ...state.lowest.map(rankedOf)], 1);
    for (let i = 0; i < (classes?.length ?? 0); i += 4) {
      const [name, count, sum, correct] = classes!.slice(i, i + 4);
      this.#addClass(name!, count!, sum!, correct!);
    }
    if (!bins) return;
    this.bins ??= emptyBins();
    for (const [i, [count, confidence, outcome]] of bins.entries()) {
      const bin = this.bins[i]!;
      bin.count += count;
      bin.confidence += confidence;
      bin.outcome += outcome;
    }
  }
}

const emptyBins = (): Bin[] =>
  Array.from({ length: BINS }, () => ({ count: 0, confidence: 0, outcome: 0 }));

/** Inserts a row before the first one that it precedes. */
function insert(
  ranked: RankedRow[],
  row: RankedRow,
  precedes: (other: RankedRow) => boolean,
): void {
  const at = ranked.findIndex(precedes);
  ranked.splice(at < 0 ? ranked.length : at, 0, row);
  if (ranked.length > MOST_RANKED) ranked.pop();
}

/** Sorts by value, in a direction, and rows of the same value by their numbers. */
const ranking = (rows: RankedRow[], direction: number): RankedRow[] =>
  rows
    .sort((a, b) => (a.value === b.value ? a.row - b.row : direction * (a.value - b.value)))
    .slice(0, MOST_RANKED);

const textOf = (value: number): Text => (Number.isFinite(value) ? value : String(value));

const rankedState = ({ row, value, losses }: RankedRow): RankedState =>
  losses ? [row, textOf(value), ...(losses.map(textOf) as [Text, Text])] : [row, textOf(value)];

const rankedOf = ([row, value, now, before]: RankedState): RankedRow =>
  now === undefined
    ? { row, value: Number(value) }
    : { row, value: Number(value), losses: [Number(now), Number(before)] };
