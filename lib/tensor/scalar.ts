/** Numbers as torch knows them: JavaScript has one number type, torch's result types depend on which it is. */
import { inspect } from 'node:util';

import { typeError } from '../bindings/errors';

/** A complex number. */
export interface Complex {
  re: number;
  im: number;
}

/** A number that is a float whatever its value: see {@link asFloat}. */
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
 * What stands for a Python number. A `number` is an int where it is a safe integer and not -0, else a float; a bigint
 * is an int of 64 bits.
 */
export type Scalar = number | bigint | boolean | Float | Complex;

/**
 * Python's float of that value: `i.mul(torch.asFloat(2))` is `i * 2.0`, where `i.mul(2)` is `i * 2`.
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

/** How a scalar crosses to the native side (native/bindings/arguments.h); undefined where the value is none. */
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

/** Whether a number is what Python would have as an int. */
export function isInt(value: unknown): boolean {
  return typeof value === 'bigint' || (Number.isSafeInteger(value) && !Object.is(value, -0));
}
