/// <reference types="chai" preserve="true" />
/**
 * `torch-losses/chai`: assertions on tensors for chai.
 *
 * `use(torchChai)`, then `expect(x).to.equalTensor(y)` and `expect(x).to.be.closeTo(y, { rtol: 1e-3, atol: 0 })`.
 */

import './hooks';

import { isTensor } from './bindings/handle';
import { isOptions } from './dispatch/arguments';
import type { Tensor } from './tensor/tensor';
import type { Comparable } from './testing';
import {
  type Closeness,
  closeReport,
  closeText,
  equalReport,
  equalText,
} from './testing/expectations';

export type { Closeness };

declare global {
  namespace Chai {
    interface Assertion {
      /**
       * Asserts that both are tensors of one dtype and shape with the same bits: a NaN only equals a NaN with the same
       * bits, and 0 does not equal -0. They may be on different devices.
       *
       * @throws TypeError for what is no tensor
       */
      equalTensor(expected: Tensor, message?: string): Assertion;
    }

    interface CloseTo {
      /**
       * Asserts what `torch.testing.assert_close` does, with its options and default tolerances. A number is an
       * absolute tolerance. Numbers without options are compared by chai.
       */
      (expected: Tensor, closeness?: Closeness | number, message?: string): Assertion;
      (expected: Comparable, closeness: Closeness, message?: string): Assertion;
    }

    // Declared here, because an interface that extends `AssertStatic` would replace chai's own overloads.
    interface Assert {
      closeTo(
        actual: Tensor,
        expected: Tensor,
        closeness?: Closeness | number,
        message?: string,
      ): void;
    }
  }
}

type Close = (expected: unknown, closeness?: unknown, message?: string) => unknown;

/** The plugin: `use(torchChai)`. */
export const torchChai: Chai.ChaiPlugin = ({ Assertion }, { flag }) => {
  /** Fails if there is a report, or, for a negated assertion, if there is none. */
  const judge = (
    assertion: Chai.AssertionStatic,
    report: string | undefined,
    otherwise: string,
    message: string | undefined,
  ): void => {
    if (message) flag(assertion, 'message', message);
    const text = (what: string) => () => what;
    assertion.assert(report === undefined, text(report ?? ''), text(otherwise), undefined);
  };

  Assertion.addMethod('equalTensor', function (expected: unknown, message?: string) {
    const actual: unknown = flag(this, 'object');
    judge(this, equalReport(actual, expected, 'equalTensor'), equalText(expected), message);
  });

  const closeTo = (chaiCloseTo: Close) =>
    function (this: Chai.AssertionStatic, ...args: [unknown, unknown?, string?]): void {
      const actual: unknown = flag(this, 'object');
      const [expected, closeness, message] = args;
      if (!isTensor(actual) && !isTensor(expected) && !isOptions(closeness)) {
        chaiCloseTo.apply(this, args);
        return;
      }
      const options = typeof closeness === 'number' ? { rtol: 0, atol: closeness } : closeness;
      const report = closeReport(actual, expected, options as Closeness, 'closeTo');
      judge(this, report, closeText(expected), message);
    };
  for (const name of ['closeTo', 'approximately']) Assertion.overwriteMethod(name, closeTo);
};

export default torchChai;
