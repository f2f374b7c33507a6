/** The operators that layers and optimizers stand on, as typed functions. */

import { native } from '../bindings/native';
import { Operator, type OperatorOptions } from '../dispatch/operators';
import { chosenDefaultDevice } from '../tensor/default_device';
import type { DeviceLike } from '../tensor/device';
import type { DType } from '../tensor/dtype';
import type { MemoryFormat } from '../tensor/layout';
import type { Scalar } from '../tensor/scalar';
import type { Tensor } from '../tensor/tensor';

type AnyFunction = (...args: never[]) => unknown;

/** `aten::name` as a function, its overloads tried in the order given. */
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

/** The tensor itself where there is nothing to convert. */
export const to = op<(self: Tensor, options: Conversion) => Tensor>('to', ['dtype_layout']);

type DeviceAndDType = Pick<Conversion, 'device' | 'dtype'>;

const emptyAt = op<(size: readonly number[], options: DeviceAndDType) => Tensor>('empty', [
  'memory_format',
]);

/** An uninitialised tensor, where it is not said on the device that `torch.set_default_device` set. */
export const empty = (size: readonly number[], options: DeviceAndDType = {}): Tensor =>
  emptyAt(size, { ...options, device: options.device ?? chosenDefaultDevice() });

/** An uninitialised tensor of the shape, dtype and device of another. */
export const emptyLike =
  op<(self: Tensor, options?: Pick<Conversion, 'device'>) => Tensor>('empty_like');

/** Whether the elements of the one can become those of the other. */
export const hasCompatibleShallowCopyType = op<(self: Tensor, from: Tensor) => boolean>(
  '_has_compatible_shallow_copy_type',
);

/** Python's `base ** exponent` of floats: JavaScript's own differs in the last bit for some. */
export const power = op<(base: number, exponent: number) => number>('pow', ['float']);

/** Python's `math.erf`. */
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

/** Runs a function that records nothing, or as it says. */
export function withoutGrad<T>(run: () => T, enabled = false): T {
  const before = native.is_grad_enabled();
  native.set_grad_enabled(enabled);
  try {
    return run();
  } finally {
    native.set_grad_enabled(before);
  }
}
