/**
 * The loss functions of regression: parameters, defaults, and the native call that computes them.
 *
 * What each computes, with shapes, stands with its class in ../../modules/loss. Source of names, order and defaults:
 * torch/nn/functional.py. Errors are Python's: RangeError (ValueError) for a value or shape that the function refuses,
 * TorchError (RuntimeError) for one that its kernel refuses, TypeError for an argument of another type.
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
  SIZE_AVERAGE,
  VARIANCE,
} from './types';

/** Mean absolute error, with optional weighting. See https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.l1_loss.html */
export const l1_loss = defineLoss(
  'l1_loss',
  INPUT_AND_TARGET,
  {
    size_average: SIZE_AVERAGE,
    reduce: REDUCE,
    reduction: REDUCTION,
    /** A factor for each element, of input's size. Default: null. */
    weight: OPTIONAL_TENSOR,
  },
  (native, at, of, input, target) =>
    native.l1_loss(at.input(input), at.target(target), at.reduction(of), at.weight(of.weight)),
);
export type L1LossOptions = OptionsOf<typeof l1_loss.options>;

/** Mean squared error, with optional weighting. See https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.mse_loss.html */
export const mse_loss = defineLoss(
  'mse_loss',
  INPUT_AND_TARGET,
  {
    size_average: SIZE_AVERAGE,
    reduce: REDUCE,
    reduction: REDUCTION,
    /** A factor for each element, of input's size. Default: null. */
    weight: OPTIONAL_TENSOR,
  },
  (native, at, of, input, target) =>
    native.mse_loss(at.input(input), at.target(target), at.reduction(of), at.weight(of.weight)),
);
export type MSELossOptions = OptionsOf<typeof mse_loss.options>;

/** Squared below `beta`, absolute above. See https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.smooth_l1_loss.html */
export const smooth_l1_loss = defineLoss(
  'smooth_l1_loss',
  INPUT_AND_TARGET,
  {
    size_average: SIZE_AVERAGE,
    reduce: REDUCE,
    reduction: REDUCTION,
    /** Where the squared part ends; 0 is l1_loss. Default: 1. */
    beta: float(1),
  },
  (native, at, of, input, target) =>
    native.smooth_l1_loss(at.input(input), at.target(target), at.reduction(of), at.beta(of.beta)),
);
export type SmoothL1LossOptions = OptionsOf<typeof smooth_l1_loss.options>;

/** Squared below `delta`, `delta`-scaled absolute above, with optional weighting. See https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.huber_loss.html */
export const huber_loss = defineLoss(
  'huber_loss',
  INPUT_AND_TARGET,
  {
    reduction: REDUCTION,
    /** Where the squared part ends. Default: 1. */
    delta: float(1),
    /** A factor for each element, of input's size. Default: null. */
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

/** Negative log likelihood of a Poisson distribution. See https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.poisson_nll_loss.html */
export const poisson_nll_loss = defineLoss(
  'poisson_nll_loss',
  INPUT_AND_TARGET,
  {
    /** Whether input is the logarithm of the rate. Default: true. */
    log_input: bool(true),
    /** Whether to add Stirling's approximation. Default: false. */
    full: bool(false),
    size_average: SIZE_AVERAGE,
    /** Added to input under the logarithm, where `log_input` is false. Default: 1e-8. */
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

/** Negative log likelihood of a Gaussian distribution. See https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.gaussian_nll_loss.html */
export const gaussian_nll_loss = defineLoss(
  'gaussian_nll_loss',
  inputs<[input: Tensor, target: Tensor, var_: Tensor | number]>()({
    input: INPUT,
    target: INPUT,
    var: VARIANCE,
  }),
  {
    /** Whether to add the constant term. Default: false. */
    full: bool(false),
    /** The least variance. Default: 1e-6. */
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
