/**
 * The properties of a tensor that its native side has. Python's `torch._C.TensorBase`.
 *
 * See https://docs.pytorch.org/docs/stable/tensors.html
 */
import { type Stream, streamOf } from '../accelerator/stream';
import { GraphNode } from '../autograd/graph';
import { createError, typeError } from '../bindings/errors';
import { type Handle, HandleOwner, liveHandle, tensorHandle } from '../bindings/handle';
import { native } from '../bindings/native';
import { ownArray } from '../bindings/realms';
import { wrap } from '../bindings/wrap';
import { describe, fail } from '../dispatch/arguments';
import { Device } from './device';
import type { DType } from './dtype';
import { dtypeFromCode } from './dtype_table';
import { type Layout, layoutFromCode } from './layout';
import type { Tensor } from './tensor';

const TENSOR = { name: 'Tensor', parameters: [] };

/** A tensor without its methods. Only {@link Tensor} extends it. */
export abstract class TensorBase extends HandleOwner {
  get #handle(): Handle {
    return liveHandle(this);
  }

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

  // --- autograd -----------------------------------------------------------------------------------------------------

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
    const isNone = gradient === null || gradient === undefined;
    native.set_grad(this.#handle, isNone ? null : tensorHandle(gradient, TENSOR, 'grad'));
  }

  /** Makes backward store the gradient of this tensor, which is not a leaf. */
  retain_grad(): void {
    native.retain_grad(this.#handle);
  }

  get retains_grad(): boolean {
    return native.retains_grad(this.#handle);
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
    native.set_data(this.#handle, tensorHandle(value, TENSOR, 'data'));
  }
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
