/**
 * Deterministic release: `tidy` frees what a function made and did not return, `keep` takes a tensor out of its hands.
 */
import { AsyncLocalStorage } from 'node:async_hooks';
import { typeError } from '../bindings/errors';
import { HandleOwner, observeCreation } from '../bindings/handle';
import { describe, isOptions } from '../dispatch/arguments';
import { Parameter } from '../nn/parameter';
import type { Tensor } from '../tensor/tensor';

/** The tensors made under one `tidy`. */
interface Scope {
  readonly tensors: Set<HandleOwner>;
  readonly outer: Scope | undefined;
}

const current = new AsyncLocalStorage<Scope>();
let open = 0;

function remember(owner: HandleOwner): void {
  current.getStore()?.tensors.add(owner);
}

function enter(): Scope {
  if (open++ === 0) observeCreation(remember);
  return { tensors: new Set(), outer: current.getStore() };
}

function leave(scope: Scope, result: unknown): void {
  if (--open === 0) observeCreation(undefined);
  const returned = new Set<HandleOwner>();
  collect(result, returned);
  for (const owner of scope.tensors) {
    if (returned.has(owner)) scope.outer?.tensors.add(owner);
    // A module made here lives on in its parameters.
    else if (!(owner instanceof Parameter)) HandleOwner.release(owner);
  }
}

/** The tensors in a value: itself, or in arrays, plain objects, maps and other iterables, however deep. */
function collect(value: unknown, found: Set<HandleOwner>, seen = new Set<unknown>()): void {
  if (typeof value !== 'object' || value === null || seen.has(value)) return;
  seen.add(value);
  if (value instanceof HandleOwner) {
    found.add(value);
  } else if (isOptions(value)) {
    for (const member of Object.values(value)) collect(member, found, seen);
  } else if (Symbol.iterator in value && !ArrayBuffer.isView(value)) {
    for (const member of value as Iterable<unknown>) collect(member, found, seen);
  }
}

function isThenable(value: unknown): value is PromiseLike<unknown> {
  return typeof (value as PromiseLike<unknown> | null | undefined)?.then === 'function';
}

/**
 * Runs a function and frees every tensor it made, except those in what it returns, parameters, and those it
 * {@link keep}s. Calls nest: what an inner one returns belongs to the outer. An asynchronous function is tidied when its
 * promise settles.
 *
 * As `tf.tidy` of TensorFlow.js.
 */
export function tidy<T>(fn: () => T): T {
  if (typeof fn !== 'function') {
    throw typeError(`tidy(): takes a function to run, got ${describe(fn)}`);
  }
  const scope = enter();
  let result: T;
  try {
    result = current.run(scope, fn);
  } catch (error) {
    leave(scope, undefined);
    throw error;
  }
  if (!isThenable(result)) {
    leave(scope, result);
    return result;
  }
  return result.then(
    (value) => {
      leave(scope, value);
      return value;
    },
    (error) => {
      leave(scope, undefined);
      throw error;
    },
  ) as T;
}

/** Takes a tensor out of every `tidy` that is running; returns it. */
export function keep<T extends Tensor>(tensor: T): T {
  for (let scope = current.getStore(); scope; scope = scope.outer) scope.tensors.delete(tensor);
  return tensor;
}
