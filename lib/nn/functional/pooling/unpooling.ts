/** The reverse of max pooling. Source: torch/nn/functional.py. */
import { valueError } from '../../../bindings/errors';
import { define, nullable, type Positional, required, TENSOR } from '../../../dispatch/signature';
import type { Tensor } from '../../../tensor/tensor';
import { op } from '../../ops';
import { listText, repeated, SIZE, type Size } from '../../sizes';
import {
  type Dims,
  INPUT,
  type Operation,
  PADDING,
  type PaddingOption,
  STRIDE,
  type StrideOption,
} from './parameters';

export interface MaxUnpoolOptions extends StrideOption, PaddingOption {
  /** The size of the output, with or without the first two dimensions. Default: null, the smallest. */
  output_size?: readonly number[] | null | undefined;
}

type MaxUnpool = (
  ...args: Positional<
    [input: Tensor, indices: Tensor, kernel_size: Size],
    [stride: 'stride', padding: 'padding', output_size: 'output_size'],
    MaxUnpoolOptions
  >
) => Tensor;

interface Unpooling {
  input: Tensor;
  kernel: readonly number[];
  stride: readonly number[];
  padding: readonly number[];
}

function maxUnpool(
  dims: Dims,
  compute: (indices: Tensor, size: readonly number[], unpooling: Unpooling) => Tensor,
): MaxUnpool {
  const name = `max_unpool${dims}d`;
  return define(
    name,
    {
      ...INPUT,
      indices: required(TENSOR),
      kernel_size: required(SIZE),
      ...STRIDE,
      ...PADDING,
      output_size: nullable(SIZE),
    },
    ({ input, indices, kernel_size, stride, padding, output_size }) => {
      const unpooling = {
        input,
        kernel: repeated(kernel_size, dims),
        stride: repeated(stride ?? kernel_size, dims),
        padding: repeated(padding, dims),
      };
      const wanted = output_size === null ? null : repeated(output_size, dims);
      return compute(indices, unpooledSize(unpooling, wanted), unpooling);
    },
  );
}

/** Source: `_unpool_output_size`. */
function unpooledSize(
  { input, kernel, stride, padding }: Unpooling,
  wanted: readonly number[] | null,
): readonly number[] {
  const count = kernel.length;
  const least = kernel.map(
    (window, d) => (input.size(d - count) - 1) * stride[d]! + window - 2 * padding[d]!,
  );
  const size = wanted === null ? least : chosenSize(wanted, least, stride);
  for (const [d, each] of size.entries()) {
    if (each >= 0) continue;
    throw valueError(
      'max_unpooling: output_size must contain non-negative spatial dimensions, but got ' +
        `output_size[${d}]=${each}`,
    );
  }
  return size;
}

function chosenSize(
  wanted: readonly number[],
  usual: readonly number[],
  stride: readonly number[],
): readonly number[] {
  const count = usual.length;
  const size = wanted.length === count + 2 ? wanted.slice(2) : wanted;
  if (size.length !== count) {
    throw valueError(
      `output_size should be a sequence containing ${count} or ${count + 2} elements, but it has a length of ` +
        `'${size.length}'`,
    );
  }
  for (const [d, each] of size.entries()) {
    const [least, most] = [usual[d]! - stride[d]!, usual[d]! + stride[d]!];
    if (least < each && each < most) continue;
    throw valueError(
      `invalid output_size "${listText(size)}" (dim ${d} must be between ${least} and ${most})`,
    );
  }
  return size;
}

const unpool2d =
  op<(input: Tensor, indices: Tensor, size: readonly number[]) => Tensor>('max_unpool2d');
const unpool3d = op<Operation>('max_unpool3d');

/**
 * Puts the elements back where `max_pool1d` found them, among zeros.
 *
 * Shapes: input and indices (N, C, L) or (C, L); output (N, C, L') or (C, L').
 *
 * See https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.max_unpool1d.html
 */
export const max_unpool1d = maxUnpool(1, (indices, size, { input }) =>
  unpool2d(input.unsqueeze(-1), indices.unsqueeze(-1), [...size, 1]).squeeze(-1),
);

/**
 * Puts the elements back where `max_pool2d` found them, among zeros.
 *
 * Shapes: input and indices (N, C, H, W) or (C, H, W); output (N, C, H', W') or (C, H', W').
 *
 * See https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.max_unpool2d.html
 */
export const max_unpool2d = maxUnpool(2, (indices, size, { input }) =>
  unpool2d(input, indices, size),
);

/**
 * Puts the elements back where `max_pool3d` found them, among zeros.
 *
 * Shapes: input and indices (N, C, D, H, W) or (C, D, H, W); output (N, C, D', H', W') or (C, D', H', W').
 *
 * See https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.max_unpool3d.html
 */
export const max_unpool3d = maxUnpool(3, (indices, size, { input, stride, padding }) =>
  unpool3d(input, indices, size, stride, padding),
);
