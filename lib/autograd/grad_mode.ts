/** Whether operations are recorded, for a function's time or from here on. */

import { typeError } from '../bindings/errors';
import { native } from '../bindings/native';
import { describe } from '../dispatch/arguments';
import { scoped } from '../utils/contextlib';

/** Whether operations are recorded in this thread. */
export function is_grad_enabled(): boolean {
  return native.is_grad_enabled();
}

/**
 * Runs a function whose operations are not recorded; returns what it returns.
 *
 * See https://docs.pytorch.org/docs/stable/generated/torch.no_grad.html
 *
 * @throws TypeError for a function that returns a promise: the mode would end at its first `await`
 */
export function no_grad<T>(run: () => T): T {
  return withGradMode('no_grad', false, run);
}

/**
 * Runs a function whose operations are recorded, inside {@link no_grad} too; returns what it returns.
 *
 * See https://docs.pytorch.org/docs/stable/generated/torch.enable_grad.html
 *
 * @throws TypeError for a function that returns a promise
 */
export function enable_grad<T>(run: () => T): T {
  return withGradMode('enable_grad', true, run);
}

/**
 * Sets whether operations are recorded: from now on, or while a function runs.
 *
 * See https://docs.pytorch.org/docs/stable/generated/torch.set_grad_enabled.html
 */
export function set_grad_enabled(mode: boolean): void;
export function set_grad_enabled<T>(mode: boolean, run: () => T): T;
export function set_grad_enabled<T>(mode: boolean, run?: () => T): T | undefined {
  if (typeof mode !== 'boolean') {
    throw typeError(`set_grad_enabled(): argument 'mode' must be a boolean, got ${describe(mode)}`);
  }
  if (run !== undefined) return withGradMode('set_grad_enabled', mode, run);
  native.set_grad_enabled(mode);
  return undefined;
}

function withGradMode<T>(name: string, enabled: boolean, run: () => T): T {
  return scoped(name, run, () => {
    const before = native.is_grad_enabled();
    native.set_grad_enabled(enabled);
    return () => native.set_grad_enabled(before);
  });
}
