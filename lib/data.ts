/** Elements between typed arrays and tensors. */
import type { DType } from './dtype';
import * as dtypes from './dtype';

export type TypedArray =
  | Float32Array | Float64Array | BigInt64Array | BigUint64Array | Int8Array | Int16Array | Int32Array | Uint8Array
  | Uint16Array | Uint32Array;

type TypedArrayClass = { new (buffer: ArrayBuffer): TypedArray; BYTES_PER_ELEMENT: number };

/** The array that stands for a dtype on the way out; half-precision numbers are their bits, complex numbers pairs. */
const OUT = new Map<DType, TypedArrayClass>([
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

/** Views the bytes of elements of a dtype. */
export function toTyped(dtype: DType, bytes: ArrayBuffer): TypedArray {
  return new (OUT.get(dtype) ?? Uint8Array)(bytes);
}
