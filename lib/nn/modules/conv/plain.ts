/** Convolution layers. Source: torch/nn/modules/conv.py. */
import type { Place, Positional, ValuesOf } from '../../../dispatch/signature';
import type { Tensor } from '../../../tensor/tensor';
import { conv1d, conv2d, conv3d, type NamedPadding } from '../../functional/conv';
import { pad } from '../../functional/padding';
import type { Dims, Size } from '../../sizes';
import { type LayerClass, layer } from '../layer';
import { CONV, ConvNd, type Options } from './base';

export interface ConvOptions extends Options {
  /** The number of elements that are added on both sides, `'same'` or `'valid'`. Default: 0. */
  padding?: Size | NamedPadding | undefined;
}

type ConvArguments = Positional<
  [in_channels: number, out_channels: number, kernel_size: Size],
  [
    stride: 'stride',
    padding: 'padding',
    dilation: 'dilation',
    groups: 'groups',
    bias: 'bias',
    padding_mode: 'padding_mode',
    ...Place,
  ],
  ConvOptions
>;

/** The base of {@link Conv1d}, {@link Conv2d} and {@link Conv3d}. */
abstract class Conv extends ConvNd<[input: Tensor]> {
  /** @internal */
  declare readonly _convolve: typeof conv1d;

  constructor(values: ValuesOf<typeof CONV>) {
    super(values, { transposed: false, output_padding: 0 });
  }

  /** Convolves the input with a weight and a bias. @internal */
  _conv_forward(input: Tensor, weight: Tensor, bias: Tensor | null): Tensor {
    const [padded, padding] = this._padded(input);
    return this._convolve(padded, weight, bias, this.stride, padding, this.dilation, this.groups);
  }

  override forward(input: Tensor): Tensor {
    return this._conv_forward(input, this.weight, this.bias);
  }

  /** Returns the input with its padding, and the padding that is left to the convolution. */
  protected _padded(input: Tensor): [input: Tensor, padding: Size | NamedPadding] {
    const { padding_mode, padding } = this;
    if (padding_mode === 'zeros') return [input, padding];
    return [pad(input, this._reversed_padding_repeated_twice, padding_mode), 0];
  }
}

const conv = (_dims: Dims, _convolve: typeof conv1d): LayerClass<ConvArguments, Conv> =>
  layer(Conv, `Conv${_dims}d`, CONV, { _dims, _convolve });

/**
 * Convolves signals with learned kernels. Weight and bias are initialized from the uniform distribution on ±1 / sqrt(k),
 * where k is the number of a kernel's elements.
 *
 * Shapes: input (N, in_channels, L) or (in_channels, L); output (N, out_channels, L') or (out_channels, L').
 *
 * See https://docs.pytorch.org/docs/stable/generated/torch.nn.Conv1d.html
 *
 * @throws RangeError (ValueError) if the groups do not divide the channels, or for a padding that is not allowed
 */
export class Conv1d extends conv(1, conv1d) {}

/**
 * Convolves images with learned kernels. Weight and bias are initialized from the uniform distribution on ±1 / sqrt(k),
 * where k is the number of a kernel's elements.
 *
 * Shapes: input (N, in_channels, H, W) or (in_channels, H, W); output (N, out_channels, H', W') or (out_channels, H',
 * W').
 *
 * See https://docs.pytorch.org/docs/stable/generated/torch.nn.Conv2d.html
 *
 * @throws RangeError (ValueError) if the groups do not divide the channels, or for a padding that is not allowed
 */
export class Conv2d extends conv(2, conv2d) {}

/**
 * Convolves volumes with learned kernels. Weight and bias are initialized from the uniform distribution on ±1 / sqrt(k),
 * where k is the number of a kernel's elements.
 *
 * Shapes: input (N, in_channels, D, H, W) or (in_channels, D, H, W); output (N, out_channels, D', H', W') or
 * (out_channels, D', H', W').
 *
 * See https://docs.pytorch.org/docs/stable/generated/torch.nn.Conv3d.html
 *
 * @throws RangeError (ValueError) if the groups do not divide the channels, or for a padding that is not allowed
 */
export class Conv3d extends conv(3, conv3d) {}
