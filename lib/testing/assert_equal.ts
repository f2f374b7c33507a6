/** `torch.testing.assert_equal`, which Python has not: equality to the last bit, for a test runner's own assertions. */
import { createError } from '../bindings/errors';
import { ANYTHING, option, orNull, required, Signature } from '../dispatch/signature';
import type { Tensor } from '../tensor/tensor';
import { MESSAGE } from './assert_close';
import { equalReport } from './expectations';

export interface AssertEqualOptions {
  /** What the error says, or makes of the text it would have. */
  msg?: string | ((message: string) => string) | null | undefined;
}

const SIGNATURE = new Signature('assert_equal', {
  actual: required(ANYTHING),
  expected: required(ANYTHING),
  msg: option<AssertEqualOptions['msg']>(orNull(MESSAGE), null),
});

/**
 * Throws unless both are tensors of one dtype and shape with the same bits: NaN equals a NaN of the same bits, and 0 is
 * not -0. They may be on different devices.
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
