/** Layers between channels and pixels. Source: torch/nn/modules/pixelshuffle.py. */
import { INT, required } from '../../dispatch/signature';
import type { Tensor } from '../../tensor/tensor';
import { pixel_shuffle, pixel_unshuffle } from '../functional/vision';
import { attributeLayer } from './layer';

const PIXEL_SHUFFLE = { upscale_factor: required(INT) };

/**
 * Makes an image r times as high and wide of each r² channels, where r is `upscale_factor`.
 *
 * Shapes: input (*, C * r², H, W), output (*, C, H * r, W * r).
 *
 * See https://docs.pytorch.org/docs/stable/generated/torch.nn.PixelShuffle.html
 */
export class PixelShuffle extends attributeLayer<
  [upscale_factor: number | { upscale_factor: number }],
  typeof PIXEL_SHUFFLE
>('PixelShuffle', PIXEL_SHUFFLE) {
  override forward(input: Tensor): Tensor {
    return pixel_shuffle(input, this.upscale_factor);
  }

  override extra_repr(): string {
    return `upscale_factor=${this.upscale_factor}`;
  }
}

const PIXEL_UNSHUFFLE = { downscale_factor: required(INT) };

/**
 * Reverses {@link PixelShuffle}, with r as `downscale_factor`.
 *
 * Shapes: input (*, C, H * r, W * r), output (*, C * r², H, W).
 *
 * See https://docs.pytorch.org/docs/stable/generated/torch.nn.PixelUnshuffle.html
 */
export class PixelUnshuffle extends attributeLayer<
  [downscale_factor: number | { downscale_factor: number }],
  typeof PIXEL_UNSHUFFLE
>('PixelUnshuffle', PIXEL_UNSHUFFLE) {
  override forward(input: Tensor): Tensor {
    return pixel_unshuffle(input, this.downscale_factor);
  }

  override extra_repr(): string {
    return `downscale_factor=${this.downscale_factor}`;
  }
}
