/** Layers that return images in another size. Source: torch/nn/modules/upsampling.py. */

import { type Positional, Signature } from '../../dispatch/signature';
import type { Tensor } from '../../tensor/tensor';
import { strRepr } from '../../utils/python';
import {
  factorRepr,
  type InterpolationMode,
  interpolate,
  UPSAMPLE as PARAMETERS,
  type ScalingOptions,
  type UpsampleOptions,
} from '../functional/interpolate';
import { sizeRepr } from '../sizes';
import { attributes } from './layer';

const UPSAMPLE = new Signature('Upsample', PARAMETERS);

type Scaling = [size: 'size', scale_factor: 'scale_factor'];

/**
 * Returns signals, images or volumes in another size.
 *
 * Shapes: input (N, C, L), (N, C, H, W) or (N, C, D, H, W); output the same with other sizes.
 *
 * See https://docs.pytorch.org/docs/stable/generated/torch.nn.Upsample.html
 */
export class Upsample extends attributes<typeof PARAMETERS>() {
  static readonly signature = UPSAMPLE.description;
  declare mode: InterpolationMode;

  constructor(
    ...args: Positional<
      [],
      [
        ...Scaling,
        mode: 'mode',
        align_corners: 'align_corners',
        recompute_scale_factor: 'recompute_scale_factor',
      ],
      UpsampleOptions
    >
  ) {
    const values = UPSAMPLE.read(args);
    super({ ...values, scale_factor: values.scale_factor || null });
  }

  override forward(input: Tensor): Tensor {
    const { size, scale_factor, mode, align_corners, recompute_scale_factor } = this;
    return interpolate(input, size, scale_factor, mode, align_corners, recompute_scale_factor);
  }

  override extra_repr(): string {
    const { size, scale_factor } = this;
    const scaling =
      scale_factor === null ? `size=${sizeRepr(size)}` : `scale_factor=${factorRepr(scale_factor)}`;
    return `${scaling}, mode=${strRepr(this.mode)}`;
  }
}

const { size, scale_factor } = PARAMETERS;
const NEAREST = new Signature('UpsamplingNearest2d', { size, scale_factor });

/**
 * Returns images in another size, with the nearest elements.
 *
 * Shapes: input (N, C, H, W), output (N, C, H', W').
 *
 * See https://docs.pytorch.org/docs/stable/generated/torch.nn.UpsamplingNearest2d.html
 */
export class UpsamplingNearest2d extends Upsample {
  static override readonly signature = NEAREST.description;

  constructor(...args: Positional<[], Scaling, ScalingOptions>) {
    super({ ...NEAREST.read(args), mode: 'nearest' });
  }
}

const BILINEAR = new Signature('UpsamplingBilinear2d', { size, scale_factor });

/**
 * Returns images in another size, interpolated between four elements. The corners stay the same points.
 *
 * Shapes: input (N, C, H, W), output (N, C, H', W').
 *
 * See https://docs.pytorch.org/docs/stable/generated/torch.nn.UpsamplingBilinear2d.html
 */
export class UpsamplingBilinear2d extends Upsample {
  static override readonly signature = BILINEAR.description;

  constructor(...args: Positional<[], Scaling, ScalingOptions>) {
    super({ ...BILINEAR.read(args), mode: 'bilinear', align_corners: true });
  }
}
