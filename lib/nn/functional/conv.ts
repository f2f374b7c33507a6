/** Convolutions. Source: torch/nn/functional.py. */
import type { Positional } from '../../dispatch/signature';
import type { Tensor } from '../../tensor/tensor';
import { op } from '../ops';
import type { Size } from '../sizes';

/** A padding by its effect: the output as large as the input, or no padding. */
export type NamedPadding = 'same' | 'valid';

interface Options {
  /** Default: null, none. */
  bias?: Tensor | null | undefined;
  /** The step of the kernel. Default: 1. */
  stride?: Size | undefined;
  /** The distance of the kernel's elements. Default: 1. */
  dilation?: Size | undefined;
  /** The number of groups of channels that are convolved apart. Default: 1. */
  groups?: number | undefined;
}

/** The options of {@link conv1d}, {@link conv2d} and {@link conv3d}. */
export interface ConvolutionOptions extends Options {
  /** The number of zeros on both sides, `'same'` or `'valid'`. Default: 0. */
  padding?: Size | NamedPadding | undefined;
}

/** The options of {@link conv_transpose1d}, {@link conv_transpose2d} and {@link conv_transpose3d}. */
export interface TransposedConvolutionOptions extends Options {
  /** The number of zeros that the convolution would add on both sides. Default: 0. */
  padding?: Size | undefined;
  /** The size that is added to one side of the output. Default: 0. */
  output_padding?: Size | undefined;
}

type Convolution = (
  ...args: Positional<
    [input: Tensor, weight: Tensor],
    [bias: 'bias', stride: 'stride', padding: 'padding', dilation: 'dilation', groups: 'groups'],
    ConvolutionOptions
  >
) => Tensor;

/**
 * Convolves signals with kernels.
 *
 * Shapes: input (N, C, L) or (C, L), weight (O, C / groups, K), bias (O); output (N, O, L') or (O, L').
 *
 * See https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.conv1d.html
 */
export const conv1d = op<Convolution>('conv1d', ['', 'padding']);

/**
 * Convolves images with kernels.
 *
 * Shapes: input (N, C, H, W) or (C, H, W), weight (O, C / groups, KH, KW), bias (O); output (N, O, H', W') or (O, H',
 * W').
 *
 * See https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.conv2d.html
 */
export const conv2d = op<Convolution>('conv2d', ['', 'padding']);

/**
 * Convolves volumes with kernels.
 *
 * Shapes: input (N, C, D, H, W) or (C, D, H, W), weight (O, C / groups, KD, KH, KW), bias (O); output (N, O, D', H',
 * W') or (O, D', H', W').
 *
 * See https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.conv3d.html
 */
export const conv3d = op<Convolution>('conv3d', ['', 'padding']);

type TransposedConvolution = (
  ...args: Positional<
    [input: Tensor, weight: Tensor],
    [
      bias: 'bias',
      stride: 'stride',
      padding: 'padding',
      output_padding: 'output_padding',
      groups: 'groups',
      dilation: 'dilation',
    ],
    TransposedConvolutionOptions
  >
) => Tensor;

/**
 * Computes the gradient of a convolution of signals as a layer of its own: a deconvolution.
 *
 * Shapes: input (N, C, L) or (C, L), weight (C, O / groups, K), bias (O); output (N, O, L') or (O, L').
 *
 * See https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.conv_transpose1d.html
 */
export const conv_transpose1d = op<TransposedConvolution>('conv_transpose1d');

/**
 * Computes the gradient of a convolution of images as a layer of its own: a deconvolution.
 *
 * Shapes: input (N, C, H, W) or (C, H, W), weight (C, O / groups, KH, KW), bias (O); output (N, O, H', W') or (O, H',
 * W').
 *
 * See https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.conv_transpose2d.html
 */
export const conv_transpose2d = op<TransposedConvolution>('conv_transpose2d', ['input']);

/**
 * Computes the gradient of a convolution of volumes as a layer of its own: a deconvolution.
 *
 * Shapes: input (N, C, D, H, W) or (C, D, H, W), weight (C, O / groups, KD, KH, KW), bias (O); output (N, O, D', H',
 * W') or (O, D', H', W').
 *
 * See https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.conv_transpose3d.html
 */
export const conv_transpose3d = op<TransposedConvolution>('conv_transpose3d', ['input']);
