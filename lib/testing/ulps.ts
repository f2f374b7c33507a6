/** Closeness in ulps: the number of representable numbers from one to the other. */
import { op } from '../nn/ops';
import { int64 } from '../tensor/dtype';
import type { Tensor } from '../tensor/tensor';
import { tupleRepr } from '../utils/python';
import { attributeMismatch, bitsOf, onCpu } from './bits';
import { placeOf, tensorMismatch } from './texts';

const isClose = op<(self: Tensor, other: Tensor, options: object) => Tensor>('isclose');
const where = op<(condition: Tensor, self: Tensor, other: Tensor) => Tensor>('where', ['self']);
const viewAsReal = op<(self: Tensor) => Tensor>('view_as_real');

export interface UlpOptions {
  ulps: number;
  rtol: number;
  atol: number;
  equal_nan: boolean;
}

/**
 * How two tensors differ in dtype, shape, or an element by more than the options allow; undefined where they do not.
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
  const distances = distancesOf(left, right);
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
  return `${report}\nGreatest distance: ${distance} ulps at index ${place} (up to ${ulps} allowed)`;
}

/** The distance of each pair of elements, of complex ones that of the part that is further off, as float64. */
function distancesOf(actual: Tensor, expected: Tensor): Tensor {
  const [left, right] = [actual, expected].map((tensor) =>
    tensor.is_complex() ? viewAsReal(tensor) : tensor,
  ) as [Tensor, Tensor];
  const [a, b] = [rankOf(left), rankOf(right)];
  // The difference of integers is exact unless it overflows, where that of doubles is large enough.
  const rough = a.double().sub(b.double()).abs();
  const exact = a.sub(b).abs().double();
  const distance = where(rough.lt(2 ** 62), exact, rough);
  const isNumber = left.isfinite().logical_and(right.isfinite()).logical_or(left.eq(right));
  const distances = distance.masked_fill(isNumber.logical_not(), Number.POSITIVE_INFINITY);
  return actual.is_complex() ? distances.amax(-1) : distances;
}

/** Numbers the representable numbers in their order, both zeros as 0. */
function rankOf(tensor: Tensor): Tensor {
  if (!tensor.is_floating_point()) return tensor.to(int64);
  const bits = bitsOf(tensor).to(int64);
  const lowest = -(2n ** BigInt(8 * tensor.itemsize - 1));
  return where(bits.lt(0), bits.neg().add(lowest), bits);
}
