/** Normalizations. Source: torch/nn/functional.py. */
import { indexError, runtimeError, valueError } from '../../bindings/errors';
import { handleOf } from '../../bindings/handle';
import { native } from '../../bindings/native';
import { checkOrRecord } from '../../dispatch/replay';
import {
  BOOL,
  define,
  FLOAT,
  INT,
  INTS,
  optional,
  orNull,
  type Positional,
  required,
  TENSOR,
} from '../../dispatch/signature';
import { asFloat } from '../../tensor/scalar';
import type { Tensor } from '../../tensor/tensor';
import { floatRepr } from '../../utils/python';
import { divide } from '../../utils/scalar_math';
import { op } from '../ops';
import { listText } from '../sizes';
import { sizeText } from '../typename';
import { pad } from './padding';
import { avg_pool2d, avg_pool3d } from './pooling/average';

type AnyOperator = (...args: unknown[]) => Tensor;

const INPUT = { input: required(TENSOR) };
const TENSOR_OR_NULL = orNull(TENSOR);
const ABSENT = optional<Tensor | null>(TENSOR_OR_NULL, null);
const AFFINE = { weight: ABSENT, bias: ABSENT };
const EPS = { eps: optional(FLOAT, 1e-5) };

// The parameters, in Python's order.
const BATCH_NORM = {
  ...INPUT,
  running_mean: required(TENSOR_OR_NULL),
  running_var: required(TENSOR_OR_NULL),
  ...AFFINE,
  training: optional(BOOL, false),
  momentum: optional(FLOAT, 0.1),
  ...EPS,
};
const INSTANCE_NORM = {
  ...INPUT,
  running_mean: ABSENT,
  running_var: ABSENT,
  ...AFFINE,
  use_input_stats: optional(BOOL, true),
  momentum: optional(FLOAT, 0.1),
  ...EPS,
};
const GROUP_NORM = { ...INPUT, num_groups: required(INT), ...AFFINE, ...EPS };
const LAYER_NORM = { ...INPUT, normalized_shape: required(INTS), ...AFFINE, ...EPS };
const LOCAL_RESPONSE_NORM = {
  ...INPUT,
  size: required(INT),
  alpha: optional(FLOAT, 1e-4),
  beta: optional(FLOAT, 0.75),
  k: optional(FLOAT, 1),
};

const usesCudnn = (): boolean => native.get_flag('cudnn.enabled');

export interface AffineOptions {
  /** The factors. Default: null, 1. */
  weight?: Tensor | null | undefined;
  /** What is added to the products. Default: null, 0. */
  bias?: Tensor | null | undefined;
  /** A number that is added to the variance. Default: 1e-5. */
  eps?: number | undefined;
}

// --- by channels ----------------------------------------------------------------------------------------------------

export interface BatchNormOptions extends AffineOptions {
  /** Normalizes by the mean and variance of the input, and updates the running ones. Default: false. */
  training?: boolean | undefined;
  /** The weight of the input in the running mean and variance. Default: 0.1. */
  momentum?: number | undefined;
}

const batchNorm = op<AnyOperator>('batch_norm');

/**
 * Normalizes each channel over the batch.
 *
 * Shapes: input (N, C, *), all others (C); output as input.
 *
 * See https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.batch_norm.html
 *
 * @throws RangeError (ValueError) if a channel has one value in training, or eps is not allowed
 */
export const batch_norm = define<
  (
    ...args: Positional<
      [input: Tensor, running_mean: Tensor | null, running_var: Tensor | null],
      [weight: 'weight', bias: 'bias', training: 'training', momentum: 'momentum', eps: 'eps'],
      BatchNormOptions
    >
  ) => Tensor,
  typeof BATCH_NORM
>('batch_norm', BATCH_NORM, ({ input, weight, bias, training, momentum, eps, ...running }) => {
  const handle = handleOf(input)!;
  const check = (): void => checkBatch(input.shape, sizeText);
  if (training) checkOrRecord(handle, check, () => native.record_batch_size(handle));
  if (training && eps <= 0) {
    throw valueError(`batch_norm eps must be positive during training, but got ${floatRepr(eps)}`);
  }
  if (eps < 0) throw valueError(`batch_norm eps must be non-negative, but got ${floatRepr(eps)}`);
  const { running_mean, running_var } = running;
  const statistics = [running_mean, running_var, training, momentum, eps];
  return batchNorm(input, weight, bias, ...statistics, usesCudnn());
});

/** Source: `_verify_batch_size`. */
function checkBatch(size: readonly number[], text: (size: readonly number[]) => string): void {
  if (size.length === 0) throw indexError('tuple index out of range');
  const count = size.reduce((product, each, d) => (d === 1 ? product : product * each), 1);
  if (count !== 1) return;
  throw valueError(
    `Expected more than 1 value per channel when training, got input size ${text(size)}`,
  );
}

export interface InstanceNormOptions extends AffineOptions {
  /** Default: null. */
  running_mean?: Tensor | null | undefined;
  /** Default: null. */
  running_var?: Tensor | null | undefined;
  /** Normalizes by the mean and variance of the input. Default: true. */
  use_input_stats?: boolean | undefined;
  /** The weight of the input in the running mean and variance. Default: 0.1. */
  momentum?: number | undefined;
}

const instanceNorm = op<AnyOperator>('instance_norm');

/**
 * Normalizes each channel of each sample.
 *
 * Shapes: input (N, C, *), all others (C); output as input.
 *
 * See https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.instance_norm.html
 *
 * @throws RangeError (ValueError) if a channel has one value
 */
export const instance_norm = define<
  (
    ...args: Positional<
      [input: Tensor],
      [
        running_mean: 'running_mean',
        running_var: 'running_var',
        weight: 'weight',
        bias: 'bias',
        use_input_stats: 'use_input_stats',
        momentum: 'momentum',
        eps: 'eps',
      ],
      InstanceNormOptions
    >
  ) => Tensor,
  typeof INSTANCE_NORM
>('instance_norm', INSTANCE_NORM, ({ input, running_mean, running_var, weight, bias, ...rest }) => {
  const { use_input_stats, momentum, eps } = rest;
  if (use_input_stats && input.shape.slice(2).reduce((product, each) => product * each, 1) === 1) {
    throw valueError(
      `Expected more than 1 spatial element when training, got input size ${sizeText(input.shape)}`,
    );
  }
  const statistics = [running_mean, running_var, use_input_stats, momentum, eps];
  return instanceNorm(input, weight, bias, ...statistics, usesCudnn());
});

const groupNorm = op<AnyOperator>('group_norm');

/**
 * Normalizes each group of channels of each sample.
 *
 * Shapes: input (N, C, *), weight and bias (C); output as input.
 *
 * See https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.group_norm.html
 *
 * @throws RangeError (ValueError) if a group has one value
 */
export const group_norm = define<
  (
    ...args: Positional<
      [input: Tensor, num_groups: number],
      [weight: 'weight', bias: 'bias', eps: 'eps'],
      AffineOptions
    >
  ) => Tensor,
  typeof GROUP_NORM
>('group_norm', GROUP_NORM, ({ input, num_groups, weight, bias, eps }) => {
  const [batch, channels, ...rest] = input.shape;
  if (channels === undefined) {
    throw runtimeError(
      `Expected at least 2 dimensions for input tensor but received ${input.ndim}`,
    );
  }
  const size = divide(batch! * channels, num_groups, 'integer division or modulo by zero');
  checkBatch([Math.floor(size), num_groups, ...rest], listText);
  return groupNorm(input, num_groups, weight, bias, eps, usesCudnn());
});

// --- over the last dimensions ---------------------------------------------------------------------------------------

const layerNorm = op<AnyOperator>('layer_norm');

/**
 * Normalizes over the last dimensions, whose sizes are `normalized_shape`.
 *
 * Shapes: input (*, *normalized_shape), weight and bias (*normalized_shape); output as input.
 *
 * See https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.layer_norm.html
 */
export const layer_norm = define<
  (
    ...args: Positional<
      [input: Tensor, normalized_shape: readonly number[]],
      [weight: 'weight', bias: 'bias', eps: 'eps'],
      AffineOptions
    >
  ) => Tensor,
  typeof LAYER_NORM
>('layer_norm', LAYER_NORM, ({ input, normalized_shape, weight, bias, eps }) =>
  layerNorm(input, normalized_shape, weight, bias, eps, usesCudnn()),
);

export interface RMSNormOptions {
  /** The factors. Default: null, 1. */
  weight?: Tensor | null | undefined;
  /** A number that is added to the mean square. Default: null, the dtype's epsilon. */
  eps?: number | null | undefined;
}

/**
 * Divides by the root mean square over the last dimensions, whose sizes are `normalized_shape`.
 *
 * Shapes: input (*, *normalized_shape), weight (*normalized_shape); output as input.
 *
 * See https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.rms_norm.html
 */
export const rms_norm =
  op<
    (
      ...args: Positional<
        [input: Tensor, normalized_shape: readonly number[]],
        [weight: 'weight', eps: 'eps'],
        RMSNormOptions
      >
    ) => Tensor
  >('rms_norm');

// --- by neighbours --------------------------------------------------------------------------------------------------

export interface LocalResponseNormOptions {
  /** The factor of the mean square. Default: 1e-4. */
  alpha?: number | undefined;
  /** The exponent. Default: 0.75. */
  beta?: number | undefined;
  /** What is added. Default: 1. */
  k?: number | undefined;
}

/**
 * Divides by `(k + alpha * s) ** beta`, where s is the mean square of `size` neighbouring channels.
 *
 * Shapes: input (N, C, *), output as input.
 *
 * See https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.local_response_norm.html
 *
 * @throws RangeError (ValueError) for fewer than three dimensions
 */
export const local_response_norm = define<
  (
    ...args: Positional<
      [input: Tensor, size: number],
      [alpha: 'alpha', beta: 'beta', k: 'k'],
      LocalResponseNormOptions
    >
  ) => Tensor,
  typeof LOCAL_RESPONSE_NORM
>('local_response_norm', LOCAL_RESPONSE_NORM, ({ input, size, alpha, beta, k }) => {
  const { ndim, shape } = input;
  if (ndim < 3) {
    const space = ' '.repeat(26);
    throw valueError(`Expected 3D or higher dimensionality${space}input (got ${ndim} dimensions)`);
  }
  if (input.numel() === 0) return input;
  const around = [Math.floor(size / 2), Math.floor((size - 1) / 2)];
  const squares = input.mul(input);
  let sums: Tensor;
  if (ndim === 3) {
    const padded = pad(squares.unsqueeze(1), [0, 0, ...around]);
    sums = avg_pool2d(padded, [size, 1], { stride: 1 }).squeeze(1);
  } else {
    const planes = squares.view([shape[0]!, 1, shape[1]!, shape[2]!, -1]);
    const padded = pad(planes, [0, 0, 0, 0, ...around]);
    sums = avg_pool3d(padded, [size, 1, 1], { stride: 1 }).squeeze(1).view(shape);
  }
  return input.div(sums.mul(asFloat(alpha)).add(asFloat(k)).pow(asFloat(beta)));
});
