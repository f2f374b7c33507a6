/** Losses of log-probabilities or logits of classes. Source: torch/nn/modules/loss.py. */
import { warn } from '../../../bindings/warnings';
import type { Tensor } from '../../../tensor/tensor';
import {
  type CrossEntropyLossOptions,
  cross_entropy,
  type KLDivLossOptions,
  kl_div,
  type NLLLossOptions,
  nll_loss,
} from '../../functional/loss/classification';
import type { Given, InputAndTarget } from '../../functional/loss/definition';
import { _WeightedLoss, lossClass } from './base';

/**
 * Computes the cross entropy between logits and targets: `-log softmax(x)[y]` for class indices, `-Σ_c y_c log
 * softmax(x)_c` for probabilities. For class indices, the mean is weighted by the `weight` of each target, and by 0 for
 * `ignore_index`.
 *
 * For class indices, where $w$ is `weight` (1 by default, 0 for `ignore_index`):
 *
 * $$\ell_n = -w_{y_n} \log \frac{\exp(x_{n,y_n})}{\sum_c \exp(x_{n,c})}, \qquad \text{mean} = \frac{\sum_n
 * \ell_n}{\sum_n w_{y_n}}$$
 *
 * For probabilities, where the mean divides by N:
 *
 * $$\ell_n = -\sum_c w_c\, y_{n,c} \log \frac{\exp(x_{n,c})}{\sum_i \exp(x_{n,i})}$$
 *
 * `label_smoothing` $\alpha$ replaces $y_{n,c}$ by $(1 - \alpha)\, y_{n,c} + \alpha / C$.
 *
 * Shapes: input (C), (N, C) or (N, C, d1, …, dK) of logits; target: class indices (int64) of the input's shape without
 * C, or probabilities of the input's shape; `weight` (C); output a scalar, or target's shape without C if `reduction`
 * is `'none'`. A class outside 0…C-1 throws a RangeError (IndexError).
 *
 * See https://docs.pytorch.org/docs/stable/generated/torch.nn.CrossEntropyLoss.html
 *
 * @example
 * ```ts
 * const criterion = new nn.CrossEntropyLoss();
 * const input = torch.tensor([[2, 1, 0.5], [0, 0.5, 3]], { requires_grad: true });
 * const target = torch.tensor([0, 2]); // classes
 * const loss = criterion(input, target);
 * loss.backward();
 * console.log(loss);
 * // tensor(0.2941, grad_fn=<NllLossBackward0>)
 * console.log(input.grad);
 * // tensor([[-0.1857,  0.1156,  0.0701],
 * //         [ 0.0220,  0.0363, -0.0583]])
 * ```
 *
 * @example
 * ```ts
 * const input = torch.tensor([[2, 1, 0.5]]);
 * const smoothed = new nn.CrossEntropyLoss({ label_smoothing: 0.3 });
 * console.log(smoothed(input, torch.tensor([0])));
 * // tensor(0.7144)
 * const probabilities = torch.tensor([[0.8, 0.1, 0.1]]); // the same target, given whole
 * console.log(new nn.CrossEntropyLoss()(input, probabilities));
 * // tensor(0.7144)
 * ```
 */
export class CrossEntropyLoss extends lossClass<InputAndTarget, CrossEntropyLossOptions>(
  'CrossEntropyLoss',
  cross_entropy,
  ['weight', 'size_average', 'ignore_index', 'reduce', 'reduction', 'label_smoothing'],
  _WeightedLoss,
) {
  override forward(input: Tensor, target: Tensor): Tensor {
    return cross_entropy.with(this, input, target);
  }
}

/**
 * Computes the negative log likelihood `-weight[y] x[y]` of log-probabilities `x`. The mean is weighted by the `weight`
 * of each target, and by 0 for `ignore_index`.
 *
 * $$\ell_n = -w_{y_n} x_{n,y_n}, \qquad \text{mean} = \frac{\sum_n \ell_n}{\sum_n w_{y_n}}$$
 *
 * Shapes: input (C), (N, C) or (N, C, d1, …, dK) of log-probabilities; target (int64) of the input's shape without C;
 * `weight` (C); output a scalar, or target's shape if `reduction` is `'none'`.
 *
 * See https://docs.pytorch.org/docs/stable/generated/torch.nn.NLLLoss.html
 *
 * @example
 * ```ts
 * const criterion = new nn.NLLLoss({ ignore_index: -1 });
 * const input = torch.tensor([[2, 1, 0.5], [0, 0.5, 3]], { requires_grad: true });
 * const target = torch.tensor([0, -1]); // the second row does not count
 * const loss = criterion(input.log_softmax(1), target);
 * loss.backward();
 * console.log(loss);
 * // tensor(0.4644, grad_fn=<NllLossBackward0>)
 * console.log(input.grad);
 * // tensor([[-0.3715,  0.2312,  0.1402],
 * //         [ 0.0000,  0.0000,  0.0000]])
 * ```
 */
export class NLLLoss extends lossClass<InputAndTarget, NLLLossOptions>(
  'NLLLoss',
  nll_loss,
  ['weight', 'size_average', 'ignore_index', 'reduce', 'reduction'],
  _WeightedLoss,
) {
  override forward(input: Tensor, target: Tensor): Tensor {
    return nll_loss.with(this, input, target);
  }
}

/**
 * The former name of {@link NLLLoss}.
 *
 * $$\ell_n = -w_{y_n} x_{n,y_n}, \qquad \text{mean} = \frac{\sum_n \ell_n}{\sum_n w_{y_n}}$$
 *
 * Shapes: input (N, C, H, W) of log-probabilities, target (N, H, W), int64; `weight` (C); output a scalar, or target's shape
 * if `reduction` is `'none'`.
 *
 * See https://docs.pytorch.org/docs/stable/generated/torch.nn.NLLLoss.html
 *
 * @deprecated Use {@link NLLLoss}. Each line that makes one warns once.
 *
 * @example
 * ```ts
 * const criterion = new nn.NLLLoss2d(); // warns
 * const input = torch.tensor([[2, 1, 0.5]]).reshape(1, 3, 1, 1).log_softmax(1); // (N, C, height, width)
 * const target = torch.tensor([[[0]]]);
 * console.log(criterion(input, target));
 * // tensor(0.4644)
 * ```
 */
export class NLLLoss2d extends NLLLoss {
  constructor(options?: Given<NLLLossOptions>) {
    warn(
      '`NLLLoss2d` has been deprecated. Please use `NLLLoss` instead as a drop-in replacement and see ' +
        'https://pytorch.org/docs/main/nn.html#torch.nn.NLLLoss for more details.',
      'FutureWarning',
      'user',
    );
    super(options);
  }
}

/**
 * Computes the Kullback-Leibler divergence of log-probabilities `x`: `y (log y - x)`, or `exp(y) (y - x)` with
 * `log_target`.
 *
 * $$\ell_n = \begin{cases} y_n (\log y_n - x_n) & \text{without log\_target} \\ e^{y_n} (y_n - x_n) & \text{with}
 * \end{cases}$$
 *
 * `'mean'` divides by the number of elements, with a warning. `'batchmean'` divides by the size of the first dimension,
 * which gives the divergence as it is defined.
 *
 * Shapes: input (*) of log-probabilities; target as input; output a scalar, or (*) if `reduction` is `'none'`.
 *
 * See https://docs.pytorch.org/docs/stable/generated/torch.nn.KLDivLoss.html
 *
 * @example
 * ```ts
 * const criterion = new nn.KLDivLoss({ reduction: 'batchmean' });
 * const input = torch.tensor([[1, 0.5, -1]], { requires_grad: true });
 * const target = torch.tensor([[0.5, 0.25, 0.25]]);
 * const loss = criterion(input.log_softmax(1), target);
 * loss.backward();
 * console.log(loss);
 * // tensor(0.1402, grad_fn=<DivBackward0>)
 * console.log(input.grad);
 * // tensor([[ 0.0741,  0.0982, -0.1723]])
 * ```
 */
export class KLDivLoss extends lossClass<InputAndTarget, KLDivLossOptions>('KLDivLoss', kl_div, [
  'size_average',
  'reduce',
  'reduction',
  'log_target',
]) {
  override forward(input: Tensor, target: Tensor): Tensor {
    return kl_div.with(this, input, target);
  }
}
