/** Transposed convolution layers. Source: torch/nn/modules/conv.py. */
import { valueError } from '../../../bindings/errors';
import {
  INTS,
  nullable,
  optional,
  type Place,
  type Positional,
  required,
  Signature,
  TENSOR,
  type ValuesOf,
} from '../../../dispatch/signature';
import type { Tensor } from '../../../tensor/tensor';
import { conv_transpose1d, conv_transpose2d, conv_transpose3d } from '../../functional/conv';
import { type Dims, listText, SIZE, type Size } from '../../sizes';
import { type LayerClass, layer } from '../layer';
import { CHANNELS, ConvNd, DILATION, GROUPS, type Options, PADDING_MODE } from './base';

export interface ConvTransposeOptions extends Options {
  /** The number of elements that the convolution would add on both sides. Default: 0. */
  padding?: Size | undefined;
  /** The size that is added to one side of the output. Default: 0. */
  output_padding?: Size | undefined;
}

type ConvTransposeArguments = Positional<
  [in_channels: number, out_channels: number, kernel_size: Size],
  [
    stride: 'stride',
    padding: 'padding',
    output_padding: 'output_padding',
    groups: 'groups',
    bias: 'bias',
    dilation: 'dilation',
    padding_mode: 'padding_mode',
    ...Place,
  ],
  ConvTransposeOptions
>;

const CONV_TRANSPOSE = {
  ...CHANNELS,
  padding: optional<Size>(SIZE, 0),
  output_padding: optional<Size>(SIZE, 0),
  ...GROUPS,
  ...DILATION,
  ...PADDING_MODE,
};

/** The size of the output, with or without the first dimensions, in the place of its smallest size. */
type Wanted = readonly number[] | null | { output_size?: readonly number[] | null | undefined };

const FORWARD = new Signature('ConvTranspose.forward', {
  input: required(TENSOR),
  output_size: nullable(INTS),
});

/** The base of {@link ConvTranspose1d}, {@link ConvTranspose2d} and {@link ConvTranspose3d}. */
abstract class ConvTranspose extends ConvNd<[input: Tensor, output_size?: Wanted]> {
  /** @internal */
  declare readonly _convolve: typeof conv_transpose1d;

  constructor(values: ValuesOf<typeof CONV_TRANSPOSE>) {
    if (values.padding_mode !== 'zeros') {
      throw valueError(`Only "zeros" padding mode is supported for ${new.target.name}`);
    }
    super(values, { transposed: true, output_padding: values.output_padding });
  }

  /** @param output_size - the size of the output. Default: null, the smallest one plus `output_padding` */
  override forward(input: Tensor, output_size?: Wanted): Tensor;
  override forward(...args: unknown[]): Tensor {
    const { input, output_size } = FORWARD.read(args);
    if (this.padding_mode !== 'zeros') {
      throw valueError(
        `Only \`zeros\` padding mode is supported for ConvTranspose${this.kernel_size.length}d`,
      );
    }
    const { weight, bias, stride, groups, dilation } = this;
    const padding = this.padding as readonly number[];
    const added = this._output_padding(input, output_size);
    return this._convolve(input, weight, bias, stride, padding, added, groups, dilation);
  }

  /** Returns the size that is added to the output. @internal */
  _output_padding(input: Tensor, output_size: readonly number[] | null): readonly number[] {
    if (output_size === null) return this.output_padding;
    const { kernel_size, stride, padding, dilation } = this;
    const dims = kernel_size.length;
    const before = input.ndim === dims + 2 ? 2 : 1;
    const size = output_size.length === before + dims ? output_size.slice(before) : output_size;
    if (size.length !== dims) {
      throw valueError(
        `ConvTranspose${dims}D: for ${input.ndim}D input, output_size must have ${dims} or ${before + dims} ` +
          `elements (got ${size.length})`,
      );
    }
    const least = kernel_size.map(
      (window, d) =>
        (input.size(d + before) - 1) * stride[d]! -
        2 * (padding as readonly number[])[d]! +
        dilation[d]! * (window - 1) +
        1,
    );
    const most = least.map((each, d) => each + stride[d]! - 1);
    if (size.some((each, d) => each < least[d]! || each > most[d]!)) {
      throw valueError(
        `requested an output size of ${listText(size)}, but valid sizes range from ${listText(least)} to ` +
          `${listText(most)} (for an input of torch.Size(${listText(input.shape.slice(2))}))`,
      );
    }
    return size.map((each, d) => each - least[d]!);
  }
}

const convTranspose = (
  _dims: Dims,
  _convolve: typeof conv_transpose1d,
): LayerClass<ConvTransposeArguments, ConvTranspose> =>
  layer(ConvTranspose, `ConvTranspose${_dims}d`, CONV_TRANSPOSE, { _dims, _convolve });

/**
 * Computes the gradient of a `Conv1d` as a layer of its own: a deconvolution of signals.
 *
 * Shapes: input (N, in_channels, L) or (in_channels, L); output (N, out_channels, L') or (out_channels, L').
 *
 * See https://docs.pytorch.org/docs/stable/generated/torch.nn.ConvTranspose1d.html
 *
 * @throws RangeError (ValueError) if the groups do not divide the channels, or for another padding mode than zeros
 */
export class ConvTranspose1d extends convTranspose(1, conv_transpose1d) {}

/**
 * Computes the gradient of a `Conv2d` as a layer of its own: a deconvolution of images.
 *
 * Shapes: input (N, in_channels, H, W) or (in_channels, H, W); output (N, out_channels, H', W') or (out_channels, H',
 * W').
 *
 * See https://docs.pytorch.org/docs/stable/generated/torch.nn.ConvTranspose2d.html
 *
 * @throws RangeError (ValueError) if the groups do not divide the channels, or for another padding mode than zeros
 */
export class ConvTranspose2d extends convTranspose(2, conv_transpose2d) {}

/**
 * Computes the gradient of a `Conv3d` as a layer of its own: a deconvolution of volumes.
 *
 * Shapes: input (N, in_channels, D, H, W) or (in_channels, D, H, W); output (N, out_channels, D', H', W') or
 * (out_channels, D', H', W').
 *
 * See https://docs.pytorch.org/docs/stable/generated/torch.nn.ConvTranspose3d.html
 *
 * @throws RangeError (ValueError) if the groups do not divide the channels, or for another padding mode than zeros
 */
export class ConvTranspose3d extends convTranspose(3, conv_transpose3d) {}
