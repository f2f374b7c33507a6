/**
 * Converts nested lists of numbers to the bytes of a tensor.
 *
 * Source of inference, checks and messages: torch/csrc/utils/tensor_new.cpp (compute_sizes, infer_scalar_type,
 * recursive_store) and python_numbers.h, of the same release.
 */

import { createError, runtimeError, typeError, valueError } from '../bindings/errors';
import { handleOf } from '../bindings/handle';
import { native } from '../bindings/native';
import { describe } from '../dispatch/arguments';
import { allocate } from '../memory/allocation';
import type { DType } from './dtype';
import * as dtypes from './dtype';
import { dtypeFromCode } from './dtype_table';
import { type AnyTypedArray, bytesOf, isTypedArray, toTyped } from './elements';
import { Float, isComplex, isInt } from './scalar';

/** The elements of a nested list as bytes. */
export interface Bytes {
  readonly bytes: Uint8Array;
  /** The dtype of the bytes. Half-precision numbers are stored as float32, and libtorch rounds them, as in Python. */
  readonly dtype: DType;
  readonly shape: number[];
}

const MAX_DEPTH = 128;

const isSequence = (value: unknown): value is readonly unknown[] => Array.isArray(value);

/** Returns the shape of nested lists, read from the first element at each depth. */
function shapeOf(data: unknown): number[] {
  const shape: number[] = [];
  let level = data;
  for (; isSequence(level); level = level[0]) {
    shape.push(level.length);
    if (shape.length > MAX_DEPTH) throw valueError("too many dimensions 'list'");
    if (level.length === 0) return shape;
  }
  // In Python, a string is a sequence of strings.
  if (typeof level === 'string') throw valueError("too many dimensions 'str'");
  return shape;
}

// --- lists of typed arrays ----------------------------------------------------------------------------------------------

/** Returns the first element of nested lists. */
export function firstOf(data: unknown): unknown {
  let level = data;
  for (let depth = 0; isSequence(level) && depth < MAX_DEPTH; depth++) level = level[0];
  return level;
}

/**
 * Returns the typed arrays in nested lists, in order, and the lengths of the lists.
 *
 * @throws TypeError unless all arrays have the class of the first one; RangeError (ValueError) for unequal lengths
 */
export function arraysOf(data: unknown): { arrays: AnyTypedArray[]; shape: number[] } {
  const shape = shapeOf(data);
  const first = firstOf(data) as AnyTypedArray;
  const arrays: AnyTypedArray[] = [];
  const visit = (level: unknown, depth: number): void => {
    if (depth < shape.length && isSequence(level)) {
      checkLength(level, shape[depth]!, depth);
      for (const element of level) visit(element, depth + 1);
      return;
    }
    if (depth < shape.length || !isTypedArray(level) || level.constructor !== first.constructor) {
      throw typeError(
        `tensor(): typed arrays in a list must all be ${describe(first)}, got ${describe(level)}. ` +
          'torch.stack() makes one tensor of several.',
      );
    }
    checkLength(level, first.length, depth);
    arrays.push(level);
  };
  visit(data, 0);
  return { arrays, shape };
}

function checkLength({ length }: { length: number }, expected: number, depth: number): void {
  if (length === expected) return;
  throw valueError(`expected sequence of length ${expected} at dim ${depth} (got ${length})`);
}

// --- the dtype that the elements ask for --------------------------------------------------------------------------------

const DEFAULT_COMPLEX = new Map([
  [dtypes.float64, dtypes.complex128],
  [dtypes.float16, dtypes.complex32],
]);

const defaultFloat = (): DType => dtypeFromCode(native.get_default_dtype());

/**
 * Returns the dtype of data: int64 for integers, the default dtype for other numbers, the promoted dtype for a mixture.
 */
export function inferDtype(data: unknown): DType {
  if (!isSequence(data)) return dtypeOfElement(data);
  let inferred: DType | undefined;
  for (const element of data) {
    const dtype = inferDtype(element);
    if (inferred === undefined) inferred = dtype;
    else if (inferred !== dtype) {
      inferred = dtypeFromCode(native.promote_types(inferred.code, dtype.code));
    }
    // Promotion cannot go beyond complex128.
    if (inferred === dtypes.complex128) break;
  }
  return inferred ?? defaultFloat();
}

function dtypeOfElement(value: unknown): DType {
  if (typeof value === 'boolean') return dtypes.bool;
  if (isInt(value)) return dtypes.int64;
  if (typeof value === 'number' || value instanceof Float) return defaultFloat();
  if (isComplex(value)) return DEFAULT_COMPLEX.get(defaultFloat()) ?? dtypes.complex64;
  const handle = handleOf(value);
  if (handle) return dtypeFromCode(native.dtype(handle));
  throw typeError(
    `tensor(): data must be numbers, booleans, { re, im }, lists of them, or typed arrays, got ${describe(value)}` +
      (isTypedArray(value) ? ' beside others. torch.stack() makes one tensor of several.' : ''),
  );
}

/** Returns whether all elements are integers of type number. */
export function isIntegral(data: unknown): boolean {
  if (isSequence(data)) return data.every(isIntegral);
  return typeof data === 'number' && isInt(data);
}

// --- elements to bytes --------------------------------------------------------------------------------------------------

type Store = (index: number, value: unknown) => void;

/**
 * Converts data to bytes.
 *
 * @throws RangeError (ValueError) if lists have unequal lengths; TorchError if the dtype cannot hold a number
 */
export function toBytes(data: unknown, dtype: DType): Bytes {
  const shape = shapeOf(data);
  const stored = storedAs(dtype);
  const count = shape.reduce((product, size) => product * size, 1);
  const array = toTyped(stored, allocate(count * stored.itemsize));
  const store = storeInto(array as unknown as Record<number, unknown>, stored, dtype);
  let position = 0;
  const visit = (level: unknown, depth: number): void => {
    if (depth === shape.length) {
      store(position++, level);
      return;
    }
    if (!isSequence(level)) throw typeError('not a sequence');
    checkLength(level, shape[depth]!, depth);
    for (const element of level) visit(element, depth + 1);
  };
  // Like Python, does not check the nesting of lists without elements.
  if (count > 0) visit(data, 0);
  return { bytes: bytesOf(array), dtype: stored, shape };
}

/**
 * Returns the dtype that elements are stored as. Python converts a half as `(half)(float)number`, so halves are stored
 * as float32.
 */
function storedAs(dtype: DType): DType {
  if (dtype.is_floating_point && dtype !== dtypes.float64) return dtypes.float32;
  return dtype === dtypes.complex32 ? dtypes.complex64 : dtype;
}

function storeInto(array: Record<number, unknown>, stored: DType, dtype: DType): Store {
  if (stored.is_complex) {
    return (index, value) => {
      const { re, im } = complexOf(value);
      array[2 * index] = re;
      array[2 * index + 1] = im;
    };
  }
  if (stored.is_floating_point) {
    return (index, value) => {
      array[index] = realOf(value);
    };
  }
  if (stored === dtypes.bool) {
    return (index, value) => {
      array[index] = isTrue(value) ? 1 : 0;
    };
  }
  const isBig = stored === dtypes.int64 || stored === dtypes.uint64;
  return (index, value) => {
    const integer = integerOf(value, dtype);
    array[index] = isBig ? BigInt(integer) : Number(integer);
  };
}

/** Returns the number that an element stands for, such as the element of a one-element tensor. */
function unwrap(value: unknown): unknown {
  if (value instanceof Float) return value.value;
  const handle = handleOf(value);
  if (!handle) return value;
  if (native.numel(handle) === 1) return native.item(handle);
  throw valueError('only one element tensors can be converted to Python scalars');
}

function complexOf(value: unknown): { re: number; im: number } {
  const element = unwrap(value);
  return isComplex(element) ? element : { re: realOf(element), im: 0 };
}

function realOf(value: unknown): number {
  if (typeof value === 'number') return value;
  const element = unwrap(value);
  if (typeof element === 'number' || typeof element === 'boolean' || typeof element === 'bigint')
    return Number(element);
  throw typeError(`must be real number, not ${nameOf(element)}`);
}

function isTrue(value: unknown): boolean {
  const element = unwrap(value);
  if (isComplex(element)) return element.re !== 0 || element.im !== 0;
  // In Python, NaN is true.
  return Number.isNaN(element) || Boolean(element);
}

const overflow = (dtype: DType): Error =>
  runtimeError(`value cannot be converted to type ${dtype.name} without overflow`);

function integerOf(value: unknown, dtype: DType): number | bigint {
  const element = unwrap(value);
  let integer: number | bigint;
  if (typeof element === 'number') integer = Math.trunc(element) + 0;
  else if (typeof element === 'bigint') integer = element;
  else if (typeof element === 'boolean') integer = Number(element);
  else throw typeError(`'${nameOf(element)}' object cannot be interpreted as an integer`);
  if (!Number.isFinite(Number(integer))) throw overflow(dtype);
  checkRange(integer, dtype, typeof element === 'bigint');
  return integer;
}

function checkRange(integer: number | bigint, dtype: DType, isBig: boolean): void {
  const bits = 8 * dtype.itemsize;
  if (dtype === dtypes.uint64) {
    if (integer < 0) throw createError('OverflowError', "can't convert negative int to unsigned");
    if (integer >= 2 ** 64) throw createError('OverflowError', 'int too big to convert');
    return;
  }
  const isWide = integer >= 2 ** 63 || integer < -(2 ** 63);
  if (isWide) throw isBig ? valueError('Overflow when unpacking long long') : overflow(dtype);
  // Python lets a negative number wrap around in an unsigned type.
  const most = dtype.is_signed ? 2 ** (bits - 1) - 1 : 2 ** bits - 1;
  const least = dtype.is_signed ? -(2 ** (bits - 1)) : -most;
  if (bits < 64 && (integer > most || integer < least)) throw overflow(dtype);
}

/** Returns Python's name for the type of a value. */
function nameOf(value: unknown): string {
  if (isSequence(value)) return 'list';
  if (isComplex(value)) return 'complex';
  if (typeof value === 'string') return 'str';
  if (value === null) return 'NoneType';
  return describe(value);
}
