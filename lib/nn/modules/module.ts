/** The base of everything that has parameters: what `torch.nn.Module` is in Python. */
import { inspect } from 'node:util';

import { bind, type Callee, fail } from '../../arguments';
import { Device, type DeviceLike } from '../../device';
import { bfloat16, DType, double, float, half } from '../../dtype';
import {
  attributeError,
  createError,
  notImplementedError,
  typeError,
  valueError,
} from '../../errors';
import { isTensor } from '../../handle';
import type { MemoryFormat } from '../../layout';
import { Tensor } from '../../tensor';
import { type Conversion, hasCompatibleShallowCopyType, to, withoutGrad } from '../ops';
import { Parameter, zeroGrad } from '../parameter';
import { typename } from '../typename';
import { Callable } from './callable';
import { reprOf } from './repr';
import { type IncompatibleKeys, loadState, type StateDict } from './state';

/** What a property of a module is registered as. */
type Kind = 'parameter' | 'buffer' | 'module';

const EXPECTED: Record<Kind, readonly [noun: string, type: string]> = {
  parameter: ['parameter', 'torch.nn.Parameter'],
  buffer: ['buffer', 'torch.Tensor'],
  module: ['child module', 'torch.nn.Module'],
};

export interface NamedOptions {
  /** Stands before all names. Default: `''`. */
  prefix?: string;
  /** List what submodules have, too. Default: true. */
  recurse?: boolean;
  /** List what is met again once only. Default: true. */
  remove_duplicate?: boolean;
}

export interface ToOptions {
  device?: DeviceLike | null | undefined;
  /** A floating point or complex dtype, for the parameters and buffers that are such. */
  dtype?: DType | null | undefined;
  non_blocking?: boolean | undefined;
  memory_format?: MemoryFormat | null | undefined;
}

const callee = (name: string, ...parameters: string[]): Callee => ({
  name: `Module.${name}`,
  parameters: parameters.map((parameter) => ({ name: parameter })),
});
const NAMED = callee('named_parameters', 'prefix', 'recurse', 'remove_duplicate');
const NAMED_MODULES = callee('named_modules', 'prefix', 'remove_duplicate');
const LISTED = callee('parameters', 'recurse');
const REGISTER_BUFFER = callee('register_buffer', 'name', 'tensor', 'persistent');
const STATE_DICT = callee('state_dict', 'prefix', 'keep_vars');
const LOAD_STATE_DICT = callee('load_state_dict', 'strict', 'assign');
const TO = callee('to', 'device', 'dtype', 'non_blocking', 'memory_format');
const ZERO_GRAD = callee('zero_grad', 'set_to_none');

// biome-ignore lint/suspicious/noExplicitAny: a module of any kind is assignable to Module, and can be called
type Any = any;

// biome-ignore lint/correctness/noUnusedVariables: the class below has the same type parameters
export interface Module<Args extends unknown[] = Any[], Result = Any> {
  /** {@link forward}. */
  (...args: Parameters<this['forward']>): ReturnType<this['forward']>;
  call(thisArg: unknown, ...args: Parameters<this['forward']>): ReturnType<this['forward']>;
  bind(thisArg: unknown): (...args: Parameters<this['forward']>) => ReturnType<this['forward']>;
}

/**
 * The base class of layers, losses and models: a function with parameters, buffers and submodules.
 *
 * Subclasses define `forward`, and an instance is called like it: `model(input)`. A property that holds a
 * {@link Parameter} or a Module is registered by that alone; a buffer is registered by {@link register_buffer}.
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
 * @typeParam Args - what `forward` takes
 * @typeParam Result - what `forward` returns
 */
// biome-ignore lint/suspicious/noUnsafeDeclarationMerging: see above
export class Module<Args extends unknown[] = Any[], Result = Any> extends Callable {
  /** Whether the module trains or is evaluated: {@link train}, {@link eval}. */
  training = true;
  readonly #kinds = new Map<string, Kind>();
  readonly #temporary = new Set<string>();

  constructor() {
    super();
    // biome-ignore lint/complexity/noArguments: a parameter would be one of every subclass's default constructor
    if (arguments.length > 0) {
      throw fail({ name: new.target.name, parameters: [] }, 'takes no arguments');
    }
  }

  /** Computes the module's result: to be defined by subclasses. */
  forward(..._args: Args): Result {
    throw notImplementedError(
      `Module [${this._get_name()}] is missing the required "forward" function`,
    );
  }

  // --- registration -------------------------------------------------------------------------------------------------

  /**
   * Makes a tensor part of the module's state without it being learnt; it is then the property `name`.
   *
   * @param tensor - null registers the name without a tensor
   * @param persistent - whether it belongs to {@link state_dict}. Default: true
   */
  register_buffer(
    name: string,
    tensor: Tensor | null,
    persistent?: boolean | { persistent?: boolean },
  ): void;
  register_buffer(...args: unknown[]): void {
    const [name, tensor, persistent = true] = bind(REGISTER_BUFFER, args);
    this.#checkName(name, 'buffer', 'buffer');
    if (!isNone(tensor) && !isTensor(tensor))
      throw this.#unfit('buffer', name, tensor, 'torch Tensor');
    if (persistent) this.#temporary.delete(name);
    else this.#temporary.add(name);
    this.#register(name, 'buffer', tensor);
  }

  /** Adds a parameter, which is then the property `name`; null registers the name without a parameter. */
  register_parameter(name: string, param: Parameter | null): void {
    this.#checkName(name, 'parameter', 'parameter');
    if (!isNone(param)) {
      if (!(param instanceof Parameter))
        throw this.#unfit('parameter', name, param, 'torch.nn.Parameter');
      if (!param.is_leaf) throw valueError(nonLeaf(name));
    }
    this.#register(name, 'parameter', param);
  }

  /** Adds a submodule, which is then the property `name`; null registers the name without a module. */
  register_module(name: string, module: Module | null): void {
    if (!isNone(module) && !(module instanceof Module)) {
      throw typeError(`${typename(module)} is not a Module subclass`);
    }
    this.#checkName(name, 'module', 'module');
    this.#register(name, 'module', module);
  }

  /** As {@link register_module}. */
  add_module(name: string, module: Module | null): void {
    this.register_module(name, module);
  }

  #checkName(name: unknown, kind: Kind, noun: string): asserts name is string {
    if (typeof name !== 'string') {
      throw typeError(`${noun} name should be a string. Got ${typename(name)}`);
    }
    if (name.includes('.')) {
      const got = kind === 'module' ? `, got: ${name}` : '';
      throw keyError(`${noun} name can't contain "."${got}`);
    }
    if (name === '') throw keyError(`${noun} name can't be empty string ""`);
    if (hasAttribute(this, name) && this.#kinds.get(name) !== kind) {
      throw keyError(`attribute '${name}' already exists`);
    }
  }

  #unfit(kind: Kind, name: string, value: unknown, required: string): Error {
    return typeError(
      `cannot assign '${typename(value)}' object to ${kind} '${name}' (${required} or None required)`,
    );
  }

  #register(name: string, kind: Kind, value: unknown): void {
    this.#observe();
    (this as Record<string, unknown>)[name] = value ?? null;
    this.#setKind(name, kind);
  }

  /** The registered properties of a kind, as they were registered: Python's `_parameters`, `_buffers`, `_modules`. */
  #members(kind: 'parameter'): [string, Parameter | null][];
  #members(kind: 'buffer'): [string, Tensor | null][];
  #members(kind: 'module'): [string, Module | null][];
  #members(kind: Kind): [string, unknown][] {
    this.#observe();
    const members: [string, unknown][] = [];
    for (const [name, registered] of this.#kinds) {
      if (registered === kind)
        members.push([name, (this as Record<string, unknown>)[name] ?? null]);
    }
    return members;
  }

  /** Registers the parameters and modules that were assigned, and forgets the properties that were deleted. */
  #observe(): void {
    for (const name of this.#kinds.keys()) {
      if (!Object.hasOwn(this, name)) this.#kinds.delete(name);
    }
    for (const name of Object.keys(this)) {
      const known = this.#kinds.get(name);
      const kind = kindOf(name, (this as Record<string, unknown>)[name], known);
      if (kind && kind !== known) this.#setKind(name, kind);
    }
  }

  #setKind(name: string, kind: Kind): void {
    if (this.#kinds.get(name) === kind) return;
    this.#kinds.delete(name); // so that it comes last
    this.#kinds.set(name, kind);
  }

  /** Names and values that {@link state_dict} holds of this module alone. @internal */
  _local_state(): Map<string, Tensor> {
    const persistent = this.#members('buffer').filter(([name]) => !this.#temporary.has(name));
    const state = new Map<string, Tensor>();
    for (const [name, value] of [...this.#members('parameter'), ...persistent]) {
      if (value) state.set(name, value);
    }
    return state;
  }

  /** The registered submodules, those that are null too. @internal */
  _named_children(): [string, Module | null][] {
    return this.#members('module');
  }

  // --- traversal ----------------------------------------------------------------------------------------------------

  /** The parameters of this module and, unless told otherwise, of its submodules. */
  parameters(recurse?: boolean | { recurse?: boolean }): IterableIterator<Parameter>;
  parameters(...args: unknown[]): IterableIterator<Parameter> {
    const [recurse] = bind(LISTED, args);
    return values(this.named_parameters('', recurse as boolean));
  }

  /** The parameters with their names: `0.weight` is that of the submodule `0`. */
  named_parameters(
    prefix?: string | NamedOptions,
    recurse?: boolean,
    remove_duplicate?: boolean,
  ): IterableIterator<[string, Parameter]>;
  named_parameters(...args: unknown[]): IterableIterator<[string, Parameter]> {
    return this.#named((module) => module.#members('parameter'), args);
  }

  /** The buffers of this module and, unless told otherwise, of its submodules. */
  buffers(recurse?: boolean | { recurse?: boolean }): IterableIterator<Tensor>;
  buffers(...args: unknown[]): IterableIterator<Tensor> {
    const [recurse] = bind(LISTED, args);
    return values(this.named_buffers('', recurse as boolean));
  }

  /** The buffers with their names. */
  named_buffers(
    prefix?: string | NamedOptions,
    recurse?: boolean,
    remove_duplicate?: boolean,
  ): IterableIterator<[string, Tensor]>;
  named_buffers(...args: unknown[]): IterableIterator<[string, Tensor]> {
    return this.#named((module) => module.#members('buffer'), args);
  }

  #named<T extends Tensor>(
    membersOf: (module: Module) => [string, T | null][],
    args: readonly unknown[],
  ): IterableIterator<[string, T]> {
    const [prefix = '', recurse = true, unique = true] = bind(NAMED, args);
    const modules = recurse
      ? this.named_modules(prefix as string, unique as boolean)
      : [[prefix, this] as [string, Module]];
    return namedMembers(modules, membersOf, unique as boolean);
  }

  /** The direct submodules. */
  children(): IterableIterator<Module> {
    return values(this.named_children());
  }

  /** The direct submodules with their names, each once. */
  *named_children(): IterableIterator<[string, Module]> {
    const seen = new Set<Module>();
    for (const [name, module] of this.#members('module')) {
      if (!module || seen.has(module)) continue;
      seen.add(module);
      yield [name, module];
    }
  }

  /** This module and all below it. */
  modules(remove_duplicate?: boolean | { remove_duplicate?: boolean }): IterableIterator<Module>;
  modules(...args: unknown[]): IterableIterator<Module> {
    const [unique] = bind(callee('modules', 'remove_duplicate'), args);
    return values(this.named_modules('', unique as boolean));
  }

  /** This module and all below it, with their names; this one's is the prefix. */
  named_modules(
    prefix?: string | Omit<NamedOptions, 'recurse'>,
    remove_duplicate?: boolean,
  ): IterableIterator<[string, Module]>;
  named_modules(...args: unknown[]): IterableIterator<[string, Module]> {
    const [prefix = '', unique = true] = bind(NAMED_MODULES, args);
    return this.#namedModules(prefix as string, unique as boolean, new Set());
  }

  *#namedModules(
    prefix: string,
    unique: boolean,
    seen: Set<Module>,
  ): IterableIterator<[string, Module]> {
    if (seen.has(this)) return;
    if (unique) seen.add(this);
    yield [prefix, this];
    for (const [name, module] of this.#members('module')) {
      if (module) yield* module.#namedModules(prefix ? `${prefix}.${name}` : name, unique, seen);
    }
  }

  /**
   * The submodule that a path names: `'features.0'`.
   *
   * @throws TypeError (AttributeError) where there is none
   */
  get_submodule(target: string): Module {
    let module: Module = this;
    for (const name of target === '' ? [] : target.split('.')) {
      const found = attribute(module, name);
      if (!(found instanceof Module)) throw attributeError(`\`${name}\` is not an nn.Module`);
      module = found;
    }
    return module;
  }

  /** The parameter that a path names: `'features.0.weight'`. */
  get_parameter(target: string): Parameter {
    const [module, name] = this.#resolve(target);
    const found = attribute(module, name);
    if (!(found instanceof Parameter)) throw attributeError(`\`${name}\` is not an nn.Parameter`);
    return found;
  }

  /** The buffer that a path names. */
  get_buffer(target: string): Tensor {
    const [module, name] = this.#resolve(target);
    const found = attribute(module, name);
    module.#observe();
    if (module.#kinds.get(name) !== 'buffer') throw attributeError(`\`${name}\` is not a buffer`);
    return found as Tensor;
  }

  #resolve(target: string): [Module, string] {
    const dot = target.lastIndexOf('.');
    return [this.get_submodule(target.slice(0, Math.max(dot, 0))), target.slice(dot + 1)];
  }

  /** Calls a function with every submodule, then with this module. */
  apply(fn: (module: Module) => void): this {
    for (const module of this.children()) module.apply(fn);
    fn(this);
    return this;
  }

  // --- state --------------------------------------------------------------------------------------------------------

  /**
   * The parameters and persistent buffers by name, in order. The tensors share their elements with the module's.
   *
   * @param options.prefix - stands before all names. Default: `''`
   * @param options.keep_vars - the very tensors of the module, not detached ones. Default: false
   */
  state_dict(options?: { prefix?: string; keep_vars?: boolean }): Map<string, Tensor>;
  state_dict(...args: unknown[]): Map<string, Tensor> {
    const [prefix = '', keepVars = false] = bind(STATE_DICT, args);
    const state = new Map<string, Tensor>();
    for (const [path, module] of this.named_modules('', false)) {
      const start = `${prefix}${path}${path ? '.' : ''}`;
      for (const [name, tensor] of module._local_state()) {
        state.set(start + name, keepVars ? tensor : tensor.detach());
      }
    }
    return state;
  }

  /**
   * Copies tensors into the parameters and buffers that their names say.
   *
   * @param state - what {@link state_dict} gave, or a plain object of tensors
   * @param options.strict - refuse missing and unexpected names. Default: true
   * @param options.assign - take the tensors themselves instead of copying. Default: false
   * @returns the names that were missing and unexpected
   * @throws TorchError (RuntimeError) that lists all names that do not fit
   */
  load_state_dict(
    state: StateDict,
    options?: boolean | { strict?: boolean; assign?: boolean },
    assign?: boolean,
  ): IncompatibleKeys;
  load_state_dict(state: StateDict, ...args: unknown[]): IncompatibleKeys {
    const [strict = true, assign = false] = bind(LOAD_STATE_DICT, args);
    return loadState(this, state, strict as boolean, assign as boolean);
  }

  // --- conversion ---------------------------------------------------------------------------------------------------

  /**
   * Moves and converts all parameters, their gradients and buffers; only floating point and complex ones change dtype.
   *
   * Called with a device, a dtype, both, a tensor that has both, or options.
   */
  to(device: DeviceLike | null, dtype?: DType | null, non_blocking?: boolean | ToOptions): this;
  to(dtype: DType, non_blocking?: boolean | ToOptions): this;
  to(tensor: Tensor, non_blocking?: boolean | ToOptions): this;
  to(options: ToOptions): this;
  to(...args: unknown[]): this {
    const { device, dtype, memory_format, non_blocking } = parseTo(args);
    if (dtype && !dtype.is_floating_point && !dtype.is_complex) {
      throw typeError(
        `nn.Module.to only accepts floating point or complex dtypes, but got desired dtype=${dtype}`,
      );
    }
    return this._apply((tensor) => {
      const { is_floating_point, is_complex } = tensor.dtype;
      const conversion: Conversion = { device, non_blocking };
      if (is_floating_point || is_complex) conversion.dtype = dtype;
      if (tensor.ndim === 4 || tensor.ndim === 5) conversion.memory_format = memory_format;
      return to(tensor, conversion);
    });
  }

  /** Moves all parameters and buffers to the CPU. */
  cpu(): this {
    return this.to('cpu');
  }

  /** Moves all parameters and buffers to a GPU. Default: the current one. */
  cuda(device?: number | DeviceLike | null): this {
    const name = typeof device === 'number' ? `cuda:${device}` : (device ?? 'cuda');
    return this._apply((tensor) => to(tensor, { device: name }));
  }

  /** Converts all parameters and buffers, whatever their dtype. */
  type(dst_type: DType): this {
    return this._apply((tensor) => to(tensor, { dtype: dst_type }));
  }

  /** Converts floating point parameters and buffers to float32. */
  float(): this {
    return this.#convertFloats(float);
  }

  /** Converts floating point parameters and buffers to float64. */
  double(): this {
    return this.#convertFloats(double);
  }

  /** Converts floating point parameters and buffers to float16. */
  half(): this {
    return this.#convertFloats(half);
  }

  /** Converts floating point parameters and buffers to bfloat16. */
  bfloat16(): this {
    return this.#convertFloats(bfloat16);
  }

  #convertFloats(dtype: DType): this {
    return this._apply((tensor) => (tensor.is_floating_point() ? to(tensor, { dtype }) : tensor));
  }

  /** Replaces the elements of all parameters, gradients and buffers; parameters keep their identity. @internal */
  _apply(convert: (tensor: Tensor) => Tensor): this {
    for (const module of this.children()) module._apply(convert);
    const properties = this as Record<string, unknown>;
    for (const [name, param] of this.#members('parameter')) {
      if (param) properties[name] = convertParameter(param, convert);
    }
    for (const [name, buffer] of this.#members('buffer')) {
      if (buffer) properties[name] = convert(buffer);
    }
    return this;
  }

  // --- training -----------------------------------------------------------------------------------------------------

  /** Sets `training` here and in all submodules. */
  train(mode = true): this {
    if (typeof mode !== 'boolean') throw valueError('training mode is expected to be boolean');
    this.training = mode;
    for (const module of this.children()) module.train(mode);
    return this;
  }

  /** `train(false)`. */
  eval(): this {
    return this.train(false);
  }

  /** Sets whether gradients accumulate in the parameters. */
  requires_grad_(requires_grad = true): this {
    for (const parameter of this.parameters()) parameter.requires_grad_(requires_grad);
    return this;
  }

  /**
   * Forgets the gradients of all parameters.
   *
   * @param options.set_to_none - set `grad` to null rather than to zeros. Default: true
   */
  zero_grad(set_to_none?: boolean | { set_to_none?: boolean }): void;
  zero_grad(...args: unknown[]): void {
    const [toNone = true] = bind(ZERO_GRAD, args);
    for (const parameter of this.parameters()) zeroGrad(parameter, toNone as boolean);
  }

  // --- printing -----------------------------------------------------------------------------------------------------

  /** The class's name. @internal */
  _get_name(): string {
    return this.constructor.name;
  }

  /** What stands between the parentheses of the module's `repr`. */
  extra_repr(): string {
    return '';
  }

  /** Python's `repr`. */
  override toString(): string {
    return reprOf(this._get_name(), this.extra_repr(), this._named_children());
  }

  [inspect.custom](): string {
    return this.toString();
  }
}

// --- helpers --------------------------------------------------------------------------------------------------------

const isNone = (value: unknown): value is null | undefined => value === null || value === undefined;

/** What a property is, by its value and by what it was registered as. */
function kindOf(name: string, value: unknown, known: Kind | undefined): Kind | undefined {
  if (value instanceof Parameter) return 'parameter';
  if (value instanceof Module) return 'module';
  if (!known || isNone(value) || (known === 'buffer' && isTensor(value))) return known;
  const [noun, type] = EXPECTED[known];
  throw typeError(
    `cannot assign '${typename(value)}' as ${noun} '${name}' (${type} or None expected)`,
  );
}

const keyError = (message: string): Error => createError('KeyError', message);

const nonLeaf = (name: string): string =>
  `Cannot assign non-leaf Tensor to parameter '${name}'. Model parameters must be created explicitly. To express ` +
  `'${name}' as a function of another Tensor, compute the value in the forward() method.`;

/** Python's `hasattr`; a class field that has no value yet does not count, nor does what every function has. */
function hasAttribute(module: object, name: string): boolean {
  if (Object.hasOwn(module, name)) return (module as Record<string, unknown>)[name] !== undefined;
  let prototype = Object.getPrototypeOf(module);
  for (
    ;
    prototype && prototype !== Function.prototype;
    prototype = Object.getPrototypeOf(prototype)
  ) {
    if (Object.hasOwn(prototype, name)) return true;
  }
  return false;
}

function attribute(module: Module, name: string): unknown {
  if (hasAttribute(module, name)) return (module as unknown as Record<string, unknown>)[name];
  throw attributeError(`${module._get_name()} has no attribute \`${name}\``);
}

function* values<T>(named: Iterable<[string, T]>): IterableIterator<T> {
  for (const [, value] of named) yield value;
}

function* namedMembers<T extends Tensor>(
  modules: Iterable<[string, Module]>,
  membersOf: (module: Module) => [string, T | null][],
  unique: boolean,
): IterableIterator<[string, T]> {
  const seen = new Set<T>();
  for (const [path, module] of modules) {
    for (const [name, value] of membersOf(module)) {
      if (!value || seen.has(value)) continue;
      if (unique) seen.add(value);
      yield [path ? `${path}.${name}` : name, value];
    }
  }
}

/** The arguments of `to`: (device, dtype), (dtype) or (tensor), then non_blocking. */
function parseTo(args: readonly unknown[]): ToOptions {
  const [first, ...rest] = args;
  let given: readonly unknown[] = args;
  if (first instanceof Tensor) given = [first.device, first.dtype, ...rest];
  else if (first instanceof DType) given = [null, first, ...rest];
  const [device, dtype, non_blocking, memory_format] = bind(TO, given);
  if (!isNone(device) && !(device instanceof Device) && typeof device !== 'string') {
    throw fail(TO, `argument 'device' must be a device or its name, got ${typename(device)}`);
  }
  if (!isNone(dtype) && !(dtype instanceof DType)) {
    throw fail(TO, `argument 'dtype' must be a torch.dtype, got ${typename(dtype)}`);
  }
  return {
    device,
    dtype,
    non_blocking: non_blocking as boolean | undefined,
    memory_format: memory_format as MemoryFormat | null | undefined,
  };
}

function convertParameter(param: Parameter, convert: (tensor: Tensor) => Tensor): Parameter {
  const gradient = param.grad;
  const converted = withoutGrad(() => convert(param));
  let result = param;
  if (hasCompatibleShallowCopyType(param, converted)) param.data = converted;
  else result = new Parameter(converted, param.requires_grad);
  if (gradient) {
    const convertedGradient = withoutGrad(() => convert(gradient));
    if (hasCompatibleShallowCopyType(gradient, convertedGradient))
      gradient.data = convertedGradient;
    else result.grad = convertedGradient.requires_grad_(gradient.requires_grad);
  }
  return result;
}
