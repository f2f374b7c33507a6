/** Layers between images and the columns of their blocks. Source: torch/nn/modules/fold.py. */
import { type Positional, required } from '../../dispatch/signature';
import type { Tensor } from '../../tensor/tensor';
import { BLOCKS, type BlockOptions, type Blocks, fold, unfold } from '../functional/fold';
import { SIZE, type Size, sizeRepr } from '../sizes';
import { attributeLayer } from './layer';

const UNFOLD = { kernel_size: required(SIZE), ...BLOCKS };

/**
 * Returns each block of an image as a column.
 *
 * Shapes: input (N, C, H, W) or (C, H, W); output (N, C * the size of a block, L) or without N, where L is the number of
 * blocks.
 *
 * See https://docs.pytorch.org/docs/stable/generated/torch.nn.Unfold.html
 */
export class Unfold extends attributeLayer<
  Positional<[kernel_size: Size], Blocks, BlockOptions>,
  typeof UNFOLD
>('Unfold', UNFOLD) {
  override forward(input: Tensor): Tensor {
    return unfold(input, this.kernel_size, this.dilation, this.padding, this.stride);
  }

  override extra_repr(): string {
    const { kernel_size, dilation, padding, stride } = this;
    return text({ kernel_size, dilation, padding, stride });
  }
}

const FOLD = { output_size: required(SIZE), ...UNFOLD };

/**
 * Adds columns up to an image, of which each is a block: what {@link Unfold} takes apart.
 *
 * Shapes: input (N, C * the size of a block, L) or without N; output (N, C, *output_size) or (C, *output_size).
 *
 * See https://docs.pytorch.org/docs/stable/generated/torch.nn.Fold.html
 */
export class Fold extends attributeLayer<
  Positional<[output_size: Size, kernel_size: Size], Blocks, BlockOptions>,
  typeof FOLD
>('Fold', FOLD) {
  override forward(input: Tensor): Tensor {
    const { output_size, kernel_size, dilation, padding, stride } = this;
    return fold(input, output_size, kernel_size, dilation, padding, stride);
  }

  override extra_repr(): string {
    const { output_size, kernel_size, dilation, padding, stride } = this;
    return text({ output_size, kernel_size, dilation, padding, stride });
  }
}

const text = (sizes: Readonly<Record<string, Size>>): string =>
  Object.entries(sizes)
    .map(([name, size]) => `${name}=${sizeRepr(size)}`)
    .join(', ');
