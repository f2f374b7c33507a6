/**
 * Hooks of tensors and of the functions of the graph. Source: torch/_tensor.py, torch/csrc/autograd/python_hook.cpp.
 *
 * A hook runs on the JavaScript thread during the backward pass, under `backwardAsync` too: the other thread waits for
 * it meanwhile. What a hook throws, `backward` throws.
 */
import { runtimeError, typeError } from '../bindings/errors';
import { describeTensor, type Handle, handleOf, isTensor } from '../bindings/handle';
import { native } from '../bindings/native';
import { wrap } from '../bindings/wrap';
import { describe } from '../dispatch/arguments';
import type { Tensor } from '../tensor/tensor';
import { RemovableHandle } from '../utils/hooks';

/** Gets the gradient of a tensor. Returns nothing, or a tensor that replaces it. */
// biome-ignore lint/suspicious/noConfusingVoidType: a hook may return nothing
export type TensorHook = (grad: Tensor) => Tensor | null | undefined | void;

/** Gets a leaf whose `grad` was just added to. */
export type PostAccumulateHook = (param: Tensor) => void;

/** A gradient, or null where there is none. */
export type Gradient = Tensor | null;

/** What a hook of a function returns: nothing, or gradients that replace those it got. */
// biome-ignore lint/suspicious/noConfusingVoidType: a hook may return nothing
export type Replacement = void | readonly Gradient[] | undefined;

/** Gets the gradients of a function's inputs, which it computed, and those of its outputs. */
export type NodeHook = (
  grad_inputs: readonly Gradient[],
  grad_outputs: readonly Gradient[],
) => Replacement;

/** Gets the gradients of a function's outputs, before the function computes those of its inputs. */
export type NodePreHook = (grad_outputs: readonly Gradient[]) => Replacement;

/** The hooks that each tensor keeps alive: the native side lets go of a hook when the graph is freed. */
const kept = new WeakMap<object, Set<unknown>>();

function checkFunction(hook: unknown): void {
  if (typeof hook !== 'function') throw typeError(`hook must be a function, got ${describe(hook)}`);
}

const nameOf = (hook: { readonly name: string }): string => hook.name || '<lambda>';

/**
 * Registers a function natively so that it can be removed.
 *
 * @param owner - keeps the function alive
 * @param make - makes the function that the native side calls. It asks `current` for the user's hook, which is undefined
 *   after its removal
 */
function register<Hook extends { readonly name: string }, Native>(
  owner: object,
  hook: Hook,
  make: (current: () => Hook | undefined) => Native,
  submit: (hook: Native, name: string) => void,
): RemovableHandle {
  let current: Hook | undefined = hook;
  const called = make(() => current);
  submit(called, nameOf(hook));
  const hooks = kept.get(owner) ?? new Set();
  kept.set(owner, hooks.add(called));
  return new RemovableHandle(() => {
    current = undefined;
    hooks.delete(called);
  });
}

/** Registers a hook for each gradient of a tensor. */
export function registerTensorHook(tensor: Tensor, hook: TensorHook): RemovableHandle {
  checkFunction(hook);
  if (!tensor.requires_grad) {
    throw runtimeError("cannot register a hook on a tensor that doesn't require gradient");
  }
  const call = (current: () => TensorHook | undefined) => (gradient: Handle) => {
    const given = wrap(gradient);
    const result = current()?.(given);
    return result === undefined || result === null ? undefined : gradientHandle(result);
  };
  return register(tensor, hook, call, (called, name) =>
    native.register_tensor_hook(handleOf(tensor)!, called, name),
  );
}

/** Registers a hook that is called after a leaf's `grad` was added to. */
export function registerPostAccumulateHook(
  tensor: Tensor,
  hook: PostAccumulateHook,
): RemovableHandle {
  checkFunction(hook);
  if (!tensor.requires_grad) {
    throw runtimeError("cannot register a hook on a tensor that doesn't require gradient");
  }
  if (tensor.grad_fn !== null) {
    throw runtimeError('post accumulate grad hooks cannot be registered on non-leaf tensors');
  }
  const owner = new WeakRef(tensor);
  const call = (current: () => PostAccumulateHook | undefined) => (handle: Handle) => {
    const leaf = wrap(handle);
    current()?.(owner.deref() ?? leaf);
  };
  return register(tensor, hook, call, (called) =>
    native.register_post_accumulate_grad_hook(handleOf(tensor)!, called),
  );
}

type Handles = readonly (Handle | null | undefined)[];

const toGradients = (handles: Handles): Gradient[] =>
  Array.from(handles, (handle) => (handle ? wrap(handle) : null));

/**
 * Registers a hook of the function that `path` leads to from the tensor's `grad_fn`.
 *
 * @param isPre - whether the hook is called before the function, with the gradients of its outputs only
 */
export function registerNodeHook(
  tensor: object,
  path: readonly number[],
  isPre: boolean,
  hook: NodeHook | NodePreHook,
): RemovableHandle {
  checkFunction(hook);
  const name = nameOf(hook);
  type Hook = NodeHook & NodePreHook;
  const call = (current: () => Hook | undefined) => (first: Handles, second?: Handles) => {
    const given = toGradients(first);
    const result = current()?.(given, second ? toGradients(second) : []);
    return result === undefined || result === null ? undefined : replacement(name, given, result);
  };
  return register(tensor, hook as Hook, call, (called) =>
    native.register_node_hook(handleOf(tensor) ?? 0, path, isPre, called, name),
  );
}

/** Checks what a hook returned in place of gradients. */
function replacement(
  name: string,
  given: readonly Gradient[],
  result: NonNullable<Replacement>,
): (Handle | null)[] {
  if (!Array.isArray(result)) {
    throw typeError(`expected an array, but hook returned '${describeTensor(result)}'`);
  }
  const list: readonly Gradient[] = result;
  if (list.length !== given.length) {
    throw runtimeError(
      `hook '${name}' has returned an incorrect number of values (got ${list.length}, but expected ${given.length})`,
    );
  }
  return list.map((value, index) => {
    const own = given[index];
    if (value === null || value === undefined) return null;
    if (!own) throw runtimeError("can't replace a None gradient with a non-None value");
    return gradientHandle(value);
  });
}

function gradientHandle(value: unknown): Handle {
  const handle = handleOf(value);
  if (handle && isTensor(value)) return handle;
  throw typeError(`expected Variable, but hook returned '${describeTensor(value)}'`);
}
