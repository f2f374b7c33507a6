/**
 * `torch.autograd.Function`: functions with a backward pass of their own. Source: torch/autograd/function.py,
 * torch/csrc/autograd/python_function.cpp.
 */
import { createError, runtimeError, typeError } from '../bindings/errors';
import { type Handle, handleOf, isTensor } from '../bindings/handle';
import { native } from '../bindings/native';
import { wrap } from '../bindings/wrap';
import { describe } from '../dispatch/arguments';
import type { Tensor } from '../tensor/tensor';
import { scoped } from '../utils/contextlib';
import { is_grad_enabled } from './grad_mode';

type Saved = Tensor | null | undefined;
type Handles = readonly (Handle | null | undefined)[];

interface ContextState {
  readonly saved: readonly Saved[];
  readonly dirty: readonly Tensor[];
  readonly nonDifferentiable: readonly Tensor[];
  readonly materializes: boolean;
}

/** Reads the private parts of a context. */
let stateOf: (ctx: FunctionCtx) => ContextState;

/**
 * What the forward pass of a {@link Function} leaves for its backward pass. Any other property may be set, too. Keep
 * tensors by {@link save_for_backward}: a property that refers to an output would keep the graph alive for ever.
 */
export class FunctionCtx {
  /** For each argument of `forward`, whether it is a tensor that requires a gradient. */
  needs_input_grad: readonly boolean[] = [];

  // biome-ignore lint/suspicious/noExplicitAny: the user's own properties, as in Python
  [property: string]: any;

  #saved: readonly Saved[] = [];
  #dirty: readonly Tensor[] = [];
  #nonDifferentiable: readonly Tensor[] = [];
  #materializes = true;

  /**
   * Keeps inputs or outputs for the backward pass. Call it once, in `forward` or `setup_context`.
   *
   * @throws TypeError for anything but tensors and null
   */
  save_for_backward(...tensors: Saved[]): void {
    for (const [index, tensor] of tensors.entries()) {
      if (tensor === null || tensor === undefined || isLive(tensor)) continue;
      throw typeError(
        `save_for_backward can only save variables, but argument ${index} is of type ${describe(tensor)}`,
      );
    }
    this.#saved = tensors;
  }

  /**
   * The tensors given to {@link save_for_backward}. Can be read in `backward`.
   *
   * @throws TorchError (RuntimeError) if one of them was changed in place since, or if the graph was freed
   */
  // biome-ignore lint/suspicious/noExplicitAny: Python's tuple has None only where None was saved
  get saved_tensors(): any[] {
    return Array.from(native.saved_tensors(), (handle) => (handle ? wrap(handle) : null));
  }

  /** Names the inputs that `forward` changed in place. All of them must be outputs. */
  mark_dirty(...inputs: Tensor[]): void {
    this.#dirty = tensorsOf('mark_dirty', inputs);
  }

  /** Names the outputs that have no gradient. */
  mark_non_differentiable(...outputs: Tensor[]): void {
    this.#nonDifferentiable = tensorsOf('mark_non_differentiable', outputs);
  }

  /** Sets whether `backward` gets zeros for an output without a gradient, instead of null. Default: true. */
  set_materialize_grads(value: boolean): void {
    this.#materializes = Boolean(value);
  }

  static {
    stateOf = (ctx) => ({
      saved: ctx.#saved,
      dirty: ctx.#dirty,
      nonDifferentiable: ctx.#nonDifferentiable,
      materializes: ctx.#materializes,
    });
  }
}

const isLive = (value: unknown): boolean => isTensor(value) && handleOf(value) !== 0;

function tensorsOf(name: string, values: readonly unknown[]): Tensor[] {
  for (const [index, value] of values.entries()) {
    if (!isLive(value)) {
      throw typeError(
        `${name} only accepts variable arguments, but argument ${index} is of type ${describe(value)}`,
      );
    }
  }
  return values as Tensor[];
}

// biome-ignore lint/suspicious/noExplicitAny: any parameters and results
type AnyFunction = (...args: any[]) => any;

/** The static methods that a subclass of {@link Function} has. */
interface Definition {
  readonly name: string;
  forward: AnyFunction;
  setup_context?: AnyFunction | undefined;
  backward?: AnyFunction | undefined;
}

type WithoutContext<Args extends unknown[]> = Args extends [FunctionCtx, ...infer Rest]
  ? Rest
  : never;

/** The arguments of `apply`: those of `forward`, without the context if there is no `setup_context`. */
type ApplyArguments<D> = D extends { setup_context: AnyFunction; forward: AnyFunction }
  ? Parameters<D['forward']>
  : D extends { forward: AnyFunction }
    ? WithoutContext<Parameters<D['forward']>>
    : never;

/**
 * The base of functions with a backward pass of their own. A subclass has static methods; call it by `apply`.
 *
 * ```ts
 * class Exp extends torch.autograd.Function {
 *   static forward(ctx: FunctionCtx, x: Tensor) {
 *     const result = x.exp();
 *     ctx.save_for_backward(result);
 *     return result;
 *   }
 *   static backward(ctx: FunctionCtx, grad: Tensor) {
 *     const [result] = ctx.saved_tensors;
 *     return grad.mul(result);
 *   }
 * }
 * const y = Exp.apply(x);
 * ```
 *
 * - `forward(ctx, ...args)` computes without recording; returns a tensor, or an array of tensors and other values. Or
 *   `forward(...args)` with `setup_context(ctx, inputs, output)`.
 * - `backward(ctx, ...grads)` gets a gradient for each output, and returns one for each argument of `forward`: null for
 *   an argument that has none. It is recorded if the backward pass is (`create_graph`).
 *
 * See https://docs.pytorch.org/docs/stable/autograd.html#torch.autograd.Function
 */
// biome-ignore lint/complexity/noStaticOnlyClass: a class in torch, with static methods
class CustomFunction {
  /**
   * Computes the function, and makes its result part of the graph.
   *
   * @throws TorchError (NotImplementedError) if the class has no `forward`
   */
  static apply<D extends { forward: AnyFunction }>(
    this: D,
    ...args: ApplyArguments<D>
  ): ReturnType<D['forward']> {
    // biome-ignore lint/complexity/noThisInStatic: the subclass that it is called on
    return applyFunction(this as unknown as Definition, args) as ReturnType<D['forward']>;
  }
}

function applyFunction(definition: Definition, args: readonly unknown[]): unknown {
  const { name } = definition;
  if (typeof definition.forward !== 'function') {
    throw createError(
      'NotImplementedError',
      'You must implement the forward function for custom autograd.Function.',
    );
  }
  const ctx = new FunctionCtx();
  ctx.needs_input_grad = args.map((value) => isTensor(value) && (value as Tensor).requires_grad);
  const inputs = args.filter(isTensor) as Tensor[];
  const result: unknown = scoped(
    `${name}.forward`,
    () => compute(definition, ctx, args),
    () => {
      const before = native.is_grad_enabled();
      native.set_grad_enabled(false);
      return () => native.set_grad_enabled(before);
    },
  );
  const isTensorArgument = args.map((value) => isTensor(value));
  const outputs = Array.isArray(result) ? (result as unknown[]) : [result];
  const backward = (gradients: Handles): Handles =>
    runBackward(definition, ctx, isTensorArgument, gradients);
  const recorded = record(ctx, `${name}Backward`, backward, inputs, outputs);
  return Array.isArray(result) ? recorded : recorded[0];
}

/** Makes the outputs part of the graph, and returns them. */
function record(
  ctx: FunctionCtx,
  name: string,
  backward: (gradients: Handles) => Handles,
  inputs: readonly Tensor[],
  outputs: readonly unknown[],
): unknown[] {
  const { saved, dirty, nonDifferentiable, materializes } = stateOf(ctx);
  const optional = (value: unknown): Handle | null => (isTensor(value) ? handleOf(value)! : null);
  const all = (tensors: readonly Tensor[]): Handle[] => tensors.map((tensor) => handleOf(tensor)!);
  const replaced = native.custom_function(
    name,
    backward as (gradients: unknown) => (Handle | null)[],
    all(inputs),
    outputs.map(optional),
    all(dirty),
    all(nonDifferentiable),
    saved.map(optional),
    materializes,
  );
  return outputs.map((output, index) => {
    const handle = replaced[index];
    return handle === undefined ? output : wrap(handle);
  });
}

function compute(definition: Definition, ctx: FunctionCtx, args: readonly unknown[]): unknown {
  if (!definition.setup_context) return definition.forward(ctx, ...args);
  const output: unknown = definition.forward(...args);
  definition.setup_context(ctx, args, output);
  return output;
}

/** Calls the user's backward. Returns a gradient for each tensor among the arguments of forward. */
function runBackward(
  definition: Definition,
  ctx: FunctionCtx,
  isTensorArgument: readonly boolean[],
  gradients: Handles,
): Handles {
  const name = `${definition.name}Backward`;
  if (typeof definition.backward !== 'function') {
    throw createError(
      'NotImplementedError',
      'You must implement either the backward or vjp method for your custom autograd.Function to use it with backward mode AD.',
    );
  }
  const given = Array.from(gradients, (handle) => (handle ? wrap(handle) : null));
  const returned: unknown = definition.backward(ctx, ...given);
  const list: readonly unknown[] = Array.isArray(returned) ? returned : [returned];
  const expected = isTensorArgument.length;
  const surplus = list.slice(expected);
  if (list.length < expected || surplus.some((value) => !isNone(value))) {
    throw runtimeError(
      `function ${name} returned an incorrect number of gradients (expected ${expected}, got ${list.length})`,
    );
  }
  const handles: (Handle | null)[] = [];
  for (const [index, isTensorThere] of isTensorArgument.entries()) {
    const value = list[index];
    if (!isTensorThere && !isNone(value)) {
      throw runtimeError(
        `function ${name} returned a gradient different than None at position ${index + 1}, but the corresponding forward input was not a Variable`,
      );
    }
    if (isTensorThere) handles.push(gradientHandle(value));
  }
  return handles;
}

const isNone = (value: unknown): boolean => value === null || value === undefined;

function gradientHandle(value: unknown): Handle | null {
  if (isNone(value)) return null;
  if (isLive(value)) return handleOf(value)!;
  throw runtimeError(`expected Variable or None (got ${describe(value)})`);
}

class DelayedError extends CustomFunction {
  static forward(_ctx: FunctionCtx, ...outputs: Tensor[]): Tensor[] {
    return outputs.map((output) => output.detach());
  }

  static backward(): never {
    throw runtimeError(
      'trying to differentiate twice a function that was marked with @once_differentiable',
    );
  }
}

/**
 * Makes a `backward` that is not recorded. Differentiating its results is an error.
 *
 * See https://docs.pytorch.org/docs/stable/generated/torch.autograd.function.once_differentiable.html
 */
export function once_differentiable<F extends AnyFunction>(fn: F): F {
  if (typeof fn !== 'function') {
    throw typeError(`once_differentiable(): argument 'fn' must be a function, got ${describe(fn)}`);
  }
  const wrapped = (ctx: FunctionCtx, ...args: unknown[]): unknown => {
    const isRecorded = is_grad_enabled();
    native.set_grad_enabled(false);
    let outputs: unknown;
    try {
      outputs = fn(ctx, ...args);
    } finally {
      native.set_grad_enabled(isRecorded);
    }
    const requires = args.some((value) => isTensor(value) && (value as Tensor).requires_grad);
    if (!isRecorded || !requires) return outputs;
    const list = Array.isArray(outputs) ? outputs : [outputs];
    const tensors = list
      .filter((value) => isTensor(value))
      .map((value) => (value as Tensor).detach().requires_grad_());
    const failing = DelayedError.apply(...tensors);
    const results = list.map((value) => (isTensor(value) ? failing.shift() : value));
    return Array.isArray(outputs) ? results : results[0];
  };
  return wrapped as F;
}

export { CustomFunction as Function };
