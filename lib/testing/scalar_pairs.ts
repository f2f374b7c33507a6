/**
 * Pairs of None, bools and numbers. Source of checks and messages: torch/testing/_comparison.py, of the same release.
 */
import * as dtypes from '../tensor/dtype';
import {
  absolute,
  absoluteDifference,
  areEqual,
  isNaNumber,
  isScalar,
  numberType,
  type PythonNumber,
  toPythonPair,
} from './numbers';
import { type Comparison, Pair, UNSUPPORTED } from './pair';
import { scalarMismatch } from './texts';
import { type Tolerances, tolerancesFor } from './tolerances';
import { type Path, text } from './values';

/** A pair in which null, Python's None, is on either side. */
export class NonePair extends Pair {
  static of(actual: unknown, expected: unknown, path: Path, options: Comparison) {
    const isNone = actual === null || expected === null;
    return isNone ? new NonePair(actual, expected, path, options) : UNSUPPORTED;
  }

  override compare(): void {
    if (this.actual === this.expected) return;
    this.fail(`None mismatch: ${text(this.actual)} is not ${text(this.expected)}`);
  }
}

export class BooleanPair extends Pair {
  static of(actual: unknown, expected: unknown, path: Path, options: Comparison) {
    const areBooleans = typeof actual === 'boolean' && typeof expected === 'boolean';
    return areBooleans ? new BooleanPair(actual, expected, path, options) : UNSUPPORTED;
  }

  override compare(): void {
    if (this.actual === this.expected) return;
    this.fail(`Booleans mismatch: ${text(this.actual)} is not ${text(this.expected)}`);
  }
}

const NUMBER_DTYPES = {
  int: dtypes.int64,
  float: dtypes.float64,
  complex: dtypes.complex128,
};

export class NumberPair extends Pair {
  protected override readonly shown = ['rtol', 'atol', 'equal_nan', 'check_dtype'] as const;

  private constructor(
    override readonly actual: Exclude<PythonNumber, boolean>,
    override readonly expected: Exclude<PythonNumber, boolean>,
    path: Path,
    protected override readonly options: Comparison & Tolerances,
  ) {
    super(actual, expected, path, options);
  }

  static of(actual: unknown, expected: unknown, path: Path, options: Comparison) {
    if (!isScalar(actual) || !isScalar(expected)) return UNSUPPORTED;
    const pair = toPythonPair(actual, expected);
    const types = pair.map((number) => {
      const type = numberType(number);
      // Python accepts a bool as a number, but then has no tolerances for its type.
      if (type === 'bool') throw new TypeError('bool');
      return NUMBER_DTYPES[type];
    });
    const [a, b] = pair as Exclude<PythonNumber, boolean>[];
    return new NumberPair(a!, b!, path, { ...options, ...tolerancesFor(types, options, path) });
  }

  override compare(): void {
    const { actual, expected, options } = this;
    const [type, expectedType] = [numberType(actual), numberType(expected)];
    if (options.check_dtype && type !== expectedType) {
      this.fail(`The (d)types do not match: <class '${type}'> != <class '${expectedType}'>.`);
    }
    if (areEqual(actual, expected)) return;
    if (options.equal_nan && isNaNumber(actual) && isNaNumber(expected)) return;
    const difference = absoluteDifference(actual, expected);
    const tolerance = options.atol + options.rtol * Number(absolute(expected));
    if (Number.isFinite(Number(difference)) && difference <= tolerance) return;
    this.fail(scalarMismatch(actual, expected, options));
  }
}
