/**
 * Scalars. JavaScript has one number type, but the dtype of a result depends on whether a Python number is an int or a
 * float.
 */
import { inspect } from 'node:util';

import { typeError } from '../bindings/errors';

/** A complex number. */
export interface Complex {
  re: number;
  im: number;
}

/** A number that counts as a float even if it is integral. See {@link asFloat}. */
export class Float {
  readonly value: number;

  /** @internal Use {@link asFloat}. */
  constructor(value: number) {
    this.value = value;
    Object.freeze(this);
  }

  valueOf(): number {
    return this.value;
  }

  [inspect.custom](): string {
    return `asFloat(${this.value})`;
  }
}

/**
 * A value that stands for a Python number. A `number` is an int if it is a safe integer and not -0, else a float. A
 * bigint is an int of 64 bits.
 */
export type Scalar = number | bigint | boolean | Float | Complex;

/**
 * Marks a number as Python's float: `i.mul(torch.asFloat(2))` is `i * 2.0`, while `i.mul(2)` is `i * 2`.
 *
 * @throws TypeError for anything but a number
 */
export function asFloat(value: number): Float {
  if (typeof value !== 'number')
    throw typeError(`asFloat(): value must be a number, got ${typeof value}`);
  return new Float(value);
}

export function isComplex(value: unknown): value is Complex {
  return (
    typeof value === 'object' &&
    value !== null &&
    Object.keys(value).length === 2 &&
    typeof (value as Complex).re === 'number' &&
    typeof (value as Complex).im === 'number'
  );
}

/**
 * A scalar as it is passed to the native side (native/bindings/arguments.h): `[number]` is a float, `[re, im]` is
 * complex.
 */
export type MarshalledScalar = number | bigint | boolean | [number] | [number, number];

export function marshalScalar(value: unknown): MarshalledScalar | undefined {
  switch (typeof value) {
    case 'number':
    case 'bigint':
    case 'boolean':
      return value;
    case 'object':
      if (value instanceof Float) return [value.value];
      if (isComplex(value)) return [value.re, value.im];
      return undefined;
    default:
      return undefined;
  }
}

/** Returns whether a number would be an int in Python. */
export function isInt(value: unknown): boolean {
  return typeof value === 'bigint' || (Number.isSafeInteger(value) && !Object.is(value, -0));
}
