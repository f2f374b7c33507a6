/** The bits of numbers. */
import { op } from '../../nn/ops';
import type { DType } from '../../tensor/dtype';
import * as dtypes from '../../tensor/dtype';
import type { Tensor } from '../../tensor/tensor';

const viewAsReal = op<(self: Tensor) => Tensor>('view_as_real');
const viewAs = op<(self: Tensor, dtype: DType) => Tensor>('view', ['dtype']);

const INTEGERS: Readonly<Record<number, DType>> = {
  1: dtypes.int8,
  2: dtypes.int16,
  4: dtypes.int32,
  8: dtypes.int64,
};

/** Returns the tensor, or the two parts of complex numbers in a last dimension of 2. */
export const realOf = (tensor: Tensor): Tensor =>
  tensor.is_complex() ? viewAsReal(tensor) : tensor;

/** Returns the bits of the elements as integers. A complex number gives two. */
export function bitsOf(tensor: Tensor): Tensor {
  const real = realOf(tensor);
  return viewAs(real, INTEGERS[real.itemsize]!);
}

/** Formats the bits of one element: `0x80000000`, or `0x3f800000, 0x80000000` for a complex one. */
export function bitsText(element: Tensor): string {
  const bits = bitsOf(element).contiguous();
  const digits = Array.from(bits.toTypedArray() as ArrayLike<number | bigint>, (part) =>
    BigInt.asUintN(8 * bits.itemsize, BigInt(part))
      .toString(16)
      .padStart(2 * bits.itemsize, '0'),
  );
  return `0x${digits.join(', 0x')}`;
}
