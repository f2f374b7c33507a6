/** The base class of modules: Python's `torch.nn.Module`. */
import { inspect } from 'node:util';
import { attributeError, notImplementedError, typeError, valueError } from '../../bindings/errors';
import { isTensor } from '../../bindings/handle';
import type { AsyncOptions } from '../../bindings/jobs';
import { fail } from '../../dispatch/arguments';
import { isReplaying } from '../../dispatch/replay';
import type { DeviceLike } from '../../tensor/device';
import { bfloat16, type DType, double, float, half } from '../../tensor/dtype';
import type { Tensor } from '../../tensor/tensor';
import { checkMemo, deepcopy, type Memo } from '../../utils/deepcopy';
import type { RemovableHandle } from '../../utils/hooks';
import { emptyLike, to } from '../ops';
import { Parameter, zeroGrad } from '../parameter';
import { typename } from '../typename';
import type { FullBackwardHook, FullBackwardPreHook } from './backward_hook';
import { Callable } from './callable';
import { type Converter, converterOf, convertParameter, type ToOptions } from './conversion';
import {
  type ForwardHook,
  type ForwardHookOptions,
  type ForwardPreHook,
  type ForwardPreHookOptions,
  HOOK_SIGNATURES,
  type LoadHook,
  type LoadPreHook,
  ModuleHooks,
  type StateHook,
  type StatePreHook,
} from './hooks';
import { type Kind, Registry } from './registry';
import { replay, replayCall } from './replay';
import { reprOf } from './repr';
import { SIGNATURES } from './signatures';
import { type IncompatibleKeys, loadState, type StateDict, stateOf } from './state';
import { attributeOf, namedChildren, namedMembers, namedModules, values } from './traversal';

export interface NamedOptions {
  /** A prefix for all names. Default: `''`. */
  prefix?: string;
  /** Includes submodules. Default: true. */
  recurse?: boolean;
  /** Lists an object only once, even if it has several names. Default: true. */
  remove_duplicate?: boolean;
}

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
export class Module<Args extends unknown[] = Any[], Result = Any> extends Callable {
  /** True in training, false in evaluation. {@link train} and {@link eval} set it. */
  training = true;
  readonly #registry: Registry = new Registry(this, kindOfValue);

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
    if (!ofAll?.hasForward && !this.#hooks?.hasForward) return this.forward(...(args as Args));
    return ModuleHooks.call(this as unknown as Module, [ofAll, this.#hooks], args);
  }

  // --- hooks --------------------------------------------------------------------------------------------------------

  #hooks: ModuleHooks | undefined;

  /** Returns the hooks of this module, if there are any. @internal */
  _hooks(): ModuleHooks | undefined {
    return this.#hooks;
  }

  #ownHooks(): ModuleHooks {
    this.#hooks ??= new ModuleHooks();
    return this.#hooks;
  }

  /**
   * Registers a function that is called before `forward` whenever the module is called.
   *
   * @returns a handle that removes it
   */
  register_forward_pre_hook(
    hook: ForwardPreHook<this>,
    options?: ForwardPreHookOptions,
  ): RemovableHandle;
  register_forward_pre_hook(...args: unknown[]): RemovableHandle {
    return this.#ownHooks().addBefore(HOOK_SIGNATURES.register_forward_pre_hook.read(args));
  }

  /**
   * Registers a function that is called after `forward` whenever the module is called.
   *
   * @returns a handle that removes it
   */
  register_forward_hook(hook: ForwardHook<this>, options?: ForwardHookOptions): RemovableHandle;
  register_forward_hook(...args: unknown[]): RemovableHandle {
    return this.#ownHooks().addAfter(HOOK_SIGNATURES.register_forward_hook.read(args));
  }

  /**
   * Registers a function that is called in the backward pass with the gradients of this module's inputs and outputs. It
   * may return gradients that replace those of the inputs. The module's inputs and result must not be changed in place.
   *
   * See https://docs.pytorch.org/docs/stable/generated/torch.nn.Module.html#torch.nn.Module.register_full_backward_hook
   */
  register_full_backward_hook(
    hook: FullBackwardHook<this>,
    prepend?: boolean | { prepend?: boolean | undefined },
  ): RemovableHandle;
  register_full_backward_hook(...args: unknown[]): RemovableHandle {
    const { hook, prepend } = HOOK_SIGNATURES.register_full_backward_hook.read(args);
    return this.#ownHooks().afterBackward.add(hook as FullBackwardHook<never>, prepend);
  }

  /**
   * Registers a function that is called in the backward pass before this module's gradients are computed, with the
   * gradients of its outputs. It may return others in their place.
   *
   * See https://docs.pytorch.org/docs/stable/generated/torch.nn.Module.html#torch.nn.Module.register_full_backward_pre_hook
   */
  register_full_backward_pre_hook(
    hook: FullBackwardPreHook<this>,
    prepend?: boolean | { prepend?: boolean | undefined },
  ): RemovableHandle;
  register_full_backward_pre_hook(...args: unknown[]): RemovableHandle {
    const { hook, prepend } = HOOK_SIGNATURES.register_full_backward_pre_hook.read(args);
    return this.#ownHooks().beforeBackward.add(hook as FullBackwardPreHook<never>, prepend);
  }

  /** Registers a function that is called before {@link state_dict} collects this module's tensors. */
  register_state_dict_pre_hook(hook: StatePreHook<this>): RemovableHandle;
  register_state_dict_pre_hook(...args: unknown[]): RemovableHandle {
    const { hook } = HOOK_SIGNATURES.register_state_dict_pre_hook.read(args);
    return this.#ownHooks().beforeSave.add(hook as StatePreHook<never>);
  }

  /** Registers a function that is called after {@link state_dict} has collected this module's tensors. */
  register_state_dict_post_hook(hook: StateHook<this>): RemovableHandle;
  register_state_dict_post_hook(...args: unknown[]): RemovableHandle {
    const { hook } = HOOK_SIGNATURES.register_state_dict_post_hook.read(args);
    return this.#ownHooks().afterSave.add(hook as StateHook<never>);
  }

  /** Registers a function that is called before {@link load_state_dict} loads this module's tensors. */
  register_load_state_dict_pre_hook(hook: LoadPreHook<this>): RemovableHandle;
  register_load_state_dict_pre_hook(...args: unknown[]): RemovableHandle {
    const { hook } = HOOK_SIGNATURES.register_load_state_dict_pre_hook.read(args);
    return this.#ownHooks().beforeLoad.add(hook as LoadPreHook<never>);
  }

  /** Registers a function that is called after {@link load_state_dict} has loaded this module and its submodules. */
  register_load_state_dict_post_hook(hook: LoadHook<this>): RemovableHandle;
  register_load_state_dict_post_hook(...args: unknown[]): RemovableHandle {
    const { hook } = HOOK_SIGNATURES.register_load_state_dict_post_hook.read(args);
    return this.#ownHooks().afterLoad.add(hook as LoadHook<never>);
  }

  // --- registration -------------------------------------------------------------------------------------------------

  /**
   * Makes a tensor part of the module's state that is not a parameter. It becomes the property `name`.
   *
   * @param tensor - null registers the name without a tensor
   * @param persistent - whether {@link state_dict} includes it. Default: true
   */
  register_buffer(
    name: string,
    tensor: Tensor | null,
    persistent?: boolean | { persistent?: boolean },
  ): void;
  register_buffer(...args: unknown[]): void {
    const { name, tensor, persistent } = SIGNATURES.register_buffer.read(args);
    this.#registry.checkName(name, 'buffer');
    if (tensor !== null && !isTensor(tensor)) throw unfit('buffer', name, tensor, 'torch Tensor');
    this.#registry.setPersistent(name, persistent);
    this.#registry.register(name, 'buffer', tensor);
  }

  /** Adds a parameter as the property `name`. Null registers the name without a parameter. */
  register_parameter(name: string, param: Parameter | null): void {
    this.#registry.checkName(name, 'parameter');
    if (param !== null && !(param instanceof Parameter)) {
      throw unfit('parameter', name, param, 'torch.nn.Parameter');
    }
    if (param !== null && !param.is_leaf) throw valueError(nonLeaf(name));
    this.#registry.register(name, 'parameter', param);
  }

  /** Adds a submodule as the property `name`. Null registers the name without a module. */
  register_module(name: string, module: Module | null): void {
    if (module !== null && !(module instanceof Module)) {
      throw typeError(`${typename(module)} is not a Module subclass`);
    }
    this.#registry.checkName(name, 'module');
    this.#registry.register(name, 'module', module);
  }

  /** Does the same as {@link register_module}. */
  add_module(name: string, module: Module | null): void {
    this.register_module(name, module);
  }

  /** Returns this module's part of {@link state_dict}, without its submodules'. @internal */
  _local_state(): Map<string, Tensor> {
    return this.#registry.state();
  }

  /** Replaces a parameter or buffer of this module for a while. See {@link Registry.replace}. @internal */
  _replace_tensor(name: string, value: Tensor): () => unknown {
    return this.#registry.replace(name, value);
  }

  /** Returns whether a state is complete without the parameter or buffer. @internal */
  _may_lack(_name: string): boolean {
    return false;
  }

  /** Returns the registered submodules, including those that are null. @internal */
  _named_children(): [string, Module | null][] {
    return this.#registry.members<Module>('module');
  }

  // --- traversal ----------------------------------------------------------------------------------------------------

  /** Iterates over the parameters of this module and, by default, of its submodules. */
  parameters(recurse?: boolean | { recurse?: boolean }): IterableIterator<Parameter>;
  parameters(...args: unknown[]): IterableIterator<Parameter> {
    const { recurse } = SIGNATURES.parameters.read(args);
    return values(this.named_parameters('', recurse));
  }

  /** Iterates over the parameters with their names: `0.weight` belongs to the submodule `0`. */
  named_parameters(
    prefix?: string | NamedOptions,
    recurse?: boolean,
    remove_duplicate?: boolean,
  ): IterableIterator<[string, Parameter]>;
  named_parameters(...args: unknown[]): IterableIterator<[string, Parameter]> {
    return this.#named('parameter', SIGNATURES.named_parameters.read(args));
  }

  /** Iterates over the buffers of this module and, by default, of its submodules. */
  buffers(recurse?: boolean | { recurse?: boolean }): IterableIterator<Tensor>;
  buffers(...args: unknown[]): IterableIterator<Tensor> {
    const { recurse } = SIGNATURES.buffers.read(args);
    return values(this.named_buffers('', recurse));
  }

  /** Iterates over the buffers with their names. */
  named_buffers(
    prefix?: string | NamedOptions,
    recurse?: boolean,
    remove_duplicate?: boolean,
  ): IterableIterator<[string, Tensor]>;
  named_buffers(...args: unknown[]): IterableIterator<[string, Tensor]> {
    return this.#named('buffer', SIGNATURES.named_buffers.read(args));
  }

  #named<T extends Tensor>(
    kind: Kind,
    { prefix, recurse, remove_duplicate }: Required<NamedOptions>,
  ): IterableIterator<[string, T]> {
    const modules: Iterable<[string, Module]> = recurse
      ? namedModules(this, prefix, remove_duplicate)
      : [[prefix, this]];
    const membersOf = (module: Module): [string, T | null][] => module.#registry.members<T>(kind);
    return namedMembers(modules, membersOf, remove_duplicate);
  }

  /** Iterates over the direct submodules. */
  children(): IterableIterator<Module> {
    return values(this.named_children());
  }

  /** Iterates over the direct submodules with their names, each once. */
  named_children(): IterableIterator<[string, Module]> {
    return namedChildren(this);
  }

  /** Iterates over this module and all its submodules, at any depth. */
  modules(remove_duplicate?: boolean | { remove_duplicate?: boolean }): IterableIterator<Module>;
  modules(...args: unknown[]): IterableIterator<Module> {
    const { remove_duplicate } = SIGNATURES.modules.read(args);
    return values(namedModules(this, '', remove_duplicate));
  }

  /** Iterates over this module and all its submodules with their names. This module's name is the prefix. */
  named_modules(
    prefix?: string | Omit<NamedOptions, 'recurse'>,
    remove_duplicate?: boolean,
  ): IterableIterator<[string, Module]>;
  named_modules(...args: unknown[]): IterableIterator<[string, Module]> {
    const { prefix, remove_duplicate } = SIGNATURES.named_modules.read(args);
    return namedModules(this, prefix, remove_duplicate);
  }

  /**
   * Returns the submodule with a path such as `'features.0'`.
   *
   * @throws TypeError (AttributeError) if there is none
   */
  get_submodule(target: string): Module;
  get_submodule(...args: unknown[]): Module {
    const { target } = SIGNATURES.get_submodule.read(args);
    let module: Module = this;
    for (const name of target === '' ? [] : target.split('.')) {
      const found = attributeOf(module, name);
      if (!(found instanceof Module)) throw attributeError(`\`${name}\` is not an nn.Module`);
      module = found;
    }
    return module;
  }

  /** Returns the parameter with a path such as `'features.0.weight'`. */
  get_parameter(target: string): Parameter;
  get_parameter(...args: unknown[]): Parameter {
    const [module, name] = this.#resolve(SIGNATURES.get_parameter.read(args).target);
    const found = attributeOf(module, name);
    if (!(found instanceof Parameter)) throw attributeError(`\`${name}\` is not an nn.Parameter`);
    return found;
  }

  /** Returns the buffer with a path. */
  get_buffer(target: string): Tensor;
  get_buffer(...args: unknown[]): Tensor {
    const [module, name] = this.#resolve(SIGNATURES.get_buffer.read(args).target);
    const found = attributeOf(module, name);
    if (module.#registry.kindOf(name) !== 'buffer') {
      throw attributeError(`\`${name}\` is not a buffer`);
    }
    return found as Tensor;
  }

  #resolve(target: string): [Module, string] {
    const dot = target.lastIndexOf('.');
    return [this.get_submodule(target.slice(0, Math.max(dot, 0))), target.slice(dot + 1)];
  }

  /** Calls a function with every submodule, then with this module. */
  apply(fn: (module: Module) => void): this;
  apply(...args: unknown[]): this {
    const { fn } = SIGNATURES.apply.read(args);
    for (const module of this.children()) module.apply(fn);
    fn(this);
    return this;
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
    for (const [name, param] of this.#registry.members<Parameter>('parameter')) {
      if (param) properties[name] = convertParameter(param, convert);
    }
    for (const [name, buffer] of this.#registry.members<Tensor>('buffer')) {
      if (buffer) properties[name] = convert(buffer);
    }
    return this;
  }

  /** Makes the copy that `torch.deepcopy` returns. */
  __deepcopy__(memo: Memo): this {
    checkMemo(memo);
    const copy = Reflect.construct(Module, [], this.constructor as typeof Module) as this;
    memo.set(this, copy);
    const properties = copy as Record<string, unknown>;
    for (const [name, value] of Object.entries(this)) {
      if (!this.#registry.kindOf(name)) properties[name] = deepcopy(value, memo);
    }
    this.#registry.copyTo(copy.#registry, (value) => deepcopy(value, memo));
    copy.#hooks = this.#hooks?.copy();
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

// --- helpers --------------------------------------------------------------------------------------------------------

const NO_OPTIONS = Symbol('a state dict');

function kindOfValue(value: unknown): Kind | undefined {
  if (value instanceof Parameter) return 'parameter';
  return value instanceof Module ? 'module' : undefined;
}

function unfit(kind: Kind, name: string, value: unknown, required: string): Error {
  return typeError(
    `cannot assign '${typename(value)}' object to ${kind} '${name}' (${required} or None required)`,
  );
}

const nonLeaf = (name: string): string =>
  `Cannot assign non-leaf Tensor to parameter '${name}'. Model parameters must be created explicitly. To express ` +
  `'${name}' as a function of another Tensor, compute the value in the forward() method.`;
