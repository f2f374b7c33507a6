/**
 * Loss functions for embeddings (similarity, ranking, triplets): their parameters, defaults and native calls.
 *
 * The classes in ../../modules/loss document the formulas and shapes. Source of names, order and defaults:
 * torch/nn/functional.py. Errors are Python's: RangeError (ValueError) for a value or shape that the function checks,
 * TorchError (RuntimeError) for one that its kernel checks, TypeError for an argument of the wrong type.
 */

import type { Tensor } from '../../../tensor/tensor';
import { pairwiseOf } from '../distance';
import { defineLoss, INPUT_AND_TARGET, inputs, type OptionsOf } from './definition';
import { bool, DISTANCE, float, INPUT, REDUCTION, REDUCTION_OPTIONS } from './types';

const TWO_INPUTS_AND_TARGET = inputs<[input1: Tensor, input2: Tensor, target: Tensor]>()({
  input1: INPUT,
  input2: INPUT,
  target: INPUT,
});
const TRIPLET = inputs<[anchor: Tensor, positive: Tensor, negative: Tensor]>()({
  anchor: INPUT,
  positive: INPUT,
  negative: INPUT,
});

/**
 * Returns the hinge loss of distances, for the targets 1 and -1. See
 * https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.hinge_embedding_loss.html
 */
export const hinge_embedding_loss = defineLoss(
  'hinge_embedding_loss',
  INPUT_AND_TARGET,
  {
    /** The margin. Default: 1. */
    margin: float(1),
    ...REDUCTION_OPTIONS,
  },
  (native, at, of, input, target) =>
    native.hinge_embedding_loss(
      at.input(input),
      at.target(target),
      at.margin(of.margin),
      at.reduction(of),
    ),
);
export type HingeEmbeddingLossOptions = OptionsOf<typeof hinge_embedding_loss.options>;

/**
 * Returns the cosine distance of pairs, for the targets 1 and -1. See
 * https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.cosine_embedding_loss.html
 */
export const cosine_embedding_loss = defineLoss(
  'cosine_embedding_loss',
  TWO_INPUTS_AND_TARGET,
  {
    /** The margin, from -1 to 1. Default: 0. */
    margin: float(0),
    ...REDUCTION_OPTIONS,
  },
  (native, at, of, input1, input2, target) =>
    native.cosine_embedding_loss(
      at.input1(input1),
      at.input2(input2),
      at.target(target),
      at.margin(of.margin),
      at.reduction(of),
    ),
);
export type CosineEmbeddingLossOptions = OptionsOf<typeof cosine_embedding_loss.options>;

/**
 * Returns the ranking loss of pairs: target 1 if the first input should rank higher, -1 if the second. See
 * https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.margin_ranking_loss.html
 */
export const margin_ranking_loss = defineLoss(
  'margin_ranking_loss',
  TWO_INPUTS_AND_TARGET,
  {
    /** The margin. Default: 0. */
    margin: float(0),
    ...REDUCTION_OPTIONS,
  },
  (native, at, of, input1, input2, target) =>
    native.margin_ranking_loss(
      at.input1(input1),
      at.input2(input2),
      at.target(target),
      at.margin(of.margin),
      at.reduction(of),
    ),
);
export type MarginRankingLossOptions = OptionsOf<typeof margin_ranking_loss.options>;

/**
 * Compares the distance to a positive example with the distance to a negative example. See
 * https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.triplet_margin_loss.html
 */
export const triplet_margin_loss = defineLoss(
  'triplet_margin_loss',
  TRIPLET,
  {
    /** The margin, greater than 0. Default: 1. */
    margin: float(1),
    /** The order of the norm. Default: 2. */
    p: float(2),
    /** Added to the differences. Default: 1e-6. */
    eps: float(1e-6),
    /**
     * Whether the distance between the two examples replaces the anchor's distance to the negative example if it is
     * smaller. Default: false.
     */
    swap: bool(false),
    ...REDUCTION_OPTIONS,
  },
  (native, at, of, anchor, positive, negative) =>
    native.triplet_margin_loss(
      at.anchor(anchor),
      at.positive(positive),
      at.negative(negative),
      at.margin(of.margin),
      at.p(of.p),
      at.eps(of.eps),
      at.swap(of.swap),
      at.reduction(of),
    ),
);
export type TripletMarginLossOptions = OptionsOf<typeof triplet_margin_loss.options>;

/**
 * Returns the triplet loss with a custom distance function. See
 * https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.triplet_margin_with_distance_loss.html
 */
export const triplet_margin_with_distance_loss = defineLoss(
  'triplet_margin_with_distance_loss',
  TRIPLET,
  {
    /** The distance function. Default: null, torch.pairwise_distance. */
    distance_function: DISTANCE,
    /** The margin, greater than 0. Default: 1. */
    margin: float(1),
    /**
     * Whether the distance between the two examples replaces the anchor's distance to the negative example if it is
     * smaller. Default: false.
     */
    swap: bool(false),
    reduction: REDUCTION,
  },
  (native, at, of, anchor, positive, negative) => {
    const inputs = [at.anchor(anchor), at.positive(positive), at.negative(negative)] as const;
    const pairwise = pairwiseOf(of.distance_function);
    const distance = pairwise ? null : at.distance_function(of.distance_function);
    const rest = [at.margin(of.margin), at.swap(of.swap), at.reduction(of)] as const;
    return distance
      ? native.triplet_margin_with_distance_loss(...inputs, distance, ...rest)
      : native.triplet_margin_with_pairwise_distance_loss(...inputs, ...pairwise!, ...rest);
  },
);
export type TripletMarginWithDistanceLossOptions = OptionsOf<
  typeof triplet_margin_with_distance_loss.options
>;
