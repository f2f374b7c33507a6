/** Means of windows. Source: torch/nn/functional.py. */
import {
  BOOL,
  define,
  FLOAT,
  INT,
  nullable,
  optional,
  type Positional,
  required,
} from '../../../dispatch/signature';
import { asFloat } from '../../../tensor/scalar';
import type { Tensor } from '../../../tensor/tensor';
import { divide } from '../../../utils/scalar_math';
import { op } from '../../ops';
import { repeated, SIZE, type Size } from '../../sizes';
import { max_pool1d, max_pool2d, max_pool3d } from './maximum';
import {
  CEIL_MODE,
  type CeilModeOption,
  type Dims,
  INPUT,
  type Operation,
  PADDING,
  type PaddingOption,
  STRIDE,
  type StrideOption,
  WINDOW,
  type Window,
} from './parameters';

// --- the arithmetic mean --------------------------------------------------------------------------------------------

export interface AvgPool1dOptions extends StrideOption, PaddingOption, CeilModeOption {
  /** Whether the zeros of the padding count. Default: true. */
  count_include_pad?: boolean | undefined;
}

export interface AvgPoolOptions extends AvgPool1dOptions {
  /** What the sum of a window is divided by. Default: null, the number of its elements. */
  divisor_override?: number | null | undefined;
}

type Averaging = [
  stride: 'stride',
  padding: 'padding',
  ceil_mode: 'ceil_mode',
  count_include_pad: 'count_include_pad',
];
type AvgPool1d = (...args: Positional<Window, Averaging, AvgPool1dOptions>) => Tensor;
type AvgPool = (
  ...args: Positional<Window, [...Averaging, divisor_override: 'divisor_override'], AvgPoolOptions>
) => Tensor;

const AVERAGING = {
  ...WINDOW,
  ...PADDING,
  ...CEIL_MODE,
  count_include_pad: optional(BOOL, true),
};

function avgPool(dims: 2 | 3): AvgPool {
  const name = `avg_pool${dims}d`;
  const compute = op<Operation>(name);
  return define(
    name,
    { ...AVERAGING, divisor_override: nullable(INT) },
    ({ input, kernel_size, stride, ...rest }) =>
      compute(input, kernel_size, stride ?? [], ...Object.values(rest)),
  );
}

const averaged1d = op<Operation>('avg_pool1d');

/**
 * Returns the mean of each window.
 *
 * Shapes: input (N, C, L) or (C, L); output (N, C, L') or (C, L').
 *
 * See https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.avg_pool1d.html
 */
export const avg_pool1d = define<AvgPool1d, typeof AVERAGING>(
  'avg_pool1d',
  AVERAGING,
  ({ input, kernel_size, stride, ...rest }) =>
    averaged1d(input, kernel_size, stride ?? [], ...Object.values(rest)),
);

/**
 * Returns the mean of each window.
 *
 * Shapes: input (N, C, H, W) or (C, H, W); output (N, C, H', W') or (C, H', W').
 *
 * See https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.avg_pool2d.html
 */
export const avg_pool2d = avgPool(2);

/**
 * Returns the mean of each window.
 *
 * Shapes: input (N, C, D, H, W) or (C, D, H, W); output (N, C, D', H', W') or (C, D', H', W').
 *
 * See https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.avg_pool3d.html
 */
export const avg_pool3d = avgPool(3);

// --- the power mean -------------------------------------------------------------------------------------------------

export interface LPPoolOptions extends StrideOption, CeilModeOption {}

type LPPool = (
  ...args: Positional<
    [input: Tensor, norm_type: number, kernel_size: Size],
    [stride: 'stride', ceil_mode: 'ceil_mode'],
    LPPoolOptions
  >
) => Tensor;

function lpPool(dims: Dims, max: typeof max_pool1d, average: typeof avg_pool1d): LPPool {
  // In one dimension, Python takes an integer alone.
  const window = dims === 1 ? INT : SIZE;
  return define(
    `lp_pool${dims}d`,
    {
      ...INPUT,
      norm_type: required(FLOAT),
      kernel_size: required<Size>(window),
      ...STRIDE,
      ...CEIL_MODE,
    },
    ({ input, norm_type, kernel_size, stride, ceil_mode }) => {
      if (norm_type === Infinity) return max(input.abs(), kernel_size, stride, 0, 1, ceil_mode);
      if (norm_type === -Infinity) {
        return max(input.abs().neg(), kernel_size, stride, 0, 1, ceil_mode).neg();
      }
      const powers = input.pow(asFloat(norm_type));
      const mean = average(powers, kernel_size, stride, 0, ceil_mode);
      const count = repeated(kernel_size, dims).reduce((product, size) => product * size, 1);
      return mean
        .sign()
        .mul(relu(mean.abs()))
        .mul(count)
        .pow(asFloat(divide(1, norm_type)));
    },
  );
}

const relu = op<(input: Tensor) => Tensor>('relu');

/**
 * Returns the p-norm of each window, where p is `norm_type`: `sum(x ** p) ** (1 / p)`.
 *
 * Shapes: input (N, C, L) or (C, L); output (N, C, L') or (C, L').
 *
 * See https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.lp_pool1d.html
 */
export const lp_pool1d = lpPool(1, max_pool1d, avg_pool1d);

/**
 * Returns the p-norm of each window, where p is `norm_type`: `sum(x ** p) ** (1 / p)`.
 *
 * Shapes: input (N, C, H, W) or (C, H, W); output (N, C, H', W') or (C, H', W').
 *
 * See https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.lp_pool2d.html
 */
export const lp_pool2d = lpPool(2, max_pool2d, avg_pool2d);

/**
 * Returns the p-norm of each window, where p is `norm_type`: `sum(x ** p) ** (1 / p)`.
 *
 * Shapes: input (N, C, D, H, W) or (C, D, H, W); output (N, C, D', H', W') or (C, D', H', W').
 *
 * See https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.lp_pool3d.html
 */
export const lp_pool3d = lpPool(3, max_pool3d, avg_pool3d);
