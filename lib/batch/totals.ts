/** What chunks add up to, whichever run and machine computed them. */
import { BatchError } from './error';
import { ExactSum, type SumState } from './exact';
import { Statistics, type StatisticsState } from './statistics';
import { type BatchSummary, type DifferenceSummary, Tally, type TallyState } from './summary';

/** Where the time of a chunk went, in milliseconds. */
export interface Timing {
  /** When it was done, since the start of its run. */
  readonly at: number;
  /** Waiting for its inputs to be read. */
  readonly reading: number;
  readonly computing: number;
  /** Waiting for the chunk before it to be written. */
  readonly writing: number;
  readonly rows: number;
}

/** The difference of two scorings in some rows. */
export interface DifferenceState {
  readonly losses: SumState;
  readonly before: SumState;
  readonly lower: number;
  readonly higher: number;
  readonly equal: number;
  readonly statistics: StatisticsState | null;
}

/** What is noted of a chunk. */
export interface ScoresState {
  readonly tally: TallyState;
  readonly timing: Timing;
  readonly statistics: StatisticsState | null;
  readonly difference: DifferenceState | null;
}

/** The sums of the differences of two scorings. */
export class Differences {
  readonly losses = new ExactSum();
  readonly before = new ExactSum();
  lower = 0;
  higher = 0;
  equal = 0;
  statistics: Statistics | undefined;

  /** Adds differences, and the losses that were before. */
  add(values: Float64Array, before: Float64Array): void {
    this.losses.add(values);
    this.before.add(before);
    for (const value of values) {
      if (value < 0) this.lower++;
      else if (value > 0) this.higher++;
      else if (value === 0) this.equal++;
    }
  }

  get state(): DifferenceState {
    const { losses, before, lower, higher, equal, statistics } = this;
    return {
      losses: losses.state,
      before: before.state,
      lower,
      higher,
      equal,
      statistics: statistics?.state ?? null,
    };
  }

  addState({ losses, before, lower, higher, equal, statistics }: DifferenceState): void {
    this.losses.addSum(ExactSum.of(losses));
    this.before.addSum(ExactSum.of(before));
    this.lower += lower;
    this.higher += higher;
    this.equal += equal;
    if (statistics) (this.statistics ??= new Statistics()).addState(statistics);
  }

  summary(): DifferenceSummary {
    const { losses, before, lower, higher, equal } = this;
    return {
      mean: losses.over(losses.count),
      sum: losses.value(),
      before: before.over(before.count),
      lower,
      higher,
      equal,
      nan: losses.nan,
    };
  }
}

/** What the losses of some rows add up to. */
export class Scores {
  readonly tally = new Tally();
  statistics: Statistics | undefined;
  difference: Differences | undefined;

  get state(): Omit<ScoresState, 'timing'> {
    return {
      tally: this.tally.state,
      statistics: this.statistics?.state ?? null,
      difference: this.difference?.state ?? null,
    };
  }
}

export class Totals extends Scores {
  readonly timings: Timing[] = [];

  /** Adds a chunk. */
  add({ tally, timing, statistics, difference }: ScoresState): void {
    this.tally.addTally(Tally.of(tally));
    this.timings.push(timing);
    if (statistics) (this.statistics ??= new Statistics()).addState(statistics);
    if (difference) (this.difference ??= new Differences()).addState(difference);
  }

  /**
   * Adds the chunks of a journal.
   *
   * @throws BatchError if they are not what a job writes
   */
  addAll(journal: string, chunks: readonly ScoresState[]): void {
    try {
      for (const chunk of chunks) this.add(chunk);
    } catch (cause) {
      throw new BatchError('changed', `${journal} is damaged`, journal, undefined, { cause });
    }
  }

  summary(loss: string, reduction: string): BatchSummary {
    const summary = this.tally.summary(loss, reduction);
    return this.difference ? { ...summary, difference: this.difference.summary() } : summary;
  }
}
