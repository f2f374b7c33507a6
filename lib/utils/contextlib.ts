/** Sets a state of this thread while a function runs: grad mode, autocast, a CUDA device or stream. */

import { typeError } from '../bindings/errors';
import { describe } from '../dispatch/arguments';

/**
 * Runs a function in a state.
 *
 * @param name - the name of the public function, for messages
 * @param enter - sets the state, and returns a function that restores the previous one
 * @returns the function's result
 * @throws TypeError unless it is a function; TypeError if it returns a promise, because the state would end at the
 *   first
 *   `await`
 */
export function scoped<T>(name: string, run: () => T, enter: () => () => void): T {
  if (typeof run !== 'function') {
    throw typeError(`${name}(): takes a function to run, got ${describe(run)}`);
  }
  const leave = enter();
  let result: T;
  try {
    result = run();
  } finally {
    leave();
  }
  if (isThenable(result)) {
    // Handles a rejection of the promise, since the TypeError is reported instead.
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
