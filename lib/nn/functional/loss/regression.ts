/**
 * The loss functions of regression: parameters, defaults, and the native call that computes them.
 *
 * What each computes, with shapes, stands with its class in ../../modules/loss. Source of names, order and defaults:
 * torch/nn/functional.py. Errors are Python's: RangeError (ValueError) for a value or shape that the function refuses,
 * TorchError (RuntimeError) for one that its kernel refuses, TypeError for an argument of another type.
 */

import type { Tensor } from '../../../tensor/tensor';
import {
  defineLoss,
  type InputAndTarget,
  REDUCE,
  REDUCTION,
  type ReductionOption,
  type ReductionOptions,
  SIZE_AVERAGE,
  WEIGHT,
} from './definition';
import { native } from './door';

export interface L1LossOptions extends ReductionOptions {
  /** A factor for each element, of input's size. Default: null. */
  weight?: Tensor | null;
}

/** Mean absolute error, with optional weighting. See https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.l1_loss.html */
export const l1_loss = defineLoss<InputAndTarget, L1LossOptions>(
  'l1_loss',
  ['input', 'target'],
  [SIZE_AVERAGE, REDUCE, REDUCTION, WEIGHT],
  (at, values, input, target) =>
    native.l1_loss(
      at.tensor(input, 'input'),
      at.tensor(target, 'target'),
      at.reduction(values),
      at.optionalTensor(values.weight, 'weight'),
    ),
);

export interface MSELossOptions extends ReductionOptions {
  /** A factor for each element, of input's size. Default: null. */
  weight?: Tensor | null;
}

/** Mean squared error, with optional weighting. See https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.mse_loss.html */
export const mse_loss = defineLoss<InputAndTarget, MSELossOptions>(
  'mse_loss',
  ['input', 'target'],
  [SIZE_AVERAGE, REDUCE, REDUCTION, WEIGHT],
  (at, values, input, target) =>
    native.mse_loss(
      at.tensor(input, 'input'),
      at.tensor(target, 'target'),
      at.reduction(values),
      at.optionalTensor(values.weight, 'weight'),
    ),
);

export interface SmoothL1LossOptions extends ReductionOptions {
  /** Where the squared part ends; 0 is l1_loss. Default: 1. */
  beta?: number;
}

/** Squared below `beta`, absolute above. See https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.smooth_l1_loss.html */
export const smooth_l1_loss = defineLoss<InputAndTarget, SmoothL1LossOptions>(
  'smooth_l1_loss',
  ['input', 'target'],
  [SIZE_AVERAGE, REDUCE, REDUCTION, ['beta', 1]],
  (at, values, input, target) =>
    native.smooth_l1_loss(
      at.tensor(input, 'input'),
      at.tensor(target, 'target'),
      at.reduction(values),
      at.float(values.beta, 'beta'),
    ),
);

export interface HuberLossOptions extends ReductionOption {
  /** Where the squared part ends. Default: 1. */
  delta?: number;
  /** A factor for each element, of input's size. Default: null. */
  weight?: Tensor | null;
}

/** Squared below `delta`, `delta`-scaled absolute above, with optional weighting. See https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.huber_loss.html */
export const huber_loss = defineLoss<InputAndTarget, HuberLossOptions>(
  'huber_loss',
  ['input', 'target'],
  [REDUCTION, ['delta', 1], WEIGHT],
  (at, values, input, target) =>
    native.huber_loss(
      at.tensor(input, 'input'),
      at.tensor(target, 'target'),
      at.reduction(values),
      at.float(values.delta, 'delta'),
      at.optionalTensor(values.weight, 'weight'),
    ),
);

export interface PoissonNLLLossOptions extends ReductionOptions {
  /** Whether input is the logarithm of the rate. Default: true. */
  log_input?: boolean;
  /** Whether to add Stirling's approximation. Default: false. */
  full?: boolean;
  /** Added to input under the logarithm, where `log_input` is false. Default: 1e-8. */
  eps?: number;
}

/** Negative log likelihood of a Poisson distribution. See https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.poisson_nll_loss.html */
export const poisson_nll_loss = defineLoss<InputAndTarget, PoissonNLLLossOptions>(
  'poisson_nll_loss',
  ['input', 'target'],
  [['log_input', true], ['full', false], SIZE_AVERAGE, ['eps', 1e-8], REDUCE, REDUCTION],
  (at, values, input, target) =>
    native.poisson_nll_loss(
      at.tensor(input, 'input'),
      at.tensor(target, 'target'),
      at.bool(values.log_input, 'log_input'),
      at.bool(values.full, 'full'),
      at.float(values.eps, 'eps'),
      at.stringReduction(values),
    ),
);

export interface GaussianNLLLossOptions extends ReductionOption {
  /** Whether to add the constant term. Default: false. */
  full?: boolean;
  /** The least variance. Default: 1e-6. */
  eps?: number;
}

/** Negative log likelihood of a Gaussian distribution. See https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.gaussian_nll_loss.html */
export const gaussian_nll_loss = defineLoss<
  [input: Tensor, target: Tensor, var_: Tensor | number],
  GaussianNLLLossOptions
>(
  'gaussian_nll_loss',
  ['input', 'target', 'var'],
  [['full', false], ['eps', 1e-6], REDUCTION],
  (at, values, input, target, var_) =>
    native.gaussian_nll_loss(
      at.tensor(input, 'input'),
      at.tensor(target, 'target'),
      at.variance(var_, 'var'),
      at.bool(values.full, 'full'),
      at.float(values.eps, 'eps'),
      at.stringReduction(values),
    ),
);
