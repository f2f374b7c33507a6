/** Distances and norms of vectors. Source: torch/nn/functional.py. */
import { asFloat } from '../../tensor/scalar';
import type { Tensor } from '../../tensor/tensor';
import { op } from '../ops';
import {
  FLOAT,
  INT,
  INTS,
  optional,
  orNull,
  required,
  Signature,
  TENSOR,
  type Type,
} from '../signature';

export interface PairwiseDistanceOptions {
  /** The p of the norm. Default: 2. */
  p?: number | undefined;
  /** Added to the differences, so that none is 0. Default: 1e-6. */
  eps?: number | undefined;
  /** Keep the dimension, with size 1. Default: false. */
  keepdim?: boolean | undefined;
}

/**
 * The p-norm of `x1 - x2 + eps` along the last dimension.
 *
 * Shapes: x1 and x2 (N, D) or (D), broadcast; output (N), or (N, 1) with keepdim.
 *
 * See https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.pairwise_distance.html
 */
export const pairwise_distance = op<{
  (x1: Tensor, x2: Tensor, options?: PairwiseDistanceOptions): Tensor;
  (x1: Tensor, x2: Tensor, p: number, eps?: number, keepdim?: boolean): Tensor;
}>('pairwise_distance');

export interface CosineSimilarityOptions {
  /** Along which dimension the vectors lie. Default: 1. */
  dim?: number | undefined;
  /** The least norm that is divided by. Default: 1e-8. */
  eps?: number | undefined;
}

/**
 * The cosine of the angle of vectors.
 *
 * Shapes: x1 and x2 (*, D, *), broadcast, D being the dimension `dim`; output (*, *).
 *
 * See https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.cosine_similarity.html
 */
export const cosine_similarity = op<{
  (x1: Tensor, x2: Tensor, options?: CosineSimilarityOptions): Tensor;
  (x1: Tensor, x2: Tensor, dim: number, eps?: number): Tensor;
}>('cosine_similarity');

/**
 * The p-norm distance of every pair of rows, as the upper triangle without the diagonal lists them.
 *
 * Shapes: input (N, M); output (N * (N - 1) / 2).
 *
 * See https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.pdist.html
 */
export const pdist = op<(input: Tensor, p?: number | { p?: number }) => Tensor>('pdist', [''], {
  inputName: 'input',
});

export interface NormalizeOptions {
  /** The p of the norm. Default: 2. */
  p?: number | undefined;
  /** Along which dimension, or dimensions. Default: 1. */
  dim?: number | readonly number[] | undefined;
  /** The least norm that is divided by. Default: 1e-12. */
  eps?: number | undefined;
  /** Where the result goes. Default: null, a new tensor. */
  out?: Tensor | null | undefined;
}

const DIMENSIONS: Type<number | readonly number[]> = {
  expected: 'an integer or an array of integers',
  accepts: (value) => INT.accepts(value) || INTS.accepts(value),
};

const NORMALIZE = new Signature('normalize', {
  input: required(TENSOR),
  p: optional(FLOAT, 2),
  dim: optional(DIMENSIONS, 1),
  eps: optional(FLOAT, 1e-12),
  out: optional<Tensor | null>(orNull(TENSOR), null),
});

const divideInto = op<(self: Tensor, other: Tensor, options: { out: Tensor }) => Tensor>('div', [
  'out',
]);

/**
 * The input divided by its p-norm along a dimension.
 *
 * Shapes: input (*); output as input.
 *
 * See https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.normalize.html
 */
export function normalize(input: Tensor, options?: NormalizeOptions): Tensor;
export function normalize(
  input: Tensor,
  p: number,
  dim?: number | readonly number[],
  eps?: number,
): Tensor;
export function normalize(...args: unknown[]): Tensor {
  const { input, p, dim, eps, out } = NORMALIZE.read(args);
  const length = input.norm(asFloat(p), dim, true);
  if (out) return divideInto(input, length.clamp_min_(asFloat(eps)).expand_as(input), { out });
  return input.div(length.clamp_min(asFloat(eps)).expand_as(input));
}
