/**
 * Makes the `Tensor` for a new handle. This is not in tensor.ts, so that the files which tensor.ts imports can use it.
 */

import type { Tensor } from '../tensor/tensor';
import type { Handle } from './handle';

type TensorClass = new (handle: Handle) => Tensor;

let Class: TensorClass;

/** Sets the class. tensor.ts calls it once. */
export function registerTensorClass(tensorClass: unknown): void {
  Class = tensorClass as TensorClass;
}

/** Returns the tensor that owns a handle which the native side just returned. */
export function wrap(handle: Handle): Tensor {
  return new Class(handle);
}
