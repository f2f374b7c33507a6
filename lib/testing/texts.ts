/** The messages about values that differ. Source: torch/testing/_comparison.py, of the same release. */
import { op } from '../nn/ops';
import type { Tensor } from '../tensor/tensor';
import { tupleRepr } from '../utils/python';
import { placeOf } from './difference/place';
import {
  absolute,
  absoluteDifference,
  areEqual,
  itemOf,
  numberText,
  type PythonNumber,
  percentage,
  quotient,
} from './numbers';
import type { Tolerances } from './tolerances';

interface Difference {
  readonly value: PythonNumber;
  /** The index in a tensor. */
  readonly index?: readonly number[];
}

const max = op<(self: Tensor, dim: number) => { values: Tensor; indices: Tensor }>('max', ['dim']);
const nonzero = op<(self: Tensor) => Tensor>('nonzero');

/** Returns the message about two numbers, or 0-d tensors that are compared as numbers. */
export function scalarMismatch(
  actual: PythonNumber,
  expected: PythonNumber,
  tolerances: Tolerances,
  identifier = 'Scalars',
): string {
  const difference = absoluteDifference(actual, expected);
  const relative = areEqual(expected, 0n)
    ? Number.POSITIVE_INFINITY
    : quotient(difference, absolute(expected));
  const extra = `Expected ${numberText(expected)} but got ${numberText(actual)}.`;
  return closenessText(identifier, extra, { value: difference }, { value: relative }, tolerances);
}

/** Returns the message about two tensors of one shape and dtype. `matches` is true for elements that are close. */
export function tensorMismatch(
  actual: Tensor,
  expected: Tensor,
  matches: Tensor,
  tolerances: Tolerances,
  identifier = 'Tensor-likes',
): string {
  const total = matches.numel();
  const mismatches = total - Number(matches.sum().item());
  const extra = `Mismatched elements: ${mismatches} / ${total} (${percentage(mismatches / total)})`;
  if (isTiny(actual)) {
    const first = nonzero(matches.logical_not()).index(0).tolist() as number[];
    return (
      `${identifier} are not 'equal'!\n\n${extra}\n` +
      `The first mismatched element is at index ${tupleRepr(first)}.`
    );
  }
  const [flatActual, flatExpected] = [flatten(actual), flatten(expected)];
  const matching = matches.flatten();
  const absoluteDifferences = flatActual.sub(flatExpected).abs().masked_fill_(matching, 0);
  const relativeDifferences = absoluteDifferences.div(flatExpected.abs()).masked_fill_(matching, 0);
  const [absoluteGreatest, relativeGreatest] = [absoluteDifferences, relativeDifferences].map(
    (differences) => greatest(differences, matches.shape),
  ) as [Difference, Difference];
  return closenessText(identifier, extra, absoluteGreatest, relativeGreatest, tolerances);
}

/** Returns whether a dtype is an 8-bit float. Such values are compared as bits. */
export const isTiny = ({ dtype }: Tensor): boolean =>
  dtype.is_floating_point && dtype.itemsize === 1;

function flatten(tensor: Tensor): Tensor {
  const { is_floating_point, is_complex } = tensor.dtype;
  return is_floating_point || is_complex ? tensor.flatten() : tensor.flatten().long();
}

function greatest(differences: Tensor, shape: readonly number[]): Difference {
  const { values, indices } = max(differences, 0);
  return { value: itemOf(values), index: placeOf(Number(indices.item()), shape) };
}

function closenessText(
  identifier: string,
  extra: string,
  absoluteDifference: Difference,
  relativeDifference: Difference,
  { rtol, atol }: Tolerances,
): string {
  const isEquality = rtol === 0 && atol === 0;
  const line = (kind: string, { value, index }: Difference, tolerance: number): string => {
    const title = `${kind[0]!.toUpperCase()}${kind.slice(1)}`;
    const head = index ? `Greatest ${kind} difference` : `${title} difference`;
    const place = index ? ` at index ${tupleRepr(index)}` : '';
    const allowed = isEquality ? '' : ` (up to ${numberText(tolerance)} allowed)`;
    return `${head}: ${numberText(value)}${place}${allowed}`;
  };
  return [
    `${identifier} are not ${isEquality ? 'equal' : 'close'}!\n`,
    extra,
    line('absolute', absoluteDifference, atol),
    line('relative', relativeDifference, rtol),
  ].join('\n');
}
