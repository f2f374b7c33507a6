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
  reductionOf,
  SIZE_AVERAGE,
} from './types';

/** Negative log likelihood of log-probabilities. See https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.nll_loss.html */
export const nll_loss = defineLoss(
  'nll_loss',
  INPUT_AND_TARGET,
  {
    /** A factor for each class, (C). Default: null. */
    weight: OPTIONAL_TENSOR,
    size_average: SIZE_AVERAGE,
    /** A target that does not count. Default: -100. */
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

/** Cross entropy of logits and class indices or probabilities. See https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.cross_entropy.html */
export const cross_entropy = defineLoss(
  'cross_entropy',
  INPUT_AND_TARGET,
  {
    /** A factor for each class, (C). Default: null. */
    weight: OPTIONAL_TENSOR,
    size_average: SIZE_AVERAGE,
    /** A class index that does not count. Default: -100. */
    ignore_index: int(-100),
    reduce: REDUCE,
    reduction: REDUCTION,
    /** How much of the target is spread over all classes, 0 to 1. Default: 0. */
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
 * Cross entropy of a linear layer's outputs.
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
    /** (C) or (C, d1, …, dK). Default: null. */
    linear_bias: OPTIONAL_TENSOR,
    /** A factor for each class, (C). Default: null. */
    weight: OPTIONAL_TENSOR,
    reduction: REDUCTION,
    /** A class index that does not count; null is none. Default: null. */
    ignore_index: OPTIONAL_INT,
    /** How much of the target is spread over all classes, 0 to 1. Default: 0. */
    label_smoothing: float(0),
    /** How to compute in chunks, which takes less memory. Default: null, all at once. */
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

/** Kullback-Leibler divergence of log-probabilities. See https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.kl_div.html */
export const kl_div = defineLoss(
  'kl_div',
  INPUT_AND_TARGET,
  {
    size_average: SIZE_AVERAGE,
    reduce: REDUCE,
    reduction: reductionOf<Reduction | 'batchmean'>(),
    /** Whether target holds log-probabilities too. Default: false. */
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

/** Cross entropy of probabilities. See https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.binary_cross_entropy.html */
export const binary_cross_entropy = defineLoss(
  'binary_cross_entropy',
  INPUT_AND_TARGET,
  {
    /** A factor for each element, broadcast to target's size. Default: null. */
    weight: OPTIONAL_TENSOR,
    size_average: SIZE_AVERAGE,
    reduce: REDUCE,
    reduction: REDUCTION,
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

/** Cross entropy of logits, each its own two classes. See https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.binary_cross_entropy_with_logits.html */
export const binary_cross_entropy_with_logits = defineLoss(
  'binary_cross_entropy_with_logits',
  INPUT_AND_TARGET,
  {
    /** A factor for each element, broadcast to target's size. Default: null. */
    weight: OPTIONAL_TENSOR,
    size_average: SIZE_AVERAGE,
    reduce: REDUCE,
    reduction: REDUCTION,
    /** A factor for the positive examples, broadcast to target's size. Default: null. */
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

/** Hinge of many classes with many targets. See https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.multilabel_margin_loss.html */
export const multilabel_margin_loss = defineLoss(
  'multilabel_margin_loss',
  INPUT_AND_TARGET,
  { size_average: SIZE_AVERAGE, reduce: REDUCE, reduction: REDUCTION },
  (native, at, of, input, target) =>
    native.multilabel_margin_loss(at.input(input), at.target(target), at.reduction(of)),
);
export type MultiLabelMarginLossOptions = OptionsOf<typeof multilabel_margin_loss.options>;

/** One-versus-all cross entropy of logits, averaged over classes. See https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.multilabel_soft_margin_loss.html */
export const multilabel_soft_margin_loss = defineLoss(
  'multilabel_soft_margin_loss',
  INPUT_AND_TARGET,
  {
    /** A factor for each class, (C). Default: null. */
    weight: OPTIONAL_TENSOR,
    size_average: SIZE_AVERAGE,
    reduce: REDUCE,
    reduction: REDUCTION,
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

/** Hinge of many classes with one target. See https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.multi_margin_loss.html */
export const multi_margin_loss = defineLoss(
  'multi_margin_loss',
  INPUT_AND_TARGET,
  {
    /** The exponent, 1 or 2. Default: 1. */
    p: int(1),
    /** Default: 1. */
    margin: float(1),
    /** A factor for each class, (C). Default: null. */
    weight: OPTIONAL_TENSOR,
    size_average: SIZE_AVERAGE,
    reduce: REDUCE,
    reduction: REDUCTION,
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

/** Logistic loss of two classes, -1 and 1. See https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.soft_margin_loss.html */
export const soft_margin_loss = defineLoss(
  'soft_margin_loss',
  INPUT_AND_TARGET,
  { size_average: SIZE_AVERAGE, reduce: REDUCE, reduction: REDUCTION },
  (native, at, of, input, target) =>
    native.soft_margin_loss(at.input(input), at.target(target), at.reduction(of)),
);
export type SoftMarginLossOptions = OptionsOf<typeof soft_margin_loss.options>;

/** Connectionist temporal classification. See https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.ctc_loss.html */
export const ctc_loss = defineLoss(
  'ctc_loss',
  inputs<[log_probs: Tensor, targets: Tensor, input_lengths: Lengths, target_lengths: Lengths]>()({
    log_probs: INPUT,
    targets: INPUT,
    input_lengths: LENGTHS,
    target_lengths: LENGTHS,
  }),
  {
    /** The class that stands for no label. Default: 0. */
    blank: int(0),
    reduction: REDUCTION,
    /** Whether infinite losses and their gradients are zeros. Default: false. */
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
