/**
 * The bond between a JavaScript `Tensor` and the native one.
 *
 * A handle is a number that only this file can read out of a tensor: a private field, so that a plain object, a proxy
 * or a tensor of another copy of the package is never taken for one. The native side holds the object weakly
 * (native/bindings/handles.h) and frees the tensor when it is collected.
 */
import { type Callee, describe, fail } from '../dispatch/arguments';
import { native } from './native';

/** A slot and its generation in the native table; 0 once disposed. */
export type Handle = number;

/** The handle of a tensor that may be left out. */
export type OptionalHandle = Handle | null;

let observer: ((owner: HandleOwner) => void) | undefined;

/** Sets who is told of every new tensor: tidy.ts, while a tidy runs. */
export function observeCreation(tell: typeof observer): void {
  observer = tell;
}

/** The base of `Tensor`: owns one handle. */
export class HandleOwner {
  #handle: Handle;

  /** What the native side calls, which holds it weakly: kept as long as there can be tensors. @internal */
  static hooks: unknown;

  /** @internal Takes ownership of a handle the native side gave out. */
  constructor(handle: Handle) {
    this.#handle = handle;
    native.attach(handle, this);
    observer?.(this);
  }

  /** The handle of a live tensor, 0 of a disposed one, undefined for anything else. @internal */
  static handleOf(value: unknown): Handle | undefined {
    return typeof value === 'object' && value !== null && #handle in value
      ? value.#handle
      : undefined;
  }

  /** Frees the native tensor now; the object can no longer be used. A second time does nothing. @internal */
  static release(owner: HandleOwner): void {
    const handle = owner.#handle;
    owner.#handle = 0;
    if (handle !== 0) native.dispose(handle);
  }
}

const { handleOf } = HandleOwner;

export { handleOf };

/** Whether a value is one of this package's tensors, disposed or not, and has their methods. */
export function isTensor(value: unknown): boolean {
  return handleOf(value) !== undefined && value instanceof HandleOwner;
}

/**
 * The handle of a tensor argument.
 *
 * @throws TypeError that names the argument, for anything but a live tensor
 */
export function tensorHandle(value: unknown, callee: Callee, name: string): Handle {
  const handle = handleOf(value);
  if (handle && value instanceof HandleOwner) return handle;
  throw fail(callee, `argument '${name}' must be a Tensor, got ${describeTensor(value)}`);
}

/** As `describe`, telling apart the tensors that cannot be used. */
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
