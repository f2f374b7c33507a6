/** Binary losses: two classes for each element. Source: torch/nn/modules/loss.py. */
import type { Tensor } from '../../../tensor/tensor';
import {
  type BCELossOptions,
  type BCEWithLogitsLossOptions,
  binary_cross_entropy,
  binary_cross_entropy_with_logits,
  type SoftMarginLossOptions,
  soft_margin_loss,
} from '../../functional/loss/classification';
import type { InputAndTarget } from '../../functional/loss/definition';
import { _WeightedLoss, lossClass } from './base';

/**
 * Computes the binary cross entropy of probabilities: `-w (y log x + (1 - y) log(1 - x))`. Logarithms below -100 are
 * raised to -100.
 *
 * $$\ell_n = -w_n \left(y_n \log x_n + (1 - y_n) \log(1 - x_n)\right)$$
 *
 * Shapes: input (*), from 0 to 1; target as input; `weight` broadcast to the target; output a scalar, or (*) if
 * `reduction` is `'none'`. A target of another shape throws a RangeError (ValueError). An input outside 0…1 throws a
 * TorchError (RuntimeError).
 *
 * See https://docs.pytorch.org/docs/stable/generated/torch.nn.BCELoss.html
 *
 * @example
 * ```ts
 * const criterion = new nn.BCELoss();
 * const input = torch.tensor([0.9, 0.2, 0.6], { requires_grad: true }); // probabilities
 * const target = torch.tensor([1, 0, 1], { dtype: torch.float32 });
 * const loss = criterion(input, target);
 * loss.backward();
 * console.log(loss);
 * // tensor(0.2798, grad_fn=<BinaryCrossEntropyBackward0>)
 * console.log(input.grad);
 * // tensor([-0.3704,  0.4167, -0.5556])
 * ```
 */
export class BCELoss extends lossClass<InputAndTarget, BCELossOptions>(
  'BCELoss',
  binary_cross_entropy,
  ['weight', 'size_average', 'reduce', 'reduction'],
  _WeightedLoss,
) {
  override forward(input: Tensor, target: Tensor): Tensor {
    return binary_cross_entropy.with(this, input, target);
  }
}

/**
 * Computes the binary cross entropy of logits: `-w (pos_weight y log σ(x) + (1 - y) log(1 - σ(x)))`. This is
 * numerically more stable than a sigmoid and {@link BCELoss}.
 *
 * $$\ell_n = -w_n \left(p_n\, y_n \log \sigma(x_n) + (1 - y_n) \log(1 - \sigma(x_n))\right), \qquad \sigma(x) =
 * \frac{1}{1 + e^{-x}}$$
 *
 * $p$ is `pos_weight`. A value above 1 gives more weight to false negatives, a value below 1 to false positives.
 *
 * Shapes: input (*); target as input; `weight` and `pos_weight` broadcast to the target; output a scalar, or (*) if
 * `reduction` is `'none'`.
 *
 * See https://docs.pytorch.org/docs/stable/generated/torch.nn.BCEWithLogitsLoss.html
 *
 * @example
 * ```ts
 * const pos_weight = torch.tensor(3.5);
 * const criterion = new nn.BCEWithLogitsLoss({ pos_weight });
 * const input = torch.tensor([2, -1.5, 0.5], { requires_grad: true }); // logits
 * const target = torch.tensor([1, 0, 1], { dtype: torch.float32 });
 * const loss = criterion(input, target);
 * loss.backward();
 * console.log(loss);
 * // tensor(0.7683, grad_fn=<BinaryCrossEntropyWithLogitsBackward0>)
 * console.log(input.grad);
 * // tensor([-0.1391,  0.0608, -0.4405])
 * ```
 */
export class BCEWithLogitsLoss extends lossClass<InputAndTarget, BCEWithLogitsLossOptions>(
  'BCEWithLogitsLoss',
  binary_cross_entropy_with_logits,
  ['weight', 'size_average', 'reduce', 'reduction', 'pos_weight'],
) {
  override forward(input: Tensor, target: Tensor): Tensor {
    return binary_cross_entropy_with_logits.with(this, input, target);
  }
}

/**
 * Computes the logistic loss `log(1 + exp(-y x))`, for the targets 1 and -1.
 *
 * $$\ell_n = \log\left(1 + e^{-y_n x_n}\right)$$
 *
 * Shapes: input (*); target as input; output a scalar, or (*) if `reduction` is `'none'`.
 *
 * See https://docs.pytorch.org/docs/stable/generated/torch.nn.SoftMarginLoss.html
 *
 * @example
 * ```ts
 * const criterion = new nn.SoftMarginLoss();
 * const input = torch.tensor([2, -0.5, 1.5], { requires_grad: true });
 * const target = torch.tensor([1, -1, -1], { dtype: torch.float32 });
 * const loss = criterion(input, target);
 * loss.backward();
 * console.log(loss);
 * // tensor(0.7675, grad_fn=<SoftMarginLossBackward0>)
 * console.log(input.grad);
 * // tensor([-0.0397,  0.1258,  0.2725])
 * ```
 */
export class SoftMarginLoss extends lossClass<InputAndTarget, SoftMarginLossOptions>(
  'SoftMarginLoss',
  soft_margin_loss,
  ['size_average', 'reduce', 'reduction'],
) {
  override forward(input: Tensor, target: Tensor): Tensor {
    return soft_margin_loss.with(this, input, target);
  }
}
