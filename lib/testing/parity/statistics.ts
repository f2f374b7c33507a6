/** Statistics of a run: the numbers of equal, close and different cases, and the largest differences. */

import type { Tolerances } from '../tolerances';
import type { LossCase } from './generate';
import { type Difference, deviationOf, type Outcome } from './outcome';

/** The verdict on a case. `close` exists only with a tolerance. */
export type Verdict = 'equal' | 'close' | 'different';

/** The verdict on a case, and the largest differences of its values and gradients. */
export interface Comparison {
  readonly verdict: Verdict;
  /** Whether both threw the same error. */
  readonly refused: boolean;
  /** Whether Python gave warnings. */
  readonly warned: boolean;
  readonly ulps: { readonly value: number; readonly gradient: number };
}

/**
 * Summarizes the differences of a case. A case is close if only numbers differ, within the tolerance, or names of
 * `grad_fn`.
 */
export function summarise(
  found: readonly Difference[],
  { error, warnings }: Outcome,
  tolerance: Tolerances | undefined,
): Comparison {
  const ulps = { value: 0, gradient: 0 };
  for (const { kind, tensors, isGraph } of found) {
    if (kind === 'error' || kind === 'warning' || isGraph) continue;
    const steps = tensors ? deviationOf(...tensors)!.ulps.greatest : Infinity;
    ulps[kind] = Math.max(ulps[kind], steps);
  }
  const close =
    tolerance !== undefined &&
    found.every(
      ({ tensors, isGraph }) =>
        isGraph || (tensors && deviationOf(...tensors, tolerance)?.isClose !== false),
    );
  const verdict = found.length === 0 ? 'equal' : close ? 'close' : 'different';
  return { verdict, refused: error !== null, warned: warnings.length > 0, ulps };
}

/** Counts of cases. */
export class Counts {
  cases = 0;
  equal = 0;
  close = 0;
  different = 0;
  /** The number of equal cases in which both threw the same error. */
  refused = 0;
  /** The number of equal cases in which both gave the same warnings. */
  warned = 0;
  /** The largest difference of an element, in ulps. */
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

/** The ways to group cases. A case can belong to several groups of each. */
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

/** All counts of a run, in total and by group. */
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
