/**
 * `torch.testing.assert_equal`: equality of all bits, for the assertions of any test runner. Python does not have it.
 */
import { createError } from '../bindings/errors';
import { ANYTHING, option, orNull, required, Signature } from '../dispatch/signature';
import type { Tensor } from '../tensor/tensor';
import { MESSAGE } from './assert_close';
import { equalReport } from './expectations';

export interface AssertEqualOptions {
  /** The error message, or a function that makes it from the default message. */
  msg?: string | ((message: string) => string) | null | undefined;
}

const SIGNATURE = new Signature('assert_equal', {
  actual: required(ANYTHING),
  expected: required(ANYTHING),
  msg: option<AssertEqualOptions['msg']>(orNull(MESSAGE), null),
});

/**
 * Throws unless both are tensors of one dtype and shape with the same bits: a NaN only equals a NaN with the same bits,
 * and 0 does not equal -0. They may be on different devices.
 *
 * @throws TorchError (AssertionError) that says where and by how much they differ; TypeError for what is no tensor
 */
export function assert_equal(actual: Tensor, expected: Tensor, options?: AssertEqualOptions): void;
export function assert_equal(...args: unknown[]): void {
  const { actual, expected, msg } = SIGNATURE.read(args);
  const report = equalReport(actual, expected, 'assert_equal');
  if (report === undefined) return;
  const text = typeof msg === 'function' ? msg(report) : msg;
  throw createError('AssertionError', text ?? report);
}
