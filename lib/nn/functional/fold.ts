/** Blocks of images as columns, and back. Source: torch/nn/functional.py. */
import { define, optional, type Positional, required, TENSOR } from '../../dispatch/signature';
import type { Tensor } from '../../tensor/tensor';
import { op } from '../ops';
import { repeated, SIZE, type Size } from '../sizes';

export interface BlockOptions {
  /** The distance between neighbours in a block. Default: 1. */
  dilation?: Size | undefined;
  /** The number of zeros that are added on all sides. Default: 0. */
  padding?: Size | undefined;
  /** The step between blocks. Default: 1. */
  stride?: Size | undefined;
}

/** The names of these options, for `Positional`. */
export type Blocks = [dilation: 'dilation', padding: 'padding', stride: 'stride'];

export const BLOCKS = {
  dilation: optional<Size>(SIZE, 1),
  padding: optional<Size>(SIZE, 0),
  stride: optional<Size>(SIZE, 1),
};

type Operation = (input: Tensor, ...sizes: (readonly number[])[]) => Tensor;

const toColumns = op<Operation>('im2col', [''], { inputName: 'input' });
const toImage = op<Operation>('col2im', [''], { inputName: 'input' });

const pair = (size: Size): readonly number[] => repeated(size, 2);

const UNFOLD = { input: required(TENSOR), kernel_size: required(SIZE), ...BLOCKS };
type Unfold = (
  ...args: Positional<[input: Tensor, kernel_size: Size], Blocks, BlockOptions>
) => Tensor;

/**
 * Returns each block of an image as a column.
 *
 * Shapes: input (N, C, H, W) or (C, H, W); output (N, C * the size of a block, L) or without N, where L is the number of
 * blocks.
 *
 * See https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.unfold.html
 */
export const unfold = define<Unfold, typeof UNFOLD>('unfold', UNFOLD, ({ input, ...sizes }) =>
  toColumns(input, ...Object.values(sizes).map(pair)),
);

const FOLD = {
  input: required(TENSOR),
  output_size: required(SIZE),
  kernel_size: required(SIZE),
  ...BLOCKS,
};
type Fold = (
  ...args: Positional<[input: Tensor, output_size: Size, kernel_size: Size], Blocks, BlockOptions>
) => Tensor;

/**
 * Adds columns up to an image, of which each is a block: what {@link unfold} takes apart.
 *
 * Shapes: input (N, C * the size of a block, L) or without N; output (N, C, *output_size) or (C, *output_size).
 *
 * See https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.fold.html
 */
export const fold = define<Fold, typeof FOLD>('fold', FOLD, ({ input, ...sizes }) =>
  toImage(input, ...Object.values(sizes).map(pair)),
);
