/** Loss modules of embeddings: similarity, ranking, triplets. Source: torch/nn/modules/loss.py. */

import type { AsyncOptions } from '../../../async';
import { valueError } from '../../../errors';
import { floatRepr } from '../../../python';
import type { Tensor } from '../../../tensor';
import type { DistanceFunction, Given } from '../../functional/loss/definition';
import {
  type CosineEmbeddingLossOptions,
  cosine_embedding_loss,
  type HingeEmbeddingLossOptions,
  hinge_embedding_loss,
  type MarginRankingLossOptions,
  margin_ranking_loss,
  type TripletMarginLossOptions,
  type TripletMarginWithDistanceLossOptions,
  triplet_margin_loss,
  triplet_margin_with_distance_loss,
} from '../../functional/loss/embedding';
import { PairwiseDistance } from '../distance';
import { _Loss, Keywords } from './base';

function checkMargin(name: string, margin: number): void {
  if (margin <= 0) {
    throw valueError(
      `${name}: expected margin to be greater than 0, got ${floatRepr(margin)} instead`,
    );
  }
}

const HINGE_EMBEDDING = new Keywords<HingeEmbeddingLossOptions>(
  'HingeEmbeddingLoss',
  hinge_embedding_loss,
  ['margin', 'size_average', 'reduce', 'reduction'],
);

/**
 * For distances `x`: `x` where the target is 1, `max(0, margin - x)` where it is -1.
 *
 * Shapes: input (*), target as input; output a scalar, or (*) where `reduction` is `'none'`.
 *
 * See https://docs.pytorch.org/docs/stable/generated/torch.nn.HingeEmbeddingLoss.html
 */
export class HingeEmbeddingLoss extends _Loss {
  static readonly signature = HINGE_EMBEDDING.signature;
  margin: number;

  constructor(options?: Given<HingeEmbeddingLossOptions>);
  constructor(...args: unknown[]) {
    const values = HINGE_EMBEDDING.read(args);
    super(values);
    this.margin = values.margin;
  }

  override forward(input: Tensor, target: Tensor): Tensor {
    return hinge_embedding_loss.with(this, input, target);
  }

  override forwardAsync(input: Tensor, target: Tensor, options?: AsyncOptions): Promise<Tensor> {
    return hinge_embedding_loss.async(this, [input, target], options);
  }
}

const COSINE_EMBEDDING = new Keywords<CosineEmbeddingLossOptions>(
  'CosineEmbeddingLoss',
  cosine_embedding_loss,
  ['margin', 'size_average', 'reduce', 'reduction'],
);

/**
 * For pairs: `1 - cos(x1, x2)` where the target is 1, `max(0, cos(x1, x2) - margin)` where it is -1.
 *
 * Shapes: input1 and input2 (N, D) or (D), target (N) or (); output a scalar, or (N) where `reduction` is `'none'`.
 *
 * See https://docs.pytorch.org/docs/stable/generated/torch.nn.CosineEmbeddingLoss.html
 */
export class CosineEmbeddingLoss extends _Loss<[input1: Tensor, input2: Tensor, target: Tensor]> {
  static readonly signature = COSINE_EMBEDDING.signature;
  margin: number;

  constructor(options?: Given<CosineEmbeddingLossOptions>);
  constructor(...args: unknown[]) {
    const values = COSINE_EMBEDDING.read(args);
    super(values);
    this.margin = values.margin;
  }

  override forward(input1: Tensor, input2: Tensor, target: Tensor): Tensor {
    return cosine_embedding_loss.with(this, input1, input2, target);
  }

  override forwardAsync(
    input1: Tensor,
    input2: Tensor,
    target: Tensor,
    options?: AsyncOptions,
  ): Promise<Tensor> {
    return cosine_embedding_loss.async(this, [input1, input2, target], options);
  }
}

const MARGIN_RANKING = new Keywords<MarginRankingLossOptions>(
  'MarginRankingLoss',
  margin_ranking_loss,
  ['margin', 'size_average', 'reduce', 'reduction'],
);

/**
 * Whether `x1` ranks above `x2` as the target 1 or -1 says: `max(0, -y (x1 - x2) + margin)`.
 *
 * Shapes: input1, input2 and target (N) or (); output a scalar, or (N) where `reduction` is `'none'`.
 *
 * See https://docs.pytorch.org/docs/stable/generated/torch.nn.MarginRankingLoss.html
 */
export class MarginRankingLoss extends _Loss<[input1: Tensor, input2: Tensor, target: Tensor]> {
  static readonly signature = MARGIN_RANKING.signature;
  margin: number;

  constructor(options?: Given<MarginRankingLossOptions>);
  constructor(...args: unknown[]) {
    const values = MARGIN_RANKING.read(args);
    super(values);
    this.margin = values.margin;
  }

  override forward(input1: Tensor, input2: Tensor, target: Tensor): Tensor {
    return margin_ranking_loss.with(this, input1, input2, target);
  }

  override forwardAsync(
    input1: Tensor,
    input2: Tensor,
    target: Tensor,
    options?: AsyncOptions,
  ): Promise<Tensor> {
    return margin_ranking_loss.async(this, [input1, input2, target], options);
  }
}

const TRIPLET_MARGIN = new Keywords<TripletMarginLossOptions>(
  'TripletMarginLoss',
  triplet_margin_loss,
  ['margin', 'p', 'eps', 'swap', 'size_average', 'reduce', 'reduction'],
);

/**
 * `max(0, d(anchor, positive) - d(anchor, negative) + margin)` with the `p`-norm as distance.
 *
 * Shapes: anchor, positive and negative (N, D) or (D); output a scalar, or (N) where `reduction` is `'none'`. `margin` must
 * be positive, else a RangeError (ValueError).
 *
 * See https://docs.pytorch.org/docs/stable/generated/torch.nn.TripletMarginLoss.html
 */
export class TripletMarginLoss extends _Loss<[anchor: Tensor, positive: Tensor, negative: Tensor]> {
  static readonly signature = TRIPLET_MARGIN.signature;
  margin: number;
  p: number;
  eps: number;
  swap: boolean;

  constructor(options?: Given<TripletMarginLossOptions>);
  constructor(...args: unknown[]) {
    const values = TRIPLET_MARGIN.read(args);
    super(values);
    checkMargin('TripletMarginLoss', values.margin);
    this.margin = values.margin;
    this.p = values.p;
    this.eps = values.eps;
    this.swap = values.swap;
  }

  override forward(anchor: Tensor, positive: Tensor, negative: Tensor): Tensor {
    return triplet_margin_loss.with(this, anchor, positive, negative);
  }

  override forwardAsync(
    anchor: Tensor,
    positive: Tensor,
    negative: Tensor,
    options?: AsyncOptions,
  ): Promise<Tensor> {
    return triplet_margin_loss.async(this, [anchor, positive, negative], options);
  }
}

const TRIPLET_MARGIN_WITH_DISTANCE = new Keywords<TripletMarginWithDistanceLossOptions>(
  'TripletMarginWithDistanceLoss',
  triplet_margin_with_distance_loss,
  ['distance_function', 'margin', 'swap', 'reduction'],
);

/**
 * {@link TripletMarginLoss} with a distance of your own: a function of two tensors, called synchronously and
 * differentiated through; a module serves too. Default: {@link PairwiseDistance}.
 *
 * Shapes: anchor, positive and negative of as many dimensions as the distance takes; output a scalar, or as the distance
 * gives where `reduction` is `'none'`. `margin` must be positive, else a RangeError (ValueError).
 *
 * See https://docs.pytorch.org/docs/stable/generated/torch.nn.TripletMarginWithDistanceLoss.html
 */
export class TripletMarginWithDistanceLoss extends _Loss<
  [anchor: Tensor, positive: Tensor, negative: Tensor]
> {
  static readonly signature = TRIPLET_MARGIN_WITH_DISTANCE.signature;
  distance_function: DistanceFunction | null;
  margin: number;
  swap: boolean;

  constructor(options?: Given<TripletMarginWithDistanceLossOptions>);
  constructor(...args: unknown[]) {
    const values = TRIPLET_MARGIN_WITH_DISTANCE.read(args);
    super(values);
    checkMargin('TripletMarginWithDistanceLoss', values.margin);
    this.distance_function = values.distance_function ?? new PairwiseDistance();
    this.margin = values.margin;
    this.swap = values.swap;
  }

  override forward(anchor: Tensor, positive: Tensor, negative: Tensor): Tensor {
    return triplet_margin_with_distance_loss.with(this, anchor, positive, negative);
  }
}
