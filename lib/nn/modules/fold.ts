/** Layers between images and the columns of their blocks. Source: torch/nn/modules/fold.py. */
import { type Positional, required, Signature } from '../../dispatch/signature';
import type { Tensor } from '../../tensor/tensor';
import { BLOCKS, type BlockOptions, type Blocks, fold, unfold } from '../functional/fold';
import { SIZE, type Size, sizeRepr } from '../sizes';
import { Module } from './module';

const UNFOLD = new Signature('Unfold', { kernel_size: required(SIZE), ...BLOCKS });

/**
 * Returns each block of an image as a column.
 *
 * Shapes: input (N, C, H, W) or (C, H, W); output (N, C * the size of a block, L) or without N, where L is the number of
 * blocks.
 *
 * See https://docs.pytorch.org/docs/stable/generated/torch.nn.Unfold.html
 */
export class Unfold extends Module<[input: Tensor], Tensor> {
  static readonly signature = UNFOLD.description;
  kernel_size: Size;
  dilation: Size;
  padding: Size;
  stride: Size;

  constructor(...args: Positional<[kernel_size: Size], Blocks, BlockOptions>) {
    const { kernel_size, dilation, padding, stride } = UNFOLD.read(args);
    super();
    this.kernel_size = kernel_size;
    this.dilation = dilation;
    this.padding = padding;
    this.stride = stride;
  }

  override forward(input: Tensor): Tensor {
    return unfold(input, this.kernel_size, this.dilation, this.padding, this.stride);
  }

  override extra_repr(): string {
    const { kernel_size, dilation, padding, stride } = this;
    return text({ kernel_size, dilation, padding, stride });
  }
}

const FOLD = new Signature('Fold', {
  output_size: required(SIZE),
  kernel_size: required(SIZE),
  ...BLOCKS,
});

/**
 * Adds columns up to an image, of which each is a block: what {@link Unfold} takes apart.
 *
 * Shapes: input (N, C * the size of a block, L) or without N; output (N, C, *output_size) or (C, *output_size).
 *
 * See https://docs.pytorch.org/docs/stable/generated/torch.nn.Fold.html
 */
export class Fold extends Module<[input: Tensor], Tensor> {
  static readonly signature = FOLD.description;
  output_size: Size;
  kernel_size: Size;
  dilation: Size;
  padding: Size;
  stride: Size;

  constructor(...args: Positional<[output_size: Size, kernel_size: Size], Blocks, BlockOptions>) {
    const { output_size, kernel_size, dilation, padding, stride } = FOLD.read(args);
    super();
    this.output_size = output_size;
    this.kernel_size = kernel_size;
    this.dilation = dilation;
    this.padding = padding;
    this.stride = stride;
  }

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
