/** Distances of vectors. */
import { type Signature, torchFunction } from '../methods/signature';
import type { Tensor } from '../tensor';

/**
 * The cosine of the angle of vectors.
 *
 * Shapes: x1 and x2 (*, D, *), broadcast, D being the dimension `dim`; output (*, *).
 *
 * See https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.cosine_similarity.html
 */
export const cosine_similarity =
  torchFunction<
    Signature<
      [x1: Tensor, x2: Tensor, dim?: number, eps?: number],
      { x1: Tensor; x2: Tensor; dim?: number; eps?: number }
    >
  >('cosine_similarity');

/**
 * The p-norm of `x1 - x2 + eps` along the last dimension.
 *
 * Shapes: x1 and x2 (N, D) or (D), broadcast; output (N), or (N, 1) with keepdim.
 *
 * See https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.pairwise_distance.html
 */
export const pairwise_distance =
  torchFunction<
    Signature<
      [x1: Tensor, x2: Tensor, p?: number, eps?: number, keepdim?: boolean],
      { x1: Tensor; x2: Tensor; p?: number; eps?: number; keepdim?: boolean }
    >
  >('pairwise_distance');

/**
 * The p-norm distance of every pair of rows, as the upper triangle without the diagonal lists them.
 *
 * Shapes: input (N, M); output (N * (N - 1) / 2).
 *
 * See https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.pdist.html
 */
export const pdist =
  torchFunction<Signature<[input: Tensor, p?: number], { input: Tensor; p?: number }>>('pdist');
