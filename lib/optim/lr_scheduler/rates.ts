/** Arithmetic on learning rates, which are numbers or tensors with one element. */
import { asFloat } from '../../tensor/scalar';
import type { Tensor } from '../../tensor/tensor';
import { divide } from '../../utils/scalar_math';

/** A learning rate: a number, or a tensor with one element. */
export type Rate = number | Tensor;

const operand = (rate: Rate): Tensor =>
  (typeof rate === 'number' ? asFloat(rate) : rate) as unknown as Tensor;

export function times(a: Rate, b: Rate): Rate {
  if (typeof a !== 'number') return a.mul(operand(b));
  return typeof b === 'number' ? a * b : b.mul(operand(a));
}

export function plus(a: Rate, b: Rate): Rate {
  if (typeof a !== 'number') return a.add(operand(b));
  return typeof b === 'number' ? a + b : b.add(operand(a));
}

export function minus(a: Rate, b: Rate): Rate {
  if (typeof a !== 'number') return a.sub(operand(b));
  return typeof b === 'number' ? a - b : b.neg().add(operand(a));
}

export function over(a: Rate, b: number): Rate {
  return typeof a === 'number' ? divide(a, b) : a.div(operand(b));
}
