/**
 * Measures how much two tensors differ, in ulps, and whether they are close. A distance in ulps counts the steps
 * between adjacent representable numbers, so 1 is the smallest difference.
 */

import { native } from '../../bindings/native';
import { wrap } from '../../bindings/wrap';
import { dtypes } from '../../tensor/dtype_table';
import type { Tensor } from '../../tensor/tensor';
import type { TensorValue } from './outcome';

/** The difference between two tensors of one dtype and size. */
export interface Deviation {
  /** The number of elements whose bits differ, and the number of all elements. */
  different: number;
  count: number;
  /** The largest distance of an element. Infinite if only one of two values is infinite or NaN. */
  ulps: number;
  /** The index of that element. */
  at: number[];
  /** The values of that element as text, Python's and ours. */
  values: [python: string, ours: string];
}

const dtypeOf = (value: TensorValue) => dtypes.get(value.dtype.replace('torch.', ''))!;
const partsOf = (value: TensorValue): number => (dtypeOf(value).is_complex ? 2 : 1);

/** Returns the bits of a tensor's numbers as signed integers. A complex number gives two. */
function bitsOf(value: TensorValue): Int8Array | Int16Array | Int32Array | BigInt64Array {
  const { buffer } = new Uint8Array(value.bytes);
  const width = dtypeOf(value).itemsize / partsOf(value);
  if (width === 8) return new BigInt64Array(buffer);
  if (width === 4) return new Int32Array(buffer);
  return width === 2 ? new Int16Array(buffer) : new Int8Array(buffer);
}

/**
 * Returns a function that counts the representable numbers between the two values of an element. Both zeros count as
 * one.
 */
function stepsBetween(python: TensorValue, ours: TensorValue): (part: number) => number {
  const [a, b] = [bitsOf(python), bitsOf(ours)];
  const magnitude = 2n ** BigInt(8 * a.BYTES_PER_ELEMENT - 1) - 1n;
  const rank = (bits: number | bigint): bigint => {
    const word = BigInt(bits);
    return word < 0n ? -(word & magnitude) : word;
  };
  return (part) => Math.abs(Number(rank(a[part]!) - rank(b[part]!)));
}

/** Returns the numbers of a tensor as float64. A complex number gives two. */
function numbers(value: TensorValue): Float64Array {
  const { code, is_complex } = dtypeOf(value);
  const tensor: Tensor = wrap(native.tensor_from_bytes(value.bytes, code, value.shape));
  const wide = is_complex ? dtypes.get('complex128')! : dtypes.get('float64')!;
  return tensor.to(wide).toTypedArray() as Float64Array;
}

/** Measures the difference of tensors whose bytes differ. */
export function measure(python: TensorValue, ours: TensorValue): Deviation {
  const parts = partsOf(python);
  const width = dtypeOf(python).itemsize;
  const [x, y] = [numbers(python), numbers(ours)];
  const { is_floating_point, is_complex } = dtypeOf(python);
  const steps =
    is_floating_point || is_complex
      ? stepsBetween(python, ours)
      : (part: number): number => Math.abs(x[part]! - y[part]!);
  let [different, worst, ulps] = [0, 0, -1];
  for (let i = 0; i < python.bytes.length / width; i++) {
    const [from, to] = [i * width, (i + 1) * width];
    if (Buffer.compare(python.bytes.subarray(from, to), ours.bytes.subarray(from, to)) === 0) {
      continue;
    }
    different++;
    for (let part = i * parts; part < (i + 1) * parts; part++) {
      const distance = distanceOf(x[part]!, y[part]!, steps(part));
      if (distance > ulps) [worst, ulps] = [i, distance];
    }
  }
  const show = (of: Float64Array): string =>
    [...of.subarray(worst * parts, (worst + 1) * parts)]
      .map((number) => (Object.is(number, -0) ? '-0' : String(number)))
      .join(' + i');
  return {
    different,
    count: python.bytes.length / width,
    ulps,
    at: position(worst, python.shape),
    values: [show(x), show(y)],
  };
}

// All NaNs count as the same number. The distance to a value that is not finite is infinite.
function distanceOf(python: number, ours: number, steps: number): number {
  if (Number.isNaN(python) && Number.isNaN(ours)) return 0;
  return Number.isFinite(python) && Number.isFinite(ours) ? steps : Infinity;
}

/** Returns the index of the i-th element in each dimension. */
function position(i: number, shape: readonly number[]): number[] {
  return shape.map((size, dimension) => {
    const inner = shape.slice(dimension + 1).reduce((product, length) => product * length, 1);
    return Math.floor(i / inner) % size;
  });
}

/** A tolerance: `atol + rtol * abs(python)`. */
export interface Tolerance {
  rtol: number;
  atol: number;
}

/** Returns whether all elements are close, like `torch.isclose` with `equal_nan`. */
export function isClose(python: TensorValue, ours: TensorValue, tolerance: Tolerance): boolean {
  const [x, y] = [numbers(python), numbers(ours)];
  return x.every((expected, i) => {
    const actual = y[i]!;
    if (Object.is(expected, actual) || expected === actual) return true;
    const allowed = tolerance.atol + tolerance.rtol * Math.abs(expected);
    return Number.isFinite(expected) && Math.abs(actual - expected) <= allowed;
  });
}
