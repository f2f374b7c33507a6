/**
 * `torch-losses/vitest`: `toEqualTensor` and `toBeCloseToTensor` for Vitest, and the equality of tensors for `toEqual`,
 * `toStrictEqual` and `toHaveBeenCalledWith`.
 *
 * Importing it is all: `setupFiles: ['torch-losses/vitest']`.
 */
import './hooks.js';

import { expect } from 'vitest';
import { extendExpect, type TensorMatchers } from './testing/expectations.js';

export type { Closeness, TensorMatchers } from './testing/expectations.js';

declare module 'vitest' {
  // biome-ignore lint/suspicious/noTsIgnore: an error only in some projects of users
  /** @ts-ignore The type parameters differ between releases. */
  interface Matchers<R, T> extends TensorMatchers<R> {}
}

extendExpect(expect);
