/**
 * Loss functions for classification: their parameters, defaults and native calls.
 *
 * The classes in ../../modules/loss document the formulas and shapes. Source of names, order and defaults:
 * torch/nn/functional.py. Errors are Python's: RangeError (ValueError) for a value or shape that the function checks,
 * TorchError (RuntimeError) for one that its kernel checks, TypeError for an argument of the wrong type.
 */

import { isSince, lacking } from '../../../bindings/libtorch/versions';
import { libtorch } from '../../../bindings/native';
import type { Tensor } from '../../../tensor/tensor';
import { LinearCrossEntropyOptions } from '../../modules/loss/linear_cross_entropy_options';
import { defineLoss, INPUT_AND_TARGET, inputs, type OptionsOf } from './definition';
import type { Reduction } from './reduction';
import {
  bool,
  float,
  INPUT,
  int,
  LENGTHS,
  type Lengths,
  OPTIONAL_INT,
  OPTIONAL_TENSOR,
  optionalInstance,
  REDUCE,
  REDUCTION,
  REDUCTION_OPTIONS,
  reductionOf,
  SIZE_AVERAGE,
} from './types';

/**
 * Returns the negative log likelihood of log-probabilities. See
 * https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.nll_loss.html
 */
export const nll_loss = defineLoss(
  'nll_loss',
  INPUT_AND_TARGET,
  {
    /** A weight for each class, of shape (C). Default: null. */
    weight: OPTIONAL_TENSOR,
    size_average: SIZE_AVERAGE,
    /** A target that is ignored. Default: -100. */
    ignore_index: int(-100),
    reduce: REDUCE,
    reduction: REDUCTION,
  },
  (native, at, of, input, target) =>
    native.nll_loss(
      at.input(input),
      at.target(target),
      at.weight(of.weight),
      at.ignore_index(of.ignore_index),
      at.reduction(of),
    ),
);
export type NLLLossOptions = OptionsOf<typeof nll_loss.options>;

/**
 * Returns the cross entropy between logits and class indices or probabilities. See
 * https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.cross_entropy.html
 */
export const cross_entropy = defineLoss(
  'cross_entropy',
  INPUT_AND_TARGET,
  {
    /** A weight for each class, of shape (C). Default: null. */
    weight: OPTIONAL_TENSOR,
    size_average: SIZE_AVERAGE,
    /** A class index that is ignored. Default: -100. */
    ignore_index: int(-100),
    reduce: REDUCE,
    reduction: REDUCTION,
    /** The share of the target that is spread over all classes, 0 to 1. Default: 0. */
    label_smoothing: float(0),
  },
  (native, at, of, input, target) =>
    native.cross_entropy(
      at.input(input),
      at.target(target),
      at.weight(of.weight),
      at.ignore_index(of.ignore_index),
      at.reduction(of),
      at.label_smoothing(of.label_smoothing),
    ),
);
export type CrossEntropyLossOptions = OptionsOf<typeof cross_entropy.options>;

const SINCE = '2.13';
const IS_LINEAR_THERE = isSince(SINCE, libtorch.version);

/**
 * Returns the cross entropy of a linear layer's output.
 *
 * See https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.linear_cross_entropy.html
 */
export const linear_cross_entropy = defineLoss(
  'linear_cross_entropy',
  inputs<[input: Tensor, linear_weight: Tensor, target: Tensor]>()({
    input: INPUT,
    linear_weight: INPUT,
    target: INPUT,
  }),
  {
    /** The layer's bias, of shape (C) or (C, d1, …, dK). Default: null. */
    linear_bias: OPTIONAL_TENSOR,
    /** A weight for each class, of shape (C). Default: null. */
    weight: OPTIONAL_TENSOR,
    reduction: REDUCTION,
    /** A class index that is ignored. Default: null, none. */
    ignore_index: OPTIONAL_INT,
    /** The share of the target that is spread over all classes, 0 to 1. Default: 0. */
    label_smoothing: float(0),
    /** Options for computing in chunks, which takes less memory. Default: null, without chunks. */
    options: optionalInstance(LinearCrossEntropyOptions, LinearCrossEntropyOptions.marshal),
  },
  (native, at, of, input, linear_weight, target) => {
    if (!IS_LINEAR_THERE) {
      throw lacking('torch.nn.functional', 'linear_cross_entropy', SINCE, libtorch.version);
    }
    const options = at.options(of.options);
    return native.linear_cross_entropy(
      at.input(input),
      at.linear_weight(linear_weight),
      at.target(target),
      at.linear_bias(of.linear_bias),
      at.weight(of.weight),
      at.reduction(of),
      at.ignore_index(of.ignore_index),
      at.label_smoothing(of.label_smoothing),
      options,
    );
  },
);
export type LinearCrossEntropyLossOptions = OptionsOf<typeof linear_cross_entropy.options>;

/**
 * Returns the Kullback-Leibler divergence of log-probabilities. See
 * https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.kl_div.html
 */
export const kl_div = defineLoss(
  'kl_div',
  INPUT_AND_TARGET,
  {
    size_average: SIZE_AVERAGE,
    reduce: REDUCE,
    reduction: reductionOf<Reduction | 'batchmean'>(),
    /** Whether the target holds log-probabilities, too. Default: false. */
    log_target: bool(false),
  },
  (native, at, of, input, target) =>
    native.kl_div(
      at.input(input),
      at.target(target),
      at.reduction(of),
      at.log_target(of.log_target),
    ),
);
export type KLDivLossOptions = OptionsOf<typeof kl_div.options>;

/**
 * Returns the binary cross entropy of probabilities. See
 * https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.binary_cross_entropy.html
 */
export const binary_cross_entropy = defineLoss(
  'binary_cross_entropy',
  INPUT_AND_TARGET,
  {
    /** A weight for each element, broadcast to the target's shape. Default: null. */
    weight: OPTIONAL_TENSOR,
    ...REDUCTION_OPTIONS,
  },
  (native, at, of, input, target) =>
    native.binary_cross_entropy(
      at.input(input),
      at.target(target),
      at.weight(of.weight),
      at.reduction(of),
    ),
);
export type BCELossOptions = OptionsOf<typeof binary_cross_entropy.options>;

/**
 * Returns the binary cross entropy of logits. See
 * https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.binary_cross_entropy_with_logits.html
 */
export const binary_cross_entropy_with_logits = defineLoss(
  'binary_cross_entropy_with_logits',
  INPUT_AND_TARGET,
  {
    /** A weight for each element, broadcast to the target's shape. Default: null. */
    weight: OPTIONAL_TENSOR,
    ...REDUCTION_OPTIONS,
    /** A weight for positive examples, broadcast to the target's shape. Default: null. */
    pos_weight: OPTIONAL_TENSOR,
  },
  (native, at, of, input, target) =>
    native.binary_cross_entropy_with_logits(
      at.input(input),
      at.target(target),
      at.weight(of.weight),
      at.reduction(of),
      at.pos_weight(of.pos_weight),
    ),
);
export type BCEWithLogitsLossOptions = OptionsOf<typeof binary_cross_entropy_with_logits.options>;

/**
 * Returns the multi-class hinge loss for several target classes. See
 * https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.multilabel_margin_loss.html
 */
export const multilabel_margin_loss = defineLoss(
  'multilabel_margin_loss',
  INPUT_AND_TARGET,
  REDUCTION_OPTIONS,
  (native, at, of, input, target) =>
    native.multilabel_margin_loss(at.input(input), at.target(target), at.reduction(of)),
);
export type MultiLabelMarginLossOptions = OptionsOf<typeof multilabel_margin_loss.options>;

/**
 * Returns the one-versus-all cross entropy of logits, averaged over the classes. See
 * https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.multilabel_soft_margin_loss.html
 */
export const multilabel_soft_margin_loss = defineLoss(
  'multilabel_soft_margin_loss',
  INPUT_AND_TARGET,
  {
    /** A weight for each class, of shape (C). Default: null. */
    weight: OPTIONAL_TENSOR,
    ...REDUCTION_OPTIONS,
  },
  (native, at, of, input, target) =>
    native.multilabel_soft_margin_loss(
      at.input(input),
      at.target(target),
      at.weight(of.weight),
      at.reduction(of),
    ),
);
export type MultiLabelSoftMarginLossOptions = OptionsOf<typeof multilabel_soft_margin_loss.options>;

/**
 * Returns the multi-class hinge loss for one target class. See
 * https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.multi_margin_loss.html
 */
export const multi_margin_loss = defineLoss(
  'multi_margin_loss',
  INPUT_AND_TARGET,
  {
    /** The exponent, 1 or 2. Default: 1. */
    p: int(1),
    /** The margin. Default: 1. */
    margin: float(1),
    /** A weight for each class, of shape (C). Default: null. */
    weight: OPTIONAL_TENSOR,
    ...REDUCTION_OPTIONS,
  },
  (native, at, of, input, target) =>
    native.multi_margin_loss(
      at.input(input),
      at.target(target),
      at.p(of.p),
      at.margin(of.margin),
      at.weight(of.weight),
      at.reduction(of),
    ),
);
export type MultiMarginLossOptions = OptionsOf<typeof multi_margin_loss.options>;

/**
 * Returns the logistic loss for the targets 1 and -1. See
 * https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.soft_margin_loss.html
 */
export const soft_margin_loss = defineLoss(
  'soft_margin_loss',
  INPUT_AND_TARGET,
  REDUCTION_OPTIONS,
  (native, at, of, input, target) =>
    native.soft_margin_loss(at.input(input), at.target(target), at.reduction(of)),
);
export type SoftMarginLossOptions = OptionsOf<typeof soft_margin_loss.options>;

/**
 * Returns the connectionist temporal classification loss. See
 * https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.ctc_loss.html
 */
export const ctc_loss = defineLoss(
  'ctc_loss',
  inputs<[log_probs: Tensor, targets: Tensor, input_lengths: Lengths, target_lengths: Lengths]>()({
    log_probs: INPUT,
    targets: INPUT,
    input_lengths: LENGTHS,
    target_lengths: LENGTHS,
  }),
  {
    /** The index of the blank label. Default: 0. */
    blank: int(0),
    reduction: REDUCTION,
    /** Whether infinite losses and their gradients become 0. Default: false. */
    zero_infinity: bool(false),
  },
  (native, at, of, log_probs, targets, input_lengths, target_lengths) =>
    native.ctc_loss(
      at.log_probs(log_probs),
      at.targets(targets),
      at.input_lengths(input_lengths),
      at.target_lengths(target_lengths),
      at.blank(of.blank),
      at.reduction(of),
      at.zero_infinity(of.zero_infinity),
    ),
);
export type CTCLossOptions = OptionsOf<typeof ctc_loss.options>;
