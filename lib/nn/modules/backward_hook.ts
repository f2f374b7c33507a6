/** Backward hooks of modules. Source: torch/utils/hooks.py (BackwardHook), torch/nn/modules/_functions.py. */
import { Function as AutogradFunction, type FunctionCtx } from '../../autograd/function';
import { is_grad_enabled } from '../../autograd/grad_mode';
import type { GraphNode } from '../../autograd/graph';
import type { Gradient } from '../../autograd/hooks';
import { runtimeError } from '../../bindings/errors';
import { isTensor } from '../../bindings/handle';
import { warn } from '../../bindings/warnings';
import { describe } from '../../dispatch/arguments';
import type { Tensor } from '../../tensor/tensor';
import type { Module } from './module';

type Gradients = readonly Gradient[];

/**
 * Is called in the backward pass with the gradients of a module's inputs and outputs. It may return gradients that
 * replace those of the inputs. An input or output that is no tensor has null.
 */
export type FullBackwardHook<M = Module> = (
  module: M,
  grad_input: Gradients,
  grad_output: Gradients,
  // biome-ignore lint/suspicious/noConfusingVoidType: a hook may return nothing
) => Gradients | null | undefined | void;

/**
 * Is called in the backward pass before a module's gradients are computed, with the gradients of its outputs. It may
 * return others in their place.
 */
export type FullBackwardPreHook<M = Module> = (
  module: M,
  grad_output: Gradients,
  // biome-ignore lint/suspicious/noConfusingVoidType: a hook may return nothing
) => Gradients | null | undefined | void;

/** Passes tensors on, and their gradients back. Its place in the graph has the hooks. */
class BackwardHookFunction extends AutogradFunction {
  static forward(ctx: FunctionCtx, ...args: Tensor[]): Tensor[] {
    ctx.mark_non_differentiable(...args.filter(({ requires_grad }) => !requires_grad));
    return args;
  }

  static backward(_ctx: FunctionCtx, ...grads: Tensor[]): Tensor[] {
    return grads;
  }
}

/** The places of tensors among the arguments or results of a call; null if none requires a gradient. */
type Places = readonly number[] | null;

/** Calls the backward hooks of a module for one call of it. */
export class BackwardHook {
  #gradOutputs: Gradients | null = null;
  #inputs: { readonly places: Places; readonly count: number } = { places: null, count: 0 };

  constructor(
    readonly module: Module,
    readonly hooks: readonly FullBackwardHook[],
    readonly preHooks: readonly FullBackwardPreHook[],
  ) {}

  /** Returns the arguments as the module gets them. */
  setupInputs(args: readonly unknown[]): unknown[] {
    const [passed, places] = passThrough(args, (node) => {
      node.register_hook((gradients) => this.#callHooks(gradients));
    });
    this.#inputs = { places, count: args.length };
    return passed;
  }

  /** Returns the result as the caller gets it. */
  setupOutputs(result: unknown): unknown {
    if (!isTensor(result) && !Array.isArray(result)) {
      warn(
        'For backward hooks to be called, module output should be a Tensor or a tuple of Tensors but received ' +
          describe(result),
      );
    }
    const results: readonly unknown[] = Array.isArray(result) ? result : [result];
    const [passed, places] = passThrough(results, (node, places) => {
      node.register_hook((_inputs, gradients) =>
        this.#callPreHooks(withNone(places, gradients, results.length), places),
      );
    });
    if (!places) return result;
    return Array.isArray(result) ? passed : passed[0];
  }

  #callHooks(gradients: Gradients): Gradients | undefined {
    const gradOutputs = this.#gradOutputs;
    // A gradient may reach the inputs without passing the outputs, as in a double backward pass.
    if (!gradOutputs) return undefined;
    const { places, count } = this.#inputs;
    let gradInputs: Gradients = withNone(places!, gradients, count);
    for (const hook of this.hooks) {
      const replaced = hook(this.module, gradInputs, gradOutputs);
      if (replaced === undefined || replaced === null) continue;
      checkCount('Backward hook', 'grad_input', replaced, gradInputs.length);
      gradInputs = replaced;
    }
    this.#gradOutputs = null;
    return places!.map((place) => gradInputs[place] ?? null);
  }

  #callPreHooks(given: Gradients, places: readonly number[]): Gradients {
    let gradOutputs = given;
    for (const hook of this.preHooks) {
      const replaced = hook(this.module, gradOutputs);
      if (replaced === undefined || replaced === null) continue;
      checkCount('Backward pre hook', 'grad_output', replaced, given.length);
      gradOutputs = replaced;
    }
    this.#gradOutputs = gradOutputs;
    if (!this.#inputs.places) this.#callWithoutInputs(gradOutputs);
    return places.map((place) => gradOutputs[place] ?? null);
  }

  /** Calls the hooks of a module of which no input requires a gradient. */
  #callWithoutInputs(gradOutputs: Gradients): void {
    warn(
      'Full backward hook is firing when gradients are computed with respect to module outputs since no inputs require ' +
        'gradients. See https://docs.pytorch.org/docs/main/generated/torch.nn.Module.html' +
        '#torch.nn.Module.register_full_backward_hook for more details.',
    );
    const none = withNone([], [], this.#inputs.count);
    for (const hook of this.hooks) {
      const replaced = hook(this.module, none, gradOutputs);
      const isNone = replaced === undefined || replaced === null;
      if (isNone || (Array.isArray(replaced) && replaced.every((each) => each === null))) continue;
      throw runtimeError(
        'Backward hook for Modules where no input requires gradient should always return None or None for all gradients.',
      );
    }
    this.#gradOutputs = null;
  }
}

function checkCount(what: string, gradient: string, given: unknown, expected: number): void {
  const count = Array.isArray(given) ? given.length : 1;
  if (Array.isArray(given) && count === expected) return;
  throw runtimeError(
    `${what} returned an invalid number of ${gradient}, got ${count}, but expected ${expected}`,
  );
}

/** Returns the gradients at their places, and null at the others. */
function withNone(places: readonly number[], gradients: Gradients, count: number): Gradient[] {
  const all = new Array<Gradient>(count).fill(null);
  for (const [index, place] of places.entries()) all[place] = gradients[index] ?? null;
  return all;
}

/**
 * Passes the tensors among values through one function of the graph.
 *
 * @param register - registers a hook of that function. It is not called if no tensor requires a gradient
 */
function passThrough(
  values: readonly unknown[],
  register: (node: GraphNode, places: readonly number[]) => void,
): [values: unknown[], places: Places] {
  const places = values.flatMap((value, index) => (isTensor(value) ? [index] : []));
  const tensors = places.map((place) => values[place] as Tensor);
  const passed = [...values];
  if (!is_grad_enabled() || !tensors.some(({ requires_grad }) => requires_grad)) {
    return [passed, null];
  }
  const results = BackwardHookFunction.apply(...tensors);
  for (const [index, place] of places.entries()) passed[place] = results[index];
  const name = `${BackwardHookFunction.name}Backward`;
  const node = results.map(({ grad_fn }) => grad_fn).find((each) => each?.name() === name);
  if (!node) throw runtimeError('Error while setting up backward hooks.');
  register(node, places);
  return [passed, places];
}
