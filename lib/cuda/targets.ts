/** Checks class indices on a GPU. */

import { typeError } from '../bindings/errors';
import { native } from '../bindings/native';
import { describe } from '../dispatch/arguments';

/** The values of the native setting: native/losses/targets.h. */
const NONE = 0;
const CUDA = 1;

/**
 * Makes losses check class indices on CUDA before they compute.
 *
 * An index out of range makes a CUDA kernel fail an assertion. After that, nothing can be computed on the GPU in the
 * process; this is the same in Python. With the check, the loss throws the same error as on the CPU, such as `Target 7
 * is out of bounds.` The check costs a few small kernels, and a wait for the device, in each call of a loss with class
 * indices. So it is off by default. It holds for the process.
 */
export function set_check_targets(enabled: boolean): void {
  if (typeof enabled !== 'boolean') {
    throw typeError(`set_check_targets(): takes a boolean, got ${describe(enabled)}`);
  }
  native.set_check_targets(enabled ? CUDA : NONE);
}

/** Returns whether class indices are checked, see {@link set_check_targets}. */
export function get_check_targets(): boolean {
  return native.get_check_targets() !== NONE;
}
