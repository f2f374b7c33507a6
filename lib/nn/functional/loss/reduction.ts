/**
 * The reduction of losses, by `reduction` or by the deprecated `size_average` and `reduce`. Source:
 * torch/nn/_reduction.py.
 */

import type { MarshalledReduction } from '../../../bindings/native';
import type { Callee } from '../../../dispatch/arguments';
import { mismatch } from '../../../dispatch/signature';
import { repr } from '../../../utils/python';

/** The reduction of a loss: none, the mean, or the sum of its elements. */
export type Reduction = 'none' | 'mean' | 'sum';

/** Options that `reduction` replaced. If one is given, it overrides `reduction` with a warning, as in torch. */
export interface LegacyReductionOptions {
  /** @deprecated Use `reduction`. */
  size_average?: boolean | null;
  /** @deprecated Use `reduction`. */
  reduce?: boolean | null;
}

export interface ReductionOption<R extends string = Reduction> {
  /** The result: the loss of each element, their mean, or their sum. Default: `'mean'`. */
  reduction?: R;
}

/** The values that determine the reduction, from options or from a module's attributes. */
export interface ReductionValues {
  readonly reduction?: unknown;
  readonly size_average?: unknown;
  readonly reduce?: unknown;
}

/** Known names. Each is passed to the native side as its index in this list (native/losses/reduction.h). */
const REDUCTIONS = ['none', 'mean', 'sum', 'batchmean', 'elementwise_mean'];
/** The reduction that `size_average` and `reduce` imply is multiplied by this and added to the other reduction. */
const LEGACY_FACTOR = 8;

/** The losses whose check in Python raises a TypeError if the reduction is not a string. */
const STRING_ONLY = ['gaussian_nll_loss', 'multilabel_soft_margin_loss', 'poisson_nll_loss'];

/**
 * Converts `reduction` for the native side. A value that is not a string is passed as Python's text of it, for the
 * error message.
 */
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

/** Like {@link marshalReduction}, with `size_average` and `reduce`. If one of them is given, the native side warns. */
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

/** Returns whether `size_average` or `reduce` is given. */
export const isLegacy = ({ size_average, reduce }: ReductionValues): boolean =>
  !(isUnset(size_average) && isUnset(reduce));

/**
 * Returns the reduction that `size_average` and `reduce` imply. A missing one counts as true.
 *
 * @param expected - describes the values that each accepts, for the error message
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
