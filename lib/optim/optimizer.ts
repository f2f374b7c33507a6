/** The base of optimizers. Source: torch/optim/optimizer.py. */
import { inspect, types } from 'node:util';
import { notImplementedError, runtimeError, typeError, valueError } from '../bindings/errors';
import { type Handle, handleOf, isTensor } from '../bindings/handle';
import { type AsyncOptions, splitSignal, submit } from '../bindings/jobs';
import { native } from '../bindings/native';
import { warn } from '../bindings/warnings';
import { describe, isOptions } from '../dispatch/arguments';
import { attempt, type Outcome, once, Pause, part, resultOf, type Step } from '../dispatch/replay';
import { BOOL, FUNCTION, optional, required, Signature } from '../dispatch/signature';
import { keptState, type StateKeeper, usesState } from '../memory/state';
import { withoutGrad } from '../nn/ops';
import { zeroGrad } from '../nn/parameter';
import { typename } from '../nn/typename';
import type { Tensor } from '../tensor/tensor';
import { deepcopy } from '../utils/deepcopy';
import { Hooks, type RemovableHandle } from '../utils/hooks';
import { boolRepr, floatRepr } from '../utils/python';
import {
  areGroups,
  checkedState,
  convertStateValue,
  missingOptions,
  type OptimizerState,
  type Owner,
  type ParameterState,
} from './state';

/** Parameters, or parameters with names, such as `named_parameters()` returns. */
export type Parameters = Iterable<Tensor> | Iterable<readonly [name: string, parameter: Tensor]>;

/** A group of parameters with their own options. */
export type GroupOf<Options extends object> = {
  params: Tensor | Parameters;
} & { [Key in keyof Options]?: Options[Key] | undefined };

/** The first argument of an optimizer: parameters, or groups of them. */
export type ParametersOrGroups<Options extends object> = Parameters | Iterable<GroupOf<Options>>;

/** A group of parameters in an optimizer. Its options can be changed between steps. */
export type ParamGroup<Options extends object> = Options & {
  params: Tensor[];
  param_names?: string[];
};

/** What a step is called with: the closure, by position or by name. */
type StepArguments = readonly [closure?: unknown];
type StepKeywords = { readonly closure?: unknown };
type StepCall = readonly [args: StepArguments, kwargs: StepKeywords];

/** Called before a step. It may return other arguments for it. */
export type StepPreHook = (
  optimizer: Optimizer<never>,
  args: StepArguments,
  kwargs: StepKeywords,
  // biome-ignore lint/suspicious/noConfusingVoidType: a function that returns nothing fits too
) => readonly [StepArguments, StepKeywords] | null | undefined | void;

/** Called after a step. */
export type StepPostHook = (
  optimizer: Optimizer<never>,
  args: StepArguments,
  kwargs: StepKeywords,
) => void;

/** Called with the optimizer alone. */
export type OptimizerHook = (optimizer: Optimizer<never>) => void;

/** Called with a state dict. It may return another one. */
export type StateDictHook = (
  optimizer: Optimizer<never>,
  state_dict: OptimizerState,
  // biome-ignore lint/suspicious/noConfusingVoidType: a function that returns nothing fits too
) => OptimizerState | null | undefined | void;

let exported: Readonly<Record<string, unknown>> = {};

/** Makes this package's classes known: their steps can be run again. */
export function knowOptimizers(exports: object): void {
  exported = exports as Readonly<Record<string, unknown>>;
}

/** The mean number of elements of parameters up to which a step runs on the event loop. */
const SMALL = 8192;

const HOOK = { hook: required(FUNCTION), prepend: optional(BOOL, false) };
type Prepend = boolean | { prepend?: boolean | undefined };

const STEP_PRE_HOOKS = new Hooks<StepPreHook>();
const STEP_POST_HOOKS = new Hooks<StepPostHook>();

/** Calls a hook before each step of every optimizer. */
export function register_optimizer_step_pre_hook(hook: StepPreHook): RemovableHandle {
  return STEP_PRE_HOOKS.add(hook);
}

/** Calls a hook after each step of every optimizer. */
export function register_optimizer_step_post_hook(hook: StepPostHook): RemovableHandle {
  return STEP_POST_HOOKS.add(hook);
}

const SAVE_PRE_HOOK = new Signature('register_state_dict_pre_hook', HOOK);
const SAVE_POST_HOOK = new Signature('register_state_dict_post_hook', HOOK);
const LOAD_PRE_HOOK = new Signature('register_load_state_dict_pre_hook', HOOK);
const LOAD_POST_HOOK = new Signature('register_load_state_dict_post_hook', HOOK);
const ZERO_GRAD = new Signature('Optimizer.zero_grad', { set_to_none: optional(BOOL, true) });

/**
 * The base class of optimizers.
 *
 * See https://docs.pytorch.org/docs/stable/optim.html
 *
 * @typeParam Options - the options of a group of parameters
 */
export abstract class Optimizer<Options extends object = Record<string, unknown>>
  implements StateKeeper
{
  /** The options for groups that do not have their own. */
  readonly defaults: Options;
  #groups: ParamGroup<Options>[] = [];
  #state = new Map<unknown, ParameterState>();
  readonly #hooks = {
    beforeStep: new Hooks<StepPreHook>(),
    afterStep: new Hooks<StepPostHook>(),
    beforeSave: new Hooks<OptimizerHook>(),
    afterSave: new Hooks<StateDictHook>(),
    beforeLoad: new Hooks<StateDictHook>(),
    afterLoad: new Hooks<OptimizerHook>(),
  };
  /**
   * Whether {@link Optimizer.step} divides gradients by the scale itself. GradScaler then sets the scale on the
   * optimizer for the duration of the step.
   */
  _step_supports_amp_scaling = false;
  grad_scale: Tensor | null = null;
  found_inf: Tensor | null = null;

  /**
   * @throws TypeError unless it gets parameters or groups of them; RangeError (ValueError) if there are none, if one is
   *   not a leaf, or if one is in two groups
   */
  constructor(params: ParametersOrGroups<Options>, defaults: Options) {
    usesState(this);
    this.defaults = defaults;
    if (isTensor(params) || typeof params?.[Symbol.iterator] !== 'function') {
      throw typeError(
        'params argument given to the optimizer should be an iterable of Tensors or dicts, but got ' +
          (isTensor(params) ? typename(params) : describe(params)),
      );
    }
    if (!isOptions(defaults)) {
      throw typeError(
        `Optimizer(): argument 'defaults' must be an object, got ${describe(defaults)}`,
      );
    }
    const given: unknown[] = [...params];
    if (given.length === 0) throw valueError('optimizer got an empty parameter list');
    const groups = isOptions(given[0]) ? given : [{ params: given }];
    for (const group of groups) this.add_param_group(group as GroupOf<Options>);
  }

  /** The groups of parameters with their options, which can be changed between steps. */
  get param_groups(): ParamGroup<Options>[] {
    usesState(this);
    return this.#groups;
  }

  set param_groups(groups: ParamGroup<Options>[]) {
    usesState(this);
    if (!areGroups(groups)) {
      throw typeError(
        `Optimizer.param_groups must be an array of objects with an array 'params', got ${describe(groups)}`,
      );
    }
    this.#groups = groups;
  }

  /** The state of each parameter. */
  get state(): Map<unknown, ParameterState> {
    usesState(this);
    return this.#state;
  }

  set state(state: Map<unknown, ParameterState>) {
    usesState(this);
    if (!types.isMap(state)) {
      throw typeError(`Optimizer.state must be a Map, got ${describe(state)}`);
    }
    this.#state = state;
  }

  /** @internal */
  [keptState](): readonly unknown[] {
    return [this.#state, this.#groups, ...Object.values(this)];
  }

  /** Updates the parameters by their gradients. */
  step(): undefined;
  /**
   * Updates the parameters by their gradients.
   *
   * @param closure - computes the loss and its gradients again, synchronously
   * @returns the result of the closure
   */
  step<Loss>(closure: () => Loss): Loss;
  step(...given: [closure?: unknown]): unknown {
    const call = this.#before(given);
    const loss = this.#stepAll(call);
    this.#after(call);
    return loss;
  }

  /** Calls the hooks before a step. Returns what they make of its arguments. */
  #before(given: StepArguments): StepCall {
    let args: StepArguments = given;
    let kwargs: StepKeywords = {};
    for (const hook of [...STEP_PRE_HOOKS.list(), ...this.#hooks.beforeStep.list()]) {
      const changed = hook(this as never, args, kwargs) ?? null;
      if (changed === null) continue;
      if (!Array.isArray(changed) || changed.length !== 2) {
        throw runtimeError(
          `step() must return None or a tuple of (new_args, new_kwargs), but got ${describe(changed)}.`,
        );
      }
      [args, kwargs] = changed as [StepArguments, StepKeywords];
    }
    return [args, kwargs];
  }

  #stepAll([args, kwargs]: StepCall): unknown {
    const differentiable = (this.defaults as { differentiable?: boolean }).differentiable ?? false;
    const closure = args[0] ?? kwargs.closure ?? null;
    return withoutGrad(() => this._steps(closure), differentiable);
  }

  #after([args, kwargs]: StepCall): void {
    for (const hook of this.#afterStep()) hook(this as never, args, kwargs);
  }

  #afterStep(): StepPostHook[] {
    return [...this.#hooks.afterStep.list(), ...STEP_POST_HOOKS.list()];
  }

  /**
   * Changes the parameters by their gradients off the event loop, with the bits of {@link Optimizer.step}. It runs after
   * the jobs that were started before, such as `backwardAsync`, and before those that are started later. A step of a class
   * of yours runs on the event loop, in the same order.
   *
   * ```ts
   * const loss = criterion(await model.forwardAsync(input), target);
   * await loss.backwardAsync();
   * await optimizer.stepAsync();
   * ```
   *
   * @param closure - computes the loss and its gradients anew; it may be asynchronous
   * @param options - `{ signal }` cancels the step if it has not started
   * @returns what the closure returns, awaited
   */
  stepAsync<Loss = undefined>(
    closure?: (() => Loss) | null,
    options?: AsyncOptions,
  ): Promise<Awaited<Loss>>;
  stepAsync(options: AsyncOptions): Promise<undefined>;
  async stepAsync(...given: unknown[]): Promise<unknown> {
    const [closure, options] = asyncArguments(given);
    if (closure === null) return this.#stepAsJob(undefined, options);
    const call = this.#before([closure]);
    const computes = call[0][0] ?? call[1].closure ?? null;
    if (computes === null) return this.#stepAsJob(call, options);
    checkClosure(computes);
    const loss = await computes();
    return this.#stepAsJob([[() => loss], {}], options);
  }

  /** Does an asynchronous step, which gets the closure, between the hooks. */
  protected async _between(
    closure: unknown,
    step: (closure: unknown) => Promise<unknown>,
  ): Promise<unknown> {
    const call = this.#before([closure]);
    const loss = await step(call[0][0] ?? call[1].closure ?? null);
    this.#after(call);
    return loss;
  }

  /**
   * Steps as a job, which calls this thread for its parts in JavaScript.
   *
   * @param given - what the hooks before the step have returned, if they were called
   */
  async #stepAsJob(given: StepCall | undefined, options: AsyncOptions): Promise<unknown> {
    const isRecorded = this.#isBuiltIn() && this.#isLarge();
    const steps: Step[] = [];
    let call = given;
    let pause: Pause | undefined;
    let outcome: Exclude<Outcome<unknown>, Pause> | undefined;
    const turn = (result: unknown): boolean => {
      pause?.finish?.(result);
      pause = undefined;
      const current = (call ??= this.#before([]));
      if (!outcome) {
        const ran = isRecorded
          ? attempt(steps, () => this.#stepAll(current))
          : { value: this.#stepAll(current) };
        if (ran instanceof Pause) {
          pause = ran;
          return true;
        }
        outcome = ran;
        // The hooks are called when what was recorded has run.
        if (this.#afterStep().length > 0 && native.has_recorded()) return true;
      }
      if ('value' in outcome) this.#after(current);
      return false;
    };
    try {
      await submit((job) => job.run_turns(this.#tensors(), turn), options);
    } catch (error) {
      this.#forgetFailed();
      throw error;
    }
    return resultOf(outcome!);
  }

  /** Whether the class is of this package: its steps can be run again. */
  #isBuiltIn(): boolean {
    return exported[this.constructor.name] === this.constructor;
  }

  /** Whether recording the calls of a step takes less time than making them. */
  #isLarge(): boolean {
    const parameters = this.param_groups.flatMap(({ params }) => params);
    const elements = parameters.reduce((sum, parameter) => sum + parameter.numel(), 0);
    return elements > SMALL * parameters.length;
  }

  /** Returns the handles of all tensors that a step may change. */
  #tensors(): Handle[] {
    const states = [...this.state.values()].flatMap((state) => Object.values(state));
    const parameters = this.param_groups.flatMap(({ params }) => params);
    return [...parameters, ...states].flatMap((each) => handleOf(each) || []);
  }

  /** Removes the states whose tensors were not computed, because a call before has failed. */
  #forgetFailed(): void {
    for (const [parameter, state] of this.state) {
      const handles = Object.values(state).flatMap((each) => handleOf(each) || []);
      if (!handles.every((handle) => native.is_computed(handle))) this.state.delete(parameter);
    }
  }

  /** Calls the closure, and steps all groups. */
  protected _steps(closure: unknown): unknown {
    const loss = closure === null ? undefined : once(() => evaluate(closure));
    for (const group of this.param_groups) part(() => this._step(group));
    return loss;
  }

  /** Updates the parameters of one group. Runs in the right grad mode. */
  protected _step(_group: ParamGroup<Options>): void {
    throw notImplementedError('');
  }

  /** Returns the state of a parameter, which may be changed. */
  protected stateOf(parameter: Tensor): ParameterState {
    let state = this.state.get(parameter);
    if (!state) this.state.set(parameter, (state = {}));
    return state;
  }

  /**
   * Clears the gradients of all parameters.
   *
   * @param set_to_none - sets `grad` to null instead of to zeros. Default: true
   */
  zero_grad(set_to_none?: boolean | { set_to_none?: boolean }): void;
  zero_grad(...args: unknown[]): void {
    const { set_to_none } = ZERO_GRAD.read(args);
    for (const { params } of this.param_groups) {
      for (const parameter of params) zeroGrad(parameter, set_to_none);
    }
  }

  /** Adds a group of parameters. Its options override the defaults. */
  add_param_group(param_group: GroupOf<Options>): void {
    if (!isOptions(param_group)) {
      throw typeError(`param_group must be a dict, but got ${describe(param_group)}`);
    }
    const { params, ...options } = param_group as Record<string, unknown> & { params: unknown };
    const own = { ...definedOnly(options), ...separate(listOf(params)) };
    // The group's own options come first, as in Python.
    const group = { ...own, ...this.defaults, ...own } as unknown as ParamGroup<Options>;
    this.#check(group);
    this.param_groups.push(group);
  }

  #check(group: ParamGroup<Options>): void {
    const { differentiable } = this.defaults as { differentiable?: boolean };
    for (const parameter of group.params) {
      if (!isTensor(parameter)) {
        throw typeError(
          `optimizer can only optimize Tensors, but one of the params is ${typename(parameter)}`,
        );
      }
      if (!differentiable && !parameter.is_leaf && !parameter.retains_grad) {
        throw valueError("can't optimize a non-leaf Tensor");
      }
    }
    if (new Set(group.params).size !== group.params.length) warn(DUPLICATES);
    const hasNames = group.param_names !== undefined;
    if (this.param_groups.some(({ param_names }) => (param_names !== undefined) !== hasNames)) {
      const which = hasNames ? 'with names' : 'without names';
      throw valueError(
        'all optimizer param groups should be with/without names. ' +
          `cannot add param group ${which} to the optimizer`,
      );
    }
    const known = new Set(this.param_groups.flatMap(({ params }) => params));
    if (group.params.some((parameter) => known.has(parameter))) {
      throw valueError('some parameters appear in more than one parameter group');
    }
  }

  /** Calls a hook before each step. The hook may return other arguments for the step. */
  register_step_pre_hook(hook: StepPreHook): RemovableHandle {
    return this.#hooks.beforeStep.add(hook);
  }

  /** Calls a hook after each step. */
  register_step_post_hook(hook: StepPostHook): RemovableHandle {
    return this.#hooks.afterStep.add(hook);
  }

  /** Calls a hook before each `state_dict()`. */
  register_state_dict_pre_hook(hook: OptimizerHook, prepend?: Prepend): RemovableHandle;
  register_state_dict_pre_hook(...args: unknown[]): RemovableHandle {
    const { hook, prepend } = SAVE_PRE_HOOK.read(args);
    return this.#hooks.beforeSave.add(hook as OptimizerHook, prepend);
  }

  /** Calls a hook after each `state_dict()`. The hook may return another state dict. */
  register_state_dict_post_hook(hook: StateDictHook, prepend?: Prepend): RemovableHandle;
  register_state_dict_post_hook(...args: unknown[]): RemovableHandle {
    const { hook, prepend } = SAVE_POST_HOOK.read(args);
    return this.#hooks.afterSave.add(hook as StateDictHook, prepend);
  }

  /** Calls a hook before each `load_state_dict()`. The hook may return another state dict. */
  register_load_state_dict_pre_hook(hook: StateDictHook, prepend?: Prepend): RemovableHandle;
  register_load_state_dict_pre_hook(...args: unknown[]): RemovableHandle {
    const { hook, prepend } = LOAD_PRE_HOOK.read(args);
    return this.#hooks.beforeLoad.add(hook as StateDictHook, prepend);
  }

  /** Calls a hook after each `load_state_dict()`. */
  register_load_state_dict_post_hook(hook: OptimizerHook, prepend?: Prepend): RemovableHandle;
  register_load_state_dict_post_hook(...args: unknown[]): RemovableHandle {
    const { hook, prepend } = LOAD_POST_HOOK.read(args);
    return this.#hooks.afterLoad.add(hook as OptimizerHook, prepend);
  }

  /** Returns the options of the groups and the state of the parameters, as plain data and tensors. */
  state_dict(): OptimizerState {
    for (const hook of this.#hooks.beforeSave.list()) hook(this as never);
    const numbers = new Map<unknown, number>();
    let start = 0;
    const param_groups = this.param_groups.map(({ params, ...options }) => {
      for (const [index, parameter] of params.entries()) {
        if (!numbers.has(parameter)) numbers.set(parameter, start + index);
      }
      start += params.length;
      return { ...options, params: params.map((parameter) => numbers.get(parameter)!) };
    });
    const state: Record<number, ParameterState> = {};
    for (const [parameter, value] of this.state) {
      state[numbers.get(parameter) ?? (parameter as number)] = value;
    }
    let state_dict: OptimizerState = { state, param_groups };
    for (const hook of this.#hooks.afterSave.list()) {
      state_dict = hook(this as never, state_dict) || state_dict;
    }
    return state_dict;
  }

  /**
   * Restores a result of {@link Optimizer.state_dict}. Tensors are converted to the dtype and device of their
   * parameters.
   *
   * @throws RangeError (ValueError) unless the groups have the same numbers of parameters
   */
  load_state_dict(given: OptimizerState): void {
    let state_dict = checkedState(given);
    for (const hook of this.#hooks.beforeLoad.list()) {
      state_dict = checkedState(hook(this as never, { ...state_dict }) || state_dict);
    }
    const groups = this.param_groups;
    const saved = state_dict.param_groups;
    if (groups.length !== saved.length) {
      throw valueError('loaded state dict has a different number of parameter groups');
    }
    if (groups.some(({ params }, index) => params.length !== saved[index]!.params.length)) {
      throw valueError(
        "loaded state dict contains a parameter group that doesn't match the size of optimizer's group",
      );
    }
    const parameters = new Map<string, Owner>();
    for (const [index, { params, capturable, fused }] of saved.entries()) {
      const keepsCountOnDevice = Boolean(capturable || fused);
      for (const [place, number] of params.entries()) {
        const parameter = groups[index]!.params[place]!;
        parameters.set(String(number), { parameter, keepsCountOnDevice });
      }
    }
    this.state = new Map();
    for (const [number, value] of Object.entries(state_dict.state)) {
      const owner = parameters.get(number);
      if (owner) this.state.set(owner.parameter, convertStateValue(value, owner) as ParameterState);
      else this.state.set(Number(number), value);
    }
    this.param_groups = groups.map(({ params, param_names }, index) => ({
      ...(param_names && { param_names }),
      ...deepcopy(saved[index]!),
      ...missingOptions(this.defaults, saved[index]!),
      params,
    })) as unknown as ParamGroup<Options>[];
    for (const hook of this.#hooks.afterLoad.list()) hook(this as never);
  }

  /** Returns Python's `repr`. */
  toString(): string {
    const groups = this.param_groups.map((group, index) => {
      const lines = Object.keys(group)
        .filter((name) => name !== 'params')
        .sort()
        .map((name) => `    ${name}: ${this.#text(name, group[name as keyof typeof group])}\n`);
      return `\nParameter Group ${index}\n${lines.join('')}`;
    });
    return `${this.constructor.name} (${groups.join('')})`;
  }

  #text(name: string, value: unknown): string {
    if (value === null || value === undefined) return 'None';
    if (typeof value === 'boolean') return boolRepr(value);
    if (typeof value === 'number') {
      return this._isInt(name, value) ? String(value) : floatRepr(value);
    }
    if (!Array.isArray(value)) return String(value);
    if (name === 'param_names') return `[${value.map((each) => `'${each}'`).join(', ')}]`;
    return `(${value.map((each) => this.#text(name, each)).join(', ')})`;
  }

  /** Whether Python's option is an int, which prints without a point. */
  protected _isInt(_name: string, value: number): boolean {
    return value === 0;
  }

  [inspect.custom](): string {
    return this.toString();
  }
}

const DUPLICATES =
  'optimizer contains a parameter group with duplicate parameters; in future, this will cause an error; ' +
  'see github.com/pytorch/pytorch/issues/40967 for more information';

/** Calls a closure with recording on. The closure must be synchronous. */
export function evaluate(closure: unknown): unknown {
  checkClosure(closure);
  const loss = withoutGrad(closure, true);
  if (typeof (loss as { then?: unknown } | undefined)?.then === 'function') {
    throw typeError('step(): closure must be synchronous, but it returned a promise');
  }
  return loss;
}

/** Returns the closure, or null, and the options of a call of `stepAsync`. */
export function asyncArguments(
  given: readonly unknown[],
): [closure: (() => unknown) | null, options: AsyncOptions] {
  const [others, options] = splitSignal(given);
  const isEmpty = (value: unknown): boolean => isOptions(value) && Object.keys(value).length === 0;
  const closure = others.find((each) => !isEmpty(each)) ?? null;
  if (closure !== null) checkClosure(closure);
  return [closure as (() => unknown) | null, options];
}

function checkClosure(closure: unknown): asserts closure is () => unknown {
  if (typeof closure === 'function') return;
  throw typeError(`step(): closure must be a function, got ${describe(closure)}`);
}

function definedOnly(options: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined));
}

function listOf(params: unknown): unknown[] {
  if (isTensor(params)) return [params];
  if (types.isSet(params)) {
    throw typeError(
      'optimizer parameters need to be organized in ordered collections, but the ordering of tensors in sets ' +
        'will change between runs. Please use a list instead.',
    );
  }
  if (typeof (params as Iterable<unknown> | undefined)?.[Symbol.iterator] === 'function') {
    return [...(params as Iterable<unknown>)];
  }
  throw typeError(`params of a group must be Tensors, got ${describe(params)}`);
}

/** Separates parameters from their names, if they have names. */
function separate(listed: readonly unknown[]): { params: unknown[]; param_names?: string[] } {
  const named = listed.filter((element) => Array.isArray(element)) as [string, unknown][];
  if (named.length === 0) return { params: [...listed] };
  if (named.length !== listed.length) {
    throw valueError(
      'all optimizer params should be with/without names. Some param names are missing',
    );
  }
  return {
    params: named.map(([, parameter]) => parameter),
    param_names: named.map(([name]) => name),
  };
}
