/** Convolution layers. Source: torch/nn/modules/conv.py. */
import { valueError } from '../../bindings/errors';
import {
  BOOL,
  FACTORY,
  type FactoryOptions,
  INT,
  INTS,
  optional,
  orNull,
  type Positional,
  required,
  Signature,
  STRING,
  TENSOR,
  typeOf,
  type ValuesOf,
} from '../../dispatch/signature';
import type { DeviceLike } from '../../tensor/device';
import type { DType } from '../../tensor/dtype';
import { contiguous_format } from '../../tensor/layout';
import type { Tensor } from '../../tensor/tensor';
import { strRepr } from '../../utils/python';
import {
  conv_transpose1d,
  conv_transpose2d,
  conv_transpose3d,
  conv1d,
  conv2d,
  conv3d,
  type NamedPadding,
} from '../functional/conv';
import { pad } from '../functional/padding';
import * as init from '../init';
import { empty, emptyLike, withoutGrad } from '../ops';
import { Parameter } from '../parameter';
import { listText, repeated, SIZE, type Size, sizeRepr } from '../sizes';
import { fillBias } from './bias';
import { Module } from './module';

/** What the elements of the padding are: zeros, a mirror image, the border, or the other side. */
export type PaddingMode = 'zeros' | 'reflect' | 'replicate' | 'circular';

interface Options extends FactoryOptions {
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

export interface ConvOptions extends Options {
  /** The number of elements that are added on both sides, `'same'` or `'valid'`. Default: 0. */
  padding?: Size | NamedPadding | undefined;
}

export interface ConvTransposeOptions extends Options {
  /** The number of elements that the convolution would add on both sides. Default: 0. */
  padding?: Size | undefined;
  /** The size that is added to one side of the output. Default: 0. */
  output_padding?: Size | undefined;
}

type Place = [device: DeviceLike | null, dtype: DType | null];

type ConvArguments = Positional<
  [in_channels: number, out_channels: number, kernel_size: Size],
  [
    stride: Size,
    padding: Size | NamedPadding,
    dilation: Size,
    groups: number,
    bias: boolean,
    padding_mode: PaddingMode,
    ...Place,
  ],
  ConvOptions
>;

type ConvTransposeArguments = Positional<
  [in_channels: number, out_channels: number, kernel_size: Size],
  [
    stride: Size,
    padding: Size,
    output_padding: Size,
    groups: number,
    bias: boolean,
    dilation: Size,
    padding_mode: PaddingMode,
    ...Place,
  ],
  ConvTransposeOptions
>;

const PADDING = typeOf<Size | string>(
  'an integer, an array of integers or a string',
  (value) => typeof value === 'string' || SIZE.accepts(value),
);
const CHANNELS = {
  in_channels: required(INT),
  out_channels: required(INT),
  kernel_size: required(SIZE),
  stride: optional<Size>(SIZE, 1),
};
const DILATION = { dilation: optional<Size>(SIZE, 1) };
const GROUPS = { groups: optional(INT, 1), bias: optional(BOOL, true) };
const PADDING_MODE = { padding_mode: optional(STRING, 'zeros'), ...FACTORY };

const CONV = {
  ...CHANNELS,
  padding: optional<Size | string>(PADDING, 0),
  ...DILATION,
  ...GROUPS,
  ...PADDING_MODE,
};
const CONV_TRANSPOSE = {
  ...CHANNELS,
  padding: optional<Size>(SIZE, 0),
  output_padding: optional<Size>(SIZE, 0),
  ...GROUPS,
  ...DILATION,
  ...PADDING_MODE,
};

/** Whether a layer transposes, in how many dimensions, and the size that is added to its output. */
interface Kind {
  readonly dims: number;
  readonly transposed: boolean;
  readonly output_padding: Size;
}

const MODES: readonly string[] = ['zeros', 'reflect', 'replicate', 'circular'];

/** The base of all convolution layers. */
abstract class ConvNd<Args extends unknown[]> extends Module<Args, Tensor> {
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

  constructor(values: ValuesOf<typeof CONV>, { dims, transposed, output_padding }: Kind) {
    super();
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

// --- convolutions ---------------------------------------------------------------------------------------------------

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

// --- transposed -----------------------------------------------------------------------------------------------------

/** The size of the output, with or without the first dimensions, in the place of its smallest size. */
type Wanted = readonly number[] | null | { output_size?: readonly number[] | null | undefined };

const FORWARD = new Signature('ConvTranspose.forward', {
  input: required(TENSOR),
  output_size: optional<readonly number[] | null>(orNull(INTS), null),
});

/** The base of {@link ConvTranspose1d}, {@link ConvTranspose2d} and {@link ConvTranspose3d}. */
abstract class ConvTranspose extends ConvNd<[input: Tensor, output_size?: Wanted]> {
  constructor(signature: Signature<typeof CONV_TRANSPOSE>, dims: number, args: readonly unknown[]) {
    const values = signature.read(args);
    if (values.padding_mode !== 'zeros') {
      throw valueError(`Only "zeros" padding mode is supported for ${new.target.name}`);
    }
    super(values, { dims, transposed: true, output_padding: values.output_padding });
  }

  /** Computes the layer with the size that is added to the output. @internal */
  abstract _transposed(input: Tensor, output_padding: readonly number[]): Tensor;

  /** @param output_size - the size of the output. Default: null, the smallest one plus `output_padding` */
  override forward(input: Tensor, output_size?: Wanted): Tensor;
  override forward(...args: unknown[]): Tensor {
    const { input, output_size } = FORWARD.read(args);
    if (this.padding_mode !== 'zeros') {
      throw valueError(
        `Only \`zeros\` padding mode is supported for ConvTranspose${this.kernel_size.length}d`,
      );
    }
    return this._transposed(input, this._output_padding(input, output_size));
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

const CONV_TRANSPOSE1D = new Signature('ConvTranspose1d', CONV_TRANSPOSE);

/**
 * Computes the gradient of a {@link Conv1d} as a layer of its own: a deconvolution of signals.
 *
 * Shapes: input (N, in_channels, L) or (in_channels, L); output (N, out_channels, L') or (out_channels, L').
 *
 * See https://docs.pytorch.org/docs/stable/generated/torch.nn.ConvTranspose1d.html
 *
 * @throws RangeError (ValueError) if the groups do not divide the channels, or for another padding mode than zeros
 */
export class ConvTranspose1d extends ConvTranspose {
  static readonly signature = CONV_TRANSPOSE1D.description;

  constructor(...args: ConvTransposeArguments) {
    super(CONV_TRANSPOSE1D, 1, args);
  }

  override _transposed(input: Tensor, output_padding: readonly number[]): Tensor {
    const { weight, bias, stride, groups, dilation } = this;
    const padding = this.padding as readonly number[];
    return conv_transpose1d(input, weight, bias, stride, padding, output_padding, groups, dilation);
  }
}

const CONV_TRANSPOSE2D = new Signature('ConvTranspose2d', CONV_TRANSPOSE);

/**
 * Computes the gradient of a {@link Conv2d} as a layer of its own: a deconvolution of images.
 *
 * Shapes: input (N, in_channels, H, W) or (in_channels, H, W); output (N, out_channels, H', W') or (out_channels, H',
 * W').
 *
 * See https://docs.pytorch.org/docs/stable/generated/torch.nn.ConvTranspose2d.html
 *
 * @throws RangeError (ValueError) if the groups do not divide the channels, or for another padding mode than zeros
 */
export class ConvTranspose2d extends ConvTranspose {
  static readonly signature = CONV_TRANSPOSE2D.description;

  constructor(...args: ConvTransposeArguments) {
    super(CONV_TRANSPOSE2D, 2, args);
  }

  override _transposed(input: Tensor, output_padding: readonly number[]): Tensor {
    const { weight, bias, stride, groups, dilation } = this;
    const padding = this.padding as readonly number[];
    return conv_transpose2d(input, weight, bias, stride, padding, output_padding, groups, dilation);
  }
}

const CONV_TRANSPOSE3D = new Signature('ConvTranspose3d', CONV_TRANSPOSE);

/**
 * Computes the gradient of a {@link Conv3d} as a layer of its own: a deconvolution of volumes.
 *
 * Shapes: input (N, in_channels, D, H, W) or (in_channels, D, H, W); output (N, out_channels, D', H', W') or
 * (out_channels, D', H', W').
 *
 * See https://docs.pytorch.org/docs/stable/generated/torch.nn.ConvTranspose3d.html
 *
 * @throws RangeError (ValueError) if the groups do not divide the channels, or for another padding mode than zeros
 */
export class ConvTranspose3d extends ConvTranspose {
  static readonly signature = CONV_TRANSPOSE3D.description;

  constructor(...args: ConvTransposeArguments) {
    super(CONV_TRANSPOSE3D, 3, args);
  }

  override _transposed(input: Tensor, output_padding: readonly number[]): Tensor {
    const { weight, bias, stride, groups, dilation } = this;
    const padding = this.padding as readonly number[];
    return conv_transpose3d(input, weight, bias, stride, padding, output_padding, groups, dilation);
  }
}
