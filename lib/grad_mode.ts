/** Whether operations are recorded, for a function's time or from here on. */
import { describe } from './arguments';
import { typeError } from './errors';
import { native } from './native';

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
 * Says whether operations are recorded: from here on, or while a function runs.
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
  if (typeof run !== 'function') {
    throw typeError(`${name}(): takes a function to run, got ${describe(run)}`);
  }
  const before = native.is_grad_enabled();
  native.set_grad_enabled(enabled);
  let result: T;
  try {
    result = run();
  } finally {
    native.set_grad_enabled(before);
  }
  if (isThenable(result)) {
    // Its own failure is not what is reported.
    result.then(undefined, () => {});
    throw typeError(
      `${name}(): the function must be synchronous, and it returned a promise; the mode would end at its first await`,
    );
  }
  return result;
}

function isThenable(value: unknown): value is PromiseLike<unknown> {
  const isObject = (typeof value === 'object' && value !== null) || typeof value === 'function';
  return isObject && typeof (value as { then?: unknown }).then === 'function';
}
