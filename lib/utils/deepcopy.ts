/** Python's `copy.deepcopy`, for modules and what they hold. */
import { types } from 'node:util';

import { runtimeError } from '../bindings/errors';
import { describeTensor, handleOf, isTensor } from '../bindings/handle';
import { describe, fail, isOptions } from '../dispatch/arguments';
import { Parameter } from '../nn/parameter';
import type { Tensor } from '../tensor/tensor';

/** The copies made so far, by their originals. */
export type Memo = Map<unknown, unknown>;

/** An object that makes its deep copy itself, as Python's protocol says. */
export interface DeepCopyable {
  __deepcopy__(memo: Memo): unknown;
}

/**
 * Returns a deep copy. Python's `copy.deepcopy`: what is met twice is copied once, so that shared weights stay shared.
 *
 * Copied are tensors, modules, arrays, Maps, Sets, plain objects and typed arrays. Functions and instances of other
 * classes are the same in the copy, unless they define `__deepcopy__(memo)`. A module is copied without a call of its
 * constructor: private members (`#name`) of its class are missing in the copy, so such a class defines `__deepcopy__`.
 *
 * ```ts
 * const target = torch.deepcopy(model).requires_grad_(false);
 * ```
 *
 * @param memo - the copies made so far, by their originals
 * @throws TypeError if `memo` is not a Map
 * @throws TorchError (RuntimeError) for a tensor that was computed and requires a gradient
 */
export function deepcopy<T>(value: T, memo: Memo = new Map()): T {
  checkMemo(memo);
  if (value === null || (typeof value !== 'object' && typeof value !== 'function')) return value;
  if (memo.has(value)) return memo.get(value) as T;
  const copy = copyOf(value, memo);
  memo.set(value, copy);
  return copy as T;
}

const DEEPCOPY = { name: 'deepcopy', parameters: [] };

/** Throws a TypeError unless the value is a Map. */
export function checkMemo(memo: unknown): void {
  if (types.isMap(memo)) return;
  throw fail(DEEPCOPY, `argument 'memo' must be a Map, got ${describe(memo)}`);
}

function copyOf(value: object, memo: Memo): unknown {
  if (handleOf(value) !== undefined && !isTensor(value)) {
    throw fail(DEEPCOPY, `a tensor to copy must be a Tensor, got ${describeTensor(value)}`);
  }
  if (typeof (value as DeepCopyable).__deepcopy__ === 'function') {
    return (value as DeepCopyable).__deepcopy__(memo);
  }
  if (isTensor(value)) return copyOfTensor(value as Tensor, memo);
  if (ArrayBuffer.isView(value)) return structuredClone(value);
  if (Array.isArray(value)) {
    const copy: unknown[] = [];
    memo.set(value, copy);
    for (const element of value) copy.push(deepcopy(element, memo));
    return copy;
  }
  if (value instanceof Map) {
    const copy = new Map();
    memo.set(value, copy);
    for (const [key, member] of value) copy.set(deepcopy(key, memo), deepcopy(member, memo));
    return copy;
  }
  if (value instanceof Set) {
    const copy = new Set();
    memo.set(value, copy);
    for (const member of value) copy.add(deepcopy(member, memo));
    return copy;
  }
  if (!isOptions(value)) return value;
  const copy: Record<string, unknown> = {};
  memo.set(value, copy);
  for (const [key, member] of Object.entries(value)) copy[key] = deepcopy(member, memo);
  return copy;
}

function copyOfTensor(tensor: Tensor, memo: Memo): Tensor {
  const elements = (): Tensor => tensor.detach().clone();
  if (tensor instanceof Parameter) return new Parameter(elements(), tensor.requires_grad);
  if (!tensor.is_leaf) throw runtimeError(NO_LEAF);
  const copy = elements().requires_grad_(tensor.requires_grad);
  if (tensor.grad) copy.grad = deepcopy(tensor.grad, memo);
  return copy;
}

const NO_LEAF =
  'Only Tensors created explicitly by the user (graph leaves) support the deepcopy protocol at the moment.  If you ' +
  'were attempting to deepcopy a module, this may be because of a torch.nn.utils.weight_norm usage, see ' +
  'https://github.com/pytorch/pytorch/pull/103001';
