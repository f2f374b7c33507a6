/**
 * Loss functions for regression: their parameters, defaults and native calls.
 *
 * The classes in ../../modules/loss document the formulas and shapes. Source of names, order and defaults:
 * torch/nn/functional.py. Errors are Python's: RangeError (ValueError) for a value or shape that the function checks,
 * TorchError (RuntimeError) for one that its kernel checks, TypeError for an argument of the wrong type.
 */

import type { Tensor } from '../../../tensor/tensor';
import { defineLoss, INPUT_AND_TARGET, inputs, type OptionsOf } from './definition';
import {
  bool,
  float,
  INPUT,
  OPTIONAL_TENSOR,
  REDUCE,
  REDUCTION,
  REDUCTION_OPTIONS,
  SIZE_AVERAGE,
  VARIANCE,
} from './types';

/**
 * Returns the mean absolute error, with optional weights. See
 * https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.l1_loss.html
 */
export const l1_loss = defineLoss(
  'l1_loss',
  INPUT_AND_TARGET,
  {
    ...REDUCTION_OPTIONS,
    /** A weight for each element, of the input's shape. Default: null. */
    weight: OPTIONAL_TENSOR,
  },
  (native, at, of, input, target) =>
    native.l1_loss(at.input(input), at.target(target), at.reduction(of), at.weight(of.weight)),
);
export type L1LossOptions = OptionsOf<typeof l1_loss.options>;

/**
 * Returns the mean squared error, with optional weights. See
 * https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.mse_loss.html
 */
export const mse_loss = defineLoss(
  'mse_loss',
  INPUT_AND_TARGET,
  {
    ...REDUCTION_OPTIONS,
    /** A weight for each element, of the input's shape. Default: null. */
    weight: OPTIONAL_TENSOR,
  },
  (native, at, of, input, target) =>
    native.mse_loss(at.input(input), at.target(target), at.reduction(of), at.weight(of.weight)),
);
export type MSELossOptions = OptionsOf<typeof mse_loss.options>;

/**
 * Returns the squared error below `beta`, and the absolute error above. See
 * https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.smooth_l1_loss.html
 */
export const smooth_l1_loss = defineLoss(
  'smooth_l1_loss',
  INPUT_AND_TARGET,
  {
    ...REDUCTION_OPTIONS,
    /** The error at which the squared part ends. With 0, this is l1_loss. Default: 1. */
    beta: float(1),
  },
  (native, at, of, input, target) =>
    native.smooth_l1_loss(at.input(input), at.target(target), at.reduction(of), at.beta(of.beta)),
);
export type SmoothL1LossOptions = OptionsOf<typeof smooth_l1_loss.options>;

/**
 * Returns the squared error below `delta`, and `delta` times the absolute error above, with optional weights. See
 * https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.huber_loss.html
 */
export const huber_loss = defineLoss(
  'huber_loss',
  INPUT_AND_TARGET,
  {
    reduction: REDUCTION,
    /** The error at which the squared part ends. Default: 1. */
    delta: float(1),
    /** A weight for each element, of the input's shape. Default: null. */
    weight: OPTIONAL_TENSOR,
  },
  (native, at, of, input, target) =>
    native.huber_loss(
      at.input(input),
      at.target(target),
      at.reduction(of),
      at.delta(of.delta),
      at.weight(of.weight),
    ),
);
export type HuberLossOptions = OptionsOf<typeof huber_loss.options>;

/**
 * Returns the negative log likelihood of a Poisson distribution. See
 * https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.poisson_nll_loss.html
 */
export const poisson_nll_loss = defineLoss(
  'poisson_nll_loss',
  INPUT_AND_TARGET,
  {
    /** Whether the input is the logarithm of the rate. Default: true. */
    log_input: bool(true),
    /** Whether Stirling's approximation is added. Default: false. */
    full: bool(false),
    size_average: SIZE_AVERAGE,
    /** Added to the input inside the logarithm if `log_input` is false. Default: 1e-8. */
    eps: float(1e-8),
    reduce: REDUCE,
    reduction: REDUCTION,
  },
  (native, at, of, input, target) =>
    native.poisson_nll_loss(
      at.input(input),
      at.target(target),
      at.log_input(of.log_input),
      at.full(of.full),
      at.eps(of.eps),
      at.reduction(of),
    ),
);
export type PoissonNLLLossOptions = OptionsOf<typeof poisson_nll_loss.options>;

/**
 * Returns the negative log likelihood of a Gaussian distribution. See
 * https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.gaussian_nll_loss.html
 */
export const gaussian_nll_loss = defineLoss(
  'gaussian_nll_loss',
  inputs<[input: Tensor, target: Tensor, var_: Tensor | number]>()({
    input: INPUT,
    target: INPUT,
    var: VARIANCE,
  }),
  {
    /** Whether the constant term is added. Default: false. */
    full: bool(false),
    /** The smallest variance; smaller ones are raised to it. Default: 1e-6. */
    eps: float(1e-6),
    reduction: REDUCTION,
  },
  (native, at, of, input, target, var_) =>
    native.gaussian_nll_loss(
      at.input(input),
      at.target(target),
      at.var(var_),
      at.full(of.full),
      at.eps(of.eps),
      at.reduction(of),
    ),
);
export type GaussianNLLLossOptions = OptionsOf<typeof gaussian_nll_loss.options>;
