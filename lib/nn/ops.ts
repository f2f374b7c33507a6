/** Operators that layers and optimizers use, as typed functions. */

import { native } from '../bindings/native';
import { Operator, type OperatorOptions } from '../dispatch/operators';
import { chosenDefaultDevice } from '../tensor/default_device';
import type { DeviceLike } from '../tensor/device';
import type { DType } from '../tensor/dtype';
import type { MemoryFormat } from '../tensor/layout';
import type { Scalar } from '../tensor/scalar';
import type { Tensor } from '../tensor/tensor';

type AnyFunction = (...args: never[]) => unknown;

/** Returns `aten::name` as a function that tries the overloads in the given order. */
export function op<F extends AnyFunction>(
  name: string,
  overloads: readonly string[] = [''],
  options: Omit<OperatorOptions, 'overloads'> = {},
): F {
  const operator = new Operator(`aten::${name}`, { name, ...options, overloads });
  const call = (...args: unknown[]): unknown => operator.call(args);
  Object.defineProperty(call, 'name', { value: options.name ?? name });
  return call as unknown as F;
}

export interface Conversion {
  dtype?: DType | null | undefined;
  device?: DeviceLike | null | undefined;
  non_blocking?: boolean | undefined;
  memory_format?: MemoryFormat | null | undefined;
}

/** Converts a tensor. Returns the tensor itself if nothing changes. */
export const to = op<(self: Tensor, options: Conversion) => Tensor>('to', ['dtype_layout']);

type DeviceAndDType = Pick<Conversion, 'device' | 'dtype'>;

const emptyAt = op<(size: readonly number[], options: DeviceAndDType) => Tensor>('empty', [
  'memory_format',
]);

/** Returns an uninitialized tensor. Without a device, it is on the default device of `torch.set_default_device`. */
export const empty = (size: readonly number[], options: DeviceAndDType = {}): Tensor =>
  emptyAt(size, { ...options, device: options.device ?? chosenDefaultDevice() });

export const zeros = op<(size: readonly number[], options?: DeviceAndDType) => Tensor>('zeros');

/** Returns an uninitialized tensor with the shape, dtype and device of another. */
export const emptyLike =
  op<(self: Tensor, options?: Pick<Conversion, 'device' | 'memory_format'>) => Tensor>(
    'empty_like',
  );

/** Returns whether `x.data = y` is possible for two tensors. */
export const hasCompatibleShallowCopyType = op<(self: Tensor, from: Tensor) => boolean>(
  '_has_compatible_shallow_copy_type',
);

/** Returns Python's `base ** exponent` of floats. JavaScript's power differs in the last bit for some numbers. */
export const power = op<(base: number, exponent: number) => number>('pow', ['float']);

/** Returns Python's `math.erf`. */
export const erf = op<(value: number) => number>('erf', ['float']);

export const addcmul_ =
  op<(self: Tensor, tensor1: Tensor, tensor2: Tensor, options?: { value?: Scalar }) => Tensor>(
    'addcmul_',
  );

/** `torch.maximum(self, other, out=out)`. */
export const maximumInto = op<(self: Tensor, other: Tensor, options: { out: Tensor }) => Tensor>(
  'maximum',
  ['out'],
);

/** `torch.where`, with numbers for tensors too. */
export const where = op<
  (condition: Tensor, self: Tensor | number, other: Tensor | number) => Tensor
>('where', ['self', 'ScalarSelf', 'ScalarOther', 'Scalar']);

/** `torch.linalg.vector_norm`: over all dimensions, or over some. */
export const vectorNorm =
  op<(self: Tensor, ord: number, dim?: readonly number[] | null, keepdim?: boolean) => Tensor>(
    'linalg_vector_norm',
  );

/** Runs a function with gradient recording off, or on with `enabled`. */
export function withoutGrad<T>(run: () => T, enabled = false): T {
  const before = native.is_grad_enabled();
  native.set_grad_enabled(enabled);
  try {
    return run();
  } finally {
    native.set_grad_enabled(before);
  }
}

export const normalizeWeight = op<(v: Tensor, g: Tensor, dim: number) => Tensor>('_weight_norm');
export const normExceptDim = op<(v: Tensor, pow: number, dim: number) => Tensor>('norm_except_dim');
