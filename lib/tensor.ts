/** The `Tensor` class: what JavaScript adds to the operators of methods.ts. */
import { inspect } from 'node:util';

import { fail } from './arguments';
import { toTyped, type TypedArray } from './data';
import { Device, type DeviceLike } from './device';
import { type DType, dtypeFromCode } from './dtype';
import { typeError, valueError } from './errors';
import { GraphNode } from './graph';
import { HandleOwner, type Handle, handleOf, tensorHandle } from './handle';
import { type Layout, layoutFromCode } from './layout';
import { methods } from './methods';
import { native } from './native';
import { formatTensor } from './printing';
import type { Complex } from './scalar';
import { registerTensorClass, wrap } from './wrap';

type TensorMethods = typeof methods;

/** Numbers, booleans or complex numbers, nested as the shape is. */
export type NestedList<T = number | boolean | Complex> = T | NestedList<T>[];

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

// The operators are added to the prototype below.
// biome-ignore lint/suspicious/noUnsafeDeclarationMerging: the members are those of the table that is installed
export interface Tensor extends TensorMethods {}

/**
 * A multi-dimensional array of one dtype, on a device, with its place in the recorded graph.
 *
 * It is freed when it is collected, or at once by {@link dispose}. See
 * https://docs.pytorch.org/docs/stable/tensors.html
 */
// biome-ignore lint/suspicious/noUnsafeDeclarationMerging: see above
export class Tensor extends HandleOwner {
  get #handle(): Handle {
    const handle = handleOf(this);
    if (handle) return handle;
    throw typeError('the Tensor was disposed');
  }

  // --- properties ---------------------------------------------------------------------------------------------------

  /** Sizes of the dimensions. */
  get shape(): number[] {
    return native.shape(this.#handle);
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

  /** Number of dimensions. */
  get ndim(): number {
    return native.dim(this.#handle);
  }

  get is_cuda(): boolean {
    return this.device.type === 'cuda';
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
    return oneOf(native.stride(this.#handle), dim, 'stride');
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
   * The one element as a JavaScript number, boolean or complex number.
   *
   * @throws TorchError (RuntimeError) unless there is exactly one element; RangeError for an int64 that a number cannot
   *   hold
   */
  item(): number | boolean | Complex;
  item<T extends number | boolean | Complex>(): T;
  item(): number | boolean | Complex {
    const value = native.item(this.#handle);
    if (typeof value !== 'bigint') return value;
    throw valueError(
      `item(): ${value} is an integer that a number cannot hold; toTypedArray() gives it as a bigint`,
    );
  }

  /** A copy of the elements in order; which array stands for which dtype is in the README. */
  toTypedArray(): TypedArray {
    return toTyped(this.dtype, native.to_bytes(this.#handle));
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
    native.set_grad(this.#handle, none ? null : tensorHandle(gradient, { name: 'Tensor', parameters: [] }, 'grad'));
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

function oneOf(values: number[], dim: number | undefined, name: string): number | number[] {
  if (dim === undefined) return values;
  const value = values.at(dim);
  if (Number.isInteger(dim) && value !== undefined) return value;
  const range = `[${-values.length}, ${values.length - 1}]`;
  throw fail({ name, parameters: [] }, `dim must be an integer in ${range}, got ${String(dim)}`);
}

for (const [name, method] of Object.entries(methods)) {
  Object.defineProperty(Tensor.prototype, name, { value: method, writable: true, configurable: true });
}

registerTensorClass(Tensor);

export type { DeviceLike };
