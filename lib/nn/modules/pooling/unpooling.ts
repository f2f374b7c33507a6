/** The reverse of max pooling. Source: torch/nn/modules/pooling.py. */
import {
  INTS,
  nullable,
  optional,
  type Positional,
  required,
  Signature,
  TENSOR,
  type ValuesOf,
} from '../../../dispatch/signature';
import type { Tensor } from '../../../tensor/tensor';
import {
  type MaxUnpoolOptions,
  max_unpool1d,
  max_unpool2d,
  max_unpool3d,
} from '../../functional/pooling';
import { type Dims, repeated, SIZE, type Size, sizeRepr } from '../../sizes';
import { type LayerClass, layer } from '../layer';
import { Module } from '../module';

const MAX_UNPOOL = {
  kernel_size: required(SIZE),
  stride: nullable(SIZE),
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
  output_size: nullable(INTS),
});

/** The base of the layers that reverse max pooling. */
abstract class MaxUnpoolNd extends Module<
  [input: Tensor, indices: Tensor, output_size?: Wanted],
  Tensor
> {
  kernel_size: readonly number[];
  stride: readonly number[];
  padding: readonly number[];

  /** @internal */
  declare readonly _dims: Dims;
  /** @internal */
  declare readonly _unpool: typeof max_unpool1d;

  constructor({ kernel_size, stride, padding }: ValuesOf<typeof MAX_UNPOOL>) {
    super();
    this.kernel_size = repeated(kernel_size, this._dims);
    this.stride = repeated(stride ?? kernel_size, this._dims);
    this.padding = repeated(padding, this._dims);
  }

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

const maxUnpool = (_dims: Dims, _unpool: typeof max_unpool1d): LayerClass<Arguments, MaxUnpoolNd> =>
  layer(MaxUnpoolNd, `MaxUnpool${_dims}d`, MAX_UNPOOL, { _dims, _unpool });

/**
 * Puts the elements of signals back where `MaxPool1d` found them, among zeros.
 *
 * Shapes: input and indices (N, C, L) or (C, L); output (N, C, L') or (C, L').
 *
 * See https://docs.pytorch.org/docs/stable/generated/torch.nn.MaxUnpool1d.html
 *
 * @throws RangeError (ValueError) for an output_size that does not fit
 */
export class MaxUnpool1d extends maxUnpool(1, max_unpool1d) {}

/**
 * Puts the elements of images back where `MaxPool2d` found them, among zeros.
 *
 * Shapes: input and indices (N, C, H, W) or (C, H, W); output (N, C, H', W') or (C, H', W').
 *
 * See https://docs.pytorch.org/docs/stable/generated/torch.nn.MaxUnpool2d.html
 *
 * @throws RangeError (ValueError) for an output_size that does not fit
 */
export class MaxUnpool2d extends maxUnpool(2, max_unpool2d) {}

/**
 * Puts the elements of volumes back where `MaxPool3d` found them, among zeros.
 *
 * Shapes: input and indices (N, C, D, H, W) or (C, D, H, W); output (N, C, D', H', W') or (C, D', H', W').
 *
 * See https://docs.pytorch.org/docs/stable/generated/torch.nn.MaxUnpool3d.html
 *
 * @throws RangeError (ValueError) for an output_size that does not fit
 */
export class MaxUnpool3d extends maxUnpool(3, max_unpool3d) {}
