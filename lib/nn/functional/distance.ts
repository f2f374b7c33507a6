/** Distances and norms of vectors. Source: torch/nn/functional.py. */

import {
  BOOL,
  FLOAT,
  INT,
  INTS,
  nullable,
  optional,
  required,
  Signature,
  TENSOR,
  type Type,
} from '../../dispatch/signature';
import { asFloat } from '../../tensor/scalar';
import type { Tensor } from '../../tensor/tensor';
import { op } from '../ops';

export { cosine_similarity, pairwise_distance, pdist } from '../../tensor/functions/distance';

/** The options of `pairwise_distance`. */
export const PAIRWISE_OPTIONS = {
  p: optional(FLOAT, 2),
  eps: optional(FLOAT, 1e-6),
  keepdim: optional(BOOL, false),
};

/** The values of these options, in this order. */
export type Pairwise = readonly [p: number, eps: number, keepdim: boolean];

/**
 * Marks a distance function as torch.pairwise_distance, so that libtorch computes it without a call into JavaScript.
 */
export const PAIRWISE = Symbol('pairwise distance');

const { p, eps, keepdim } = PAIRWISE_OPTIONS;
const DEFAULT_PAIRWISE: Pairwise = [p.default, eps.default, keepdim.default];

/**
 * Returns the options of a distance function that is torch.pairwise_distance, or the defaults for null. Returns
 * undefined for any other function.
 */
export function pairwiseOf(distance: unknown): Pairwise | undefined {
  if (distance === null || distance === undefined) return DEFAULT_PAIRWISE;
  return (distance as { [PAIRWISE]?: Pairwise })[PAIRWISE];
}

export interface NormalizeOptions {
  /** The order of the norm. Default: 2. */
  p?: number | undefined;
  /** The dimension or dimensions along which the norm is computed. Default: 1. */
  dim?: number | readonly number[] | undefined;
  /** The smallest norm to divide by. Default: 1e-12. */
  eps?: number | undefined;
  /** The tensor to write the result into. Default: null, a new tensor. */
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
  out: nullable(TENSOR),
});

const divideInto = op<(self: Tensor, other: Tensor, options: { out: Tensor }) => Tensor>('div', [
  'out',
]);

/**
 * Divides the input by its p-norm along a dimension.
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
