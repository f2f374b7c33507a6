/** Losses of embeddings: similarity, ranking, triplets. Source: torch/nn/modules/loss.py. */

import { valueError } from '../../../bindings/errors';
import type { Tensor } from '../../../tensor/tensor';
import { floatRepr } from '../../../utils/python';
import { pairwiseOf } from '../../functional/distance';
import type { Given, InputAndTarget } from '../../functional/loss/definition';
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
import { type FunctionalCall, lossClass } from './base';

type Triplet = [anchor: Tensor, positive: Tensor, negative: Tensor];

function checkMargin(name: string, margin: number): void {
  if (margin <= 0) {
    throw valueError(
      `${name}: expected margin to be greater than 0, got ${floatRepr(margin)} instead`,
    );
  }
}

/**
 * Computes the hinge loss of distances `x`: `x` for the target 1, `max(0, margin - x)` for the target -1.
 *
 * $$\ell_n = \begin{cases} x_n & y_n = 1 \\ \max(0,\, \text{margin} - x_n) & y_n = -1 \end{cases}$$
 *
 * Shapes: input (*); target as input; output a scalar, or (*) if `reduction` is `'none'`.
 *
 * See https://docs.pytorch.org/docs/stable/generated/torch.nn.HingeEmbeddingLoss.html
 *
 * @example
 * ```ts
 * const criterion = new nn.HingeEmbeddingLoss({ reduction: 'none' });
 * const distances = torch.tensor([0.25, 0.25, 1.5]);
 * const target = torch.tensor([1, -1, -1]);
 * console.log(criterion(distances, target));
 * // tensor([0.2500, 0.7500, 0.0000])
 * ```
 */
export class HingeEmbeddingLoss extends lossClass<InputAndTarget, HingeEmbeddingLossOptions>(
  'HingeEmbeddingLoss',
  hinge_embedding_loss,
  ['margin', 'size_average', 'reduce', 'reduction'],
) {
  override forward(input: Tensor, target: Tensor): Tensor {
    return hinge_embedding_loss.with(this, input, target);
  }
}

/**
 * Computes the cosine distance of pairs: `1 - cos(x1, x2)` for the target 1, `max(0, cos(x1, x2) - margin)` for the
 * target -1.
 *
 * $$\ell_n = \begin{cases} 1 - \cos(x_{1,n}, x_{2,n}) & y_n = 1 \\ \max(0,\, \cos(x_{1,n}, x_{2,n}) - \text{margin}) &
 * y_n = -1 \end{cases}$$
 *
 * Shapes: input1 and input2 (N, D) or (D); target (N) or (); output a scalar, or (N) if `reduction` is `'none'`.
 *
 * See https://docs.pytorch.org/docs/stable/generated/torch.nn.CosineEmbeddingLoss.html
 *
 * @example
 * ```ts
 * const criterion = new nn.CosineEmbeddingLoss({ reduction: 'none' });
 * const input1 = torch.tensor([[1, 0.5], [1, 0.5]]);
 * const input2 = torch.tensor([[0.5, 1], [0.5, 1]]);
 * console.log(criterion(input1, input2, torch.tensor([1, -1])));
 * // tensor([0.2000, 0.8000])
 * ```
 */
export class CosineEmbeddingLoss extends lossClass<
  [input1: Tensor, input2: Tensor, target: Tensor],
  CosineEmbeddingLossOptions
>('CosineEmbeddingLoss', cosine_embedding_loss, ['margin', 'size_average', 'reduce', 'reduction']) {
  override forward(input1: Tensor, input2: Tensor, target: Tensor): Tensor {
    return cosine_embedding_loss.with(this, input1, input2, target);
  }
}

/**
 * Computes the ranking loss `max(0, -y (x1 - x2) + margin)`. The target is 1 if `x1` should rank above `x2`, and -1 for
 * the reverse.
 *
 * $$\ell_n = \max\left(0,\, -y_n (x_{1,n} - x_{2,n}) + \text{margin}\right)$$
 *
 * Shapes: input1, input2 and target (N) or (); output a scalar, or (N) if `reduction` is `'none'`.
 *
 * See https://docs.pytorch.org/docs/stable/generated/torch.nn.MarginRankingLoss.html
 *
 * @example
 * ```ts
 * const criterion = new nn.MarginRankingLoss({ margin: 0.5, reduction: 'none' });
 * const better = torch.tensor([1.5, 0.25]);
 * const worse = torch.tensor([0.5, 0.75]);
 * console.log(criterion(better, worse, torch.ones(2)));
 * // tensor([0., 1.])
 * ```
 */
export class MarginRankingLoss extends lossClass<
  [input1: Tensor, input2: Tensor, target: Tensor],
  MarginRankingLossOptions
>('MarginRankingLoss', margin_ranking_loss, ['margin', 'size_average', 'reduce', 'reduction']) {
  override forward(input1: Tensor, input2: Tensor, target: Tensor): Tensor {
    return margin_ranking_loss.with(this, input1, input2, target);
  }
}

/**
 * Computes `max(0, d(anchor, positive) - d(anchor, negative) + margin)`, where the distance is the `p`-norm of the
 * difference.
 *
 * $$\ell_n = \max\left(0,\, d(a_n, p_n) - d(a_n, n_n) + \text{margin}\right), \qquad d(u, v) = \left\lVert u - v +
 * \varepsilon \right\rVert_p$$
 *
 * With `swap`, the smaller of $d(a_n, n_n)$ and $d(p_n, n_n)$ is used as the distance to the negative example.
 *
 * Shapes: anchor, positive and negative (N, D) or (D); output a scalar, or (N) if `reduction` is `'none'`. A `margin`
 * that is not positive throws a RangeError (ValueError).
 *
 * See https://docs.pytorch.org/docs/stable/generated/torch.nn.TripletMarginLoss.html
 *
 * @example
 * ```ts
 * const criterion = new nn.TripletMarginLoss({ margin: 1 });
 * const anchor = torch.zeros(1, 2, { requires_grad: true });
 * const positive = torch.tensor([[0.5, 0]]);
 * const negative = torch.tensor([[0, 1.25]]);
 * const loss = criterion(anchor, positive, negative);
 * loss.backward();
 * console.log(loss);
 * // tensor(0.2500, grad_fn=<MeanBackward0>)
 * console.log(anchor.grad);
 * // tensor([[-1.0000,  1.0000]])
 * ```
 */
export class TripletMarginLoss extends lossClass<Triplet, TripletMarginLossOptions>(
  'TripletMarginLoss',
  triplet_margin_loss,
  ['margin', 'p', 'eps', 'swap', 'size_average', 'reduce', 'reduction'],
) {
  constructor(options?: Given<TripletMarginLossOptions>) {
    super(options);
    checkMargin('TripletMarginLoss', this.margin);
  }

  override forward(anchor: Tensor, positive: Tensor, negative: Tensor): Tensor {
    return triplet_margin_loss.with(this, anchor, positive, negative);
  }
}

/**
 * Computes {@link TripletMarginLoss} with a custom distance function: a differentiable function of two tensors, or a
 * module. It is called synchronously. Default: {@link PairwiseDistance}.
 *
 * $$\ell_n = \max\left(0,\, d(a_n, p_n) - d(a_n, n_n) + \text{margin}\right)$$
 *
 * With `swap`, the smaller of $d(a_n, n_n)$ and $d(p_n, n_n)$ is used as the distance to the negative example.
 *
 * Shapes: anchor, positive and negative as the distance function takes them; output a scalar, or of the distance's
 * shape if `reduction` is `'none'`. A `margin` that is not positive throws a RangeError (ValueError).
 *
 * See https://docs.pytorch.org/docs/stable/generated/torch.nn.TripletMarginWithDistanceLoss.html
 *
 * @example
 * ```ts
 * const criterion = new nn.TripletMarginWithDistanceLoss({
 *   distance_function: (x, y) => x.sub(y).abs().sum(1), // city blocks
 * });
 * const anchor = torch.zeros(1, 2, { requires_grad: true });
 * const loss = criterion(anchor, torch.tensor([[0.5, 1]]), torch.tensor([[-1, 1.25]]));
 * loss.backward();
 * console.log(loss);
 * // tensor(0.2500, grad_fn=<MeanBackward0>)
 * console.log(anchor.grad);
 * // tensor([[-2.,  0.]])
 * ```
 */
export class TripletMarginWithDistanceLoss extends lossClass<
  Triplet,
  TripletMarginWithDistanceLossOptions
>('TripletMarginWithDistanceLoss', triplet_margin_with_distance_loss, [
  'distance_function',
  'margin',
  'swap',
  'reduction',
]) {
  constructor(options?: Given<TripletMarginWithDistanceLossOptions>) {
    super(options);
    checkMargin('TripletMarginWithDistanceLoss', this.margin);
    this.distance_function ??= new PairwiseDistance();
  }

  override forward(anchor: Tensor, positive: Tensor, negative: Tensor): Tensor {
    return triplet_margin_with_distance_loss.with(this, anchor, positive, negative);
  }

  /** A custom distance function runs on the event loop, so no job can run it. @internal */
  override _functionalCall(inputs: Triplet): FunctionalCall | undefined {
    return pairwiseOf(this.distance_function) && super._functionalCall(inputs);
  }
}
