/** Distances in ulps: the number of representable numbers from one to the other. */
import { op } from '../../nn/ops';
import { int64 } from '../../tensor/dtype';
import type { Tensor } from '../../tensor/tensor';
import { bitsOf } from './bits';

const where = op<(condition: Tensor, self: Tensor, other: Tensor) => Tensor>('where', ['self']);

/**
 * Returns the distance of each pair of real elements, as float64. Both zeros count as one number. An infinity is
 * infinitely far from everything but itself, and NaN from everything.
 */
export function distancesOf(actual: Tensor, expected: Tensor): Tensor {
  const [a, b] = [rankOf(actual), rankOf(expected)];
  // The difference of the integers is exact, unless it overflows. That of the doubles then shows that the distance is
  // large.
  const rough = a.double().sub(b.double()).abs();
  const exact = a.sub(b).abs().double();
  const distance = where(rough.lt(2 ** 62), exact, rough);
  const [left, right] = [actual.double(), expected.double()];
  const isNumber = left.isfinite().logical_and(right.isfinite()).logical_or(left.eq(right));
  return distance.masked_fill(isNumber.logical_not(), Number.POSITIVE_INFINITY);
}

/** Returns the position of each element among the representable numbers. Both zeros have the position 0. */
function rankOf(tensor: Tensor): Tensor {
  if (!tensor.is_floating_point()) return tensor.to(int64);
  const bits = bitsOf(tensor).to(int64);
  const lowest = -(2n ** BigInt(8 * tensor.itemsize - 1));
  return where(bits.lt(0), bits.neg().add(lowest), bits);
}
