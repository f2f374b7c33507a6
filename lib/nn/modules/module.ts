/** The base class of modules: Python's `torch.nn.Module`. */
import { inspect } from 'node:util';
import { notImplementedError, valueError } from '../../bindings/errors';
import type { AsyncOptions } from '../../bindings/jobs';
import { fail } from '../../dispatch/arguments';
import { isReplaying } from '../../dispatch/replay';
import { typeOf } from '../../dispatch/signature';
import type { DeviceLike } from '../../tensor/device';
import { bfloat16, type DType, double, float, half } from '../../tensor/dtype';
import type { Tensor } from '../../tensor/tensor';
import { checkMemo, type Memo } from '../../utils/deepcopy';
import { emptyLike, to } from '../ops';
import { type Parameter, zeroGrad } from '../parameter';
import { type Converter, converterOf, convertParameter, type ToOptions } from './conversion';
import { ModuleHooks } from './hooks';
import { replay, replayCall } from './replay';
import { reprOf } from './repr';
import { SIGNATURES } from './signatures';
import { type IncompatibleKeys, loadState, type StateDict, stateOf } from './state';
import { ModuleTree } from './tree';

// biome-ignore lint/suspicious/noExplicitAny: a module of any kind is assignable to Module, and can be called
type Any = any;

// biome-ignore lint/correctness/noUnusedVariables: the class below has the same type parameters
export interface Module<Args extends unknown[] = Any[], Result = Any> {
  /** Calls {@link forward}. */
  (...args: Parameters<this['forward']>): ReturnType<this['forward']>;
  call(thisArg: unknown, ...args: Parameters<this['forward']>): ReturnType<this['forward']>;
  bind(thisArg: unknown): (...args: Parameters<this['forward']>) => ReturnType<this['forward']>;
}

/**
 * The base class of layers, losses and models: a callable object with parameters, buffers and submodules.
 *
 * Subclasses define `forward`, and calling an instance calls it: `model(input)`. A property whose value is a {@link
 * Parameter} or a Module is registered automatically; a buffer is registered by {@link register_buffer}. A registered
 * property accepts no value of another kind: `linear.weight = 5` throws a TypeError. The properties of a class are
 * registered when its parameters, buffers or submodules are first needed, for example by {@link parameters} or {@link
 * to}.
 *
 * ```ts
 * class Scaled extends nn.Module<[Tensor], Tensor> {
 *   scale = new nn.Parameter(torch.ones(1));
 *   forward(input: Tensor): Tensor {
 *     return input.mul(this.scale);
 *   }
 * }
 * ```
 *
 * See https://docs.pytorch.org/docs/stable/generated/torch.nn.Module.html
 *
 * @typeParam Args - the parameters of `forward`
 * @typeParam Result - the result of `forward`
 */
// biome-ignore lint/suspicious/noUnsafeDeclarationMerging: see above
export class Module<Args extends unknown[] = Any[], Result = Any> extends ModuleTree {
  /** True in training, false in evaluation. {@link train} and {@link eval} set it. */
  training = true;

  constructor() {
    super();
    // biome-ignore lint/complexity/noArguments: a parameter would be one of every subclass's default constructor
    if (arguments.length > 0) {
      throw fail({ name: new.target.name, parameters: [] }, 'takes no arguments');
    }
  }

  /** Computes the module's result. Subclasses must define it. */
  forward(..._args: Args): Result {
    throw notImplementedError(
      `Module [${this._get_name()}] is missing the required "forward" function`,
    );
  }

  /**
   * Computes the module's result off the event loop: one operator after another, with the bits of a call. Takes the
   * arguments of `forward`, then options: `{ signal }` cancels the call. Calls run one after another, in the order in
   * which they were made. Hooks run on the event loop.
   *
   * A class of yours that defines `forward` also defines `async forwardAsync`, which awaits those of its submodules.
   *
   * @throws TypeError if such a class does not, whether it is this module's or that of a submodule
   */
  async forwardAsync(...args: [...inputs: Args, options?: AsyncOptions]): Promise<Result> {
    return replay(this as unknown as Module, args, (inputs) => this.#callHooked(inputs) as Result);
  }

  /** Calls `forward` and the hooks. @internal */
  override _call(args: readonly unknown[]): unknown {
    if (!isReplaying()) return this.#callHooked(args);
    const isOwn = this.forwardAsync !== Module.prototype.forwardAsync;
    return replayCall(this as unknown as Module, args, () => this.#callHooked(args), isOwn);
  }

  #callHooked(args: readonly unknown[]): unknown {
    const { ofAll } = ModuleHooks;
    const own = this._hooks();
    if (!ofAll?.hasForward && !own?.hasForward) return this.forward(...(args as Args));
    return ModuleHooks.call(this as unknown as Module, [ofAll, own], args);
  }

  // --- state --------------------------------------------------------------------------------------------------------

  /**
   * Returns the parameters and persistent buffers by name, in order. The tensors share their elements with the
   * module's.
   *
   * @param options.prefix - a prefix for all names. Default: `''`
   * @param options.keep_vars - returns the module's own tensors, not detached ones. Default: false
   */
  state_dict(options?: { prefix?: string; keep_vars?: boolean }): Map<string, Tensor>;
  state_dict(...args: unknown[]): Map<string, Tensor> {
    const { prefix, keep_vars } = SIGNATURES.state_dict.read(args);
    return stateOf(this, prefix, keep_vars);
  }

  /** Returns whether a state is complete without the parameter or buffer. @internal */
  _may_lack(_name: string): boolean {
    return false;
  }

  /**
   * Copies tensors into the parameters and buffers with the same names.
   *
   * @param state - the result of {@link state_dict}, or a plain object of tensors
   * @param options.strict - throws for missing and unexpected names. Default: true
   * @param options.assign - uses the tensors themselves instead of copying them. Default: false
   * @returns the missing and the unexpected names
   * @throws TorchError (RuntimeError) that lists all names that do not fit
   */
  load_state_dict(
    state: StateDict,
    options?: boolean | { strict?: boolean; assign?: boolean },
    assign?: boolean,
  ): IncompatibleKeys;
  load_state_dict(state: StateDict, ...args: unknown[]): IncompatibleKeys {
    // The state may be a plain object, which must not be mistaken for options.
    const { strict, assign } = SIGNATURES.load_state_dict.read([NO_OPTIONS, ...args]);
    return loadState(this, state, strict, assign);
  }

  // --- conversion ---------------------------------------------------------------------------------------------------

  /**
   * Moves and converts all parameters with their gradients, and all buffers. Only floating-point and complex ones
   * change dtype.
   *
   * Takes a device, a dtype, both, a tensor that has both, or options.
   */
  to(device: DeviceLike | null, dtype?: DType | null, non_blocking?: boolean | ToOptions): this;
  to(dtype: DType, non_blocking?: boolean | ToOptions): this;
  to(tensor: Tensor, non_blocking?: boolean | ToOptions): this;
  to(options: ToOptions): this;
  to(...args: unknown[]): this {
    return this._apply(converterOf(args));
  }

  /** Moves all parameters and buffers without copying their elements, which are then uninitialized. */
  to_empty(options: { device: DeviceLike }): this;
  to_empty(...args: unknown[]): this {
    const { device } = SIGNATURES.to_empty.read(args);
    return this._apply((tensor) => emptyLike(tensor, { device }));
  }

  /** Moves all parameters and buffers to the CPU. */
  cpu(): this {
    return this.to('cpu');
  }

  /** Moves all parameters and buffers to a CUDA device. Default: the current one. */
  cuda(device?: DeviceLike | null): this {
    return this._apply((tensor) => tensor.cuda(device ?? null));
  }

  /** Converts all parameters and buffers, even integer ones. */
  type(dst_type: DType): this;
  type(...args: unknown[]): this {
    const { dst_type } = SIGNATURES.type.read(args);
    return this._apply((tensor) => to(tensor, { dtype: dst_type }));
  }

  /** Converts floating-point parameters and buffers to float32. */
  float(): this {
    return this.#convertFloats(float);
  }

  /** Converts floating-point parameters and buffers to float64. */
  double(): this {
    return this.#convertFloats(double);
  }

  /** Converts floating-point parameters and buffers to float16. */
  half(): this {
    return this.#convertFloats(half);
  }

  /** Converts floating-point parameters and buffers to bfloat16. */
  bfloat16(): this {
    return this.#convertFloats(bfloat16);
  }

  #convertFloats(dtype: DType): this {
    return this._apply((tensor) => (tensor.is_floating_point() ? to(tensor, { dtype }) : tensor));
  }

  /** Replaces the elements of all parameters, gradients and buffers. Parameters remain the same objects. @internal */
  _apply(convert: Converter): this {
    for (const module of this.children()) module._apply(convert);
    const properties = this as Record<string, unknown>;
    for (const [name, param] of this._members<Parameter>('parameter')) {
      if (param) properties[name] = convertParameter(param, convert);
    }
    for (const [name, buffer] of this._members<Tensor>('buffer')) {
      if (buffer) properties[name] = convert(buffer);
    }
    return this;
  }

  /** Makes the copy that `torch.deepcopy` returns. */
  __deepcopy__(memo: Memo): this {
    checkMemo(memo);
    const copy = Reflect.construct(Module, [], this.constructor as typeof Module) as this;
    memo.set(this, copy);
    this._copyTo(copy, memo);
    return copy;
  }

  // --- training -----------------------------------------------------------------------------------------------------

  /** Sets `training` of this module and all its submodules. */
  train(mode = true): this {
    if (typeof mode !== 'boolean') throw valueError('training mode is expected to be boolean');
    this.training = mode;
    for (const module of this.children()) module.train(mode);
    return this;
  }

  /** Calls `train(false)`. */
  eval(): this {
    return this.train(false);
  }

  /** Sets `requires_grad` of all parameters. */
  requires_grad_(requires_grad?: boolean | { requires_grad?: boolean }): this;
  requires_grad_(...args: unknown[]): this {
    const { requires_grad } = SIGNATURES.requires_grad_.read(args);
    for (const parameter of this.parameters()) parameter.requires_grad_(requires_grad);
    return this;
  }

  /**
   * Clears the gradients of all parameters.
   *
   * @param set_to_none - sets `grad` to null instead of to zeros. Default: true
   */
  zero_grad(set_to_none?: boolean | { set_to_none?: boolean }): void;
  zero_grad(...args: unknown[]): void {
    const { set_to_none } = SIGNATURES.zero_grad.read(args);
    for (const parameter of this.parameters()) zeroGrad(parameter, set_to_none);
  }

  // --- printing -----------------------------------------------------------------------------------------------------

  /** Returns the class's name. @internal */
  _get_name(): string {
    return this.constructor.name;
  }

  /** Returns the text between the parentheses of the module's `repr`. */
  extra_repr(): string {
    return '';
  }

  /** Returns Python's `repr`. */
  override toString(): string {
    return reprOf(this._get_name(), this.extra_repr(), this._named_children());
  }

  [inspect.custom](): string {
    return this.toString();
  }
}

const NO_OPTIONS = Symbol('a state dict');

/** The type of a parameter that is a module. */
export const MODULE = typeOf<Module>('a Module', (value) => value instanceof Module);
