/** A state of this thread that holds while a function runs: grad mode, autocast, a CUDA device or stream. */

import { typeError } from '../bindings/errors';
import { describe } from '../dispatch/arguments';

/**
 * Runs a function in a state.
 *
 * @param name - whose function it is, for messages
 * @param enter - sets the state, and returns what restores the one before
 * @returns what the function returns
 * @throws TypeError for what is no function, and for one that returns a promise: the state would end at its first
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
