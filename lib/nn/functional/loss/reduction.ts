/** How losses are reduced, by `reduction` or by the deprecated `size_average` and `reduce`. Source: torch/nn/_reduction.py. */

import type { MarshalledReduction } from '../../../bindings/native';
import type { Callee } from '../../../dispatch/arguments';
import { mismatch } from '../../../dispatch/signature';
import { repr } from '../../../utils/python';

/** How a loss is reduced: not at all, to the mean, or to the sum of its elements. */
export type Reduction = 'none' | 'mean' | 'sum';

/** Superseded by `reduction`; either, when given, overrides it with a warning, as in torch. */
export interface LegacyReductionOptions {
  /** @deprecated Use `reduction`. */
  size_average?: boolean | null;
  /** @deprecated Use `reduction`. */
  reduce?: boolean | null;
}

export interface ReductionOption<R extends string = Reduction> {
  /** What is returned: the loss of each element, their mean, or their sum. Default: `'mean'`. */
  reduction?: R;
}

/** The values that decide how a loss is reduced: options, or a module's attributes. */
export interface ReductionValues {
  readonly reduction?: unknown;
  readonly size_average?: unknown;
  readonly reduce?: unknown;
}

/** The names that cross to the native side as their place in this list (native/losses/reduction.h). */
const REDUCTIONS = ['none', 'mean', 'sum', 'batchmean', 'elementwise_mean'];
/** The reduction that `size_average` and `reduce` ask for crosses as a multiple of this, added to the other. */
const LEGACY_FACTOR = 8;

/** The losses where Python's own check raises a TypeError for a reduction that is not a string. */
const STRING_ONLY = ['gaussian_nll_loss', 'multilabel_soft_margin_loss', 'poisson_nll_loss'];

/** Marshals the reduction alone. A value that is not a string crosses as Python's text of it, for the error. */
export function marshalReduction(callee: Callee, reduction: unknown): number | string {
  if (typeof reduction !== 'string' && STRING_ONLY.includes(callee.name)) {
    throw mismatch(callee, 'reduction', 'a string', reduction);
  }
  return marshalName(callee, reduction);
}

function marshalName(callee: Callee, reduction: unknown): number | string {
  const name = typeof reduction === 'string' ? reduction : textOf(callee, reduction);
  const code = REDUCTIONS.indexOf(name);
  return code >= 0 ? code : name;
}

function textOf(callee: Callee, reduction: unknown): string {
  const isPlain = reduction === null || /^(number|bigint|boolean)$/.test(typeof reduction);
  if (isPlain) return repr(reduction);
  throw mismatch(callee, 'reduction', 'a string', reduction);
}

/** As {@link marshalReduction}, with `size_average` and `reduce`; the native side warns where one of them is given. */
export function marshalLegacyReduction(
  callee: Callee,
  values: ReductionValues,
): MarshalledReduction {
  if (!isLegacy(values)) return marshalReduction(callee, values.reduction);
  const marshalled = marshalName(callee, values.reduction);
  const { size_average, reduce } = values;
  const legacy = REDUCTIONS.indexOf(legacyReduction(callee, size_average, reduce, 'a boolean'));
  return typeof marshalled === 'number'
    ? marshalled + LEGACY_FACTOR * (legacy + 1)
    : [marshalled, legacy];
}

const isUnset = (value: unknown): boolean => value === null || value === undefined;

/** Whether `size_average` or `reduce` is given. */
export const isLegacy = ({ size_average, reduce }: ReductionValues): boolean =>
  !(isUnset(size_average) && isUnset(reduce));

/**
 * Returns what `size_average` and `reduce` ask for; one that is not given counts as true.
 *
 * @param expected - what each takes, for the error where it is something else
 */
export function legacyReduction(
  callee: Callee,
  sizeAverage: unknown,
  reduce: unknown,
  expected: string,
): Reduction {
  for (const [name, value] of Object.entries({ size_average: sizeAverage, reduce })) {
    if (!isUnset(value) && typeof value !== 'boolean')
      throw mismatch(callee, name, expected, value);
  }
  if (reduce === false) return 'none';
  return sizeAverage === false ? 'sum' : 'mean';
}
