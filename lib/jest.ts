/**
 * `torch-losses/jest`: the matchers `toEqualTensor` and `toBeCloseToTensor` for Jest, and the equality of tensors for
 * `toEqual`, `toStrictEqual` and `toHaveBeenCalledWith`.
 *
 * A test only has to import it: `setupFilesAfterEnv: ['torch-losses/jest']`.
 */
import './hooks';

import { extendExpect, type TensorMatchers } from './testing/expectations';

export type { Closeness, TensorMatchers } from './testing/expectations';

declare global {
  namespace jest {
    // For @types/jest, with its type parameters.
    // biome-ignore lint/complexity/noBannedTypes: see above
    interface Matchers<R, T = {}> extends TensorMatchers<R> {}
  }
}

// biome-ignore lint/suspicious/noTsIgnore: an error only in some projects of users
/** @ts-ignore For `@jest/globals`, where it is installed. */
declare module 'expect' {
  interface Matchers<R extends void | Promise<void>, T = unknown> extends TensorMatchers<R> {}
}

// Jest itself provides this module. The global `expect` may be turned off.
const { expect } = require('@jest/globals') as { expect: Parameters<typeof extendExpect>[0] };
extendExpect(expect);
