/** What holds for the whole process. */

import { runtimeError, typeError, valueError } from '../bindings/errors';
import { libtorch, native } from '../bindings/native';
import { describe } from '../dispatch/arguments';
import { typename } from '../nn/typename';

/** The version of the libtorch in use, as Python gives it. */
export const __version__: string = libtorch.version;

const MOST_THREADS = 1024;

/** How many threads one operator may use. */
export function get_num_threads(): number {
  return native.get_num_threads();
}

/** Sets how many threads one operator may use. Sums of many elements depend on it in their last bits, as in Python. */
export function set_num_threads(count: number): void {
  if (!Number.isSafeInteger(count)) {
    throw typeError(`set_num_threads(): expects a positive integer, got ${describe(count)}`);
  }
  if (count < 1) throw runtimeError('set_num_threads expects a positive integer');
  // OpenMP ends the process where the system gives it no more.
  if (count > MOST_THREADS) {
    throw valueError(`set_num_threads(): expects at most ${MOST_THREADS}, got ${count}`);
  }
  native.set_num_threads(count);
}

/**
 * Says whether this thread treats denormal floating-point numbers as zero: JavaScript's own arithmetic too. Calls off the
 * event loop follow their caller.
 *
 * See https://docs.pytorch.org/docs/stable/generated/torch.set_flush_denormal.html
 *
 * @returns whether the processor can do it
 */
export function set_flush_denormal(mode: boolean): boolean {
  if (typeof mode !== 'boolean') {
    throw runtimeError(`flush_denormal expects a bool, but got ${typename(mode)}`);
  }
  return native.set_flush_denormal(mode);
}
