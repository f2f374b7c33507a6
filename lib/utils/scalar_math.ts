/**
 * Python's arithmetic on floats. `**` and the functions of `math` are the C library's, as libtorch calls them: V8's own
 * differ in the last bits. Errors are thrown where Python raises them and JavaScript gives Infinity or NaN.
 */
import { createError } from '../bindings/errors';
import { op, power } from '../nn/ops';

/** `math.cos(angle)` */
export const cos = op<(angle: number) => number>('cos', ['float']);

/** `math.log(value)` */
export const log = op<(value: number) => number>('log', ['float']);

/**
 * `base ** exponent`, if the result is not complex.
 *
 * @throws TorchError (ZeroDivisionError, OverflowError) as Python does
 */
export function pow(base: number, exponent: number): number {
  if (base === 0 && exponent < 0) {
    throw zeroDivisionError('0.0 cannot be raised to a negative power');
  }
  const result = power(base, exponent);
  const isTooLarge = Math.abs(result) === Infinity && Number.isFinite(base + exponent);
  if (isTooLarge) throw createError('OverflowError', "(34, 'Numerical result out of range')");
  return result;
}

/**
 * `dividend / divisor`
 *
 * @param message - Python's text if the divisor is 0: another one for integers
 * @throws TorchError (ZeroDivisionError) as Python does
 */
export function divide(
  dividend: number,
  divisor: number,
  message = 'float division by zero',
): number {
  if (divisor === 0) throw zeroDivisionError(message);
  return dividend / divisor;
}

/**
 * `dividend % divisor`, which has the divisor's sign.
 *
 * @throws TorchError (ZeroDivisionError) as Python does
 */
export function modulo(dividend: number, divisor: number): number {
  if (divisor === 0) throw zeroDivisionError('integer modulo by zero');
  const remainder = dividend % divisor;
  return remainder !== 0 && remainder < 0 !== divisor < 0 ? remainder + divisor : remainder;
}

const zeroDivisionError = (message: string): Error => createError('ZeroDivisionError', message);
