/** Convolution layers. Source: torch/nn/modules/conv.py. */
import { type Place, type Positional, Signature } from '../../../dispatch/signature';
import type { Tensor } from '../../../tensor/tensor';
import { conv1d, conv2d, conv3d, type NamedPadding } from '../../functional/conv';
import { pad } from '../../functional/padding';
import type { Size } from '../../sizes';
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
  constructor(signature: Signature<typeof CONV>, dims: number, args: readonly unknown[]) {
    super(signature.read(args), { dims, transposed: false, output_padding: 0 });
  }

  /** Convolves the input with a weight and a bias. @internal */
  abstract _conv_forward(input: Tensor, weight: Tensor, bias: Tensor | null): Tensor;

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

const CONV1D = new Signature('Conv1d', CONV);

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
export class Conv1d extends Conv {
  static readonly signature = CONV1D.description;

  constructor(...args: ConvArguments) {
    super(CONV1D, 1, args);
  }

  override _conv_forward(input: Tensor, weight: Tensor, bias: Tensor | null): Tensor {
    const [padded, padding] = this._padded(input);
    return conv1d(padded, weight, bias, this.stride, padding, this.dilation, this.groups);
  }
}

const CONV2D = new Signature('Conv2d', CONV);

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
export class Conv2d extends Conv {
  static readonly signature = CONV2D.description;

  constructor(...args: ConvArguments) {
    super(CONV2D, 2, args);
  }

  override _conv_forward(input: Tensor, weight: Tensor, bias: Tensor | null): Tensor {
    const [padded, padding] = this._padded(input);
    return conv2d(padded, weight, bias, this.stride, padding, this.dilation, this.groups);
  }
}

const CONV3D = new Signature('Conv3d', CONV);

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
export class Conv3d extends Conv {
  static readonly signature = CONV3D.description;

  constructor(...args: ConvArguments) {
    super(CONV3D, 3, args);
  }

  override _conv_forward(input: Tensor, weight: Tensor, bias: Tensor | null): Tensor {
    const [padded, padding] = this._padded(input);
    return conv3d(padded, weight, bias, this.stride, padding, this.dilation, this.groups);
  }
}
