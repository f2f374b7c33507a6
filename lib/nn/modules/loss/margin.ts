/** Margin losses between classes, with one or several target classes per row. Source: torch/nn/modules/loss.py. */

import { valueError } from '../../../bindings/errors';
import type { Tensor } from '../../../tensor/tensor';
import {
  type MultiLabelMarginLossOptions,
  type MultiLabelSoftMarginLossOptions,
  type MultiMarginLossOptions,
  multi_margin_loss,
  multilabel_margin_loss,
  multilabel_soft_margin_loss,
} from '../../functional/loss/classification';
import type { Given, InputAndTarget } from '../../functional/loss/definition';
import { _WeightedLoss, lossClass } from './base';

/**
 * Computes the multi-class hinge loss for one target class: `Σ_{i≠y} max(0, margin - x[y] + x[i])^p / C`, times
 * `weight[y]`.
 *
 * $$\ell_n = \frac{w_{y_n}}{C} \sum_{i \ne y_n} \max\left(0,\, \text{margin} - x_{n,y_n} + x_{n,i}\right)^p$$
 *
 * Shapes: input (C) or (N, C); target () or (N), int64; `weight` (C); output a scalar, or (N) if `reduction` is
 * `'none'`. A `p` other than 1 and 2 throws a RangeError (ValueError).
 *
 * See https://docs.pytorch.org/docs/stable/generated/torch.nn.MultiMarginLoss.html
 *
 * @example
 * ```ts
 * const criterion = new nn.MultiMarginLoss({ p: 2 });
 * const input = torch.tensor([[0.1, 0.2, 0.4, 0.8]], { requires_grad: true });
 * const loss = criterion(input, torch.tensor([3]));
 * loss.backward();
 * console.log(loss);
 * // tensor(0.1525, grad_fn=<MultiMarginLossBackward0>)
 * console.log(input.grad);
 * // tensor([[ 0.1500,  0.2000,  0.3000, -0.6500]])
 * ```
 */
export class MultiMarginLoss extends lossClass<InputAndTarget, MultiMarginLossOptions>(
  'MultiMarginLoss',
  multi_margin_loss,
  ['p', 'margin', 'weight', 'size_average', 'reduce', 'reduction'],
  _WeightedLoss,
) {
  constructor(options?: Given<MultiMarginLossOptions>) {
    super(options);
    const { p, weight } = this;
    if (Number(p) !== 1 && Number(p) !== 2) throw valueError('only p == 1 and p == 2 supported');
    if (weight && weight.dim() !== 1) {
      throw valueError(
        `MultiMarginLoss: expected weight to be None or 1D tensor, got ${weight.dim()}D instead`,
      );
    }
  }

  override forward(input: Tensor, target: Tensor): Tensor {
    return multi_margin_loss.with(this, input, target);
  }
}

/**
 * Computes the multi-class hinge loss for several target classes: the sum of `max(0, 1 - (x[y_j] - x[i])) / C` over all
 * target classes `y_j` and all other classes `i`.
 *
 * $$\ell_n = \frac1C \sum_{j \in y_n} \sum_{i \notin y_n} \max\left(0,\, 1 - (x_{n,j} - x_{n,i})\right)$$
 *
 * Shapes: input (C) or (N, C); target as input, int64: the target classes, then -1; output a scalar, or (N) if
 * `reduction` is `'none'`.
 *
 * See https://docs.pytorch.org/docs/stable/generated/torch.nn.MultiLabelMarginLoss.html
 *
 * @example
 * ```ts
 * const criterion = new nn.MultiLabelMarginLoss();
 * const input = torch.tensor([[0.1, 0.2, 0.4, 0.8]], { requires_grad: true });
 * const target = torch.tensor([[3, 0, -1, 1]]); // the classes 3 and 0: -1 ends the list
 * const loss = criterion(input, target);
 * loss.backward();
 * console.log(loss);
 * // tensor(0.8500, grad_fn=<MultilabelMarginLossBackward0>)
 * console.log(input.grad);
 * // tensor([[-0.5000,  0.5000,  0.5000, -0.5000]])
 * ```
 */
export class MultiLabelMarginLoss extends lossClass<InputAndTarget, MultiLabelMarginLossOptions>(
  'MultiLabelMarginLoss',
  multilabel_margin_loss,
  ['size_average', 'reduce', 'reduction'],
) {
  override forward(input: Tensor, target: Tensor): Tensor {
    return multilabel_margin_loss.with(this, input, target);
  }
}

/**
 * Computes the one-versus-all cross entropy of logits, averaged over the classes: `-1/C Σ y log σ(x) + (1 - y) log(1 -
 * σ(x))`.
 *
 * $$\ell_n = -\frac1C \sum_c w_c \left(y_{n,c} \log \sigma(x_{n,c}) + (1 - y_{n,c}) \log(1 - \sigma(x_{n,c}))\right)$$
 *
 * Shapes: input (N, C); target as input, 0 or 1; `weight` (C); output a scalar, or (N) if `reduction` is `'none'`.
 *
 * See https://docs.pytorch.org/docs/stable/generated/torch.nn.MultiLabelSoftMarginLoss.html
 *
 * @example
 * ```ts
 * const criterion = new nn.MultiLabelSoftMarginLoss();
 * const input = torch.tensor([[1.5, -0.5, 0.5]], { requires_grad: true });
 * const target = torch.tensor([[1, 0, 0]], { dtype: torch.float32 });
 * const loss = criterion(input, target);
 * loss.backward();
 * console.log(loss);
 * // tensor(0.5499, grad_fn=<MeanBackward0>)
 * console.log(input.grad);
 * // tensor([[-0.0608,  0.1258,  0.2075]])
 * ```
 */
export class MultiLabelSoftMarginLoss extends lossClass<
  InputAndTarget,
  MultiLabelSoftMarginLossOptions
>(
  'MultiLabelSoftMarginLoss',
  multilabel_soft_margin_loss,
  ['weight', 'size_average', 'reduce', 'reduction'],
  _WeightedLoss,
) {
  override forward(input: Tensor, target: Tensor): Tensor {
    return multilabel_soft_margin_loss.with(this, input, target);
  }
}
