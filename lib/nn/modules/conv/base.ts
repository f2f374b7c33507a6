/** The base of all convolution layers. Source: torch/nn/modules/conv.py. */
import { valueError } from '../../../bindings/errors';
import {
  BOOL,
  FACTORY,
  type FactoryOptions,
  INT,
  optional,
  required,
  STRING,
  typeOf,
  type ValuesOf,
} from '../../../dispatch/signature';
import { contiguous_format } from '../../../tensor/layout';
import type { Tensor } from '../../../tensor/tensor';
import { strRepr } from '../../../utils/python';
import type { NamedPadding } from '../../functional/conv';
import * as init from '../../init';
import { empty, emptyLike, withoutGrad } from '../../ops';
import { Parameter } from '../../parameter';
import { type Dims, repeated, SIZE, type Size, sizeRepr } from '../../sizes';
import { fillBias } from '../bias';
import { Module } from '../module';

/** What the elements of the padding are: zeros, a mirror image, the border, or the other side. */
export type PaddingMode = 'zeros' | 'reflect' | 'replicate' | 'circular';

export interface Options extends FactoryOptions {
  /** The step of the kernel. Default: 1. */
  stride?: Size | undefined;
  /** The distance of the kernel's elements. Default: 1. */
  dilation?: Size | undefined;
  /** The number of groups of channels that are convolved apart. Default: 1. */
  groups?: number | undefined;
  /** Whether there is a bias. Default: true. */
  bias?: boolean | undefined;
  /** Default: `'zeros'`. */
  padding_mode?: PaddingMode | undefined;
}

const PADDING = typeOf<Size | string>(
  'an integer, an array of integers or a string',
  (value) => typeof value === 'string' || SIZE.accepts(value),
);
export const CHANNELS = {
  in_channels: required(INT),
  out_channels: required(INT),
  kernel_size: required(SIZE),
  stride: optional<Size>(SIZE, 1),
};
export const DILATION = { dilation: optional<Size>(SIZE, 1) };
export const GROUPS = { groups: optional(INT, 1), bias: optional(BOOL, true) };
export const PADDING_MODE = { padding_mode: optional(STRING, 'zeros'), ...FACTORY };

export const CONV = {
  ...CHANNELS,
  padding: optional<Size | string>(PADDING, 0),
  ...DILATION,
  ...GROUPS,
  ...PADDING_MODE,
};
/** Whether a layer transposes, and the size that is added to its output. */
interface Kind {
  readonly transposed: boolean;
  readonly output_padding: Size;
}

const MODES: readonly string[] = ['zeros', 'reflect', 'replicate', 'circular'];

/** The base of all convolution layers. */
export abstract class ConvNd<Args extends unknown[]> extends Module<Args, Tensor> {
  in_channels: number;
  out_channels: number;
  kernel_size: readonly number[];
  stride: readonly number[];
  padding: readonly number[] | NamedPadding;
  dilation: readonly number[];
  transposed: boolean;
  output_padding: readonly number[];
  groups: number;
  padding_mode: PaddingMode;
  /** @internal */
  _reversed_padding_repeated_twice: readonly number[];
  /** Shape (out_channels, in_channels / groups, *kernel_size); transposed, the first two are exchanged. */
  declare weight: Parameter;
  /** Shape (out_channels). */
  declare bias: Parameter | null;

  /** @internal */
  declare readonly _dims: Dims;

  constructor(values: ValuesOf<typeof CONV>, { transposed, output_padding }: Kind) {
    super();
    const dims = this._dims;
    const { in_channels, out_channels, groups, padding, padding_mode, device, dtype } = values;
    if (groups <= 0) throw valueError('groups must be a positive integer');
    if (in_channels % groups !== 0) throw valueError('in_channels must be divisible by groups');
    if (out_channels % groups !== 0) throw valueError('out_channels must be divisible by groups');
    this.in_channels = in_channels;
    this.out_channels = out_channels;
    this.kernel_size = repeated(values.kernel_size, dims);
    this.stride = repeated(values.stride, dims);
    this.dilation = repeated(values.dilation, dims);
    if (typeof padding === 'string') checkNamed(padding, this.stride);
    if (!MODES.includes(padding_mode)) {
      throw valueError(
        `padding_mode must be one of {${MODES.map(strRepr).join(', ')}}, but got padding_mode='${padding_mode}'`,
      );
    }
    this.padding = typeof padding === 'string' ? padding : repeated(padding, dims);
    this.transposed = transposed;
    this.output_padding = repeated(output_padding, dims);
    this.groups = groups;
    this.padding_mode = padding_mode as PaddingMode;
    this._reversed_padding_repeated_twice = this.#reversedPadding();
    const channels = transposed
      ? [in_channels, Math.floor(out_channels / groups)]
      : [out_channels, Math.floor(in_channels / groups)];
    const weight = empty([...channels, ...this.kernel_size], { device, dtype });
    this.register_parameter('weight', new Parameter(weight));
    const bias = values.bias ? new Parameter(empty([out_channels], { device, dtype })) : null;
    this.register_parameter('bias', bias);
    this.reset_parameters();
  }

  /** Returns the padding as `pad` takes it: the last dimension first, both sides of each. */
  #reversedPadding(): readonly number[] {
    const { padding, dilation, kernel_size } = this;
    const both = kernel_size.map((window, d): readonly number[] => {
      if (padding === 'valid') return [0, 0];
      if (padding !== 'same') return [padding[d]!, padding[d]!];
      const total = dilation[d]! * (window - 1);
      const left = Math.floor(total / 2);
      return [left, total - left];
    });
    return both.reverse().flat();
  }

  /** Initializes weight and bias again, at random. */
  reset_parameters(): void {
    const { weight, bias } = this;
    withoutGrad(() => {
      const options = { a: Math.sqrt(5) };
      if (weight.is_contiguous()) init.kaiming_uniform_(weight, options);
      else {
        const values = emptyLike(weight, { memory_format: contiguous_format });
        weight.copy_(init.kaiming_uniform_(values, options));
      }
    });
    if (bias !== null) fillBias(bias, weight);
  }

  override extra_repr(): string {
    const { padding, dilation, output_padding, groups, bias, padding_mode } = this;
    const parts = [
      `${this.in_channels}, ${this.out_channels}, kernel_size=${sizeRepr(this.kernel_size)}`,
      `stride=${sizeRepr(this.stride)}`,
    ];
    if (typeof padding === 'string') parts.push(`padding=${padding}`);
    else if (padding.some((each) => each !== 0)) parts.push(`padding=${sizeRepr(padding)}`);
    if (dilation.some((each) => each !== 1)) parts.push(`dilation=${sizeRepr(dilation)}`);
    if (output_padding.some((each) => each !== 0)) {
      parts.push(`output_padding=${sizeRepr(output_padding)}`);
    }
    if (groups !== 1) parts.push(`groups=${groups}`);
    if (bias === null) parts.push('bias=False');
    if (padding_mode !== 'zeros') parts.push(`padding_mode=${padding_mode}`);
    return parts.join(', ');
  }
}

function checkNamed(padding: string, stride: readonly number[]): asserts padding is NamedPadding {
  if (padding !== 'same' && padding !== 'valid') {
    throw valueError(
      `Invalid padding string ${strRepr(padding)}, should be one of {'same', 'valid'}`,
    );
  }
  if (padding === 'same' && stride.some((step) => step !== 1)) {
    throw valueError("padding='same' is not supported for strided convolutions");
  }
}
