/**
 * Deterministic release of memory: `tidy` frees the tensors that a function made and did not return. `keep` exempts a
 * tensor.
 */

import { AsyncLocalStorage } from 'node:async_hooks';
import { types } from 'node:util';
import { typeError } from '../bindings/errors';
import { HandleOwner, observeCreation } from '../bindings/handle';
import { describe, isOptions } from '../dispatch/arguments';
import { Parameter } from '../nn/parameter';
import type { Tensor } from '../tensor/tensor';
import { keptState, observeState, type StateKeeper } from './state';

/** A running `tidy`. */
interface Scope {
  /** The tensors that were made during it. */
  readonly tensors: Set<HandleOwner>;
  /** The modules, optimizers and scalers that were made or used during it. */
  readonly keepers: Set<StateKeeper>;
  readonly outer: Scope | undefined;
}

const current = new AsyncLocalStorage<Scope>();
let open = 0;

function addTensor(owner: HandleOwner): void {
  current.getStore()?.tensors.add(owner);
}

function addKeeper(keeper: StateKeeper): void {
  current.getStore()?.keepers.add(keeper);
}

function enter(): Scope {
  if (open++ === 0) {
    observeCreation(addTensor);
    observeState(addKeeper);
  }
  return { tensors: new Set(), keepers: new Set(), outer: current.getStore() };
}

function leave(scope: Scope, result: unknown): void {
  if (--open === 0) {
    observeCreation(undefined);
    observeState(undefined);
  }
  const { tensors, keepers, outer } = scope;
  const returned = new Set<HandleOwner>();
  collect(result, returned, isIterable);
  const kept = new Set<HandleOwner>();
  const seen = new Set<unknown>();
  for (const keeper of keepers) {
    outer?.keepers.add(keeper);
    for (const value of keeper[keptState]()) collect(value, kept, isCollection, seen);
  }
  for (const owner of tensors) {
    // A parameter belongs to a module, even before it is assigned to one.
    if (owner instanceof Parameter || kept.has(owner)) continue;
    if (returned.has(owner)) outer?.tensors.add(owner);
    else HandleOwner.release(owner);
  }
}

type Members = Iterable<unknown>;

/** Returns whether a returned value can contain tensors. Arrays of numbers cannot. */
const isIterable = (value: object): value is Members =>
  Symbol.iterator in value && !ArrayBuffer.isView(value);

/** Returns whether a kept value can be iterated without changing it. A user's iterator would be advanced. */
const isCollection = (value: object): value is Members =>
  Array.isArray(value) || types.isMap(value) || types.isSet(value);

/**
 * Adds the tensors in a value to `found`: the value itself, or those in arrays, plain objects and other collections, at
 * any depth.
 */
function collect(
  value: unknown,
  found: Set<HandleOwner>,
  hasMembers: (value: object) => value is Members,
  seen = new Set<unknown>(),
): void {
  if (typeof value !== 'object' || value === null || seen.has(value)) return;
  seen.add(value);
  if (value instanceof HandleOwner) {
    found.add(value);
  } else if (isOptions(value)) {
    for (const member of Object.values(value)) collect(member, found, hasMembers, seen);
  } else if (hasMembers(value)) {
    for (const member of value) collect(member, found, hasMembers, seen);
  }
}

function isThenable(value: unknown): value is PromiseLike<unknown> {
  return typeof (value as PromiseLike<unknown> | null | undefined)?.then === 'function';
}

/**
 * Runs a function and frees every tensor it made. Exceptions are the tensors in its result, those that it {@link
 * keep}s, parameters, and the state of modules, optimizers and scalers (buffers, momentum, a scale). Calls can be
 * nested: the result of an inner call belongs to the outer one. For an asynchronous function, tensors are freed when
 * its promise settles.
 *
 * The state of a module or optimizer is what its properties hold: tensors, and arrays, maps, sets and plain objects of
 * tensors. Tensors that your class keeps elsewhere, for example in a `#private` field, need {@link keep}.
 *
 * Works like `tf.tidy` of TensorFlow.js.
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

/** Exempts a tensor from every running `tidy`. Returns the tensor. */
export function keep<T extends Tensor>(tensor: T): T {
  for (let scope = current.getStore(); scope; scope = scope.outer) scope.tensors.delete(tensor);
  return tensor;
}
