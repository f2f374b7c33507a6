/** The `Tensor` class. base.ts has the properties that the native side has, methods/ the methods that call operators. */
import { inspect } from 'node:util';
import { BACKWARD_OPTIONS, marshalBackward } from '../autograd/backward';
import {
  type PostAccumulateHook,
  registerPostAccumulateHook,
  registerTensorHook,
  type TensorHook,
} from '../autograd/hooks';
import { typeError, valueError } from '../bindings/errors';
import { type Handle, HandleOwner, handleOf, isTensor, liveHandle } from '../bindings/handle';
import { type AsyncOptions, splitSignal, submit } from '../bindings/jobs';
import { type Native, native } from '../bindings/native';
import { registerTensorClass } from '../bindings/wrap';
import { bind, describe } from '../dispatch/arguments';
import { ANYTHING, optional, Signature } from '../dispatch/signature';
import { allocate, checkListsFit } from '../memory/allocation';
import type { RemovableHandle } from '../utils/hooks';
import { TensorBase } from './base';
import { refuseBrackets } from './brackets';
import { Content } from './content';
import type { DeviceLike } from './device';
import { complex64, type DType, float32 } from './dtype';
import { type NestedList, type TypedArray, toNested, toTyped } from './elements';
import { type Index, index, indexPut } from './indexing';
import { methods, type TensorMethods } from './methods';
import { operator } from './methods/signature';
import { formatTensor } from './printing';
import type { Complex, Scalar } from './scalar';
import { fromShared, type SharedTensor, type ShareOptions, share } from './share';

export interface BackwardOptions {
  /** The gradient with respect to this tensor. Required unless this is a scalar. */
  gradient?: Tensor | null | undefined;
  /** Keeps the graph for another backward pass. Default: `create_graph`. */
  retain_graph?: boolean | null | undefined;
  /** Records the backward pass, so that gradients can be differentiated. Default: false. */
  create_graph?: boolean | undefined;
  /** Accumulates gradients into these leaves only. Default: into all leaves of the graph. */
  inputs?: Tensor | readonly Tensor[] | null | undefined;
}

const BACKWARD = new Signature('backward', {
  gradient: optional<unknown>(ANYTHING, null),
  ...BACKWARD_OPTIONS,
});
const INDEX_PUT = {
  name: 'index_put_',
  parameters: [
    { name: 'indices', required: true },
    { name: 'values', required: true },
    { name: 'accumulate' },
  ],
};

const transposed = operator('numpy_T');
const matrixTransposed = operator('mT');
const realPart = operator('real');
const imaginaryPart = operator('imag');
const unbind = operator('unbind', 'int');
const convert = operator('to', 'dtype');

// The loop at the end of this file adds the methods to the prototype.
export interface Tensor extends TensorMethods {}

/**
 * A multi-dimensional array of one dtype, on one device, which may be part of a graph.
 *
 * Its memory is freed when it is garbage-collected, or at once by {@link dispose}. See
 * https://docs.pytorch.org/docs/stable/tensors.html
 */
// biome-ignore lint/suspicious/noUnsafeDeclarationMerging: see above
export class Tensor extends TensorBase {
  /** Only for deep comparisons, and for what copies objects. @internal */
  protected readonly content = new Content(this);

  get #handle(): Handle {
    return liveHandle(this);
  }

  // --- data ---------------------------------------------------------------------------------------------------------

  /**
   * Returns the only element as a number. For other dtypes, give the type: `item<boolean>()` for torch.bool,
   * `item<Complex>()` for complex dtypes.
   *
   * @throws TorchError (RuntimeError) unless there is exactly one element; RangeError for an int64 that a number cannot
   *   hold
   */
  item(): number;
  item<T extends number | boolean | Complex>(): T;
  item(): number | boolean | Complex {
    return exact(native.item(this.#handle));
  }

  /** Like {@link item}, but does not block the event loop. It runs after the asynchronous calls made before it. */
  itemAsync(options?: AsyncOptions): Promise<number>;
  itemAsync<T extends number | boolean | Complex>(options?: AsyncOptions): Promise<T>;
  async itemAsync(options?: AsyncOptions): Promise<number | boolean | Complex> {
    return exact(await submit((job) => job.item(this.#handle), options));
  }

  /**
   * Like {@link toTypedArray}, but does not block the event loop. It runs after the asynchronous calls made before it.
   */
  async toTypedArrayAsync(options?: AsyncOptions): Promise<TypedArray> {
    const { dtype } = this;
    const copy = await submit((job) => job.contiguous_cpu_copy(this.#handle), options);
    try {
      return elementsOf(dtype, copy);
    } finally {
      native.dispose(copy);
    }
  }

  /** Returns a copy of the elements, in row-major order. The README lists the typed array for each dtype. */
  toTypedArray(): TypedArray {
    return elementsOf(this.dtype, this.#handle);
  }

  /**
   * Returns the elements as numbers, nested as the shape is. For other types, give the type: `tolist<boolean[]>()` for
   * a vector of torch.bool, `tolist<number[][]>()` for a matrix.
   *
   * @throws RangeError for an int64 that a number cannot hold
   */
  tolist(): NestedList<number>;
  tolist<T extends NestedList<number | boolean | Complex>>(): T;
  tolist(): NestedList<number | boolean | Complex> {
    checkListsFit(this.shape);
    const { dtype } = this;
    const isPlain = dtype.itemsize > 2 || !(dtype.is_floating_point || dtype.is_complex);
    // toTypedArray() gives halves as their bits, so they are widened first.
    const source = isPlain ? this : convert(this, dtype.is_complex ? complex64 : float32);
    const elements = source.toTypedArray();
    return toNested(source.dtype, elements, this.shape);
  }

  /**
   * Returns {@link tolist} for `JSON.stringify`. JSON has neither inf nor NaN; it writes null for them.
   *
   * @throws RangeError for an int64 that a number cannot hold
   */
  toJSON(): NestedList<number | boolean | Complex> {
    // Jest prints what differs from a copy, which is no tensor.
    const text = handleOf(this) === undefined && this.content?.[Symbol.toStringTag];
    return text ? (text as never) : this.tolist();
  }

  /** Names the only property that Jest copies, in order to print it. @internal */
  get [Symbol.for('@jest/serializableProperties')](): string[] {
    return ['content'];
  }

  /**
   * Iterates over the tensors along the first dimension, as Python does. A tensor without dimensions has no iterator:
   * JavaScript says that it is not iterable, and deep comparisons do not try.
   */
  get [Symbol.iterator](): () => Iterator<Tensor> {
    const isScalar = handleOf(this) && this.ndim === 0;
    return (isScalar ? undefined : iterate) as () => Iterator<Tensor>;
  }

  // --- views and indexing -------------------------------------------------------------------------------------------

  /** A view with the dimensions in reverse order. */
  get T(): Tensor {
    return transposed(this);
  }

  /** A view with the last two dimensions exchanged. */
  get mT(): Tensor {
    return matrixTransposed(this);
  }

  /** A view of the real parts. If the tensor is not complex, the tensor itself. */
  get real(): Tensor {
    return this.is_complex() ? realPart(this) : this;
  }

  /** A view of the imaginary parts. */
  get imag(): Tensor {
    return imaginaryPart(this);
  }

  /**
   * Returns Python's `x[…]`: `x.index(0, slice(), null, '...')` is `x[0, :, None, ...]`.
   *
   * @throws RangeError (IndexError) if an index is out of bounds, of another type, or one too many
   */
  index(...indices: Index[]): Tensor {
    return index(this, indices);
  }

  /**
   * Assigns as Python's `x[…] = values` does: `x.index_put_([0, slice(1)], 5)` is `x[0, :1] = 5`. With `accumulate`,
   * adds the values instead, and all values for one position. Returns this.
   */
  index_put_(
    indices: readonly Index[],
    values: Tensor | Scalar,
    accumulate?: boolean | { accumulate?: boolean },
  ): this;
  index_put_(...args: unknown[]): this {
    const [indices, values, accumulate = false] = bind(INDEX_PUT, args);
    indexPut(this, indices as Index[], values as Tensor, accumulate === true);
    return this;
  }

  // --- gradients ----------------------------------------------------------------------------------------------------

  /**
   * Computes this tensor's gradients with respect to the leaves of its graph, and adds them to their `grad`.
   *
   * See https://docs.pytorch.org/docs/stable/generated/torch.Tensor.backward.html
   *
   * @throws TorchError (RuntimeError) if the tensor is not part of a graph, or if it is not a scalar and no `gradient`
   *   is given
   */
  backward(options?: BackwardOptions): void;
  backward(gradient: Tensor | null | undefined, options?: Omit<BackwardOptions, 'gradient'>): void;
  backward(
    gradient: Tensor | null | undefined,
    retain_graph?: boolean | null,
    create_graph?: boolean,
    inputs?: BackwardOptions['inputs'],
  ): void;
  backward(...args: unknown[]): void {
    native.backward(...this.#marshalBackward(args));
  }

  /** Like {@link backward}, but does not block the event loop. */
  backwardAsync(options?: BackwardOptions & AsyncOptions): Promise<void>;
  backwardAsync(
    gradient: Tensor | null | undefined,
    options?: Omit<BackwardOptions, 'gradient'> & AsyncOptions,
  ): Promise<void>;
  backwardAsync(...args: unknown[]): Promise<void> {
    const [others, options] = splitSignal(args);
    return submit((job) => job.backward(...this.#marshalBackward(others)), options);
  }

  #marshalBackward(args: readonly unknown[]): Parameters<Native['backward']> {
    const values = args.length === 0 ? BACKWARD.defaults : BACKWARD.read(args);
    return marshalBackward(BACKWARD, this, values.gradient, values);
  }

  /**
   * Registers a function that is called with each gradient of this tensor. It may return a tensor that replaces the
   * gradient, and must not change its argument.
   *
   * See https://docs.pytorch.org/docs/stable/generated/torch.Tensor.register_hook.html
   *
   * @throws TorchError (RuntimeError) if the tensor does not require a gradient
   */
  register_hook(hook: TensorHook): RemovableHandle {
    return registerTensorHook(this, hook);
  }

  /**
   * Registers a function that is called with this leaf after a backward pass has added to its `grad`.
   *
   * See https://docs.pytorch.org/docs/stable/generated/torch.Tensor.register_post_accumulate_grad_hook.html
   *
   * @throws TorchError (RuntimeError) if the tensor is no leaf that requires a gradient
   */
  register_post_accumulate_grad_hook(hook: PostAccumulateHook): RemovableHandle {
    return registerPostAccumulateHook(this, hook);
  }

  // --- JavaScript ---------------------------------------------------------------------------------------------------

  /** Frees the memory now. Later use of the tensor throws a TypeError; a second dispose does nothing. */
  dispose(): void {
    HandleOwner.release(this);
  }

  [Symbol.dispose](): void {
    this.dispose();
  }

  /**
   * Returns a token that {@link Tensor.fromShared} turns into a tensor on the same memory in another thread, without a
   * copy. The token is plain data for `postMessage`, and can be claimed once. Until then it keeps the memory alive, for
   * at most `timeout`.
   *
   * Both threads see each other's writes, and nothing synchronizes them. The memory can no longer be resized.
   *
   * @throws TorchError if the tensor is part of a graph, is not strided, or uses the memory of a JavaScript buffer
   */
  share(options?: ShareOptions): SharedTensor {
    return share(this, options);
  }

  /**
   * Returns the tensor that another thread of this process shared. It has the same `requires_grad`, and its own `grad`.
   *
   * @throws TorchError if the token was claimed, has expired, or does not come from this process
   */
  static fromShared(token: SharedTensor): Tensor {
    return fromShared(token);
  }

  /** Whether {@link dispose} was called. */
  get isDisposed(): boolean {
    return handleOf(this) === 0;
  }

  /** Returns Python's `repr`. */
  override toString(): string {
    return formatTensor(this.#handle, false);
  }

  [inspect.custom](): string {
    return this.isDisposed ? 'Tensor (disposed)' : this.toString();
  }

  /**
   * Converts the tensor for JavaScript: `Number(x)` is {@link item}, `String(x)` is {@link toString}. JavaScript's
   * operators cannot work on tensors, so `x + 1` throws.
   *
   * @throws TypeError for `+` and `==`
   */
  [Symbol.toPrimitive](hint: 'default' | 'number' | 'string'): string | number {
    if (hint === 'string') return this.toString();
    if (hint === 'number') return Number(this.item());
    throw typeError('JavaScript has no operators for tensors: use .add(), .eq(), … or .item()');
  }
}

function iterate(this: Tensor): Iterator<Tensor> {
  if (!isTensor(this)) throw typeError(`only a Tensor iterates as one, got ${describe(this)}`);
  return (unbind(this, 0) as unknown as Tensor[])[Symbol.iterator]();
}

function elementsOf(dtype: DType, handle: Handle): TypedArray {
  const bytes = allocate(native.numel(handle) * dtype.itemsize);
  native.copy_bytes(handle, new Uint8Array(bytes));
  return toTyped(dtype, bytes);
}

function exact(value: number | bigint | boolean | Complex): number | boolean | Complex {
  if (typeof value !== 'bigint') return value;
  throw valueError(
    `item(): ${value} is an integer that a number cannot hold; toTypedArray() gives it as a bigint`,
  );
}

for (const [name, method] of Object.entries(methods)) {
  Object.defineProperty(Tensor.prototype, name, {
    value: method,
    writable: true,
    configurable: true,
  });
}

refuseBrackets(HandleOwner.prototype);
registerTensorClass(Tensor);

export type { DeviceLike, NestedList };
