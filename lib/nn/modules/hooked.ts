/** The methods of modules that register hooks. */
import type { Memo } from '../../utils/deepcopy';
import type { RemovableHandle } from '../../utils/hooks';
import type { FullBackwardHook, FullBackwardPreHook } from './backward_hook';
import { Callable } from './callable';
import {
  type ForwardHook,
  type ForwardHookOptions,
  type ForwardPreHook,
  type ForwardPreHookOptions,
  type HookMethod,
  type LoadHook,
  type LoadPreHook,
  ModuleHooks,
  type StateHook,
  type StatePreHook,
} from './hooks';

/** A callable object with hooks. */
export abstract class Hooked extends Callable {
  #hooks: ModuleHooks | undefined;

  /** Returns the hooks of this module, if there are any. @internal */
  _hooks(): ModuleHooks | undefined {
    return this.#hooks;
  }

  #register(method: HookMethod, args: readonly unknown[]): RemovableHandle {
    this.#hooks ??= new ModuleHooks();
    return this.#hooks.register(method, args);
  }

  /** Gives a copy of this module the same hooks. @internal */
  _copyTo(copy: this, _memo: Memo): void {
    copy.#hooks = this.#hooks?.copy();
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
    return this.#register('register_forward_pre_hook', args);
  }

  /**
   * Registers a function that is called after `forward` whenever the module is called.
   *
   * @returns a handle that removes it
   */
  register_forward_hook(hook: ForwardHook<this>, options?: ForwardHookOptions): RemovableHandle;
  register_forward_hook(...args: unknown[]): RemovableHandle {
    return this.#register('register_forward_hook', args);
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
    return this.#register('register_full_backward_hook', args);
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
    return this.#register('register_full_backward_pre_hook', args);
  }

  /** Registers a function that is called before {@link state_dict} collects this module's tensors. */
  register_state_dict_pre_hook(hook: StatePreHook<this>): RemovableHandle;
  register_state_dict_pre_hook(...args: unknown[]): RemovableHandle {
    return this.#register('register_state_dict_pre_hook', args);
  }

  /** Registers a function that is called after {@link state_dict} has collected this module's tensors. */
  register_state_dict_post_hook(hook: StateHook<this>): RemovableHandle;
  register_state_dict_post_hook(...args: unknown[]): RemovableHandle {
    return this.#register('register_state_dict_post_hook', args);
  }

  /** Registers a function that is called before {@link load_state_dict} loads this module's tensors. */
  register_load_state_dict_pre_hook(hook: LoadPreHook<this>): RemovableHandle;
  register_load_state_dict_pre_hook(...args: unknown[]): RemovableHandle {
    return this.#register('register_load_state_dict_pre_hook', args);
  }

  /** Registers a function that is called after {@link load_state_dict} has loaded this module and its submodules. */
  register_load_state_dict_post_hook(hook: LoadHook<this>): RemovableHandle;
  register_load_state_dict_post_hook(...args: unknown[]): RemovableHandle {
    return this.#register('register_load_state_dict_post_hook', args);
  }
}
