/** The largest element of each window. Source: torch/nn/functional.py. */
import { define, optional } from '../../../dispatch/signature';
import { op } from '../../ops';
import { SIZE, type Size } from '../../sizes';
import {
  CEIL_MODE,
  type CeilModeOption,
  type Dims,
  type Indexing,
  type Operation,
  PADDING,
  type PaddingOption,
  RETURN_INDICES,
  type StrideOption,
  WINDOW,
  type Window,
  type WithIndices,
} from './parameters';

export interface MaxPoolOptions extends StrideOption, PaddingOption, CeilModeOption {
  /** The distance of the elements of a window. Default: 1. */
  dilation?: Size | undefined;
}

type MaxPool = Indexing<
  Window,
  [stride: 'stride', padding: 'padding', dilation: 'dilation', ceil_mode: 'ceil_mode'],
  MaxPoolOptions
>;

function maxPool(dims: Dims): MaxPool {
  const name = `max_pool${dims}d`;
  const plain = op<Operation>(name);
  const withIndices = op<Operation<WithIndices>>(`${name}_with_indices`);
  return define(
    name,
    {
      ...WINDOW,
      ...PADDING,
      dilation: optional<Size>(SIZE, 1),
      ...CEIL_MODE,
      ...RETURN_INDICES,
    },
    ({ input, kernel_size, stride, padding, dilation, ceil_mode, return_indices }) => {
      const compute = return_indices ? withIndices : plain;
      return compute(input, kernel_size, stride ?? [], padding, dilation, ceil_mode);
    },
  );
}

/**
 * Returns the largest element of each window. With `return_indices`, returns the indices too.
 *
 * Shapes: input (N, C, L) or (C, L); output (N, C, L') or (C, L').
 *
 * See https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.max_pool1d.html
 */
export const max_pool1d = maxPool(1);

/**
 * Returns the largest element of each window. With `return_indices`, returns the indices too.
 *
 * Shapes: input (N, C, H, W) or (C, H, W); output (N, C, H', W') or (C, H', W').
 *
 * See https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.max_pool2d.html
 */
export const max_pool2d = maxPool(2);

/**
 * Returns the largest element of each window. With `return_indices`, returns the indices too.
 *
 * Shapes: input (N, C, D, H, W) or (C, D, H, W); output (N, C, D', H', W') or (C, D', H', W').
 *
 * See https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.max_pool3d.html
 */
export const max_pool3d = maxPool(3);
