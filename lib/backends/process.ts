/** Settings of the whole process. */

import { runtimeError, typeError, valueError } from '../bindings/errors';
import { libtorch, native } from '../bindings/native';
import { describe } from '../dispatch/arguments';
import { typename } from '../nn/typename';

/** The version of libtorch, in Python's format. */
export const __version__: string = libtorch.version;

const MOST_THREADS = 1024;

/** Returns the number of threads that an operator may use. */
export function get_num_threads(): number {
  return native.get_num_threads();
}

/** Sets the number of threads that an operator may use. As in Python, the last bits of large sums depend on it. */
export function set_num_threads(count: number): void {
  if (!Number.isSafeInteger(count)) {
    throw typeError(`set_num_threads(): expects a positive integer, got ${describe(count)}`);
  }
  if (count < 1) throw runtimeError('set_num_threads expects a positive integer');
  // OpenMP ends the process if the system gives it no more threads.
  if (count > MOST_THREADS) {
    throw valueError(`set_num_threads(): expects at most ${MOST_THREADS}, got ${count}`);
  }
  native.set_num_threads(count);
}

/**
 * Sets whether this thread treats denormal floating-point numbers as zero. This includes JavaScript's arithmetic. Calls
 * off the event loop use the setting of their caller.
 *
 * See https://docs.pytorch.org/docs/stable/generated/torch.set_flush_denormal.html
 *
 * @returns whether the processor supports it
 */
export function set_flush_denormal(mode: boolean): boolean {
  if (typeof mode !== 'boolean') {
    throw runtimeError(`flush_denormal expects a bool, but got ${typename(mode)}`);
  }
  return native.set_flush_denormal(mode);
}
