/** Hooks of all modules. Source: torch/nn/modules/module.py. */
import { BOOL, define, FUNCTION, option, required, type Type } from '../../dispatch/signature';
import type { RemovableHandle } from '../../utils/hooks';
import type { FullBackwardHook, FullBackwardPreHook } from './backward_hook';
import {
  type ForwardHook,
  type ForwardHookOptions,
  type ForwardPreHook,
  ModuleHooks,
} from './hooks';

export { Module } from './module';

const HOOK = { hook: required(FUNCTION as Type<(...args: unknown[]) => unknown>) };
const AFTER = { ...HOOK, with_kwargs: option(BOOL, false), always_call: option(BOOL, false) };

/**
 * Registers a function that is called before the forward of any module, before the module's own hooks.
 *
 * See https://docs.pytorch.org/docs/stable/generated/torch.nn.modules.module.register_module_forward_pre_hook.html
 *
 * @returns a handle that removes it
 */
export const register_module_forward_pre_hook = define<
  (hook: ForwardPreHook) => RemovableHandle,
  typeof HOOK
>('register_module_forward_pre_hook', HOOK, ({ hook }) =>
  ModuleHooks.forAll().add('beforeForward', { hook }),
);

/**
 * Registers a function that is called after the forward of any module, before the module's own hooks.
 *
 * See https://docs.pytorch.org/docs/stable/generated/torch.nn.modules.module.register_module_forward_hook.html
 *
 * @returns a handle that removes it
 */
export const register_module_forward_hook = define<
  (hook: ForwardHook, options?: Omit<ForwardHookOptions, 'prepend'>) => RemovableHandle,
  typeof AFTER
>('register_module_forward_hook', AFTER, (given) =>
  ModuleHooks.forAll().add('afterForward', given),
);

/**
 * Registers a function that is called in the backward pass with the gradients of any module's outputs.
 *
 * See https://docs.pytorch.org/docs/stable/generated/torch.nn.modules.module.register_module_full_backward_pre_hook.html
 *
 * @returns a handle that removes it
 */
export const register_module_full_backward_pre_hook = define<
  (hook: FullBackwardPreHook) => RemovableHandle,
  typeof HOOK
>('register_module_full_backward_pre_hook', HOOK, ({ hook }) =>
  ModuleHooks.forAll().add('beforeBackward', { hook }),
);

/**
 * Registers a function that is called in the backward pass with the gradients of any module's inputs and outputs.
 *
 * See https://docs.pytorch.org/docs/stable/generated/torch.nn.modules.module.register_module_full_backward_hook.html
 *
 * @returns a handle that removes it
 */
export const register_module_full_backward_hook = define<
  (hook: FullBackwardHook) => RemovableHandle,
  typeof HOOK
>('register_module_full_backward_hook', HOOK, ({ hook }) =>
  ModuleHooks.forAll().add('afterBackward', { hook }),
);
