/** Losses for regression. Source: torch/nn/modules/loss.py. */
import type { Tensor } from '../../../tensor/tensor';
import type { InputAndTarget } from '../../functional/loss/definition';
import {
  type GaussianNLLLossOptions,
  gaussian_nll_loss,
  type HuberLossOptions,
  huber_loss,
  type L1LossOptions,
  l1_loss,
  type MSELossOptions,
  mse_loss,
  type PoissonNLLLossOptions,
  poisson_nll_loss,
  type SmoothL1LossOptions,
  smooth_l1_loss,
} from '../../functional/loss/regression';
import { lossClass } from './base';

/**
 * Computes the mean absolute error: `|x - y|`.
 *
 * $$\ell_n = \lvert x_n - y_n \rvert$$
 *
 * Shapes: input (*); target as input; output a scalar, or (*) if `reduction` is `'none'`.
 *
 * See https://docs.pytorch.org/docs/stable/generated/torch.nn.L1Loss.html
 *
 * @example
 * ```ts
 * const criterion = new nn.L1Loss();
 * const input = torch.tensor([0.5, 2, -1], { requires_grad: true });
 * const target = torch.tensor([1, 0, 1.5]);
 * const loss = criterion(input, target);
 * loss.backward();
 * console.log(loss);
 * // tensor(1.6667, grad_fn=<MeanBackward0>)
 * console.log(input.grad);
 * // tensor([-0.3333,  0.3333, -0.3333])
 * ```
 */
export class L1Loss extends lossClass<InputAndTarget, Omit<L1LossOptions, 'weight'>>(
  'L1Loss',
  l1_loss,
  ['size_average', 'reduce', 'reduction'],
) {
  override forward(input: Tensor, target: Tensor): Tensor {
    return l1_loss.with(this, input, target);
  }
}

/**
 * Computes the mean squared error: `(x - y)²`.
 *
 * $$\ell_n = (x_n - y_n)^2$$
 *
 * Shapes: input (*); target as input; output a scalar, or (*) if `reduction` is `'none'`.
 *
 * See https://docs.pytorch.org/docs/stable/generated/torch.nn.MSELoss.html
 *
 * @example
 * ```ts
 * const criterion = new nn.MSELoss({ reduction: 'sum' });
 * const input = torch.tensor([0.5, 2, -1], { requires_grad: true });
 * const target = torch.tensor([1, 0, 1.5]);
 * const loss = criterion(input, target);
 * loss.backward();
 * console.log(loss);
 * // tensor(10.5000, grad_fn=<MseLossBackward0>)
 * console.log(input.grad);
 * // tensor([-1.,  4., -5.])
 * ```
 */
export class MSELoss extends lossClass<InputAndTarget, Omit<MSELossOptions, 'weight'>>(
  'MSELoss',
  mse_loss,
  ['size_average', 'reduce', 'reduction'],
) {
  override forward(input: Tensor, target: Tensor): Tensor {
    return mse_loss.with(this, input, target);
  }
}

/**
 * Computes `0.5 (x - y)² / beta` if `|x - y| < beta`, else `|x - y| - 0.5 beta`.
 *
 * $$\ell_n = \begin{cases} \dfrac{(x_n - y_n)^2}{2\beta} & \lvert x_n - y_n \rvert < \beta \\[1ex] \lvert x_n - y_n
 * \rvert - \dfrac{\beta}{2} & \text{else} \end{cases}$$
 *
 * With `beta: 0`, this is {@link L1Loss}. A negative `beta` throws an error.
 *
 * Shapes: input (*); target as input; output a scalar, or (*) if `reduction` is `'none'`.
 *
 * See https://docs.pytorch.org/docs/stable/generated/torch.nn.SmoothL1Loss.html
 *
 * @example
 * ```ts
 * const criterion = new nn.SmoothL1Loss({ beta: 0.5, reduction: 'none' });
 * const input = torch.tensor([0.25, 2, -1], { requires_grad: true });
 * const loss = criterion(input, torch.zeros(3));
 * loss.sum().backward();
 * console.log(loss);
 * // tensor([0.0625, 1.7500, 0.7500], grad_fn=<SmoothL1LossBackward0>)
 * console.log(input.grad);
 * // tensor([ 0.5000,  1.0000, -1.0000])
 * ```
 */
export class SmoothL1Loss extends lossClass<InputAndTarget, SmoothL1LossOptions>(
  'SmoothL1Loss',
  smooth_l1_loss,
  ['size_average', 'reduce', 'reduction', 'beta'],
) {
  override forward(input: Tensor, target: Tensor): Tensor {
    return smooth_l1_loss.with(this, input, target);
  }
}

/**
 * Computes `0.5 (x - y)²` if `|x - y| < delta`, else `delta (|x - y| - 0.5 delta)`.
 *
 * $$\ell_n = \begin{cases} \frac12 (x_n - y_n)^2 & \lvert x_n - y_n \rvert < \delta \\[1ex] \delta \left(\lvert x_n -
 * y_n \rvert - \frac12 \delta\right) & \text{else} \end{cases}$$
 *
 * `delta` must be positive.
 *
 * Shapes: input (*); target as input; output a scalar, or (*) if `reduction` is `'none'`.
 *
 * See https://docs.pytorch.org/docs/stable/generated/torch.nn.HuberLoss.html
 *
 * @example
 * ```ts
 * const criterion = new nn.HuberLoss({ delta: 0.5, reduction: 'none' });
 * const input = torch.tensor([0.25, 2, -1], { requires_grad: true });
 * const loss = criterion(input, torch.zeros(3));
 * loss.sum().backward();
 * console.log(loss);
 * // tensor([0.0312, 0.8750, 0.3750], grad_fn=<HuberLossBackward0>)
 * console.log(input.grad);
 * // tensor([ 0.2500,  0.5000, -0.5000])
 * ```
 */
export class HuberLoss extends lossClass<InputAndTarget, Omit<HuberLossOptions, 'weight'>>(
  'HuberLoss',
  huber_loss,
  ['reduction', 'delta'],
) {
  override forward(input: Tensor, target: Tensor): Tensor {
    return huber_loss.with(this, input, target);
  }
}

/**
 * Computes the Poisson negative log likelihood: `exp(x) - y x`, or `x - y log(x + eps)` with `log_input: false`. `full`
 * adds Stirling's approximation of `log(y!)` for targets above 1.
 *
 * $$\ell_n = \begin{cases} e^{x_n} - y_n x_n & \text{with log\_input} \\ x_n - y_n \log(x_n + \varepsilon) &
 * \text{without} \end{cases}$$
 *
 * With `full`, $y_n \log y_n - y_n + \frac12 \log(2\pi y_n)$ is added where $y_n > 1$.
 *
 * Shapes: input (*); target as input; output a scalar, or (*) if `reduction` is `'none'`.
 *
 * See https://docs.pytorch.org/docs/stable/generated/torch.nn.PoissonNLLLoss.html
 *
 * @example
 * ```ts
 * const criterion = new nn.PoissonNLLLoss();
 * const log_rate = torch.tensor([0.5, 1, 2], { requires_grad: true });
 * const counts = torch.tensor([1, 3, 9], { dtype: torch.float32 });
 * const loss = criterion(log_rate, counts);
 * loss.backward();
 * console.log(loss);
 * // tensor(-3.2480, grad_fn=<MeanBackward0>)
 * console.log(log_rate.grad);
 * // tensor([ 0.2162, -0.0939, -0.5370])
 * ```
 */
export class PoissonNLLLoss extends lossClass<InputAndTarget, PoissonNLLLossOptions>(
  'PoissonNLLLoss',
  poisson_nll_loss,
  ['log_input', 'full', 'size_average', 'eps', 'reduce', 'reduction'],
) {
  override forward(log_input: Tensor, target: Tensor): Tensor {
    return poisson_nll_loss.with(this, log_input, target);
  }
}

/**
 * Computes the Gaussian negative log likelihood: `0.5 (log(max(var, eps)) + (x - y)² / max(var, eps))`. `full` adds
 * `0.5 log(2π)`.
 *
 * $$\ell_n = \frac12 \left(\log v_n + \frac{(x_n - y_n)^2}{v_n}\right), \qquad v_n = \max(\text{var}_n, \varepsilon)$$
 *
 * Shapes: input (N, *) or (*); target as input or broadcast to it; var as input, as input with a last dimension of 1 or
 * without the last dimension, or a number; output a scalar, or as input if `reduction` is `'none'`. A negative variance
 * throws a RangeError (ValueError).
 *
 * See https://docs.pytorch.org/docs/stable/generated/torch.nn.GaussianNLLLoss.html
 *
 * @example
 * ```ts
 * const criterion = new nn.GaussianNLLLoss();
 * const mean = torch.tensor([0.5, 2], { requires_grad: true });
 * const variance = torch.tensor([1, 0.25], { requires_grad: true });
 * const loss = criterion(mean, torch.tensor([1, 1.5]), variance);
 * loss.backward();
 * console.log(loss);
 * // tensor(-0.0341, grad_fn=<MeanBackward0>)
 * console.log(mean.grad);
 * // tensor([-0.2500,  1.0000])
 * console.log(variance.grad);
 * // tensor([0.1875, 0.0000])
 * ```
 */
export class GaussianNLLLoss extends lossClass<
  [input: Tensor, target: Tensor, var_: Tensor | number],
  GaussianNLLLossOptions
>('GaussianNLLLoss', gaussian_nll_loss, ['full', 'eps', 'reduction']) {
  override forward(input: Tensor, target: Tensor, var_: Tensor | number): Tensor {
    return gaussian_nll_loss.with(this, input, target, var_);
  }
}
