/**
 * Connects a JavaScript `Tensor` with the native tensor.
 *
 * A handle is a number in a private field, which only this file can read. So a plain object, a proxy, or a tensor of
 * another copy of the package is never mistaken for a tensor. The native side has a weak reference to the object
 * (native/bindings/handles.h), and frees the native tensor after the object was collected.
 */
import { type Callee, describe, fail } from '../dispatch/arguments';
import { typeError } from './errors';
import { native } from './native';

/** A slot and its generation in the native table. 0 after disposal. */
export type Handle = number;

/** The handle of an optional tensor. */
export type OptionalHandle = Handle | null;

type Observer = ((owner: HandleOwner) => void) | undefined;
let observer: Observer;

/** Sets the function that is called for each new tensor, and returns the one before. */
export function observeCreation(callback: Observer): Observer {
  const before = observer;
  observer = callback;
  return before;
}

/** The base class of `Tensor`, which owns one handle. */
export class HandleOwner {
  #handle: Handle;

  /** What the native side calls, which holds it weakly: kept as long as there can be tensors. @internal */
  static hooks: unknown;

  /** @internal Takes ownership of a handle that the native side returned. */
  constructor(handle: Handle) {
    this.#handle = handle;
    native.attach(handle, this);
    observer?.(this);
  }

  /** Returns the handle of a live tensor, 0 for a disposed one, and undefined for any other value. @internal */
  static handleOf(value: unknown): Handle | undefined {
    return typeof value === 'object' && value !== null && #handle in value
      ? value.#handle
      : undefined;
  }

  /** Frees the native tensor now. The object can no longer be used. A second call does nothing. @internal */
  static release(owner: HandleOwner): void {
    const handle = owner.#handle;
    owner.#handle = 0;
    if (handle !== 0) native.dispose(handle);
  }
}

const { handleOf } = HandleOwner;

export { handleOf };

/**
 * Returns the handle of a tensor whose property is read.
 *
 * @throws TypeError if the tensor was disposed
 */
export function liveHandle(tensor: HandleOwner): Handle {
  const handle = handleOf(tensor);
  if (handle) return handle;
  throw typeError('the Tensor was disposed');
}

/** Returns whether a value is a tensor of this package, disposed or not, and has the methods of one. */
export function isTensor(value: unknown): boolean {
  return handleOf(value) !== undefined && value instanceof HandleOwner;
}

/**
 * Returns the handle of a tensor argument.
 *
 * @throws TypeError that names the argument, unless it is a live tensor
 */
export function tensorHandle(value: unknown, callee: Callee, name: string): Handle {
  const handle = handleOf(value);
  if (handle && value instanceof HandleOwner) return handle;
  throw fail(callee, `argument '${name}' must be a Tensor, got ${describeTensor(value)}`);
}

/** Like `describe`, but says why a tensor cannot be used. */
export function describeTensor(value: unknown): string {
  const handle = handleOf(value);
  if (handle === 0) return 'a Tensor that was disposed';
  if (handle && !(value instanceof HandleOwner)) return 'a Tensor whose prototype was replaced';
  if (handle) return describe(value);
  const described = describe(value);
  return /^(Tensor|Parameter)$/.test(described)
    ? `a ${described} of another copy of torch-losses or of another thread`
    : described;
}
