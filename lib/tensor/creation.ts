/**
 * Makes tensors from data: `torch.tensor`, `as_tensor`, `x.new_tensor`. The factories that take sizes are in factories.ts.
 */

import { runtimeError, typeError, valueError } from '../bindings/errors';
import { isTensor } from '../bindings/handle';
import { native } from '../bindings/native';
import { warn } from '../bindings/warnings';
import { wrap } from '../bindings/wrap';
import { bind, type Callee, describe, fail } from '../dispatch/arguments';
import { allocate } from '../memory/allocation';
import { chosenDefaultDevice } from './default_device';
import { get_default_dtype } from './default_dtype';
import type { DeviceLike } from './device';
import { DType } from './dtype';
import {
  type AnyTypedArray,
  bytesOf,
  dtypeOfArray,
  isTypedArray,
  type NestedList,
} from './elements';
import { operator } from './methods/signature';
import { arraysOf, firstOf, inferDtype, isIntegral, toBytes } from './nested';
import type { Scalar } from './scalar';
import type { Tensor } from './tensor';

/** The data that `torch.tensor` takes. */
export type TensorData = NestedList<Scalar | Tensor> | NestedList<AnyTypedArray>;

export interface TensorOptions {
  /** Default: inferred from the data. */
  dtype?: DType | null | undefined;
  /** Default: the device that {@link set_default_device} set, else the CPU. */
  device?: DeviceLike | null | undefined;
  requires_grad?: boolean | undefined;
  pin_memory?: boolean | undefined;
}

const to = operator('to', 'dtype_layout');
const clone = operator('clone');
const emptyLike = operator('empty_like');

/** Moves a new tensor to its dtype and device, and makes it a leaf of the graph if `requires_grad` is set. */
function finish(made: Tensor, dtype: DType | undefined, options: Resolved): Tensor {
  const { device, requires_grad, pin_memory } = options;
  const source = pin_memory ? emptyLike(made, { pin_memory }).copy_(made) : made;
  const isThere = (!dtype || made.dtype === dtype) && device === undefined;
  const result = isThere ? source : to(source, { dtype: dtype ?? made.dtype, device });
  if (result !== made) made.dispose();
  return requires_grad ? asLeaf(result) : result;
}

/**
 * Sets `requires_grad` of a new tensor.
 *
 * @throws TorchError (RuntimeError) if the dtype is neither floating-point nor complex
 */
export function asLeaf(made: Tensor): Tensor {
  const { dtype } = made;
  if (dtype.is_floating_point || dtype.is_complex) return made.requires_grad_();
  throw runtimeError('Only Tensors of floating point and complex dtype can require gradients');
}

interface Resolved {
  readonly dtype: DType | undefined;
  readonly device: DeviceLike | undefined;
  readonly requires_grad: boolean;
  readonly pin_memory: boolean | undefined;
}

function resolve(callee: Callee, values: readonly unknown[]): Resolved {
  const [dtype = null, device = null, requires_grad = false, pin_memory = null] = values;
  if (dtype !== null && !(dtype instanceof DType)) {
    throw fail(callee, `argument 'dtype' must be a torch.dtype, got ${describe(dtype)}`);
  }
  if (typeof requires_grad !== 'boolean') {
    throw fail(
      callee,
      `argument 'requires_grad' must be a boolean, got ${describe(requires_grad)}`,
    );
  }
  return {
    dtype: dtype ?? undefined,
    device: (device as DeviceLike | null) ?? undefined,
    requires_grad,
    pin_memory: (pin_memory as boolean | null) ?? undefined,
  };
}

/** Describes parameters that can only be given by name. */
export const keywords = (...names: string[]) => names.map((name) => ({ name, keywordOnly: true }));

const TENSOR: Callee = {
  name: 'tensor',
  parameters: [
    { name: 'data', required: true },
    ...keywords('dtype', 'device', 'requires_grad', 'pin_memory', 'shape'),
  ],
};

/**
 * Returns a new tensor with a copy of the data. The data is one of:
 * - a number, boolean, bigint, `{ re, im }` or 0-d tensor;
 * - lists of these, nested to equal lengths;
 * - a typed array, with an optional `shape`;
 * - lists of typed arrays of one class and one length.
 *
 * Integers give int64, other numbers the default dtype. Integers with `requires_grad` give the default dtype too. A
 * typed array gives its own dtype. `dtype` overrides all of these. See
 * https://docs.pytorch.org/docs/stable/generated/torch.tensor.html
 *
 * @throws RangeError (ValueError) if lists have unequal lengths; TypeError if the data is none of the above; TorchError
 *   if
 *   the dtype cannot hold a number
 */
export function tensor(data: TensorData, options?: TensorOptions): Tensor;
export function tensor(
  data: AnyTypedArray,
  options?: TensorOptions & { shape?: readonly number[] },
): Tensor;
export function tensor(...args: unknown[]): Tensor {
  const [data, dtype, device, requires_grad, pin_memory, shape] = bind(TENSOR, args);
  const place = device ?? chosenDefaultDevice();
  return fromData(data, resolve(TENSOR, [dtype, place, requires_grad, pin_memory]), shape);
}

function fromData(data: unknown, options: Resolved, shape?: unknown): Tensor {
  if (isTypedArray(data)) return fromArray(data, options, shape);
  if (shape !== undefined) throw fail(TENSOR, "argument 'shape' is for typed arrays only");
  if (isTensor(data)) return copied(data as Tensor, options);
  if (typeof data === 'string') throw typeError("new(): invalid data type 'str'");
  if (isTypedArray(firstOf(data))) return fromArrays(data, options);
  const dtype = options.dtype ?? inferred(data, options.requires_grad);
  const { bytes, dtype: stored, shape: sizes } = toBytes(data, dtype);
  return finish(wrap(native.tensor_from_bytes(bytes, stored.code, sizes)), dtype, options);
}

function inferred(data: unknown, requiresGrad: boolean): DType {
  if (requiresGrad && isIntegral(data)) return get_default_dtype();
  return inferDtype(data);
}

function copied(source: Tensor, options: Resolved): Tensor {
  warn(
    'To copy construct from a tensor, it is recommended to use sourceTensor.detach().clone() or ' +
      'sourceTensor.detach().clone().requires_grad_(True), rather than torch.tensor(sourceTensor).',
  );
  return finish(clone(source).detach_(), options.dtype, options);
}

function fromArray(array: AnyTypedArray, options: Resolved, shape: unknown): Tensor {
  const dtype = dtypeOfArray(array, options.dtype);
  const count = countOf(array, dtype);
  const sizes = shape === undefined ? [count] : sizesOf(shape, count);
  const made = wrap(native.tensor_from_bytes(bytesOf(array), dtype.code, sizes));
  return finish(made, options.dtype ?? dtype, options);
}

/** Returns how many elements of the dtype the array holds. */
function countOf(array: AnyTypedArray, dtype: DType): number {
  const count = array.byteLength / dtype.itemsize;
  if (Number.isInteger(count)) return count;
  throw valueError(`tensor(): ${array.length} numbers are not pairs, which ${dtype} needs`);
}

/** Makes a tensor from nested lists of typed arrays. The arrays become the last dimension. */
function fromArrays(data: unknown, options: Resolved): Tensor {
  const { arrays, shape } = arraysOf(data);
  const [first] = arrays as [AnyTypedArray, ...AnyTypedArray[]];
  const dtype = dtypeOfArray(first, options.dtype);
  const sizes = [...shape, countOf(first, dtype)];
  const bytes = new Uint8Array(allocate(arrays.length * first.byteLength));
  for (const [index, array] of arrays.entries()) {
    bytes.set(bytesOf(array), index * first.byteLength);
  }
  const made = wrap(native.tensor_from_bytes(bytes, dtype.code, sizes));
  return finish(made, options.dtype ?? dtype, options);
}

function sizesOf(shape: unknown, count: number): number[] {
  const isShape =
    Array.isArray(shape) && shape.every((size) => Number.isSafeInteger(size) && size >= 0);
  if (!isShape)
    throw fail(TENSOR, `argument 'shape' must be an array of sizes, got ${describe(shape)}`);
  const product = (shape as number[]).reduce((left, right) => left * right, 1);
  if (product !== count) {
    throw valueError(`tensor(): shape [${shape}] has ${product} elements, the array ${count}`);
  }
  return shape as number[];
}

const AS_TENSOR: Callee = {
  name: 'as_tensor',
  parameters: [{ name: 'data', required: true }, { name: 'dtype' }, { name: 'device' }],
};

/**
 * Returns a tensor unchanged if it has the dtype and the device. Converts any other tensor, and the conversion is
 * recorded in the graph. Makes a new tensor from any other data, as {@link tensor} does.
 *
 * See https://docs.pytorch.org/docs/stable/generated/torch.as_tensor.html
 */
export function as_tensor(
  data: TensorData,
  options?: { dtype?: DType | null | undefined; device?: DeviceLike | null | undefined },
): Tensor;
export function as_tensor(...args: unknown[]): Tensor {
  const [data, dtype, device] = bind(AS_TENSOR, args);
  const options = resolve(AS_TENSOR, [dtype, device ?? chosenDefaultDevice()]);
  if (!isTensor(data)) return fromData(data, options);
  return to(data, { dtype: options.dtype, device: options.device });
}

const NEW_TENSOR: Callee = {
  name: 'new_tensor',
  parameters: [
    { name: 'data', required: true },
    ...keywords('dtype', 'device', 'requires_grad', 'pin_memory'),
  ],
};

/** Implements `x.new_tensor(data)`: like {@link tensor}, but dtype and device default to those of x. */
export function newTensor(like: Tensor, args: readonly unknown[]): Tensor {
  const [data, dtype, device, requires_grad, pin_memory] = bind(NEW_TENSOR, args);
  const options = resolve(NEW_TENSOR, [
    dtype ?? like.dtype,
    device ?? (like.device.type === 'cpu' ? null : like.device),
    requires_grad,
    pin_memory,
  ]);
  return fromData(data, options);
}
