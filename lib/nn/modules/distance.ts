/** Distance modules. Source: torch/nn/modules/distance.py. */

import { FLOAT, INT, optional, type Positional, Signature } from '../../dispatch/signature';
import type { Tensor } from '../../tensor/tensor';
import {
  cosine_similarity,
  PAIRWISE,
  PAIRWISE_OPTIONS,
  type Pairwise,
  pairwise_distance,
} from '../functional/distance';
import { attributeLayer } from './layer';
import { Module } from './module';

export interface PairwiseDistanceOptions {
  /** The order of the norm. Default: 2. */
  p?: number | undefined;
  /** Added to the differences, so that no distance is 0. Default: 1e-6. */
  eps?: number | undefined;
  /** Keeps the dimension, with size 1. Default: false. */
  keepdim?: boolean | undefined;
}

export interface CosineSimilarityOptions {
  /** The dimension that holds the vectors. Default: 1. */
  dim?: number | undefined;
  /** The smallest norm to divide by. Default: 1e-8. */
  eps?: number | undefined;
}

const PAIRWISE_DISTANCE = new Signature('PairwiseDistance', PAIRWISE_OPTIONS);

/**
 * Computes the p-norm of `x1 - x2 + eps` along the last dimension.
 *
 * Shapes: x1 and x2 (N, D) or (D); output (N) or (), with keepdim (N, 1) or (1).
 *
 * See https://docs.pytorch.org/docs/stable/generated/torch.nn.PairwiseDistance.html
 */
export class PairwiseDistance extends Module<[x1: Tensor, x2: Tensor], Tensor> {
  static readonly signature = PAIRWISE_DISTANCE.description;
  /** The order of the norm, `p`. */
  norm: number;
  eps: number;
  keepdim: boolean;

  constructor(
    ...args: Positional<[], [p: 'p', eps: 'eps', keepdim: 'keepdim'], PairwiseDistanceOptions>
  ) {
    const { p, eps, keepdim } = PAIRWISE_DISTANCE.read(args);
    super();
    this.norm = p;
    this.eps = eps;
    this.keepdim = keepdim;
  }

  override forward(x1: Tensor, x2: Tensor): Tensor {
    return pairwise_distance(x1, x2, this.norm, this.eps, this.keepdim);
  }

  /** @internal */
  get [PAIRWISE](): Pairwise | undefined {
    const { norm, eps, keepdim } = this;
    const isOriginal = this.forward === PairwiseDistance.prototype.forward;
    const isValid =
      typeof norm === 'number' && typeof eps === 'number' && typeof keepdim === 'boolean';
    return isOriginal && isValid ? [norm, eps, keepdim] : undefined;
  }
}

const COSINE_SIMILARITY = { dim: optional(INT, 1), eps: optional(FLOAT, 1e-8) };

/**
 * Computes the cosine of the angle between vectors along a dimension.
 *
 * Shapes: x1 and x2 (*, D, *), where D is the dimension `dim`; output (*, *).
 *
 * See https://docs.pytorch.org/docs/stable/generated/torch.nn.CosineSimilarity.html
 */
export class CosineSimilarity extends attributeLayer<
  Positional<[], [dim: 'dim', eps: 'eps'], CosineSimilarityOptions>,
  typeof COSINE_SIMILARITY,
  [x1: Tensor, x2: Tensor]
>('CosineSimilarity', COSINE_SIMILARITY) {
  override forward(x1: Tensor, x2: Tensor): Tensor {
    return cosine_similarity(x1, x2, this.dim, this.eps);
  }
}
