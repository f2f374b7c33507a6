/** Distances between vectors. */
import { valueError } from '../../bindings/errors';
import { bind, type Callee } from '../../dispatch/arguments';
import { operator, type Signature, type TorchFunction, torchFunction } from '../methods/signature';
import type { Tensor } from '../tensor';

/**
 * Returns the cosine of the angle between vectors.
 *
 * Shapes: x1 and x2 (*, D, *), broadcast, where D is the dimension `dim`; output (*, *).
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
 * Returns the p-norm of `x1 - x2 + eps` along the last dimension.
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
 * Returns the p-norm distance of every pair of rows, in the order of the upper triangle without the diagonal.
 *
 * Shapes: input (N, M); output (N * (N - 1) / 2).
 *
 * See https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.pdist.html
 */
export const pdist =
  torchFunction<Signature<[input: Tensor, p?: number], { input: Tensor; p?: number }>>('pdist');

const distances = operator('cdist');

const COMPUTE_MODES = {
  use_mm_for_euclid_dist_if_necessary: null,
  use_mm_for_euclid_dist: 1,
  donot_use_mm_for_euclid_dist: 2,
} as const;
type ComputeMode = keyof typeof COMPUTE_MODES;

const CDIST: Callee = {
  name: 'cdist',
  parameters: [
    { name: 'x1', required: true },
    { name: 'x2', required: true },
    { name: 'p' },
    { name: 'compute_mode' },
  ],
};

/** https://docs.pytorch.org/docs/stable/generated/torch.cdist.html */
export const cdist = ((...args: unknown[]): Tensor => {
  const [x1, x2, p = 2, mode = 'use_mm_for_euclid_dist_if_necessary'] = bind(CDIST, args);
  const code = COMPUTE_MODES[mode as ComputeMode];
  if (code === undefined) throw valueError(`${mode} is not a valid value for compute_mode`);
  return distances(x1, x2, p, code);
}) as TorchFunction<
  Signature<
    [x1: Tensor, x2: Tensor, p?: number, compute_mode?: ComputeMode],
    { x1: Tensor; x2: Tensor; p?: number; compute_mode?: ComputeMode }
  >
>;
