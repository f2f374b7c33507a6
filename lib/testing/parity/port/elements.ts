/** The elements of two tensors as numbers and as bits. */
import { native } from '../../../bindings/native';
import { wrap } from '../../../bindings/wrap';
import * as dtypes from '../../../tensor/dtype';
import type { DType } from '../../../tensor/dtype_table';
import type { Tensor } from '../../../tensor/tensor';

/** Contiguous elements. A complex element is two numbers, in a last dimension of 2. */
export interface Elements {
  dtype: DType;
  shape: readonly number[];
  bytes: Uint8Array;
  numbers: Float64Array;
}

/** The bytes of a tensor on any device, contiguous. */
export function bytesOf(tensor: Tensor): Uint8Array {
  const array = tensor.detach().toTypedArray() as ArrayBufferView;
  return new Uint8Array(array.buffer as ArrayBuffer, array.byteOffset, array.byteLength);
}

export function elementsOf(bytes: Uint8Array, dtype: DType, shape: readonly number[]): Elements {
  const tensor: Tensor = wrap(native.tensor_from_bytes(bytes, dtype.code, shape));
  const wide = tensor.to(dtype.is_complex ? dtypes.complex128 : dtypes.float64);
  const numbers = wide.toTypedArray() as Float64Array;
  tensor.dispose();
  wide.dispose();
  return { dtype, shape: dtype.is_complex ? [...shape, 2] : shape, bytes, numbers };
}

const SIGN = 0x80000000;

/** Gives the words of numbers: their bits as unsigned integers. */
export function wordsOf({ bytes, dtype }: Elements): (i: number) => bigint {
  const width = dtype.itemsize / (dtype.is_complex ? 2 : 1);
  const { buffer } = new Uint8Array(bytes);
  if (width === 8) {
    const words = new BigUint64Array(buffer);
    return (i) => words[i]!;
  }
  const words =
    width === 4
      ? new Uint32Array(buffer)
      : width === 2
        ? new Uint16Array(buffer)
        : new Uint8Array(buffer);
  return (i) => BigInt(words[i]!);
}

/** How many representable numbers lie from one number to the other. Both zeros are one number. */
export function ulpsBetween(python: Elements, ours: Elements): (i: number) => number {
  const { dtype } = python;
  const [x, y] = [python.numbers, ours.numbers];
  if (!dtype.is_floating_point && !dtype.is_complex) return (i) => Math.abs(x[i]! - y[i]!);
  const steps = stepsBetween(python, ours);
  return (i) => {
    if (Number.isNaN(x[i]) && Number.isNaN(y[i])) return 0;
    if (Object.is(x[i], y[i])) return 0;
    return Number.isFinite(x[i]) && Number.isFinite(y[i]) ? steps(i) : Infinity;
  };
}

function stepsBetween(python: Elements, ours: Elements): (i: number) => number {
  const width = python.dtype.itemsize / (python.dtype.is_complex ? 2 : 1);
  if (width === 4) {
    const [a, b] = [python, ours].map(({ bytes }) => new Uint32Array(new Uint8Array(bytes).buffer));
    const rank = (word: number): number => (word >= SIGN ? SIGN - word : word);
    return (i) => Math.abs(rank(a![i]!) - rank(b![i]!));
  }
  const [a, b] = [wordsOf(python), wordsOf(ours)];
  const sign = 1n << BigInt(8 * width - 1);
  const rank = (word: bigint): bigint => (word >= sign ? sign - word : word);
  return (i) => {
    const distance = rank(a(i)) - rank(b(i));
    return Number(distance < 0n ? -distance : distance);
  };
}

/** The index of the i-th element in each dimension. */
export function position(i: number, shape: readonly number[]): number[] {
  let rest = i;
  return shape
    .map((_, at) => shape.slice(at + 1).reduce((product, size) => product * size, 1))
    .map((inner) => {
      const index = Math.floor(rest / inner);
      rest %= inner;
      return index;
    });
}
