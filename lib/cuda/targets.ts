/** Class indices checked on a GPU. */

import { typeError } from '../bindings/errors';
import { native } from '../bindings/native';
import { describe } from '../dispatch/arguments';

/** Whose indices the native side checks: native/losses/targets.h. */
const NONE = 0;
const CUDA = 1;

/**
 * Has losses check class indices on CUDA before they compute with them.
 *
 * An index out of range makes a CUDA kernel fail an assertion, after which nothing more can be computed in the process,
 * in Python too. With the check the loss throws what it throws on the CPU instead, such as `Target 7 is out of bounds.`
 * It costs a few small kernels and a wait for the device in each call of a loss with class indices, so it is off unless
 * it is asked for. It holds for the process.
 */
export function set_check_targets(enabled: boolean): void {
  if (typeof enabled !== 'boolean') {
    throw typeError(`set_check_targets(): takes a boolean, got ${describe(enabled)}`);
  }
  native.set_check_targets(enabled ? CUDA : NONE);
}

/** Whether class indices are checked: {@link set_check_targets}. */
export function get_check_targets(): boolean {
  return native.get_check_targets() !== NONE;
}
