/** Closeness in ulps: the number of representable numbers from one to the other. */
import { op } from '../nn/ops';
import type { Tensor } from '../tensor/tensor';
import { tupleRepr } from '../utils/python';
import { attributeMismatch, onCpu } from './bits';
import { realOf } from './difference/bits';
import { distancesOf } from './difference/distances';
import { placeOf } from './difference/place';
import { explanation } from './explanation';
import { tensorMismatch } from './texts';

const isClose = op<(self: Tensor, other: Tensor, options: object) => Tensor>('isclose');

export interface UlpOptions {
  ulps: number;
  rtol: number;
  atol: number;
  equal_nan: boolean;
}

/**
 * Describes how two tensors differ in dtype, shape, or in an element by more than the options allow. Returns undefined
 * if they do not.
 *
 * @throws TypeError for tensors that are not strided
 */
export function ulpMismatch(
  actual: Tensor,
  expected: Tensor,
  { ulps, ...tolerances }: UlpOptions,
): string | undefined {
  const attribute = attributeMismatch(actual, expected);
  if (attribute !== undefined) return attribute;
  const [left, right] = [onCpu(actual), onCpu(expected)];
  // For a complex number, the part with the larger distance counts.
  const parts = distancesOf(realOf(left), realOf(right));
  const distances = left.is_complex() ? parts.amax(-1) : parts;
  const matches = isClose(left, right, tolerances).logical_or(distances.le(ulps));
  if (matches.all().item()) return undefined;
  const [a, b, found] = [left, right, matches].map((tensor) => tensor.reshape([-1])) as [
    Tensor,
    Tensor,
    Tensor,
  ];
  const report = tensorMismatch(a, b, found, tolerances, 'Tensors');
  const furthest = distances.masked_fill(matches, -1).flatten().argmax().item();
  const place = tupleRepr(placeOf(furthest, left.shape));
  const distance = distances.flatten().index(furthest).item();
  const greatest = `Greatest distance: ${distance} ulps at index ${place} (up to ${ulps} allowed)`;
  return `${report}\n${greatest}${explanation(actual, expected)}`;
}
