/** Makes the `Tensor` of a new handle. Apart from tensor.ts, which stands on everything that needs it. */

import type { Tensor } from '../tensor/tensor';
import type { Handle } from './handle';

type TensorClass = new (handle: Handle) => Tensor;

let Class: TensorClass;

/** Called once, by tensor.ts. */
export function registerTensorClass(tensorClass: unknown): void {
  Class = tensorClass as TensorClass;
}

/** The tensor that owns a handle which the native side just gave out. */
export function wrap(handle: Handle): Tensor {
  return new Class(handle);
}
