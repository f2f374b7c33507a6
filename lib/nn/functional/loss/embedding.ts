/**
 * The loss functions of embeddings: similarity, ranking, triplets: parameters, defaults, and the native call that computes them.
 *
 * What each computes, with shapes, stands with its class in ../../modules/loss. Source of names, order and defaults:
 * torch/nn/functional.py. Errors are Python's: RangeError (ValueError) for a value or shape that the function refuses,
 * TorchError (RuntimeError) for one that its kernel refuses, TypeError for an argument of another type.
 */

import type { Tensor } from '../../../tensor/tensor';
import {
  type DistanceFunction,
  defineLoss,
  type InputAndTarget,
  pairwiseOf,
  REDUCE,
  REDUCTION,
  type ReductionOption,
  type ReductionOptions,
  SIZE_AVERAGE,
} from './definition';
import { native } from './door';

type TwoInputsAndTarget = [input1: Tensor, input2: Tensor, target: Tensor];
type Triplet = [anchor: Tensor, positive: Tensor, negative: Tensor];

export interface HingeEmbeddingLossOptions extends ReductionOptions {
  /** Default: 1. */
  margin?: number;
}

/** Hinge of distances, for targets 1 and -1. See https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.hinge_embedding_loss.html */
export const hinge_embedding_loss = defineLoss<InputAndTarget, HingeEmbeddingLossOptions>(
  'hinge_embedding_loss',
  ['input', 'target'],
  [['margin', 1], SIZE_AVERAGE, REDUCE, REDUCTION],
  (at, values, input, target) =>
    native.hinge_embedding_loss(
      at.tensor(input, 'input'),
      at.tensor(target, 'target'),
      at.float(values.margin, 'margin'),
      at.reduction(values),
    ),
);

export interface CosineEmbeddingLossOptions extends ReductionOptions {
  /** From -1 to 1. Default: 0. */
  margin?: number;
}

/** Cosine distance of pairs, for targets 1 and -1. See https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.cosine_embedding_loss.html */
export const cosine_embedding_loss = defineLoss<TwoInputsAndTarget, CosineEmbeddingLossOptions>(
  'cosine_embedding_loss',
  ['input1', 'input2', 'target'],
  [['margin', 0], SIZE_AVERAGE, REDUCE, REDUCTION],
  (at, values, input1, input2, target) =>
    native.cosine_embedding_loss(
      at.tensor(input1, 'input1'),
      at.tensor(input2, 'input2'),
      at.tensor(target, 'target'),
      at.float(values.margin, 'margin'),
      at.reduction(values),
    ),
);

export interface MarginRankingLossOptions extends ReductionOptions {
  /** Default: 0. */
  margin?: number;
}

/** Which of two inputs ranks higher, for targets 1 and -1. See https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.margin_ranking_loss.html */
export const margin_ranking_loss = defineLoss<TwoInputsAndTarget, MarginRankingLossOptions>(
  'margin_ranking_loss',
  ['input1', 'input2', 'target'],
  [['margin', 0], SIZE_AVERAGE, REDUCE, REDUCTION],
  (at, values, input1, input2, target) =>
    native.margin_ranking_loss(
      at.tensor(input1, 'input1'),
      at.tensor(input2, 'input2'),
      at.tensor(target, 'target'),
      at.float(values.margin, 'margin'),
      at.reduction(values),
    ),
);

export interface TripletMarginLossOptions extends ReductionOptions {
  /** Greater than 0. Default: 1. */
  margin?: number;
  /** Degree of the norm. Default: 2. */
  p?: number;
  /** Added to differences. Default: 1e-6. */
  eps?: number;
  /** Whether the distance of the two examples may stand in for the second. Default: false. */
  swap?: boolean;
}

/** Distance to a positive example against that to a negative one. See https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.triplet_margin_loss.html */
export const triplet_margin_loss = defineLoss<Triplet, TripletMarginLossOptions>(
  'triplet_margin_loss',
  ['anchor', 'positive', 'negative'],
  [['margin', 1], ['p', 2], ['eps', 1e-6], ['swap', false], SIZE_AVERAGE, REDUCE, REDUCTION],
  (at, values, anchor, positive, negative) =>
    native.triplet_margin_loss(
      at.tensor(anchor, 'anchor'),
      at.tensor(positive, 'positive'),
      at.tensor(negative, 'negative'),
      at.float(values.margin, 'margin'),
      at.float(values.p, 'p'),
      at.float(values.eps, 'eps'),
      at.bool(values.swap, 'swap'),
      at.reduction(values),
    ),
);

export interface TripletMarginWithDistanceLossOptions extends ReductionOption {
  /** Default: null, which is torch.pairwise_distance. */
  distance_function?: DistanceFunction | null;
  /** Greater than 0. Default: 1. */
  margin?: number;
  /** Whether the distance of the two examples may stand in for the second. Default: false. */
  swap?: boolean;
}

/** The triplet loss with a distance of your own. See https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.triplet_margin_with_distance_loss.html */
export const triplet_margin_with_distance_loss = defineLoss<
  Triplet,
  TripletMarginWithDistanceLossOptions
>(
  'triplet_margin_with_distance_loss',
  ['anchor', 'positive', 'negative'],
  [['distance_function', null], ['margin', 1], ['swap', false], REDUCTION],
  (at, values, anchor, positive, negative) => {
    const inputs = [
      at.tensor(anchor, 'anchor'),
      at.tensor(positive, 'positive'),
      at.tensor(negative, 'negative'),
    ] as const;
    const pairwise = pairwiseOf(values.distance_function);
    const distance = pairwise ? null : at.distance(values.distance_function, 'distance_function');
    const margin = at.float(values.margin, 'margin');
    const swap = at.bool(values.swap, 'swap');
    const rest = [margin, swap, at.reduction(values)] as const;
    return distance
      ? native.triplet_margin_with_distance_loss(...inputs, distance, ...rest)
      : native.triplet_margin_with_pairwise_distance_loss(...inputs, ...pairwise!, ...rest);
  },
);
