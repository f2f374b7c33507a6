/** The reverse of max pooling. Source: torch/nn/modules/pooling.py. */
import {
  INTS,
  optional,
  orNull,
  type Positional,
  required,
  Signature,
  TENSOR,
} from '../../../dispatch/signature';
import type { Tensor } from '../../../tensor/tensor';
import {
  type MaxUnpoolOptions,
  max_unpool1d,
  max_unpool2d,
  max_unpool3d,
} from '../../functional/pooling';
import { repeated, SIZE, type Size, sizeRepr } from '../../sizes';
import { Module } from '../module';

const MAX_UNPOOL = {
  kernel_size: required(SIZE),
  stride: optional<Size | null>(orNull(SIZE), null),
  padding: optional<Size>(SIZE, 0),
};

type Arguments = Positional<
  [kernel_size: Size],
  [stride: 'stride', padding: 'padding'],
  Omit<MaxUnpoolOptions, 'output_size'>
>;

/** The size of the output, with or without the first two dimensions. */
type Wanted = readonly number[] | null | { output_size?: readonly number[] | null | undefined };

const FORWARD = new Signature('MaxUnpool.forward', {
  input: required(TENSOR),
  indices: required(TENSOR),
  output_size: optional<readonly number[] | null>(orNull(INTS), null),
});

/** The base of the layers that reverse max pooling. */
abstract class MaxUnpoolNd extends Module<
  [input: Tensor, indices: Tensor, output_size?: Wanted],
  Tensor
> {
  kernel_size: readonly number[];
  stride: readonly number[];
  padding: readonly number[];

  constructor(signature: Signature<typeof MAX_UNPOOL>, dims: number, args: readonly unknown[]) {
    super();
    const { kernel_size, stride, padding } = signature.read(args);
    this.kernel_size = repeated(kernel_size, dims);
    this.stride = repeated(stride ?? kernel_size, dims);
    this.padding = repeated(padding, dims);
  }

  /** @internal */
  abstract _unpool(...args: Parameters<typeof max_unpool1d>): Tensor;

  /** @param output_size - the size of the output. Default: null, the smallest */
  override forward(input: Tensor, indices: Tensor, output_size?: Wanted): Tensor;
  override forward(...args: unknown[]): Tensor {
    const { input, indices, output_size } = FORWARD.read(args);
    return this._unpool(input, indices, this.kernel_size, this.stride, this.padding, output_size);
  }

  override extra_repr(): string {
    const { kernel_size, stride, padding } = this;
    return `kernel_size=${sizeRepr(kernel_size)}, stride=${sizeRepr(stride)}, padding=${sizeRepr(padding)}`;
  }
}

const MAX_UNPOOL1D = new Signature('MaxUnpool1d', MAX_UNPOOL);

/**
 * Puts the elements of signals back where `MaxPool1d` found them, among zeros.
 *
 * Shapes: input and indices (N, C, L) or (C, L); output (N, C, L') or (C, L').
 *
 * See https://docs.pytorch.org/docs/stable/generated/torch.nn.MaxUnpool1d.html
 *
 * @throws RangeError (ValueError) for an output_size that does not fit
 */
export class MaxUnpool1d extends MaxUnpoolNd {
  static readonly signature = MAX_UNPOOL1D.description;

  constructor(...args: Arguments) {
    super(MAX_UNPOOL1D, 1, args);
  }

  override _unpool(...args: Parameters<typeof max_unpool1d>): Tensor {
    return max_unpool1d(...args);
  }
}

const MAX_UNPOOL2D = new Signature('MaxUnpool2d', MAX_UNPOOL);

/**
 * Puts the elements of images back where `MaxPool2d` found them, among zeros.
 *
 * Shapes: input and indices (N, C, H, W) or (C, H, W); output (N, C, H', W') or (C, H', W').
 *
 * See https://docs.pytorch.org/docs/stable/generated/torch.nn.MaxUnpool2d.html
 *
 * @throws RangeError (ValueError) for an output_size that does not fit
 */
export class MaxUnpool2d extends MaxUnpoolNd {
  static readonly signature = MAX_UNPOOL2D.description;

  constructor(...args: Arguments) {
    super(MAX_UNPOOL2D, 2, args);
  }

  override _unpool(...args: Parameters<typeof max_unpool2d>): Tensor {
    return max_unpool2d(...args);
  }
}

const MAX_UNPOOL3D = new Signature('MaxUnpool3d', MAX_UNPOOL);

/**
 * Puts the elements of volumes back where `MaxPool3d` found them, among zeros.
 *
 * Shapes: input and indices (N, C, D, H, W) or (C, D, H, W); output (N, C, D', H', W') or (C, D', H', W').
 *
 * See https://docs.pytorch.org/docs/stable/generated/torch.nn.MaxUnpool3d.html
 *
 * @throws RangeError (ValueError) for an output_size that does not fit
 */
export class MaxUnpool3d extends MaxUnpoolNd {
  static readonly signature = MAX_UNPOOL3D.description;

  constructor(...args: Arguments) {
    super(MAX_UNPOOL3D, 3, args);
  }

  override _unpool(...args: Parameters<typeof max_unpool3d>): Tensor {
    return max_unpool3d(...args);
  }
}
