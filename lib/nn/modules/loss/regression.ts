/** Loss modules of regression. Source: torch/nn/modules/loss.py. */
import type { AsyncOptions } from '../../../async';
import type { Tensor } from '../../../tensor';
import type { Given, ReductionOption, ReductionOptions } from '../../functional/loss/definition';
import {
  type GaussianNLLLossOptions,
  gaussian_nll_loss,
  huber_loss,
  l1_loss,
  mse_loss,
  type PoissonNLLLossOptions,
  poisson_nll_loss,
  type SmoothL1LossOptions,
  smooth_l1_loss,
} from '../../functional/loss/regression';
import { _Loss, Keywords } from './base';

interface HuberOptions extends ReductionOption {
  /** Where the squared part ends. Default: 1. */
  delta?: number;
}

const L1 = new Keywords<ReductionOptions>('L1Loss', l1_loss, [
  'size_average',
  'reduce',
  'reduction',
]);

/**
 * Mean absolute error: `|x - y|`.
 *
 * Shapes: input (*), target as input; output a scalar, or (*) where `reduction` is `'none'`.
 *
 * See https://docs.pytorch.org/docs/stable/generated/torch.nn.L1Loss.html
 */
export class L1Loss extends _Loss {
  static readonly signature = L1.signature;

  constructor(options?: Given<ReductionOptions>);
  constructor(...args: unknown[]) {
    const values = L1.read(args);
    super(values);
  }

  override forward(input: Tensor, target: Tensor): Tensor {
    return l1_loss.with(this, input, target);
  }

  override forwardAsync(input: Tensor, target: Tensor, options?: AsyncOptions): Promise<Tensor> {
    return l1_loss.async(this, [input, target], options);
  }
}

const MSE = new Keywords<ReductionOptions>('MSELoss', mse_loss, [
  'size_average',
  'reduce',
  'reduction',
]);

/**
 * Mean squared error: `(x - y)²`.
 *
 * Shapes: input (*), target as input; output a scalar, or (*) where `reduction` is `'none'`.
 *
 * See https://docs.pytorch.org/docs/stable/generated/torch.nn.MSELoss.html
 */
export class MSELoss extends _Loss {
  static readonly signature = MSE.signature;

  constructor(options?: Given<ReductionOptions>);
  constructor(...args: unknown[]) {
    const values = MSE.read(args);
    super(values);
  }

  override forward(input: Tensor, target: Tensor): Tensor {
    return mse_loss.with(this, input, target);
  }

  override forwardAsync(input: Tensor, target: Tensor, options?: AsyncOptions): Promise<Tensor> {
    return mse_loss.async(this, [input, target], options);
  }
}

const SMOOTH_L1 = new Keywords<SmoothL1LossOptions>('SmoothL1Loss', smooth_l1_loss, [
  'size_average',
  'reduce',
  'reduction',
  'beta',
]);

/**
 * `0.5 (x - y)² / beta` where `|x - y| < beta`, else `|x - y| - 0.5 beta`.
 *
 * `beta` 0 is {@link L1Loss}; a negative one is an error. Shapes: input (*), target as input; output a scalar, or (*) where
 * `reduction` is `'none'`.
 *
 * See https://docs.pytorch.org/docs/stable/generated/torch.nn.SmoothL1Loss.html
 */
export class SmoothL1Loss extends _Loss {
  static readonly signature = SMOOTH_L1.signature;
  beta: number;

  constructor(options?: Given<SmoothL1LossOptions>);
  constructor(...args: unknown[]) {
    const values = SMOOTH_L1.read(args);
    super(values);
    this.beta = values.beta;
  }

  override forward(input: Tensor, target: Tensor): Tensor {
    return smooth_l1_loss.with(this, input, target);
  }

  override forwardAsync(input: Tensor, target: Tensor, options?: AsyncOptions): Promise<Tensor> {
    return smooth_l1_loss.async(this, [input, target], options);
  }
}

const HUBER = new Keywords<HuberOptions>('HuberLoss', huber_loss, ['reduction', 'delta']);

/**
 * `0.5 (x - y)²` where `|x - y| < delta`, else `delta (|x - y| - 0.5 delta)`.
 *
 * `delta` must be positive. Shapes: input (*), target as input; output a scalar, or (*) where `reduction` is `'none'`.
 *
 * See https://docs.pytorch.org/docs/stable/generated/torch.nn.HuberLoss.html
 */
export class HuberLoss extends _Loss {
  static readonly signature = HUBER.signature;
  delta: number;

  constructor(options?: Given<HuberOptions>);
  constructor(...args: unknown[]) {
    const values = HUBER.read(args);
    super(values);
    this.delta = values.delta;
  }

  override forward(input: Tensor, target: Tensor): Tensor {
    return huber_loss.with(this, input, target);
  }

  override forwardAsync(input: Tensor, target: Tensor, options?: AsyncOptions): Promise<Tensor> {
    return huber_loss.async(this, [input, target], options);
  }
}

const POISSON_NLL = new Keywords<PoissonNLLLossOptions>('PoissonNLLLoss', poisson_nll_loss, [
  'log_input',
  'full',
  'size_average',
  'eps',
  'reduce',
  'reduction',
]);

/**
 * `exp(x) - y x`, or with `log_input: false` `x - y log(x + eps)`; `full` adds Stirling's approximation of `log(y!)` for
 * targets above 1.
 *
 * Shapes: input (*), target as input; output a scalar, or (*) where `reduction` is `'none'`.
 *
 * See https://docs.pytorch.org/docs/stable/generated/torch.nn.PoissonNLLLoss.html
 */
export class PoissonNLLLoss extends _Loss {
  static readonly signature = POISSON_NLL.signature;
  log_input: boolean;
  full: boolean;
  eps: number;

  constructor(options?: Given<PoissonNLLLossOptions>);
  constructor(...args: unknown[]) {
    const values = POISSON_NLL.read(args);
    super(values);
    this.log_input = values.log_input;
    this.full = values.full;
    this.eps = values.eps;
  }

  override forward(log_input: Tensor, target: Tensor): Tensor {
    return poisson_nll_loss.with(this, log_input, target);
  }

  override forwardAsync(
    log_input: Tensor,
    target: Tensor,
    options?: AsyncOptions,
  ): Promise<Tensor> {
    return poisson_nll_loss.async(this, [log_input, target], options);
  }
}

const GAUSSIAN_NLL = new Keywords<GaussianNLLLossOptions>('GaussianNLLLoss', gaussian_nll_loss, [
  'full',
  'eps',
  'reduction',
]);

/**
 * `0.5 (log(max(var, eps)) + (x - y)² / max(var, eps))`; `full` adds `0.5 log(2π)`.
 *
 * Shapes: input (N, *) or (*), target as input or broadcast to it, var as input, or with a last dimension of 1 or left out,
 * or a number; output a scalar, or as input where `reduction` is `'none'`. A negative variance is a RangeError
 * (ValueError).
 *
 * See https://docs.pytorch.org/docs/stable/generated/torch.nn.GaussianNLLLoss.html
 */
export class GaussianNLLLoss extends _Loss<[input: Tensor, target: Tensor, var_: Tensor | number]> {
  static readonly signature = GAUSSIAN_NLL.signature;
  full: boolean;
  eps: number;

  constructor(options?: Given<GaussianNLLLossOptions>);
  constructor(...args: unknown[]) {
    const values = GAUSSIAN_NLL.read(args);
    super(values);
    this.full = values.full;
    this.eps = values.eps;
  }

  override forward(input: Tensor, target: Tensor, var_: Tensor | number): Tensor {
    return gaussian_nll_loss.with(this, input, target, var_);
  }

  override forwardAsync(
    input: Tensor,
    target: Tensor,
    var_: Tensor | number,
    options?: AsyncOptions,
  ): Promise<Tensor> {
    return gaussian_nll_loss.async(this, [input, target, var_], options);
  }
}
