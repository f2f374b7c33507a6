/** `torch.testing.make_tensor`. Source of checks and messages: torch/testing/_creation.py, of the same release. */

import { typeError, valueError } from '../bindings/errors';
import { warn } from '../bindings/warnings';
import { isOptions } from '../dispatch/arguments';
import { BOOL, DEVICE, DTYPE, INTS, option, required, Signature } from '../dispatch/signature';
import { op } from '../nn/ops';
import type { DeviceLike } from '../tensor/device';
import type { DType } from '../tensor/dtype';
import * as dtypes from '../tensor/dtype';
import { empty, randint } from '../tensor/factories';
import { slice } from '../tensor/indexing';
import { MemoryFormat } from '../tensor/layout';
import { Float } from '../tensor/scalar';
import type { Tensor } from '../tensor/tensor';
import { boolRepr } from '../utils/python';
import { numberText, toPython } from './numbers';

/** A bound. An integral number is Python's int, unless `asFloat` marks it as a float. */
type Bound = number | bigint | Float;
/** A bound as Python has it: a bigint is an int, a number is a float. */
type Limit = bigint | number;

export interface MakeTensorOptions {
  dtype: DType;
  device: DeviceLike;
  /** The smallest value. Default: null, which is -9 or the smallest number of the dtype. */
  low?: Bound | null | undefined;
  /** The upper bound, which is excluded. Default: null, which is 9, or 10 for integers. */
  high?: Bound | null | undefined;
  /** Default: false. */
  requires_grad?: boolean | undefined;
  /** Makes the tensor non-contiguous. Default: false. */
  noncontiguous?: boolean | undefined;
  /** Replaces zeros by the smallest positive number. Default: false. */
  exclude_zero?: boolean | undefined;
  memory_format?: MemoryFormat | null | undefined;
}

const BOUND = {
  expected: 'a number or null',
  accepts: (value: unknown) =>
    value === null ||
    typeof value === 'number' ||
    typeof value === 'bigint' ||
    value instanceof Float,
};
const MEMORY_FORMAT = {
  expected: 'a torch.memory_format or null',
  accepts: (value: unknown) => value === null || value instanceof MemoryFormat,
};

const SIGNATURE = new Signature('make_tensor', {
  shape: required(INTS),
  dtype: { ...required<DType>(DTYPE), keywordOnly: true },
  device: { ...required<DeviceLike>(DEVICE), keywordOnly: true },
  low: option<Bound | null>(BOUND, null),
  high: option<Bound | null>(BOUND, null),
  requires_grad: option(BOOL, false),
  noncontiguous: option(BOOL, false),
  exclude_zero: option(BOOL, false),
  memory_format: option<MemoryFormat | null>(MEMORY_FORMAT, null),
});

interface Range {
  readonly lowest: Limit;
  readonly highest: Limit;
  readonly low: Limit;
  readonly high: Limit;
}

/** The largest and the smallest positive normal number of each dtype. */
const FLOATS = new Map<DType, readonly [max: number, tiny: number]>([
  [dtypes.float16, [65504, 2 ** -14]],
  [dtypes.bfloat16, [(2 - 2 ** -7) * 2 ** 127, 2 ** -126]],
  [dtypes.float32, [(2 - 2 ** -23) * 2 ** 127, 2 ** -126]],
  [dtypes.float64, [Number.MAX_VALUE, 2 ** -1022]],
  [dtypes.float8_e4m3fn, [448, 2 ** -6]],
  [dtypes.float8_e5m2, [57344, 2 ** -14]],
  [dtypes.float8_e4m3fnuz, [240, 2 ** -7]],
  [dtypes.float8_e5m2fnuz, [57344, 2 ** -15]],
]);
const REAL = new Map<DType, DType>([
  [dtypes.complex32, dtypes.float16],
  [dtypes.complex64, dtypes.float32],
  [dtypes.complex128, dtypes.float64],
]);

const viewAsReal = op<(self: Tensor) => Tensor>('view_as_real');

/**
 * Returns a tensor with values from the uniform distribution between two bounds.
 *
 * See https://docs.pytorch.org/docs/stable/testing.html#torch.testing.make_tensor
 *
 * @throws RangeError (ValueError) if no number of the dtype lies between the bounds, or if integers require gradients;
 *   TypeError for an unsupported dtype
 */
export function make_tensor(shape: readonly number[], options: MakeTensorOptions): Tensor;
export function make_tensor(...args: [...shape: number[], options: MakeTensorOptions]): Tensor;
export function make_tensor(...args: unknown[]): Tensor {
  const given = SIGNATURE.read(collectSizes(args));
  const { dtype, device, requires_grad, exclude_zero, memory_format } = given;
  const isExact = !dtype.is_floating_point && !dtype.is_complex;
  if (given.noncontiguous && memory_format) {
    throw valueError(
      'The parameters `noncontiguous` and `memory_format` are mutually exclusive, ' +
        `but got noncontiguous=${boolRepr(given.noncontiguous)} and memory_format=${memory_format}`,
    );
  }
  if (requires_grad && isExact) {
    throw valueError(
      `\`requires_grad=True\` is not supported for boolean and integral dtypes, but got dtype=${dtype}`,
    );
  }
  const { shape } = given;
  const isSpread = given.noncontiguous && shape.reduce((a, b) => a * b, 1) > 1;
  const size = isSpread ? [...shape.slice(0, -1), 2 * shape.at(-1)!] : shape;
  const [low, high] = boundsOf(dtype, given.low, given.high);
  const drawn = isExact
    ? randint(bound(low), bound(high), size, { dtype, device })
    : uniform(size, dtype, device, Number(low), Number(high));
  let result = drawn;
  if (isSpread) result = drawn.index('...', slice(1, null, 2));
  else if (memory_format) result = drawn.clone({ memory_format });
  if (exclude_zero) {
    const [, tiny] = FLOATS.get(REAL.get(dtype) ?? dtype) ?? [0, 1];
    result.index_put_([result.eq(0)], tiny);
  }
  return isExact || dtype.itemsize === 1 ? result : result.requires_grad_(requires_grad);
}

/** Returns sizes that were given as separate arguments as a list. */
function collectSizes(args: readonly unknown[]): readonly unknown[] {
  if (Array.isArray(args[0]) || isOptions(args[0])) return args;
  const count = args.length - (isOptions(args.at(-1)) ? 1 : 0);
  return [args.slice(0, count), ...args.slice(count)];
}

const bound = (limit: Limit): number => limit as number;

function uniform(
  size: readonly number[],
  dtype: DType,
  device: DeviceLike,
  low: number,
  high: number,
): Tensor {
  if (dtype.itemsize === 1) {
    return empty(size, { dtype: dtypes.float32, device }).uniform_(low, high).to(dtype);
  }
  const result = empty(size, { dtype, device });
  const numbers = dtype.is_complex ? viewAsReal(result) : result;
  const [max] = FLOATS.get(numbers.dtype)!;
  if (high - low >= max) numbers.uniform_(low / 2, high / 2).mul_(2);
  else numbers.uniform_(low, high);
  return result;
}

function rangeOf(dtype: DType): Range {
  if (dtype === dtypes.bool) return { lowest: 0n, highest: 2n, low: 0n, high: 2n };
  const floats = FLOATS.get(REAL.get(dtype) ?? dtype);
  if (floats) return { lowest: -floats[0], highest: floats[0], low: -9n, high: 9n };
  if (dtype.is_floating_point || dtype.is_complex) {
    throw typeError(
      `The requested dtype '${dtype}' is not supported by torch.testing.make_tensor().` +
        ' To request support, file an issue at: https://github.com/pytorch/pytorch/issues',
    );
  }
  const bits = BigInt(8 * dtype.itemsize);
  const lowest = dtype.is_signed ? -(2n ** (bits - 1n)) : 0n;
  const highest = lowest + 2n ** bits;
  // The bounds of randint have 64 bits.
  return { lowest, highest: dtype === dtypes.int64 ? highest - 1n : highest, low: -9n, high: 10n };
}

function boundsOf(dtype: DType, givenLow: Bound | null, givenHigh: Bound | null): [Limit, Limit] {
  const range = rangeOf(dtype);
  const low = givenLow === null ? range.low : (toPython(givenLow) as Limit);
  const high = givenHigh === null ? range.high : (toPython(givenHigh) as Limit);
  const [lowText, highText] = [numberText(low), numberText(high)];
  const areEqual = low <= high && low >= high;
  const isExact = !dtype.is_floating_point && !dtype.is_complex;
  if (Number.isNaN(low) || Number.isNaN(high)) {
    throw valueError(
      `\`low\` and \`high\` cannot be NaN, but got low=${lowText} and high=${highText}`,
    );
  }
  if (areEqual && !isExact && dtype.itemsize > 1) {
    warn(
      'Passing `low==high` to `torch.testing.make_tensor` for floating or complex types ' +
        'is deprecated since 2.1 and will be removed in 2.3. Use `torch.full(...)` instead.',
      'FutureWarning',
    );
  } else if (low >= high) {
    throw valueError(`\`low\` must be less than \`high\`, but got ${lowText} >= ${highText}`);
  } else if (high < range.lowest || low >= range.highest) {
    throw valueError(
      `The value interval specified by \`low\` and \`high\` is [${lowText}, ${highText}), ` +
        `but ${dtype} only supports [${numberText(range.lowest)}, ${numberText(range.highest)})`,
    );
  }
  const clamped = [low, high].map((limit) => {
    if (limit < range.lowest) return range.lowest;
    if (limit > range.highest) return range.highest;
    return limit;
  });
  const whole = (limit: Limit): Limit =>
    typeof limit === 'number' ? BigInt(Math.ceil(limit)) : limit;
  return (isExact ? clamped.map(whole) : clamped) as [Limit, Limit];
}
