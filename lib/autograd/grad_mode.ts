/** Turns recording for autograd on or off, while a function runs or permanently. */

import { typeError } from '../bindings/errors';
import { tensorHandle } from '../bindings/handle';
import { native } from '../bindings/native';
import { describe } from '../dispatch/arguments';
import type { Tensor } from '../tensor/tensor';
import { scoped } from '../utils/contextlib';

/** Returns whether operations are recorded in this thread. */
export function is_grad_enabled(): boolean {
  return native.is_grad_enabled();
}

/**
 * Runs a function without recording its operations. Returns its result.
 *
 * See https://docs.pytorch.org/docs/stable/generated/torch.no_grad.html
 *
 * @throws TypeError if the function returns a promise, because the mode would end at the first `await`
 */
export function no_grad<T>(run: () => T): T {
  return withGradMode('no_grad', false, run);
}

/**
 * Runs a function with its operations recorded, even inside {@link no_grad}. Returns its result.
 *
 * See https://docs.pytorch.org/docs/stable/generated/torch.enable_grad.html
 *
 * @throws TypeError if the function returns a promise
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

/** Returns whether inference mode is on in this thread. */
export function is_inference_mode_enabled(): boolean {
  return native.is_inference_mode_enabled();
}

/**
 * Runs a function in inference mode: nothing is recorded, and the tensors it makes can never be part of a graph. With
 * `mode` false, runs it outside of inference mode. Returns the function's result.
 *
 * See https://docs.pytorch.org/docs/stable/generated/torch.autograd.grad_mode.inference_mode.html
 *
 * @throws TypeError if the function returns a promise, because the mode would end at the first `await`
 */
export function inference_mode<T>(run: () => T): T;
export function inference_mode<T>(mode: boolean, run: () => T): T;
export function inference_mode<T>(...args: [() => T] | [boolean, () => T]): T {
  const [mode, run] = args.length === 1 ? ([true, args[0]] as const) : args;
  if (typeof mode !== 'boolean') {
    throw typeError(`inference_mode(): argument 'mode' must be a boolean, got ${describe(mode)}`);
  }
  return scoped('inference_mode', run, () => {
    native.enter_inference_mode(mode);
    return () => native.leave_inference_mode();
  });
}

/** Returns whether a tensor was made in inference mode. */
export function is_inference(input: Tensor): boolean {
  return native.is_inference(
    tensorHandle(input, { name: 'is_inference', parameters: [] }, 'input'),
  );
}

function withGradMode<T>(name: string, enabled: boolean, run: () => T): T {
  return scoped(name, run, () => {
    const before = native.is_grad_enabled();
    native.set_grad_enabled(enabled);
    return () => native.set_grad_enabled(before);
  });
}
