/** Layers between channels and pixels. Source: torch/nn/modules/pixelshuffle.py. */
import { INT, required, Signature } from '../../dispatch/signature';
import type { Tensor } from '../../tensor/tensor';
import { pixel_shuffle, pixel_unshuffle } from '../functional/vision';
import { Module } from './module';

const PIXEL_SHUFFLE = new Signature('PixelShuffle', { upscale_factor: required(INT) });

/**
 * Makes an image r times as high and wide of each r² channels, where r is `upscale_factor`.
 *
 * Shapes: input (*, C * r², H, W), output (*, C, H * r, W * r).
 *
 * See https://docs.pytorch.org/docs/stable/generated/torch.nn.PixelShuffle.html
 */
export class PixelShuffle extends Module<[input: Tensor], Tensor> {
  static readonly signature = PIXEL_SHUFFLE.description;
  upscale_factor: number;

  constructor(upscale_factor: number | { upscale_factor: number });
  constructor(...args: unknown[]) {
    const { upscale_factor } = PIXEL_SHUFFLE.read(args);
    super();
    this.upscale_factor = upscale_factor;
  }

  override forward(input: Tensor): Tensor {
    return pixel_shuffle(input, this.upscale_factor);
  }

  override extra_repr(): string {
    return `upscale_factor=${this.upscale_factor}`;
  }
}

const PIXEL_UNSHUFFLE = new Signature('PixelUnshuffle', { downscale_factor: required(INT) });

/**
 * Reverses {@link PixelShuffle}, with r as `downscale_factor`.
 *
 * Shapes: input (*, C, H * r, W * r), output (*, C * r², H, W).
 *
 * See https://docs.pytorch.org/docs/stable/generated/torch.nn.PixelUnshuffle.html
 */
export class PixelUnshuffle extends Module<[input: Tensor], Tensor> {
  static readonly signature = PIXEL_UNSHUFFLE.description;
  downscale_factor: number;

  constructor(downscale_factor: number | { downscale_factor: number });
  constructor(...args: unknown[]) {
    const { downscale_factor } = PIXEL_UNSHUFFLE.read(args);
    super();
    this.downscale_factor = downscale_factor;
  }

  override forward(input: Tensor): Tensor {
    return pixel_unshuffle(input, this.downscale_factor);
  }

  override extra_repr(): string {
    return `downscale_factor=${this.downscale_factor}`;
  }
}
