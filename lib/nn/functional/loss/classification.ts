/**
 * The loss functions of classification: parameters, defaults, and the native call that computes them.
 *
 * What each computes, with shapes, stands with its class in ../../modules/loss. Source of names, order and defaults:
 * torch/nn/functional.py. Errors are Python's: RangeError (ValueError) for a value or shape that the function refuses,
 * TorchError (RuntimeError) for one that its kernel refuses, TypeError for an argument of another type.
 */

import { isSince, lacking } from '../../../bindings/libtorch/versions';
import { libtorch } from '../../../bindings/native';
import type { Tensor } from '../../../tensor/tensor';
import { LinearCrossEntropyOptions } from '../../modules/loss/linear_cross_entropy_options';
import {
  defineLoss,
  type InputAndTarget,
  type Lengths,
  REDUCE,
  REDUCTION,
  type Reduction,
  type ReductionOption,
  type ReductionOptions,
  SIZE_AVERAGE,
  WEIGHT,
} from './definition';
import { native } from './door';

export interface NLLLossOptions extends ReductionOptions {
  /** A factor for each class, (C). Default: null. */
  weight?: Tensor | null;
  /** A target that does not count. Default: -100. */
  ignore_index?: number | bigint;
}

/** Negative log likelihood of log-probabilities. See https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.nll_loss.html */
export const nll_loss = defineLoss<InputAndTarget, NLLLossOptions>(
  'nll_loss',
  ['input', 'target'],
  [WEIGHT, SIZE_AVERAGE, ['ignore_index', -100], REDUCE, REDUCTION],
  (at, values, input, target) =>
    native.nll_loss(
      at.tensor(input, 'input'),
      at.tensor(target, 'target'),
      at.optionalTensor(values.weight, 'weight'),
      at.int(values.ignore_index, 'ignore_index'),
      at.reduction(values),
    ),
);

export interface CrossEntropyLossOptions extends ReductionOptions {
  /** A factor for each class, (C). Default: null. */
  weight?: Tensor | null;
  /** A class index that does not count. Default: -100. */
  ignore_index?: number | bigint;
  /** How much of the target is spread over all classes, 0 to 1. Default: 0. */
  label_smoothing?: number;
}

/** Cross entropy of logits and class indices or probabilities. See https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.cross_entropy.html */
export const cross_entropy = defineLoss<InputAndTarget, CrossEntropyLossOptions>(
  'cross_entropy',
  ['input', 'target'],
  [WEIGHT, SIZE_AVERAGE, ['ignore_index', -100], REDUCE, REDUCTION, ['label_smoothing', 0]],
  (at, values, input, target) =>
    native.cross_entropy(
      at.tensor(input, 'input'),
      at.tensor(target, 'target'),
      at.optionalTensor(values.weight, 'weight'),
      at.int(values.ignore_index, 'ignore_index'),
      at.reduction(values),
      at.float(values.label_smoothing, 'label_smoothing'),
    ),
);

const SINCE = '2.13';
const IS_LINEAR_THERE = isSince(SINCE, libtorch.version);

export interface LinearCrossEntropyLossOptions extends ReductionOption {
  /** (C) or (C, d1, …, dK). Default: null. */
  linear_bias?: Tensor | null;
  /** A factor for each class, (C). Default: null. */
  weight?: Tensor | null;
  /** A class index that does not count; null is none. Default: null. */
  ignore_index?: number | bigint | null;
  /** How much of the target is spread over all classes, 0 to 1. Default: 0. */
  label_smoothing?: number;
  /** How to compute in chunks, which takes less memory. Default: null, all at once. */
  options?: LinearCrossEntropyOptions | null;
}

/**
 * Cross entropy of a linear layer's outputs.
 *
 * See https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.linear_cross_entropy.html
 */
export const linear_cross_entropy = defineLoss<
  [input: Tensor, linear_weight: Tensor, target: Tensor],
  LinearCrossEntropyLossOptions
>(
  'linear_cross_entropy',
  ['input', 'linear_weight', 'target'],
  [
    ['linear_bias', null],
    WEIGHT,
    REDUCTION,
    ['ignore_index', null],
    ['label_smoothing', 0],
    ['options', null],
  ],
  (at, values, input, linear_weight, target) => {
    if (!IS_LINEAR_THERE) {
      throw lacking('torch.nn.functional', 'linear_cross_entropy', SINCE, libtorch.version);
    }
    const options = at.optionalInstance(values.options, 'options', LinearCrossEntropyOptions);
    return native.linear_cross_entropy(
      at.tensor(input, 'input'),
      at.tensor(linear_weight, 'linear_weight'),
      at.tensor(target, 'target'),
      at.optionalTensor(values.linear_bias, 'linear_bias'),
      at.optionalTensor(values.weight, 'weight'),
      at.reduction(values),
      at.optionalInt(values.ignore_index, 'ignore_index'),
      at.float(values.label_smoothing, 'label_smoothing'),
      options && LinearCrossEntropyOptions.lower(options),
    );
  },
);

export interface KLDivLossOptions extends ReductionOptions<Reduction | 'batchmean'> {
  /** Whether target holds log-probabilities too. Default: false. */
  log_target?: boolean;
}

/** Kullback-Leibler divergence of log-probabilities. See https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.kl_div.html */
export const kl_div = defineLoss<InputAndTarget, KLDivLossOptions>(
  'kl_div',
  ['input', 'target'],
  [SIZE_AVERAGE, REDUCE, REDUCTION, ['log_target', false]],
  (at, values, input, target) =>
    native.kl_div(
      at.tensor(input, 'input'),
      at.tensor(target, 'target'),
      at.reduction(values),
      at.bool(values.log_target, 'log_target'),
    ),
);

export interface BCELossOptions extends ReductionOptions {
  /** A factor for each element, broadcast to target's size. Default: null. */
  weight?: Tensor | null;
}

/** Cross entropy of probabilities. See https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.binary_cross_entropy.html */
export const binary_cross_entropy = defineLoss<InputAndTarget, BCELossOptions>(
  'binary_cross_entropy',
  ['input', 'target'],
  [WEIGHT, SIZE_AVERAGE, REDUCE, REDUCTION],
  (at, values, input, target) =>
    native.binary_cross_entropy(
      at.tensor(input, 'input'),
      at.tensor(target, 'target'),
      at.optionalTensor(values.weight, 'weight'),
      at.reduction(values),
    ),
);

export interface BCEWithLogitsLossOptions extends ReductionOptions {
  /** A factor for each element, broadcast to target's size. Default: null. */
  weight?: Tensor | null;
  /** A factor for the positive examples, broadcast to target's size. Default: null. */
  pos_weight?: Tensor | null;
}

/** Cross entropy of logits, each its own two classes. See https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.binary_cross_entropy_with_logits.html */
export const binary_cross_entropy_with_logits = defineLoss<
  InputAndTarget,
  BCEWithLogitsLossOptions
>(
  'binary_cross_entropy_with_logits',
  ['input', 'target'],
  [WEIGHT, SIZE_AVERAGE, REDUCE, REDUCTION, ['pos_weight', null]],
  (at, values, input, target) =>
    native.binary_cross_entropy_with_logits(
      at.tensor(input, 'input'),
      at.tensor(target, 'target'),
      at.optionalTensor(values.weight, 'weight'),
      at.reduction(values),
      at.optionalTensor(values.pos_weight, 'pos_weight'),
    ),
);

export interface MultiLabelMarginLossOptions extends ReductionOptions {}

/** Hinge of many classes with many targets. See https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.multilabel_margin_loss.html */
export const multilabel_margin_loss = defineLoss<InputAndTarget, MultiLabelMarginLossOptions>(
  'multilabel_margin_loss',
  ['input', 'target'],
  [SIZE_AVERAGE, REDUCE, REDUCTION],
  (at, values, input, target) =>
    native.multilabel_margin_loss(
      at.tensor(input, 'input'),
      at.tensor(target, 'target'),
      at.reduction(values),
    ),
);

export interface MultiLabelSoftMarginLossOptions extends ReductionOptions {
  /** A factor for each class, (C). Default: null. */
  weight?: Tensor | null;
}

/** One-versus-all cross entropy of logits, averaged over classes. See https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.multilabel_soft_margin_loss.html */
export const multilabel_soft_margin_loss = defineLoss<
  InputAndTarget,
  MultiLabelSoftMarginLossOptions
>(
  'multilabel_soft_margin_loss',
  ['input', 'target'],
  [WEIGHT, SIZE_AVERAGE, REDUCE, REDUCTION],
  (at, values, input, target) =>
    native.multilabel_soft_margin_loss(
      at.tensor(input, 'input'),
      at.tensor(target, 'target'),
      at.optionalTensor(values.weight, 'weight'),
      at.stringReduction(values),
    ),
);

export interface MultiMarginLossOptions extends ReductionOptions {
  /** The exponent, 1 or 2. Default: 1. */
  p?: number | bigint;
  /** Default: 1. */
  margin?: number;
  /** A factor for each class, (C). Default: null. */
  weight?: Tensor | null;
}

/** Hinge of many classes with one target. See https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.multi_margin_loss.html */
export const multi_margin_loss = defineLoss<InputAndTarget, MultiMarginLossOptions>(
  'multi_margin_loss',
  ['input', 'target'],
  [['p', 1], ['margin', 1], WEIGHT, SIZE_AVERAGE, REDUCE, REDUCTION],
  (at, values, input, target) =>
    native.multi_margin_loss(
      at.tensor(input, 'input'),
      at.tensor(target, 'target'),
      at.int(values.p, 'p'),
      at.float(values.margin, 'margin'),
      at.optionalTensor(values.weight, 'weight'),
      at.reduction(values),
    ),
);

export interface SoftMarginLossOptions extends ReductionOptions {}

/** Logistic loss of two classes, -1 and 1. See https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.soft_margin_loss.html */
export const soft_margin_loss = defineLoss<InputAndTarget, SoftMarginLossOptions>(
  'soft_margin_loss',
  ['input', 'target'],
  [SIZE_AVERAGE, REDUCE, REDUCTION],
  (at, values, input, target) =>
    native.soft_margin_loss(
      at.tensor(input, 'input'),
      at.tensor(target, 'target'),
      at.reduction(values),
    ),
);

export interface CTCLossOptions extends ReductionOption {
  /** The class that stands for no label. Default: 0. */
  blank?: number | bigint;
  /** Whether infinite losses and their gradients are zeros. Default: false. */
  zero_infinity?: boolean;
}

/** Connectionist temporal classification. See https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.ctc_loss.html */
export const ctc_loss = defineLoss<
  [log_probs: Tensor, targets: Tensor, input_lengths: Lengths, target_lengths: Lengths],
  CTCLossOptions
>(
  'ctc_loss',
  ['log_probs', 'targets', 'input_lengths', 'target_lengths'],
  [['blank', 0], REDUCTION, ['zero_infinity', false]],
  (at, values, log_probs, targets, input_lengths, target_lengths) =>
    native.ctc_loss(
      at.tensor(log_probs, 'log_probs'),
      at.tensor(targets, 'targets'),
      at.lengths(input_lengths, 'input_lengths'),
      at.lengths(target_lengths, 'target_lengths'),
      at.int(values.blank, 'blank'),
      at.reduction(values),
      at.bool(values.zero_infinity, 'zero_infinity'),
    ),
);
