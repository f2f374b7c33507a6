/**
 * Python's arithmetic of hyperparameters, which are numbers or tensors. With numbers it gives the bits of Python's
 * floats; with tensors it calls the operators that Python's `+`, `-`, `*`, `/` and `**` call.
 */
import { op, power } from '../nn/ops';
import { asFloat, type Scalar } from '../tensor/scalar';
import type { Tensor } from '../tensor/tensor';
import { divide } from '../utils/scalar_math';

/** A number, or a tensor with one element. */
export type Value = number | Tensor;

/** Passes a number as Python's float: 2 is 2.0, also beside a tensor of integers. */
const operand = (value: Value): Tensor =>
  (typeof value === 'number' ? asFloat(value) : value) as unknown as Tensor;

const rsub = op<(self: Tensor, other: Value) => Tensor>('rsub', ['Scalar']);
const powerOfTensor = op<(self: Tensor, exponent: Value) => Tensor>('pow', [
  'Tensor_Tensor',
  'Tensor_Scalar',
]);
const powerByTensor = op<(self: number, exponent: Tensor) => Tensor>('pow', ['Scalar']);

export const isNumber = (value: Value): value is number => typeof value === 'number';

/** Passes a tensor without dimensions where an operator takes a Scalar. */
export const scalar = (value: Value): Scalar => value as unknown as Scalar;

/** Returns a tensor of one element without dimensions. Python's `_to_scalar`. */
export const flat = (value: Value): Value =>
  isNumber(value) || value.ndim === 0 ? value : value.squeeze();

/** Returns the number that a tensor holds. Python's `_get_value`. */
export const numberOf = (value: Value): number => (isNumber(value) ? value : Number(value.item()));

export function plus(a: Value, b: Value): Value {
  if (!isNumber(a)) return a.add(operand(b));
  return isNumber(b) ? a + b : b.add(operand(a));
}

export function minus(a: Value, b: Value): Value {
  if (!isNumber(a)) return a.sub(operand(b));
  return isNumber(b) ? a - b : rsub(b, operand(a));
}

export function times(a: Value, b: Value): Value {
  if (!isNumber(a)) return a.mul(operand(b));
  return isNumber(b) ? a * b : b.mul(operand(a));
}

/** @throws TorchError (ZeroDivisionError) for a number over 0 */
export function over(a: Value, b: Value): Value {
  if (!isNumber(a)) return a.div(operand(b));
  return isNumber(b) ? divide(a, b) : b.reciprocal().mul(operand(a));
}

export function raised(base: Value, exponent: Value): Value {
  if (!isNumber(base)) return powerOfTensor(base, exponent);
  return isNumber(exponent) ? power(base, exponent) : powerByTensor(base, exponent);
}

export const negated = (value: Value): Value => (isNumber(value) ? -value : value.neg());

export function isLess(a: Value, b: Value): boolean {
  if (!isNumber(a)) return Boolean(a.lt(b).item());
  return isNumber(b) ? a < b : Boolean(b.gt(a).item());
}

export function isAtMost(a: Value, b: Value): boolean {
  if (!isNumber(a)) return Boolean(a.le(b).item());
  return isNumber(b) ? a <= b : Boolean(b.ge(a).item());
}

/** Python's `min`: the first of equal values. */
export const smaller = (a: Value, b: Value): Value => (isLess(b, a) ? b : a);

/** Python's `max`: the first of equal values. */
export const larger = (a: Value, b: Value): Value => (isLess(a, b) ? b : a);

export const absolute = (value: Value): Value => (isNumber(value) ? Math.abs(value) : value.abs());
