/** Max pooling with windows of random sizes. Source: torch/nn/functional.py. */
import { valueError } from '../../../bindings/errors';
import { define, NUMBER_OR_NUMBERS, nullable, required, TENSOR } from '../../../dispatch/signature';
import type { Tensor } from '../../../tensor/tensor';
import { op } from '../../ops';
import { repeated, SIZE, type Size } from '../../sizes';
import {
  INPUT,
  type Indexing,
  type Operation,
  RETURN_INDICES,
  type Window,
  type WithIndices,
} from './parameters';

/** The ratio of the output's size to the input's, in all dimensions or in each. */
export type Ratio = number | readonly number[];

export interface FractionalMaxPoolOptions {
  /** The size of the output. Default: null; then `output_ratio` is required. */
  output_size?: Size | null | undefined;
  /** Default: null. */
  output_ratio?: Ratio | null | undefined;
  /** The random numbers that choose the windows, of shape (N, C, dimensions). Default: null, new ones. */
  _random_samples?: Tensor | null | undefined;
}

type FractionalMaxPool = Indexing<
  Window,
  [output_size: 'output_size', output_ratio: 'output_ratio'],
  FractionalMaxPoolOptions,
  [_random_samples: '_random_samples']
>;

/** The options of both dimensions' functions and modules, but `return_indices` and `_random_samples`. */
export const FRACTIONAL = {
  output_size: nullable(SIZE),
  output_ratio: nullable<Ratio>(NUMBER_OR_NUMBERS),
  ...RETURN_INDICES,
  _random_samples: nullable(TENSOR),
};

/** Returns the ratios of `count` dimensions. */
export const ratios = (ratio: Ratio, count: number): readonly number[] =>
  typeof ratio === 'number' ? new Array<number>(count).fill(ratio) : [...ratio];

const random = op<(size: readonly number[], options: object) => Tensor>('rand', ['']);

function fractionalMaxPool(dims: 2 | 3): FractionalMaxPool {
  const name = `fractional_max_pool${dims}d`;
  const compute = op<Operation<WithIndices>>(name);
  return define(
    name,
    { ...INPUT, kernel_size: required(SIZE), ...FRACTIONAL },
    ({ input, kernel_size, output_ratio, return_indices, ...values }) => {
      const size = values.output_size ?? scaledSize(name, input, output_ratio, dims);
      const window = repeated(kernel_size, dims);
      let samples = values._random_samples;
      if (samples === null) {
        const batch = input.ndim === dims + 1 ? 1 : input.size(0);
        const { dtype, device } = input;
        samples = random([batch, input.size(-1 - dims), dims], { dtype, device });
      }
      const results = compute(input, window, repeated(size, dims), samples);
      return return_indices ? results : results[0];
    },
  );
}

function scaledSize(name: string, input: Tensor, ratio: Ratio | null, dims: 2 | 3): Size {
  if (ratio === null) {
    throw valueError(`${name} requires specifying either an output_size or an output_ratio`);
  }
  const each = ratios(ratio, dims);
  if (dims === 2 && each.length > 2) {
    throw valueError(`${name} requires output_ratio to either be a single Int or tuple of Ints.`);
  }
  return Array.from({ length: dims }, (_, d) => Math.trunc(input.size(d - dims) * each[d]!));
}

/**
 * Returns the largest elements of windows of random sizes, as many as `output_size` or `output_ratio` says.
 *
 * Shapes: input (N, C, H, W) or (C, H, W); output (N, C, H', W') or (C, H', W').
 *
 * See https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.fractional_max_pool2d.html
 */
export const fractional_max_pool2d = fractionalMaxPool(2);

/**
 * Returns the largest elements of windows of random sizes, as many as `output_size` or `output_ratio` says.
 *
 * Shapes: input (N, C, D, H, W) or (C, D, H, W); output (N, C, D', H', W') or (C, D', H', W').
 *
 * See https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.fractional_max_pool3d.html
 */
export const fractional_max_pool3d = fractionalMaxPool(3);
