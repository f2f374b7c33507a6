/** `torch.testing.assert_close`. Source of checks and messages: torch/testing/_comparison.py, of the same release. */

import { createError, runtimeError, sayingMore } from '../bindings/errors';
import { isOptions } from '../dispatch/arguments';
import {
  ANYTHING,
  BOOL,
  FLOAT,
  option,
  orNull,
  required,
  Signature,
  type Type,
} from '../dispatch/signature';
import { withoutGrad } from '../nn/ops';
import type { AnyTypedArray } from '../tensor/elements';
import type { Scalar } from '../tensor/scalar';
import type { Tensor } from '../tensor/tensor';
import { Mismatch } from './mismatch';
import { type Comparison, type Pair, UNSUPPORTED } from './pair';
import { BooleanPair, NonePair, NumberPair } from './scalar_pairs';
import { TensorLikePair } from './tensor_pair';
import {
  type Mapping,
  mappingOf,
  type Path,
  pathText,
  reprText,
  text,
  typeName,
  typeText,
} from './values';

/** Values that can be compared: tensors, numbers, typed arrays, null, and arrays, plain objects and Maps of them. */
export type Comparable =
  | Tensor
  | Scalar
  | AnyTypedArray
  | null
  | readonly Comparable[]
  | { readonly [key: string]: Comparable }
  | ReadonlyMap<unknown, Comparable>;

export interface AssertCloseOptions {
  /** Accepts a Parameter in place of a Tensor. Default: true. */
  allow_subclasses?: boolean | undefined;
  /** The relative tolerance, given together with `atol`. Default: null, by dtype. */
  rtol?: number | null | undefined;
  /** The absolute tolerance, given together with `rtol`. Default: null, by dtype. */
  atol?: number | null | undefined;
  /** Whether NaN equals NaN. Default: false. */
  equal_nan?: boolean | undefined;
  /** Whether devices must be equal. If false, tensors are compared on the CPU. Default: true. */
  check_device?: boolean | undefined;
  /** Whether dtypes must be equal. If false, tensors are compared in the dtype that both promote to. Default: true. */
  check_dtype?: boolean | undefined;
  /** Whether layouts must be equal. If false, sparse tensors are compared as dense ones. Default: true. */
  check_layout?: boolean | undefined;
  /** Whether strides must be equal. Default: false. */
  check_stride?: boolean | undefined;
  /** The error message, or a function that makes it from the default message. */
  msg?: string | ((message: string) => string) | null | undefined;
}

/** The type of `msg`. */
export const MESSAGE: Type<string | ((message: string) => string)> = {
  expected: 'a string or a function',
  accepts: (value) => typeof value === 'string' || typeof value === 'function',
};

const SIGNATURE = new Signature('assert_close', {
  actual: required(ANYTHING),
  expected: required(ANYTHING),
  allow_subclasses: option(BOOL, true),
  rtol: option<number | null>(orNull(FLOAT), null),
  atol: option<number | null>(orNull(FLOAT), null),
  equal_nan: option(BOOL, false),
  check_device: option(BOOL, true),
  check_dtype: option(BOOL, true),
  check_layout: option(BOOL, true),
  check_stride: option(BOOL, false),
  msg: option<AssertCloseOptions['msg']>(orNull(MESSAGE), null),
});

/**
 * Throws unless two values are close: they must have the same shape, dtype, device and layout, and every element must
 * be equal, or finite with `|actual - expected| <= atol + rtol * |expected|`. Containers must have equal lengths or
 * keys, and close elements.
 *
 * A bigint is Python's int. An integral number is an int too, unless the other number is not integral.
 *
 * See https://docs.pytorch.org/docs/stable/testing.html#torch.testing.assert_close
 *
 * @throws TorchError (AssertionError) with Python's message, followed by ulps, bits and what may be the cause; TypeError
 *   for values that cannot be compared; RangeError (ValueError) if only one tolerance is given
 */
export function assert_close(
  actual: Comparable,
  expected: Comparable,
  options?: AssertCloseOptions,
): void;
export function assert_close(...args: unknown[]): void {
  const { actual, expected, msg, ...options } = SIGNATURE.read(byName(args));
  const failure = withoutGrad(() => firstMismatch(originate(actual, expected, [], options)));
  if (failure) throw errorOf(failure, msg ?? null);
}

// A compared value may be a plain object, which must not be mistaken for options.
function byName(args: readonly unknown[]): readonly unknown[] {
  const [actual, expected, options = {}] = args;
  const isPlain = args.length === 2 || (args.length === 3 && isOptions(options));
  if (!isPlain || 'actual' in (options as object) || 'expected' in (options as object)) return args;
  return [{ ...(options as object), actual, expected }];
}

function originate(
  actual: unknown,
  expected: unknown,
  path: Path,
  options: Comparison,
): readonly Pair[] {
  try {
    return originatePairs(actual ?? null, expected ?? null, path, options);
  } catch (error) {
    throw error instanceof Mismatch ? errorOf(error) : error;
  }
}

function originatePairs(
  actual: unknown,
  expected: unknown,
  path: Path,
  options: Comparison,
): readonly Pair[] {
  if (Array.isArray(actual) && Array.isArray(expected)) {
    if (actual.length !== expected.length) {
      const lengths = `${actual.length} != ${expected.length}`;
      throw new Mismatch(
        'AssertionError',
        `The length of the sequences mismatch: ${lengths}`,
        path,
      );
    }
    return Array.from(actual, (value: unknown, index) =>
      originatePairs(value ?? null, expected[index] ?? null, [...path, index], options),
    ).flat();
  }
  const mappings = [mappingOf(actual), mappingOf(expected)] as const;
  if (mappings[0] && mappings[1]) {
    const [left, right] = mappings as [Mapping, Mapping];
    return commonKeys(left, right, path).flatMap((key) =>
      originatePairs(left.get(key) ?? null, right.get(key) ?? null, [...path, key], options),
    );
  }
  return [originatePair(actual, expected, path, options)];
}

function commonKeys(actual: Mapping, expected: Mapping, path: Path): readonly unknown[] {
  const without = (mapping: Mapping, other: Mapping): unknown[] =>
    [...mapping.keys()].filter((key) => !other.has(key)).sort(byOrder);
  const [missing, additional] = [without(expected, actual), without(actual, expected)];
  if (missing.length === 0 && additional.length === 0) return [...actual.keys()].sort(byOrder);
  throw new Mismatch(
    'AssertionError',
    'The keys of the mappings do not match:\n' +
      `Missing keys in the actual mapping: ${reprText(missing)}\n` +
      `Additional keys in the actual mapping: ${reprText(additional)}`,
    path,
  );
}

/** Compares keys in Python's order, by code points. Keys of different types keep their order. */
function byOrder(left: unknown, right: unknown): number {
  if (typeof left !== typeof right) return 0;
  if (typeof left === 'string')
    return Buffer.compare(Buffer.from(left), Buffer.from(right as string));
  return (left as number) < (right as number) ? -1 : 1;
}

const PAIRS = [NonePair, BooleanPair, NumberPair, TensorLikePair];

function originatePair(actual: unknown, expected: unknown, path: Path, options: Comparison): Pair {
  for (const Class of PAIRS) {
    try {
      const pair = Class.of(actual, expected, path, options);
      if (pair !== UNSUPPORTED) return pair as Pair;
    } catch (error) {
      if (error instanceof Mismatch) throw error;
      const show = (value: unknown): string => `${typeName(value)}(): ${text(value)}`;
      throw unexpected(
        `Originating a ${Class.name}() at item ${pathText(path)} with\n\n${show(actual)}\n\nand\n\n${show(expected)}`,
        error,
      );
    }
  }
  throw new Mismatch(
    'TypeError',
    `No comparison pair was able to handle inputs of type ${typeText(actual)} and ${typeText(expected)}.`,
    path,
  );
}

function firstMismatch(pairs: readonly Pair[]): Mismatch | undefined {
  let first: Mismatch | undefined;
  for (const pair of pairs) {
    try {
      pair.compare();
    } catch (error) {
      if (!(error instanceof Mismatch)) throw unexpected(`Comparing\n\n${pair}`, error);
      first ??= error;
    }
  }
  return first;
}

function unexpected(what: string, cause: unknown): Error {
  const error = runtimeError(
    `${what}\n\nresulted in the unexpected exception above. ` +
      'If you are a user and see this message during normal operation ' +
      'please file an issue at https://github.com/pytorch/pytorch/issues. ' +
      'If you are a developer and working on the comparison functions, ' +
      'please except the previous error and raise an expressive `ErrorMeta` instead.',
  );
  error.cause = cause;
  return error;
}

function errorOf(
  { pythonType, message, path, details }: Mismatch,
  given: string | ((message: string) => string) | null = null,
): Error {
  if (typeof given === 'string') return createError(pythonType, given);
  const place = path.length > 0 ? `\n\nThe failure occurred for item ${pathText(path)}` : '';
  const python = `${message}${place}`;
  if (given) return createError(pythonType, given(python + details));
  return sayingMore(createError(pythonType, python + details), python);
}
