/** Tensors from the bytes of a file. */

import { native } from '../bindings/native';
import { wrap } from '../bindings/wrap';
import type { DType } from '../tensor/dtype';
import * as dtypes from '../tensor/dtype';
import type { Tensor } from '../tensor/tensor';
import { damaged } from './reader';

/**
 * A new tensor with a copy of the bytes, whose number must be right.
 *
 * @param what - names the tensor for errors
 * @throws RangeError (ValueError) for a bool that is neither 0 nor 1
 */
export function tensorOf(
  bytes: Uint8Array,
  dtype: DType,
  shape: readonly number[],
  { path, what }: { path: string; what: string },
): Tensor {
  if (dtype === dtypes.bool) {
    const wrong = bytes.find((byte) => byte > 1);
    if (wrong !== undefined) throw damaged(path, `${what} is of bools, and has a byte ${wrong}`);
  }
  return wrap(native.tensor_from_bytes(bytes, dtype.code, shape));
}
