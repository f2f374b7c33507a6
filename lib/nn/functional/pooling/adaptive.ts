/** Pooling with windows for a given size of the result. Source: torch/nn/functional.py. */
import { valueError } from '../../../bindings/errors';
import { define, required } from '../../../dispatch/signature';
import type { Tensor } from '../../../tensor/tensor';
import { op } from '../../ops';
import { OUTPUT_SIZE, type OutputSize, repeated, type Size } from '../../sizes';
import { type Dims, INPUT, type Indexing, RETURN_INDICES, type WithIndices } from './parameters';

type AdaptiveAvgPool = (input: Tensor, output_size: OutputSize) => Tensor;

type AdaptiveMaxPool = Indexing<[input: Tensor, output_size: OutputSize], [], object>;

/** Returns the size of each dimension: the input's in place of null. Source: `_list_with_default`. */
function filledSize(size: OutputSize, input: Tensor, dims: Dims): Size {
  if (typeof size === 'number') return repeated(size, dims);
  if (input.ndim <= size.length) {
    throw valueError(`Input dimension should be at least ${size.length + 1}`);
  }
  return size.map((each, d) => each ?? input.size(d - size.length));
}

const ADAPTIVE = { ...INPUT, output_size: required(OUTPUT_SIZE) };

function adaptiveAvgPool(dims: 2 | 3): AdaptiveAvgPool {
  const name = `adaptive_avg_pool${dims}d`;
  const compute = op<(input: Tensor, size: Size) => Tensor>(name);
  return define(name, ADAPTIVE, ({ input, output_size }) =>
    compute(input, filledSize(output_size, input, dims)),
  );
}

function adaptiveMaxPool(dims: Dims): AdaptiveMaxPool {
  const name = `adaptive_max_pool${dims}d`;
  const compute = op<(input: Tensor, size: OutputSize) => WithIndices>(name);
  return define(
    name,
    { ...ADAPTIVE, ...RETURN_INDICES },
    ({ input, output_size, return_indices }) => {
      const size = dims === 1 ? output_size : filledSize(output_size, input, dims);
      const results = compute(input, size);
      return return_indices ? results : results[0];
    },
  );
}

/**
 * Returns means of windows, chosen so that the result has a given size.
 *
 * Shapes: input (N, C, L) or (C, L); output (N, C, output_size) or (C, output_size).
 *
 * See https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.adaptive_avg_pool1d.html
 */
export const adaptive_avg_pool1d = op<(input: Tensor, output_size: Size) => Tensor>(
  'adaptive_avg_pool1d',
  [''],
  { inputName: 'input' },
);

/**
 * Returns means of windows, chosen so that the result has a given size.
 *
 * Shapes: input (N, C, H, W) or (C, H, W); output (N, C, *output_size) or (C, *output_size).
 *
 * See https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.adaptive_avg_pool2d.html
 */
export const adaptive_avg_pool2d = adaptiveAvgPool(2);

/**
 * Returns means of windows, chosen so that the result has a given size.
 *
 * Shapes: input (N, C, D, H, W) or (C, D, H, W); output (N, C, *output_size) or (C, *output_size).
 *
 * See https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.adaptive_avg_pool3d.html
 */
export const adaptive_avg_pool3d = adaptiveAvgPool(3);

/**
 * Returns the largest elements of windows, chosen so that the result has a given size.
 *
 * Shapes: input (N, C, L) or (C, L); output (N, C, output_size) or (C, output_size).
 *
 * See https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.adaptive_max_pool1d.html
 */
export const adaptive_max_pool1d = adaptiveMaxPool(1);

/**
 * Returns the largest elements of windows, chosen so that the result has a given size.
 *
 * Shapes: input (N, C, H, W) or (C, H, W); output (N, C, *output_size) or (C, *output_size).
 *
 * See https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.adaptive_max_pool2d.html
 */
export const adaptive_max_pool2d = adaptiveMaxPool(2);

/**
 * Returns the largest elements of windows, chosen so that the result has a given size.
 *
 * Shapes: input (N, C, D, H, W) or (C, D, H, W); output (N, C, *output_size) or (C, *output_size).
 *
 * See https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.adaptive_max_pool3d.html
 */
export const adaptive_max_pool3d = adaptiveMaxPool(3);
