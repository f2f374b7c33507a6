/** Python's numbers: ints of any size, floats, bools and complex numbers, with the arithmetic that messages need. */
import { type Handle, handleOf } from '../bindings/handle';
import { native } from '../bindings/native';
import { Operator } from '../dispatch/operators';
import { type Complex, Float, isComplex, isInt, type Scalar } from '../tensor/scalar';
import type { Tensor } from '../tensor/tensor';
import { boolRepr, floatRepr } from '../utils/python';

/** A Python number: an int is a bigint, a float is a number. */
export type PythonNumber = bigint | number | boolean | Complex;
type Real = bigint | number;

export function isScalar(value: unknown): value is Scalar {
  if (typeof value === 'object') return value instanceof Float || isComplex(value);
  return typeof value === 'number' || typeof value === 'bigint' || typeof value === 'boolean';
}

/** Returns the Python number for a scalar. An integral number is an int, unless `asFloat` marks it as a float. */
export function toPython(value: Scalar): PythonNumber {
  if (value instanceof Float) return value.value;
  return typeof value === 'number' && isInt(value) ? BigInt(value) : value;
}

/**
 * Returns the Python numbers for two scalars that are compared. An integral number next to a float is a float. A bigint
 * is always an int.
 */
export function toPythonPair(left: Scalar, right: Scalar): [PythonNumber, PythonNumber] {
  const beside = (value: Scalar, other: PythonNumber): PythonNumber =>
    typeof value === 'number' && typeof other === 'number' ? value : toPython(value);
  return [beside(left, toPython(right)), beside(right, toPython(left))];
}

/** Returns `tensor.item()`, with all digits of integers. */
export function itemOf(tensor: Tensor): PythonNumber {
  const value = native.item(handleOf(tensor) as Handle);
  const { is_floating_point } = tensor.dtype;
  return typeof value === 'number' && !is_floating_point ? BigInt(value) : value;
}

/** Returns Python's `str` of a number. */
export function numberText(value: PythonNumber): string {
  if (typeof value === 'bigint') return String(value);
  if (typeof value === 'boolean') return boolRepr(value);
  return typeof value === 'number' ? floatRepr(value) : complexRepr(value);
}

function complexRepr({ re, im }: Complex): string {
  const part = (value: number): string => floatRepr(value).replace(/\.0$/, '');
  if (Object.is(re, 0)) return `${part(im)}j`;
  const sign = im < 0 || Object.is(im, -0) ? '' : '+';
  return `(${part(re)}${sign}${part(im)}j)`;
}

/** Returns the name of Python's type. */
export function numberType(value: PythonNumber): 'int' | 'float' | 'bool' | 'complex' {
  switch (typeof value) {
    case 'bigint':
      return 'int';
    case 'number':
      return 'float';
    case 'boolean':
      return 'bool';
    default:
      return 'complex';
  }
}

// Uses C's hypot, as Python does. Math.hypot differs in the last bit.
const hypot = new Operator('prim::abs', { overloads: ['complex'] });
const complexAbs = (value: Complex): number => hypot.call([value]) as number;
const real = (value: bigint | number | boolean): Real =>
  typeof value === 'boolean' ? BigInt(value) : value;
const complex = (value: PythonNumber): Complex =>
  typeof value === 'object' ? value : { re: Number(value), im: 0 };

/** Returns `left == right`, exactly, also between ints and floats. */
export function areEqual(left: PythonNumber, right: PythonNumber): boolean {
  if (typeof left !== 'object' && typeof right !== 'object') {
    return left <= right && left >= right;
  }
  const [a, b] = [complex(left), complex(right)];
  return a.re === b.re && a.im === b.im;
}

export function isNaNumber(value: PythonNumber): boolean {
  const { re, im } = complex(value);
  return Number.isNaN(re) || Number.isNaN(im);
}

/** Returns `abs(value)`. */
export function absolute(value: PythonNumber): Real {
  if (typeof value === 'object') return complexAbs(value);
  const number = real(value);
  if (typeof number === 'number') return Math.abs(number);
  return number < 0n ? -number : number;
}

/** Returns `abs(left - right)`. */
export function absoluteDifference(left: PythonNumber, right: PythonNumber): Real {
  if (typeof left !== 'object' && typeof right !== 'object') {
    const [a, b] = [real(left), real(right)];
    return absolute(typeof a === 'bigint' && typeof b === 'bigint' ? a - b : Number(a) - Number(b));
  }
  const [a, b] = [complex(left), complex(right)];
  return complexAbs({ re: a.re - b.re, im: a.im - b.im });
}

/** Returns `left / right`. For ints, this is the float nearest to the exact quotient. */
export function quotient(left: Real, right: Real): number {
  if (typeof left !== 'bigint' || typeof right !== 'bigint') return Number(left) / Number(right);
  const isExact = (value: bigint): boolean => BigInt(Number(value)) === value;
  if (isExact(left) && isExact(right)) return Number(left) / Number(right);
  // Keeps more bits than a float has. The last bit is set if any bit was cut off, so that rounding is correct.
  const shift = BigInt(Math.max(0, 66 + bits(right) - bits(left)));
  const scaled = left << shift;
  const sticky = scaled % right === 0n ? 0n : 1n;
  return Number(((scaled / right) << 1n) | sticky) / 2 ** Number(shift + 1n);
}

const bits = (value: bigint): number => value.toString(2).length;

/** Returns Python's `{fraction:.1%}`. It rounds ties to even, unlike JavaScript. */
export function percentage(fraction: number): string {
  const value = fraction * 100;
  const isTieToEven = value % 1 === 0.25;
  return `${isTieToEven ? `${Math.trunc(value)}.2` : value.toFixed(1)}%`;
}
