/**
 * The types that jest.ts and vitest.mts need from packages that are not installed here. This file is not part of the
 * published declarations.
 */

declare module 'expect' {
  interface Matchers<R extends void | Promise<void>, T = unknown> {}
}

declare module 'vitest' {
  const expect: {
    extend(added: object): void;
    addEqualityTesters(testers: ((a: unknown, b: unknown) => boolean | undefined)[]): void;
  };
  interface Matchers<R, T> {}
}
