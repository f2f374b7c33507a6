/** Converts elements between typed arrays and tensors. */

import { types } from 'node:util';

import { valueError } from '../bindings/errors';
import type { DType } from './dtype';
import * as dtypes from './dtype';
import type { Complex } from './scalar';

export type TypedArray =
  | Float32Array
  | Float64Array
  | BigInt64Array
  | BigUint64Array
  | Int8Array
  | Int16Array
  | Int32Array
  | Uint8Array
  | Uint16Array
  | Uint32Array;

/** Any typed array that is accepted as data. */
export type AnyTypedArray = TypedArray | Uint8ClampedArray;

type TypedArrayClass = { new (buffer: ArrayBuffer): TypedArray; BYTES_PER_ELEMENT: number };

/**
 * The typed array that each dtype is read into. Half-precision numbers are given as their bits, complex numbers as
 * pairs.
 */
const ARRAY_CLASSES = new Map<DType, TypedArrayClass>([
  [dtypes.float32, Float32Array],
  [dtypes.float64, Float64Array],
  [dtypes.float16, Uint16Array],
  [dtypes.bfloat16, Uint16Array],
  [dtypes.int64, BigInt64Array],
  [dtypes.uint64, BigUint64Array],
  [dtypes.int32, Int32Array],
  [dtypes.uint32, Uint32Array],
  [dtypes.int16, Int16Array],
  [dtypes.uint16, Uint16Array],
  [dtypes.int8, Int8Array],
  [dtypes.uint8, Uint8Array],
  [dtypes.bool, Uint8Array],
  [dtypes.complex32, Uint16Array],
  [dtypes.complex64, Float32Array],
  [dtypes.complex128, Float64Array],
]);

/** Returns a typed array of the dtype on these bytes. */
export function toTyped(dtype: DType, bytes: ArrayBuffer): TypedArray {
  return new (ARRAY_CLASSES.get(dtype) ?? Uint8Array)(bytes);
}

/** The dtype of each typed array. The key is the class's name, because older versions of Node have no Float16Array. */
const ARRAY_DTYPES: Readonly<Record<string, DType>> = {
  Float32Array: dtypes.float32,
  Float64Array: dtypes.float64,
  Float16Array: dtypes.float16,
  BigInt64Array: dtypes.int64,
  BigUint64Array: dtypes.uint64,
  Int8Array: dtypes.int8,
  Int16Array: dtypes.int16,
  Int32Array: dtypes.int32,
  Uint8Array: dtypes.uint8,
  Uint8ClampedArray: dtypes.uint8,
  Uint16Array: dtypes.uint16,
  Uint32Array: dtypes.uint32,
};

/**
 * Other dtypes that an array's bytes can be read as if the caller asks for them: bits of halves, pairs of parts, or
 * booleans.
 */
const REINTERPRETED_DTYPES: Readonly<Record<string, readonly DType[]>> = {
  Uint16Array: [dtypes.float16, dtypes.bfloat16],
  Float32Array: [dtypes.complex64],
  Float64Array: [dtypes.complex128],
};

export function isTypedArray(value: unknown): value is AnyTypedArray {
  return types.isTypedArray(value);
}

/** Returns the dtype that an array's bytes are read as, given the dtype that the caller asked for. */
export function dtypeOfArray(array: AnyTypedArray, wanted: DType | undefined): DType {
  const name = Object.prototype.toString.call(array).slice('[object '.length, -1);
  if (wanted && REINTERPRETED_DTYPES[name]?.includes(wanted)) return wanted;
  return ARRAY_DTYPES[name] ?? dtypes.uint8;
}

export function bytesOf(array: ArrayBufferView): Uint8Array {
  return new Uint8Array(array.buffer, array.byteOffset, array.byteLength);
}

// --- nested lists -----------------------------------------------------------------------------------------------------

/** An element of a nested list. */
export type Element = number | bigint | boolean | Complex;

/** Elements, nested as the shape is. */
export type NestedList<T = Element> = T | NestedList<T>[];

/**
 * Returns the elements as lists, nested as the shape is.
 *
 * @throws RangeError for an int64 that a number cannot hold
 */
export function toNested(
  dtype: DType,
  elements: TypedArray,
  shape: readonly number[],
): NestedList<number | boolean | Complex> {
  const read = reader(dtype, elements);
  let position = 0;
  const build = (depth: number): NestedList<number | boolean | Complex> => {
    if (depth === shape.length) return read(position++);
    return Array.from({ length: shape[depth]! }, () => build(depth + 1));
  };
  return build(0);
}

function reader(dtype: DType, elements: TypedArray): (index: number) => number | boolean | Complex {
  if (dtype === dtypes.bool) return (index) => elements[index] !== 0;
  if (dtype.is_complex) {
    return (index) => ({
      re: elements[2 * index] as number,
      im: elements[2 * index + 1] as number,
    });
  }
  return (index) => {
    const value = elements[index]!;
    if (typeof value === 'number') return value;
    if (Number.isSafeInteger(Number(value))) return Number(value);
    throw valueError(
      `tolist(): ${value} is an integer that a number cannot hold; toTypedArray() gives it as a bigint`,
    );
  };
}
