/** Hooks of modules: functions that are called with a module's forward, and with its state. */
import { createError, runtimeError } from '../../bindings/errors';
import { warn } from '../../bindings/warnings';
import { describe, isOptions, type Options } from '../../dispatch/arguments';
import { isPause, once } from '../../dispatch/replay';
import {
  BOOL,
  type Declarations,
  FUNCTION,
  option,
  optional,
  required,
  Signature,
  type Type,
  type ValuesOf,
} from '../../dispatch/signature';
import type { Tensor } from '../../tensor/tensor';
import { Hooks, type RemovableHandle } from '../../utils/hooks';
import type { BackwardHook, FullBackwardHook, FullBackwardPreHook } from './backward_hook';
import type { Module } from './module';
import type { IncompatibleKeys } from './state';

/**
 * Is called before `forward`. It may return new arguments: an array of all, or one that is no array. With `with_kwargs`
 * it also gets the options object, and returns an array of both.
 */
export type ForwardPreHook<M = Module> = (module: M, args: unknown[], kwargs: Options) => unknown;

/**
 * Is called after `forward`. It may return another result. With `with_kwargs` it gets the options object before the
 * result.
 */
export type ForwardHook<M = Module> = (module: M, args: unknown[], ...rest: never[]) => unknown;

/** Is called before `state_dict` collects the tensors of a module. */
export type StatePreHook<M = Module> = (module: M, prefix: string, keep_vars: boolean) => void;

/** Is called after `state_dict` has collected the tensors of a module and its submodules. It may change the Map. */
export type StateHook<M = Module> = (
  module: M,
  state_dict: Map<string, Tensor>,
  prefix: string,
  local_metadata: Options,
) => void;

/** Is called before `load_state_dict` loads the tensors of a module. It may change the Map and the arrays. */
export type LoadPreHook<M = Module> = (
  module: M,
  state_dict: Map<string, unknown>,
  prefix: string,
  local_metadata: Options,
  strict: boolean,
  missing_keys: string[],
  unexpected_keys: string[],
  error_msgs: string[],
) => void;

/** Is called after `load_state_dict` has loaded a module and its submodules. It may change the arrays of names. */
export type LoadHook<M = Module> = (module: M, incompatible_keys: IncompatibleKeys) => void;

export interface ForwardPreHookOptions {
  /** Whether the hook is called before those that are there. Default: false. */
  prepend?: boolean | undefined;
  /** Whether the hook gets the options object. Default: false. */
  with_kwargs?: boolean | undefined;
}

export interface ForwardHookOptions extends ForwardPreHookOptions {
  /** Whether the hook is also called if `forward` throws. Default: false. */
  always_call?: boolean | undefined;
}

const HOOK = { hook: required(FUNCTION as Type<(...args: unknown[]) => unknown>) };
const BACKWARD = { ...HOOK, prepend: optional(BOOL, false) };
const BEFORE_FORWARD = { ...HOOK, prepend: option(BOOL, false), with_kwargs: option(BOOL, false) };
const AFTER_FORWARD = { ...BEFORE_FORWARD, always_call: option(BOOL, false) };

/** The methods of a module that register hooks, with the list to which each adds and its parameters. */
const METHODS = {
  register_forward_pre_hook: ['beforeForward', BEFORE_FORWARD],
  register_forward_hook: ['afterForward', AFTER_FORWARD],
  register_full_backward_pre_hook: ['beforeBackward', BACKWARD],
  register_full_backward_hook: ['afterBackward', BACKWARD],
  register_state_dict_pre_hook: ['beforeSave', HOOK],
  register_state_dict_post_hook: ['afterSave', HOOK],
  register_load_state_dict_pre_hook: ['beforeLoad', HOOK],
  register_load_state_dict_post_hook: ['afterLoad', HOOK],
} as const satisfies Record<string, readonly [keyof Lists, Declarations]>;
export type HookMethod = keyof typeof METHODS;

/** A hook, and the options that methods for it have. */
type HookValues = Pick<ValuesOf<typeof AFTER_FORWARD>, 'hook'> &
  Partial<ValuesOf<typeof AFTER_FORWARD>>;

/** The arguments of a call: those by position, and the options object if there is one. */
type Arguments = readonly [args: unknown[], kwargs: Options | undefined];

type Before = (module: Module, given: Arguments) => Arguments;
type After = ((module: Module, given: Arguments, result: unknown) => unknown) & {
  readonly isAlways?: boolean | undefined;
  /** Whose hook it is, for a warning. */
  readonly owner?: string;
};

interface Lists {
  readonly beforeForward: Hooks<Before>;
  readonly afterForward: Hooks<After>;
  readonly beforeBackward: Hooks<FullBackwardPreHook<never>>;
  readonly afterBackward: Hooks<FullBackwardHook<never>>;
  readonly beforeSave: Hooks<StatePreHook<never>>;
  readonly afterSave: Hooks<StateHook<never>>;
  readonly beforeLoad: Hooks<LoadPreHook<never>>;
  readonly afterLoad: Hooks<LoadHook<never>>;
}

/** The hooks of one module, or of all modules. */
export class ModuleHooks {
  /** The hooks of all modules, if there were any. */
  static ofAll: ModuleHooks | undefined;

  /** Returns the hooks of all modules, to add one. */
  static forAll(): ModuleHooks {
    ModuleHooks.ofAll ??= new ModuleHooks('global module');
    return ModuleHooks.ofAll;
  }

  /** @param owner - whose hooks they are, for a warning */
  constructor(readonly owner = 'module') {}

  readonly lists = Object.fromEntries(
    Object.values(METHODS).map(([list]) => [list, new Hooks()]),
  ) as unknown as Lists;

  /** Implements the methods of a module that register hooks. */
  register(method: HookMethod, args: readonly unknown[]): RemovableHandle {
    const [list, parameters] = METHODS[method];
    const values = new Signature(`Module.${method}`, parameters as typeof AFTER_FORWARD).read(args);
    return this.add(list, values);
  }

  /** Adds a hook with its options. */
  add(list: keyof Lists, values: HookValues): RemovableHandle {
    let { hook }: { hook: unknown } = values;
    if (list === 'beforeForward') hook = beforeForward(values);
    if (list === 'afterForward') hook = afterForward(values, this.owner);
    return this.lists[list].add(hook as never, values.prepend);
  }

  /** Returns a copy of the hooks, for a copy of the module. */
  copy(): ModuleHooks {
    const copy = new ModuleHooks();
    for (const [name, hooks] of Object.entries(this.lists)) {
      for (const hook of hooks.list()) copy.lists[name as keyof Lists].add(hook as never);
    }
    return copy;
  }

  /** Whether there are hooks that are called with `forward`. */
  get hasForward(): boolean {
    const { beforeForward, afterForward, beforeBackward, afterBackward } = this.lists;
    return [beforeForward, afterForward, beforeBackward, afterBackward].some(
      (hooks) => hooks.list().length > 0,
    );
  }

  /** Calls a module's forward between the hooks of all modules and its own. */
  static call(
    module: Module,
    sets: readonly (ModuleHooks | undefined)[],
    given: readonly unknown[],
  ): unknown {
    const all = <Name extends keyof Lists>(name: Name): ReturnType<Lists[Name]['list']> =>
      sets.flatMap((hooks) => (hooks?.lists[name].list() as never) ?? []) as never;
    const after = all('afterForward');
    const last = given.at(-1);
    let args: Arguments = isOptions(last) ? [given.slice(0, -1), last] : [[...given], undefined];
    let result: unknown;
    const called = new Set<After>();
    try {
      for (const hook of all('beforeForward')) args = once(() => hook(module, args));
      const backward = once(() =>
        backwardHook(module, all('afterBackward'), all('beforeBackward')),
      );
      const [positional, kwargs] = args;
      const inputs = backward ? once(() => backward.setupInputs(positional)) : positional;
      result = module.forward(...inputs, ...(kwargs ? [kwargs] : []));
      for (const hook of after) {
        called.add(hook);
        result = once(() => hook(module, args, result));
      }
      return backward ? once(() => backward.setupOutputs(result)) : result;
    } catch (error) {
      if (error instanceof Error && !isPause(error)) {
        for (const hook of after) {
          if (hook.isAlways && !called.has(hook))
            callAnyway(hook, () => hook(module, args, result));
        }
      }
      throw error;
    }
  }
}

/** Returns the object that calls the backward hooks for a call, if there are any. */
function backwardHook(
  module: Module,
  hooks: readonly unknown[],
  preHooks: readonly unknown[],
): BackwardHook | undefined {
  if (hooks.length + preHooks.length === 0) return undefined;
  const { BackwardHook } = require('./backward_hook') as typeof import('./backward_hook');
  return new BackwardHook(module, hooks as never, preHooks as never);
}

/** Makes a user's hook give the arguments that `forward` gets. */
function beforeForward({ hook, with_kwargs }: HookValues): Before {
  return (module, [args, kwargs]) => {
    const result = with_kwargs ? hook(module, args, kwargs ?? {}) : hook(module, args);
    if (result === undefined || result === null) return [args, kwargs];
    if (!with_kwargs) return [Array.isArray(result) ? result : [result], kwargs];
    if (Array.isArray(result) && Array.isArray(result[0]) && isOptions(result[1])) {
      return [result[0], result[1]];
    }
    throw runtimeError(
      `forward pre-hook must return None or a tuple of (new_args, new_kwargs), but got ${describe(result)}.`,
    );
  };
}

/** Makes a user's hook give the result of the call. */
function afterForward({ hook, ...options }: HookValues, owner: string): After {
  const call: After = (module, [args, kwargs], result) => {
    const rest = options.with_kwargs ? [kwargs ?? {}, result] : [result];
    return hook(module, args, ...rest) ?? result;
  };
  return Object.assign(call, { isAlways: options.always_call, owner });
}

function callAnyway({ owner }: After, call: () => unknown): void {
  try {
    once(call);
  } catch (error) {
    warn(
      `${owner} forward hook with \`\`always_call=True\`\` raised an exception that was silenced as another error was ` +
        `raised in forward: ${(error as Error).message}`,
    );
  }
}

/** Calls the hooks that may only change what they are given. */
export function callAll<Args extends unknown[]>(
  hooks: Hooks<(...args: never[]) => unknown> | undefined,
  message: string | undefined,
  ...args: Args
): void {
  for (const hook of hooks?.list() ?? []) {
    const result = (hook as (...args: unknown[]) => unknown)(...args);
    if (message === undefined || result === undefined || result === null) continue;
    throw message.startsWith('state_dict')
      ? runtimeError(message)
      : createError('AssertionError', message);
  }
}

export const SAVE_RESULT = 'state_dict post-hook must return None';
export const LOAD_RESULT =
  'Hooks registered with ``register_load_state_dict_post_hook`` are not expected to return new values, if ' +
  'incompatible_keys need to be modified, it should be done inplace.';
