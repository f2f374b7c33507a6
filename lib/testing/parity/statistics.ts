/** Statistics of a run: how many cases were equal, close and different, and the largest differences. */
import type { LossCase } from './generate';
import type { Difference, Outcome } from './outcome';
import { isClose, measure, type Tolerance } from './ulps';

/** What came of a case. `close` is given only where there is a tolerance. */
export type Verdict = 'equal' | 'close' | 'different';

/** What came of a case, and how far its values and gradients were off. */
export interface Comparison {
  readonly verdict: Verdict;
  /** Both sides refused it, with the same error. */
  readonly refused: boolean;
  /** Python gave warnings. */
  readonly warned: boolean;
  readonly ulps: { readonly value: number; readonly gradient: number };
}

/**
 * Sums up the differences of a case from Python's outcome. It is close if nothing differs but numbers, within the
 * tolerance, and the way in which they were computed.
 */
export function summarise(
  found: readonly Difference[],
  { error, warnings }: Outcome,
  tolerance: Tolerance | undefined,
): Comparison {
  const ulps = { value: 0, gradient: 0 };
  for (const { kind, tensors, isGraph } of found) {
    if (kind === 'error' || kind === 'warning' || isGraph) continue;
    const steps = tensors ? measure(...tensors).ulps : Infinity;
    ulps[kind] = Math.max(ulps[kind], steps);
  }
  const close =
    tolerance !== undefined &&
    found.every(({ tensors, isGraph }) => isGraph || (tensors && isClose(...tensors, tolerance)));
  const verdict = found.length === 0 ? 'equal' : close ? 'close' : 'different';
  return { verdict, refused: error !== null, warned: warnings.length > 0, ulps };
}

/** The counts of some cases. */
export class Counts {
  cases = 0;
  equal = 0;
  close = 0;
  different = 0;
  /** Of the equal ones, those that both sides refused with the same error. */
  refused = 0;
  /** Of the equal ones, those in which both sides gave the same warnings. */
  warned = 0;
  /** The largest distance of an element, in ulps. */
  readonly ulps = { value: 0, gradient: 0 };

  add({ verdict, refused, warned, ulps }: Comparison): void {
    this.cases++;
    this[verdict]++;
    if (refused && verdict === 'equal') this.refused++;
    if (warned && verdict === 'equal') this.warned++;
    this.ulps.value = Math.max(this.ulps.value, ulps.value);
    this.ulps.gradient = Math.max(this.ulps.gradient, ulps.gradient);
  }
}

/** The ways in which cases are grouped: a case belongs to one group or several of each. */
const GROUPINGS = {
  loss: ({ loss }: LossCase) => [loss],
  reduction: ({ reduction }: LossCase) => [reduction],
  dtype: ({ dtype }: LossCase) => [dtype],
  device: ({ call }: LossCase) => [call.device ?? 'cpu'],
  form: ({ form }: LossCase) => [form],
  layout: ({ layout }: LossCase) => [layout],
  option: ({ options }: LossCase) => (options.length ? options : ['none']),
  'loss and dtype': ({ loss, dtype }: LossCase) => [`${loss} ${dtype}`],
} as const;

export type Grouping = keyof typeof GROUPINGS;

/** All counts of a run: in total, and by everything that a case can be grouped by. */
export class Statistics {
  readonly total = new Counts();
  readonly by: Readonly<Record<Grouping, Record<string, Counts>>>;

  constructor() {
    const groupings = Object.keys(GROUPINGS).map((name) => [name, {}] as const);
    this.by = Object.fromEntries(groupings) as Record<Grouping, Record<string, Counts>>;
  }

  add(of: LossCase, comparison: Comparison): void {
    this.total.add(comparison);
    for (const [name, groups] of Object.entries(GROUPINGS) as [
      Grouping,
      (of: LossCase) => readonly string[],
    ][]) {
      for (const group of groups(of)) (this.by[name][group] ??= new Counts()).add(comparison);
    }
  }
}
