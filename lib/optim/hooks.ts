import { Hooks, type RemovableHandle } from '../utils/hooks';
import type { Optimizer } from './optimizer';
import type { OptimizerState } from './state';

/** What a step is called with: the closure, by position or by name. */
export type StepArguments = readonly [closure?: unknown];
export type StepKeywords = { readonly closure?: unknown };
export type StepCall = readonly [args: StepArguments, kwargs: StepKeywords];

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

export const STEP_PRE_HOOKS = new Hooks<StepPreHook>();
export const STEP_POST_HOOKS = new Hooks<StepPostHook>();

/** Calls a hook before each step of every optimizer. */
export function register_optimizer_step_pre_hook(hook: StepPreHook): RemovableHandle {
  return STEP_PRE_HOOKS.add(hook);
}

/** Calls a hook after each step of every optimizer. */
export function register_optimizer_step_post_hook(hook: StepPostHook): RemovableHandle {
  return STEP_POST_HOOKS.add(hook);
}
