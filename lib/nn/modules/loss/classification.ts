/** Loss modules of classification. Source: torch/nn/modules/loss.py. */

import type { AsyncOptions } from '../../../async';
import { valueError } from '../../../errors';
import type { Tensor } from '../../../tensor';
import { warn } from '../../../warnings';
import {
  type BCELossOptions,
  type BCEWithLogitsLossOptions,
  binary_cross_entropy,
  binary_cross_entropy_with_logits,
  type CrossEntropyLossOptions,
  type CTCLossOptions,
  cross_entropy,
  ctc_loss,
  type KLDivLossOptions,
  kl_div,
  type MultiLabelSoftMarginLossOptions,
  type MultiMarginLossOptions,
  multi_margin_loss,
  multilabel_margin_loss,
  multilabel_soft_margin_loss,
  type NLLLossOptions,
  nll_loss,
  soft_margin_loss,
} from '../../functional/loss/classification';
import type { Given, Lengths, ReductionOptions } from '../../functional/loss/definition';
import { _Loss, _WeightedLoss, Keywords } from './base';

const CROSS_ENTROPY = new Keywords<CrossEntropyLossOptions>('CrossEntropyLoss', cross_entropy, [
  'weight',
  'size_average',
  'ignore_index',
  'reduce',
  'reduction',
  'label_smoothing',
]);

/**
 * Cross entropy of logits and the targets' classes: `-log softmax(x)[y]`, or `-Σ_c y_c log softmax(x)_c` where targets are
 * probabilities. The mean of class indices is weighted: by `weight` of each target, and by 0 for `ignore_index`.
 *
 * For class indices, with $w$ the `weight` (1 where none is given, 0 for `ignore_index`):
 *
 * $$\ell_n = -w_{y_n} \log \frac{\exp(x_{n,y_n})}{\sum_c \exp(x_{n,c})}, \qquad
 * \text{mean} = \frac{\sum_n \ell_n}{\sum_n w_{y_n}}$$
 *
 * For probabilities, whose mean divides by N:
 *
 * $$\ell_n = -\sum_c w_c\, y_{n,c} \log \frac{\exp(x_{n,c})}{\sum_i \exp(x_{n,i})}$$
 *
 * `label_smoothing` $\alpha$ puts $(1 - \alpha)\, y_{n,c} + \alpha / C$ in the place of $y_{n,c}$.
 *
 * Shapes: input (C), (N, C) or (N, C, d1, …, dK) of logits; target the same without C, int64, or as input, probabilities;
 * `weight` (C); output a scalar, or target's shape without C where `reduction` is `'none'`. A class outside 0…C-1 is a
 * RangeError (IndexError).
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
export class CrossEntropyLoss extends _WeightedLoss {
  static readonly signature = CROSS_ENTROPY.signature;
  ignore_index: number | bigint;
  label_smoothing: number;

  constructor(options?: Given<CrossEntropyLossOptions>);
  constructor(...args: unknown[]) {
    const values = CROSS_ENTROPY.read(args);
    super(values);
    this.ignore_index = values.ignore_index;
    this.label_smoothing = values.label_smoothing;
  }

  override forward(input: Tensor, target: Tensor): Tensor {
    return cross_entropy.with(this, input, target);
  }

  override forwardAsync(input: Tensor, target: Tensor, options?: AsyncOptions): Promise<Tensor> {
    return cross_entropy.async(this, [input, target], options);
  }
}

const NLL = new Keywords<NLLLossOptions>('NLLLoss', nll_loss, [
  'weight',
  'size_average',
  'ignore_index',
  'reduce',
  'reduction',
]);

/**
 * Negative log likelihood: `-weight[y] x[y]` of log-probabilities `x`. The mean is weighted: by `weight` of each target, and
 * by 0 for `ignore_index`.
 *
 * $$\ell_n = -w_{y_n} x_{n,y_n}, \qquad \text{mean} = \frac{\sum_n \ell_n}{\sum_n w_{y_n}}$$
 *
 * Shapes: input (C), (N, C) or (N, C, d1, …, dK) of log-probabilities; target the same without C, int64; `weight` (C);
 * output a scalar, or target's shape where `reduction` is `'none'`.
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
export class NLLLoss extends _WeightedLoss {
  static readonly signature = NLL.signature;
  ignore_index: number | bigint;

  constructor(options?: Given<NLLLossOptions>);
  constructor(...args: unknown[]) {
    const values = NLL.read(args);
    super(values);
    this.ignore_index = values.ignore_index;
  }

  override forward(input: Tensor, target: Tensor): Tensor {
    return nll_loss.with(this, input, target);
  }

  override forwardAsync(input: Tensor, target: Tensor, options?: AsyncOptions): Promise<Tensor> {
    return nll_loss.async(this, [input, target], options);
  }
}

/**
 * The former name of {@link NLLLoss}.
 *
 * $$\ell_n = -w_{y_n} x_{n,y_n}, \qquad \text{mean} = \frac{\sum_n \ell_n}{\sum_n w_{y_n}}$$
 *
 * Shapes: input (N, C, H, W) of log-probabilities, target (N, H, W), int64; `weight` (C); output a scalar, or target's shape
 * where `reduction` is `'none'`.
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

const KL_DIV = new Keywords<KLDivLossOptions>('KLDivLoss', kl_div, [
  'size_average',
  'reduce',
  'reduction',
  'log_target',
]);

/**
 * Kullback-Leibler divergence: `y (log y - x)` of log-probabilities `x`; with `log_target`, `exp(y) (y - x)`.
 *
 * $$\ell_n = \begin{cases} y_n (\log y_n - x_n) & \text{without log\_target} \\ e^{y_n} (y_n - x_n) & \text{with} \end{cases}$$
 *
 * `'mean'` divides by the number of elements, with a warning; `'batchmean'`, by the first dimension's size, is the
 * divergence as defined.
 *
 * Shapes: input (*), log-probabilities, target as input; output a scalar, or (*) where `reduction` is `'none'`.
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
export class KLDivLoss extends _Loss {
  static readonly signature = KL_DIV.signature;
  log_target: boolean;

  constructor(options?: Given<KLDivLossOptions>);
  constructor(...args: unknown[]) {
    const values = KL_DIV.read(args);
    super(values);
    this.log_target = values.log_target;
  }

  override forward(input: Tensor, target: Tensor): Tensor {
    return kl_div.with(this, input, target);
  }

  override forwardAsync(input: Tensor, target: Tensor, options?: AsyncOptions): Promise<Tensor> {
    return kl_div.async(this, [input, target], options);
  }
}

const BCE = new Keywords<BCELossOptions>('BCELoss', binary_cross_entropy, [
  'weight',
  'size_average',
  'reduce',
  'reduction',
]);

/**
 * Binary cross entropy of probabilities: `-w (y log x + (1 - y) log(1 - x))`, each logarithm at least -100.
 *
 * $$\ell_n = -w_n \left(y_n \log x_n + (1 - y_n) \log(1 - x_n)\right)$$
 *
 * Shapes: input (*), 0 to 1, target as input, `weight` broadcast to it; output a scalar, or (*) where `reduction` is
 * `'none'`. Other sizes of target are a RangeError (ValueError), inputs outside 0…1 a TorchError (RuntimeError).
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
export class BCELoss extends _WeightedLoss {
  static readonly signature = BCE.signature;

  constructor(options?: Given<BCELossOptions>);
  constructor(...args: unknown[]) {
    const values = BCE.read(args);
    super(values);
  }

  override forward(input: Tensor, target: Tensor): Tensor {
    return binary_cross_entropy.with(this, input, target);
  }

  override forwardAsync(input: Tensor, target: Tensor, options?: AsyncOptions): Promise<Tensor> {
    return binary_cross_entropy.async(this, [input, target], options);
  }
}

const BCE_WITH_LOGITS = new Keywords<BCEWithLogitsLossOptions>(
  'BCEWithLogitsLoss',
  binary_cross_entropy_with_logits,
  ['weight', 'size_average', 'reduce', 'reduction', 'pos_weight'],
);

/**
 * Binary cross entropy of logits, stable where a sigmoid and {@link BCELoss} are not:
 * `-w (pos_weight y log σ(x) + (1 - y) log(1 - σ(x)))`.
 *
 * $$\ell_n = -w_n \left(p_n\, y_n \log \sigma(x_n) + (1 - y_n) \log(1 - \sigma(x_n))\right), \qquad
 * \sigma(x) = \frac{1}{1 + e^{-x}}$$
 *
 * $p$ is `pos_weight`: above 1 it counts misses more, below 1 false alarms.
 *
 * Shapes: input (*), target as input, `weight` and `pos_weight` broadcast to it; output a scalar, or (*) where `reduction`
 * is `'none'`.
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
export class BCEWithLogitsLoss extends _Loss {
  static readonly signature = BCE_WITH_LOGITS.signature;
  declare weight: Tensor | null;
  declare pos_weight: Tensor | null;

  constructor(options?: Given<BCEWithLogitsLossOptions>);
  constructor(...args: unknown[]) {
    const values = BCE_WITH_LOGITS.read(args);
    super(values);
    this.register_buffer('weight', values.weight);
    this.register_buffer('pos_weight', values.pos_weight);
  }

  override forward(input: Tensor, target: Tensor): Tensor {
    return binary_cross_entropy_with_logits.with(this, input, target);
  }

  override forwardAsync(input: Tensor, target: Tensor, options?: AsyncOptions): Promise<Tensor> {
    return binary_cross_entropy_with_logits.async(this, [input, target], options);
  }
}

const MULTI_LABEL_MARGIN = new Keywords<ReductionOptions>(
  'MultiLabelMarginLoss',
  multilabel_margin_loss,
  ['size_average', 'reduce', 'reduction'],
);

/**
 * Hinge of many classes with many targets: the sum over targets `y_j` and other classes `i` of
 * `max(0, 1 - (x[y_j] - x[i])) / C`.
 *
 * $$\ell_n = \frac1C \sum_{j \in y_n} \sum_{i \notin y_n} \max\left(0,\, 1 - (x_{n,j} - x_{n,i})\right)$$
 *
 * Shapes: input (C) or (N, C); target as input, int64, the classes first and then -1; output a scalar, or (N) where
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
export class MultiLabelMarginLoss extends _Loss {
  static readonly signature = MULTI_LABEL_MARGIN.signature;

  constructor(options?: Given<ReductionOptions>);
  constructor(...args: unknown[]) {
    const values = MULTI_LABEL_MARGIN.read(args);
    super(values);
  }

  override forward(input: Tensor, target: Tensor): Tensor {
    return multilabel_margin_loss.with(this, input, target);
  }

  override forwardAsync(input: Tensor, target: Tensor, options?: AsyncOptions): Promise<Tensor> {
    return multilabel_margin_loss.async(this, [input, target], options);
  }
}

const MULTI_LABEL_SOFT_MARGIN = new Keywords<MultiLabelSoftMarginLossOptions>(
  'MultiLabelSoftMarginLoss',
  multilabel_soft_margin_loss,
  ['weight', 'size_average', 'reduce', 'reduction'],
);

/**
 * One-versus-all cross entropy of logits, averaged over classes: `-1/C Σ y log σ(x) + (1 - y) log(1 - σ(x))`.
 *
 * $$\ell_n = -\frac1C \sum_c w_c \left(y_{n,c} \log \sigma(x_{n,c}) + (1 - y_{n,c}) \log(1 - \sigma(x_{n,c}))\right)$$
 *
 * Shapes: input (N, C), target as input, 0 or 1, `weight` (C); output a scalar, or (N) where `reduction` is `'none'`.
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
export class MultiLabelSoftMarginLoss extends _WeightedLoss {
  static readonly signature = MULTI_LABEL_SOFT_MARGIN.signature;

  constructor(options?: Given<MultiLabelSoftMarginLossOptions>);
  constructor(...args: unknown[]) {
    const values = MULTI_LABEL_SOFT_MARGIN.read(args);
    super(values);
  }

  override forward(input: Tensor, target: Tensor): Tensor {
    return multilabel_soft_margin_loss.with(this, input, target);
  }

  override forwardAsync(input: Tensor, target: Tensor, options?: AsyncOptions): Promise<Tensor> {
    return multilabel_soft_margin_loss.async(this, [input, target], options);
  }
}

const MULTI_MARGIN = new Keywords<MultiMarginLossOptions>('MultiMarginLoss', multi_margin_loss, [
  'p',
  'margin',
  'weight',
  'size_average',
  'reduce',
  'reduction',
]);

/**
 * Hinge of many classes with one target: `Σ_{i≠y} max(0, margin - x[y] + x[i])^p / C`, times `weight[y]`.
 *
 * $$\ell_n = \frac{w_{y_n}}{C} \sum_{i \ne y_n} \max\left(0,\, \text{margin} - x_{n,y_n} + x_{n,i}\right)^p$$
 *
 * Shapes: input (C) or (N, C), target () or (N), int64, `weight` (C); output a scalar, or (N) where `reduction` is
 * `'none'`. `p` is 1 or 2, else a RangeError (ValueError).
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
export class MultiMarginLoss extends _WeightedLoss {
  static readonly signature = MULTI_MARGIN.signature;
  p: number | bigint;
  margin: number;

  constructor(options?: Given<MultiMarginLossOptions>);
  constructor(...args: unknown[]) {
    const values = MULTI_MARGIN.read(args);
    super(values);
    const { p, weight } = values;
    if (Number(p) !== 1 && Number(p) !== 2) throw valueError('only p == 1 and p == 2 supported');
    if (weight && weight.dim() !== 1) {
      throw valueError(
        `MultiMarginLoss: expected weight to be None or 1D tensor, got ${weight.dim()}D instead`,
      );
    }
    this.p = values.p;
    this.margin = values.margin;
  }

  override forward(input: Tensor, target: Tensor): Tensor {
    return multi_margin_loss.with(this, input, target);
  }

  override forwardAsync(input: Tensor, target: Tensor, options?: AsyncOptions): Promise<Tensor> {
    return multi_margin_loss.async(this, [input, target], options);
  }
}

const SOFT_MARGIN = new Keywords<ReductionOptions>('SoftMarginLoss', soft_margin_loss, [
  'size_average',
  'reduce',
  'reduction',
]);

/**
 * Logistic loss: `log(1 + exp(-y x))` for targets 1 and -1.
 *
 * $$\ell_n = \log\left(1 + e^{-y_n x_n}\right)$$
 *
 * Shapes: input (*), target as input; output a scalar, or (*) where `reduction` is `'none'`.
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
export class SoftMarginLoss extends _Loss {
  static readonly signature = SOFT_MARGIN.signature;

  constructor(options?: Given<ReductionOptions>);
  constructor(...args: unknown[]) {
    const values = SOFT_MARGIN.read(args);
    super(values);
  }

  override forward(input: Tensor, target: Tensor): Tensor {
    return soft_margin_loss.with(this, input, target);
  }

  override forwardAsync(input: Tensor, target: Tensor, options?: AsyncOptions): Promise<Tensor> {
    return soft_margin_loss.async(this, [input, target], options);
  }
}

const CTC = new Keywords<CTCLossOptions>('CTCLoss', ctc_loss, [
  'blank',
  'reduction',
  'zero_infinity',
]);

/**
 * Connectionist temporal classification: the negative log likelihood of all alignments of a sequence to its labels.
 * `'mean'` divides each by its target's length first.
 *
 * $$\ell = -\log \sum_{\pi} \prod_{t} p_t(\pi_t)$$
 *
 * The sum goes over every path $\pi$ of labels and blanks, one for each step, that reads as the target once repeated labels
 * are merged and blanks dropped; $p_t$ are the probabilities at step $t$. A target that no path fits costs infinity, or with
 * `zero_infinity` nothing.
 *
 * Shapes: log_probs (T, N, C) or (T, C); targets (N, S), or (sum of target_lengths) concatenated; the lengths (N) or (),
 * both tensors or both arrays; output a scalar, or (N) where `reduction` is `'none'`.
 *
 * See https://docs.pytorch.org/docs/stable/generated/torch.nn.CTCLoss.html
 *
 * @example
 * ```ts
 * const criterion = new nn.CTCLoss(); // class 0 is the blank
 * const logits = torch.zeros(4, 1, 3, { requires_grad: true }); // 4 steps, 1 sequence, 3 classes
 * const targets = torch.tensor([[1, 2]]);
 * const loss = criterion(logits.log_softmax(2), targets, [4], [2]);
 * loss.backward();
 * console.log(loss);
 * // tensor(0.8432, grad_fn=<MeanBackward0>)
 * console.log(logits.grad?.index(0));
 * // tensor([[ 0.0000, -0.1667,  0.1667]])
 * ```
 */
export class CTCLoss extends _Loss<
  [log_probs: Tensor, targets: Tensor, input_lengths: Lengths, target_lengths: Lengths]
> {
  static readonly signature = CTC.signature;
  blank: number | bigint;
  zero_infinity: boolean;

  constructor(options?: Given<CTCLossOptions>);
  constructor(...args: unknown[]) {
    const values = CTC.read(args);
    super(values);
    this.blank = values.blank;
    this.zero_infinity = values.zero_infinity;
  }

  override forward(
    log_probs: Tensor,
    targets: Tensor,
    input_lengths: Lengths,
    target_lengths: Lengths,
  ): Tensor {
    return ctc_loss.with(this, log_probs, targets, input_lengths, target_lengths);
  }

  override forwardAsync(
    log_probs: Tensor,
    targets: Tensor,
    input_lengths: Lengths,
    target_lengths: Lengths,
    options?: AsyncOptions,
  ): Promise<Tensor> {
    return ctc_loss.async(this, [log_probs, targets, input_lengths, target_lengths], options);
  }
}
