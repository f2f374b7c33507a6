/**
 * The assertions of the entries for test runners: lib/chai.ts, lib/jest.ts and lib/vitest.mts.
 *
 * Each function returns the report of a comparison that fails, or undefined if it holds.
 */
import type { TorchErrorFields } from '../bindings/errors';
import { typeError, valueError } from '../bindings/errors';
import { isTensor, tensorHandle } from '../bindings/handle';
import { type Callee, describe, fail } from '../dispatch/arguments';
import { withoutGrad } from '../nn/ops';
import type { Tensor } from '../tensor/tensor';
import { type AssertCloseOptions, assert_close, type Comparable } from './assert_close';
import { bitMismatch } from './bits';
import { ulpMismatch } from './ulps';

/** The options of `torch.testing.assert_close`, and `ulps`. */
export interface Closeness extends Omit<AssertCloseOptions, 'msg'> {
  /**
   * The number of representable numbers by which elements may differ, whatever `rtol` and `atol` say. With it, these
   * two default to 0. Only for two tensors of one dtype, and not together with a `check_` option.
   */
  ulps?: number | undefined;
}

/** @throws TypeError unless both are tensors that can be compared bit by bit */
export function equalReport(actual: unknown, expected: unknown, name: string): string | undefined {
  requireTensors(actual, expected, name);
  return withoutGrad(() => bitMismatch(actual as Tensor, expected as Tensor));
}

/** @throws TypeError for what cannot be compared; RangeError for tolerances that do not go together */
export function closeReport(
  actual: unknown,
  expected: unknown,
  closeness: Closeness | undefined,
  name: string,
): string | undefined {
  if (closeness?.ulps !== undefined) {
    const options = { ulps: closeness.ulps, ...ulpOptions(closeness, name) };
    requireTensors(actual, expected, name);
    return withoutGrad(() => ulpMismatch(actual as Tensor, expected as Tensor, options));
  }
  const { ulps, ...options } = closeness ?? {};
  try {
    assert_close(actual as Comparable, expected as Comparable, closeness && options);
    return undefined;
  } catch (error) {
    const { pythonType, message } = error as Error & TorchErrorFields;
    if (pythonType === 'AssertionError') return message;
    throw error;
  }
}

function requireTensors(actual: unknown, expected: unknown, name: string): void {
  const callee: Callee = { name, parameters: [] };
  tensorHandle(actual, callee, 'actual');
  tensorHandle(expected, callee, 'expected');
}

function ulpOptions(closeness: Closeness, name: string) {
  const { ulps, rtol, atol, equal_nan = false, ...others } = closeness;
  const callee: Callee = { name, parameters: [] };
  for (const [option, value] of Object.entries({ ulps, rtol: rtol ?? 0, atol: atol ?? 0 })) {
    if (typeof value !== 'number') {
      throw fail(callee, `argument '${option}' must be a number, got ${describe(value)}`);
    }
    if (!(value >= 0)) {
      throw valueError(`${name}(): argument '${option}' must not be negative, got ${value}`);
    }
  }
  const [other] = Object.keys(others);
  if (other !== undefined) {
    throw typeError(
      `${name}(): argument '${other}' does not go with 'ulps', only rtol, atol and equal_nan do`,
    );
  }
  return { rtol: rtol ?? 0, atol: atol ?? 0, equal_nan };
}

/**
 * Returns whether two tensors are equal, for Jest and Vitest. Returns undefined for anything but two tensors. The
 * result agrees with their own comparison (lib/tensor/content.ts), which visits each element.
 */
function tensorsEqual(a: unknown, b: unknown): boolean | undefined {
  if (!isTensor(a) || !isTensor(b)) return undefined;
  const tag = (tensor: unknown) => (tensor as Contained).content[Symbol.toStringTag];
  return (a as Tensor).constructor === (b as Tensor).constructor && tag(a) === tag(b);
}

interface Contained {
  readonly content: { readonly [Symbol.toStringTag]: string };
}

interface Outcome {
  pass: boolean;
  message(): string;
}

const outcome = (report: string | undefined, otherwise: string): Outcome => ({
  pass: report === undefined,
  message: () => report ?? otherwise,
});

/** Returns a matcher for `expect.extend` of Jest and Vitest. */
export const matchers = {
  toEqualTensor: (actual: unknown, expected: unknown): Outcome =>
    outcome(equalReport(actual, expected, 'toEqualTensor'), equalText(expected)),
  toBeCloseToTensor: (actual: unknown, expected: unknown, closeness?: Closeness): Outcome =>
    outcome(closeReport(actual, expected, closeness, 'toBeCloseToTensor'), closeText(expected)),
};

/** Returns the message if tensors are equal and should not be. */
export const equalText = (expected: unknown): string =>
  `Tensors are equal, to the last bit!\n\n${expected}`;

/** Returns the message if values are close and should not be. */
export const closeText = (expected: unknown): string => `Values are close!\n\n${expected}`;

/** The matchers that `torch-losses/jest` and `torch-losses/vitest` add to `expect`. */
export interface TensorMatchers<R = unknown> {
  /**
   * Asserts that both are tensors of one dtype and shape with the same bits: a NaN only equals a NaN with the same
   * bits, and 0 does not equal -0. They may be on different devices.
   *
   * @throws TypeError for what is no tensor
   */
  toEqualTensor(expected: Tensor): R;
  /**
   * Asserts what `torch.testing.assert_close` does, with its options and default tolerances, or with a tolerance in
   * `ulps`.
   */
  toBeCloseToTensor(expected: Tensor, closeness?: Closeness): R;
}

/** The `expect` of Jest and of Vitest, to which matchers can be added. */
interface Extensible {
  extend(added: typeof matchers): void;
  addEqualityTesters(testers: (typeof tensorsEqual)[]): void;
}

/** Adds the matchers, and the equality of tensors for `toEqual` and similar matchers. */
export function extendExpect(expect: Extensible): void {
  expect.extend(matchers);
  expect.addEqualityTesters([tensorsEqual]);
}
