/** Rearranges channels and pixels. Source: torch/nn/functional.py. */
import type { Tensor } from '../../tensor/tensor';
import { op } from '../ops';

const INPUT = { inputName: 'input' };

/**
 * Makes an image r times as high and wide of each r² channels.
 *
 * Shapes: input (*, C * r², H, W), output (*, C, H * r, W * r).
 *
 * See https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.pixel_shuffle.html
 */
export const pixel_shuffle = op<(input: Tensor, upscale_factor: number) => Tensor>(
  'pixel_shuffle',
  [''],
  INPUT,
);

/**
 * Reverses {@link pixel_shuffle}.
 *
 * Shapes: input (*, C, H * r, W * r), output (*, C * r², H, W).
 *
 * See https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.pixel_unshuffle.html
 */
export const pixel_unshuffle = op<(input: Tensor, downscale_factor: number) => Tensor>(
  'pixel_unshuffle',
  [''],
  INPUT,
);

/**
 * Divides the channels into groups, and takes one of each group in turn.
 *
 * Shapes: input (N, C, *), output as input.
 *
 * See https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.channel_shuffle.html
 */
export const channel_shuffle = op<(input: Tensor, groups: number) => Tensor>(
  'channel_shuffle',
  [''],
  INPUT,
);
