/** The `Tensor` class: what JavaScript adds to the operators of methods.ts. */
import { inspect } from 'node:util';
import { type Stream, streamOf } from '../accelerator/stream';
import { BACKWARD_OPTIONS, marshalBackward } from '../autograd/backward';
import { GraphNode } from '../autograd/graph';
import { createError, typeError, valueError } from '../bindings/errors';
import { type Handle, HandleOwner, handleOf, isTensor, tensorHandle } from '../bindings/handle';
import { type AsyncOptions, splitSignal, submit } from '../bindings/jobs';
import { type Native, native } from '../bindings/native';
import { ownArray } from '../bindings/realms';
import { registerTensorClass, wrap } from '../bindings/wrap';
import { bind, describe, fail } from '../dispatch/arguments';
import { ANYTHING, optional, Signature } from '../dispatch/signature';
import { allocate, checkListsFit } from '../memory/allocation';
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
  /** The gradient of what is differentiated with respect to this tensor; needed unless this is a scalar. */
  gradient?: Tensor | null | undefined;
  /** Keep the graph for another backward pass. Default: `create_graph`. */
  retain_graph?: boolean | null | undefined;
  /** Record the backward pass too, so that gradients can be differentiated. Default: false. */
  create_graph?: boolean | undefined;
  /** Accumulate into these leaves only. Default: all that are reached. */
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

// The operators are added to the prototype below.
export interface Tensor extends TensorMethods {}

/**
 * A multi-dimensional array of one dtype, on a device, with its place in the recorded graph.
 *
 * It is freed when it is collected, or at once by {@link dispose}. See
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

  /** Sizes of the dimensions. */
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
   * The size of the first dimension: Python's `len(x)`.
   *
   * @throws TypeError for a tensor without dimensions
   */
  get length(): number {
    const [first] = this.shape;
    if (first === undefined) throw typeError('len() of a 0-d tensor');
    return first;
  }

  /** Number of dimensions. */
  get ndim(): number {
    return native.dim(this.#handle);
  }

  get is_cuda(): boolean {
    return this.device.type === 'cuda';
  }

  /** Whether the tensor has a shape and a dtype, but no elements. */
  get is_meta(): boolean {
    return this.device.type === 'meta';
  }

  /** The number of the device that the tensor is on; -1 for the CPU. */
  get_device(): number {
    return this.device.index ?? -1;
  }

  /**
   * Keeps the memory until the work that a stream has now is done: for a tensor that another stream made.
   *
   * See https://docs.pytorch.org/docs/stable/generated/torch.Tensor.record_stream.html
   */
  record_stream(stream: Stream): void {
    const { device, stream_id } = streamOf('record_stream', stream);
    native.record_stream(this.#handle, device.name, stream_id);
  }

  /** Bytes of one element. */
  get itemsize(): number {
    return native.element_size(native.dtype(this.#handle));
  }

  /** Bytes of all elements. */
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

  /** All sizes, or that of one dimension. */
  size(): number[];
  size(dim: number): number;
  size(dim?: number): number | number[] {
    return oneOf(this.shape, dim, 'size');
  }

  /** All strides, in elements, or that of one dimension. */
  stride(): number[];
  stride(dim: number): number;
  stride(dim?: number): number | number[] {
    return oneOf(ownArray(native.stride(this.#handle)), dim, 'stride');
  }

  storage_offset(): number {
    return native.storage_offset(this.#handle);
  }

  /** Address of the first element. */
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

  /** How often the elements were changed in place. */
  get _version(): number {
    return native.version(this.#handle);
  }

  // --- data ---------------------------------------------------------------------------------------------------------

  /**
   * The one element: a number, or for some dtypes what the type parameter says. `item<boolean>()` is for torch.bool,
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

  /** As {@link item}, off the event loop: waits for the calls before it. */
  itemAsync(options?: AsyncOptions): Promise<number>;
  itemAsync<T extends number | boolean | Complex>(options?: AsyncOptions): Promise<T>;
  async itemAsync(options?: AsyncOptions): Promise<number | boolean | Complex> {
    return exact(await submit((job) => job.item(this.#handle), options));
  }

  /** As {@link toTypedArray}, off the event loop: waits for the calls before it. */
  async toTypedArrayAsync(options?: AsyncOptions): Promise<TypedArray> {
    const { dtype } = this;
    const copy = await submit((job) => job.contiguous_cpu_copy(this.#handle), options);
    try {
      return elementsOf(dtype, copy);
    } finally {
      native.dispose(copy);
    }
  }

  /** A copy of the elements in order; which array stands for which dtype is in the README. */
  toTypedArray(): TypedArray {
    return elementsOf(this.dtype, this.#handle);
  }

  /**
   * The elements as numbers, nested as the shape is, or as the type parameter says: `tolist<boolean[]>()` for a vector of
   * torch.bool, `tolist<number[][]>()` for a matrix.
   *
   * @throws RangeError for an int64 that a number cannot hold
   */
  tolist(): NestedList<number>;
  tolist<T extends NestedList<number | boolean | Complex>>(): T;
  tolist(): NestedList<number | boolean | Complex> {
    checkListsFit(this.shape);
    const { dtype } = this;
    const isPlain = dtype.itemsize > 2 || !(dtype.is_floating_point || dtype.is_complex);
    // Halves cross as their bits.
    const source = isPlain ? this : convert(this, dtype.is_complex ? complex64 : float32);
    const elements = source.toTypedArray();
    return toNested(source.dtype, elements, this.shape);
  }

  /**
   * What `JSON.stringify` writes of a tensor: its elements, as {@link tolist} gives them. JSON has no inf and no NaN, and
   * writes null.
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

  /** The dimensions in reverse order. */
  get T(): Tensor {
    return transposed(this);
  }

  /** The last two dimensions exchanged. */
  get mT(): Tensor {
    return matrixTransposed(this);
  }

  /** The real parts, a view; the tensor itself where it is not complex. */
  get real(): Tensor {
    return this.is_complex() ? realPart(this) : this;
  }

  /** The imaginary parts, a view. */
  get imag(): Tensor {
    return imaginaryPart(this);
  }

  /**
   * Python's `x[…]`: `x.index(0, slice(), null, '...')` is `x[0, :, None, ...]`.
   *
   * @throws RangeError (IndexError) for an index out of bounds, too many, or what is no index
   */
  index(...indices: Index[]): Tensor {
    return index(this, indices);
  }

  /**
   * Python's `x[…] = values`: `x.index_put_([0, slice(1)], 5)` is `x[0, :1] = 5`. With `accumulate` the values are
   * added, all of those for one place. Returns this.
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

  /** Sets `requires_grad`; returns this. */
  requires_grad_(requires_grad = true): this {
    native.set_requires_grad(this.#handle, requires_grad, true);
    return this;
  }

  /**
   * Adds to `grad` of the leaves this tensor's gradient with respect to each.
   *
   * See https://docs.pytorch.org/docs/stable/generated/torch.Tensor.backward.html
   *
   * @throws TorchError (RuntimeError) where the tensor is no scalar and no `gradient` is given, or is in no graph
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

  /** As {@link backward}, off the event loop. */
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

  /** Whether the tensor was made in {@link torch.inference_mode}. */
  is_inference(): boolean {
    return native.is_inference(this.#handle);
  }

  get is_leaf(): boolean {
    return native.is_leaf(this.#handle);
  }

  /** The accumulated gradient: the same object as long as it lives. */
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

  /** Keeps the gradient of a tensor that is not a leaf. */
  retain_grad(): void {
    native.retain_grad(this.#handle);
  }

  get retains_grad(): boolean {
    return native.retains_grad(this.#handle);
  }

  /** The function that made this tensor, or null for a leaf. */
  get grad_fn(): GraphNode | null {
    return GraphNode.of(this.#handle, this);
  }

  /** The same elements, outside the graph. */
  get data(): Tensor {
    return wrap(native.data(this.#handle));
  }

  set data(value: Tensor) {
    native.set_data(this.#handle, tensorHandle(value, { name: 'Tensor', parameters: [] }, 'data'));
  }

  // --- JavaScript ---------------------------------------------------------------------------------------------------

  /** Frees the memory now. Using the tensor afterwards is a TypeError; disposing it again does nothing. */
  dispose(): void {
    HandleOwner.release(this);
  }

  [Symbol.dispose](): void {
    this.dispose();
  }

  /**
   * A token for another thread, which {@link Tensor.fromShared} there turns into a tensor on the same memory: nothing is
   * copied. It is plain data, to be sent with `postMessage`, and can be claimed once; until then it keeps the memory,
   * for as long as `timeout` says.
   *
   * What one thread writes the other sees, and nothing keeps them from writing at the same time. The memory can no
   * longer be resized.
   *
   * @throws TorchError for a tensor that is part of a graph, not strided, or on the memory of a JavaScript buffer
   */
  share(options?: ShareOptions): SharedTensor {
    return share(this, options);
  }

  /**
   * The tensor that another thread of this process shared. It requires gradients as that one does, and has its own
   * `grad`.
   *
   * @throws TorchError for a token that was claimed, whose time is over, or that this process never made
   */
  static fromShared(token: SharedTensor): Tensor {
    return fromShared(token);
  }

  /** Whether {@link dispose} was called. */
  get isDisposed(): boolean {
    return handleOf(this) === 0;
  }

  /** Python's `repr`. */
  override toString(): string {
    return formatTensor(this.#handle, false);
  }

  [inspect.custom](): string {
    return this.isDisposed ? 'Tensor (disposed)' : this.toString();
  }

  /**
   * `Number(x)` is {@link item}. JavaScript's operators have no tensor arithmetic: `x + 1` throws.
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
