/** The `Tensor` class: everything except the methods that call operators, which are in methods/. */
import { inspect } from 'node:util';
import { type Stream, streamOf } from '../accelerator/stream';
import { BACKWARD_OPTIONS, marshalBackward } from '../autograd/backward';
import { GraphNode } from '../autograd/graph';
import {
  type PostAccumulateHook,
  registerPostAccumulateHook,
  registerTensorHook,
  type TensorHook,
} from '../autograd/hooks';
import { createError, typeError, valueError } from '../bindings/errors';
import { type Handle, HandleOwner, handleOf, isTensor, tensorHandle } from '../bindings/handle';
import { type AsyncOptions, splitSignal, submit } from '../bindings/jobs';
import { type Native, native } from '../bindings/native';
import { ownArray } from '../bindings/realms';
import { registerTensorClass, wrap } from '../bindings/wrap';
import { bind, describe, fail } from '../dispatch/arguments';
import { ANYTHING, optional, Signature } from '../dispatch/signature';
import { allocate, checkListsFit } from '../memory/allocation';
import type { RemovableHandle } from '../utils/hooks';
import { refuseBrackets } from './brackets';
import { Content } from './content';
import { Device, type DeviceLike } from './device';
import { complex64, type DType, float32 } from './dtype';
import { dtypeFromCode } from './dtype_table';
import { type NestedList, type TypedArray, toNested, toTyped } from './elements';
import { type Index, index, indexPut } from './indexing';
import { type Layout, layoutFromCode } from './layout';
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
export class Tensor extends HandleOwner {
  /** Only for deep comparisons, and for what copies objects. @internal */
  protected readonly content = new Content(this);

  get #handle(): Handle {
    const handle = handleOf(this);
    if (handle) return handle;
    throw typeError('the Tensor was disposed');
  }

  // --- properties ---------------------------------------------------------------------------------------------------

  /** The size of each dimension. */
  get shape(): number[] {
    return ownArray(native.shape(this.#handle));
  }

  get dtype(): DType {
    return dtypeFromCode(native.dtype(this.#handle));
  }

  get device(): Device {
    return new Device(native.device(this.#handle));
  }

  get layout(): Layout {
    return layoutFromCode(native.layout(this.#handle));
  }

  /**
   * The size of the first dimension, like Python's `len(x)`.
   *
   * @throws TypeError for a tensor without dimensions
   */
  get length(): number {
    const [first] = this.shape;
    if (first === undefined) throw typeError('len() of a 0-d tensor');
    return first;
  }

  /** The number of dimensions. */
  get ndim(): number {
    return native.dim(this.#handle);
  }

  get is_cuda(): boolean {
    return this.device.type === 'cuda';
  }

  /** Whether the tensor is on the meta device: it has a shape and a dtype, but no elements. */
  get is_meta(): boolean {
    return this.device.type === 'meta';
  }

  /** Returns the index of the tensor's device, or -1 for the CPU. */
  get_device(): number {
    return this.device.index ?? -1;
  }

  /**
   * Keeps the memory until the work that the stream has now is done. Needed for a tensor that was allocated on another
   * stream.
   *
   * See https://docs.pytorch.org/docs/stable/generated/torch.Tensor.record_stream.html
   */
  record_stream(stream: Stream): void {
    const { device, stream_id } = streamOf('record_stream', stream);
    native.record_stream(this.#handle, device.name, stream_id);
  }

  /** The size of one element, in bytes. */
  get itemsize(): number {
    return native.element_size(native.dtype(this.#handle));
  }

  /** The size of all elements, in bytes. */
  get nbytes(): number {
    return this.itemsize * this.numel();
  }

  dim(): number {
    return native.dim(this.#handle);
  }

  numel(): number {
    return native.numel(this.#handle);
  }

  nelement(): number {
    return this.numel();
  }

  element_size(): number {
    return this.itemsize;
  }

  /** Returns the size of every dimension, or of one. */
  size(): number[];
  size(dim: number): number;
  size(dim?: number): number | number[] {
    return oneOf(this.shape, dim, 'size');
  }

  /** Returns the stride of every dimension, or of one, in elements. */
  stride(): number[];
  stride(dim: number): number;
  stride(dim?: number): number | number[] {
    return oneOf(ownArray(native.stride(this.#handle)), dim, 'stride');
  }

  storage_offset(): number {
    return native.storage_offset(this.#handle);
  }

  /** Returns the address of the first element. */
  data_ptr(): number | bigint {
    return native.data_ptr(this.#handle);
  }

  is_contiguous(): boolean {
    return native.is_contiguous(this.#handle);
  }

  is_floating_point(): boolean {
    return this.dtype.is_floating_point;
  }

  is_complex(): boolean {
    return this.dtype.is_complex;
  }

  /** Counts the in-place changes of the tensor. */
  get _version(): number {
    return native.version(this.#handle);
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

  get requires_grad(): boolean {
    return native.requires_grad(this.#handle);
  }

  set requires_grad(value: boolean) {
    native.set_requires_grad(this.#handle, value, false);
  }

  /** Sets `requires_grad`. Returns this. */
  requires_grad_(requires_grad = true): this {
    native.set_requires_grad(this.#handle, requires_grad, true);
    return this;
  }

  /**
   * Computes this tensor's gradients with respect to the leaves of its graph, and adds them to their `grad`.
   *
   * See https://docs.pytorch.org/docs/stable/generated/torch.Tensor.backward.html
   *
   * @throws TorchError (RuntimeError) if the tensor is not part of a graph, or if it is not a scalar and no `gradient`
   *   is
   *   given
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

  /** Returns whether the tensor was made in {@link torch.inference_mode}. */
  is_inference(): boolean {
    return native.is_inference(this.#handle);
  }

  get is_leaf(): boolean {
    return native.is_leaf(this.#handle);
  }

  /** The accumulated gradient, or null. It is the same object on each read, as long as that object is alive. */
  get grad(): Tensor | null {
    const gradient = native.grad(this.#handle);
    if (gradient === undefined) return null;
    return typeof gradient === 'number' ? wrap(gradient) : (gradient as Tensor);
  }

  set grad(gradient: Tensor | null) {
    const none = gradient === null || gradient === undefined;
    native.set_grad(
      this.#handle,
      none ? null : tensorHandle(gradient, { name: 'Tensor', parameters: [] }, 'grad'),
    );
  }

  /** Makes backward store the gradient of this tensor, which is not a leaf. */
  retain_grad(): void {
    native.retain_grad(this.#handle);
  }

  get retains_grad(): boolean {
    return native.retains_grad(this.#handle);
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

  /** The function that computed this tensor, or null for a leaf. */
  get grad_fn(): GraphNode | null {
    return GraphNode.of(this.#handle, this);
  }

  /** A tensor with the same elements that is not part of the graph. */
  get data(): Tensor {
    return wrap(native.data(this.#handle));
  }

  set data(value: Tensor) {
    native.set_data(this.#handle, tensorHandle(value, { name: 'Tensor', parameters: [] }, 'data'));
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

function oneOf(values: number[], dim: number | undefined, name: string): number | number[] {
  if (dim === undefined) return values;
  if (!Number.isInteger(dim)) {
    throw fail({ name, parameters: [] }, `dim must be an integer, got ${describe(dim)}`);
  }
  const value = values.at(dim);
  if (value !== undefined) return value;
  const range = `[${-values.length}, ${values.length - 1}]`;
  throw createError(
    'IndexError',
    values.length === 0
      ? `Dimension specified as ${dim} but tensor has no dimensions`
      : `Dimension out of range (expected to be in range of ${range}, but got ${dim})`,
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
