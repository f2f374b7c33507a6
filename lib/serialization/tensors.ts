/** Makes tensors from the bytes of a file. */

import { native } from '../bindings/native';
import { wrap } from '../bindings/wrap';
import type { DType } from '../tensor/dtype';
import * as dtypes from '../tensor/dtype';
import type { Tensor } from '../tensor/tensor';
import { damaged } from './reader';

/**
 * Returns a new tensor with a copy of the bytes. Their number must fit the shape.
 *
 * @param what - names the tensor for errors
 * @throws RangeError (ValueError) if a bool is neither 0 nor 1
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
