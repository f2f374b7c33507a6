/** Reads the elements of a tensor as JavaScript numbers. */
import { tidy } from '../../memory/tidy';
import * as dtypes from '../../tensor/dtype';
import type { DType } from '../../tensor/dtype_table';
import type { Tensor } from '../../tensor/tensor';
import { countOf, type Side } from './side';

/** The elements in row-major order. A complex element counts as two numbers, in a last dimension of 2. */
export interface Elements {
  dtype: DType;
  shape: readonly number[];
  bytes: Uint8Array;
  numbers: Float64Array;
  /** Whether these are all elements of the tensor. If false, they are its first rows. */
  isWhole: boolean;
}

/** Returns the bytes of a tensor in row-major order. It may be on any device. */
export function bytesOf(tensor: Tensor): Uint8Array {
  const array = tensor.detach().toTypedArray() as ArrayBufferView;
  return new Uint8Array(array.buffer as ArrayBuffer, array.byteOffset, array.byteLength);
}

/** The largest number of elements that are read. */
export const MOST_ELEMENTS = 2 ** 20;

/** Reads the elements of one side, or the first rows of a large one. */
export function elementsOf(side: Side): Elements {
  const { dtype, shape } = beginning(side);
  const read = (): Pick<Elements, 'bytes' | 'numbers'> => {
    const tensor = side.part(0, countOf({ shape }));
    const wide = tensor.to(dtype.is_complex ? dtypes.complex128 : dtypes.float64);
    return { bytes: bytesOf(tensor), numbers: wide.toTypedArray() as Float64Array };
  };
  const isWhole = countOf({ shape }) === countOf(side);
  return { dtype, shape: dtype.is_complex ? [...shape, 2] : shape, isWhole, ...tidy(read) };
}

function beginning({ dtype, shape }: Side): Pick<Side, 'dtype' | 'shape'> {
  if (countOf({ shape }) <= MOST_ELEMENTS) return { dtype, shape };
  const inner = countOf({ shape: shape.slice(1) });
  const rows = Math.floor(MOST_ELEMENTS / inner);
  return { dtype, shape: rows > 0 ? [rows, ...shape.slice(1)] : [MOST_ELEMENTS] };
}
