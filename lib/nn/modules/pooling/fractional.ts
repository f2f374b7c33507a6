/** Max pooling layers with windows of random sizes. Source: torch/nn/modules/pooling.py. */
import { valueError } from '../../../bindings/errors';
import {
  type Positional,
  required,
  type SignatureParameter,
  type ValuesOf,
} from '../../../dispatch/signature';
import type { Tensor } from '../../../tensor/tensor';
import { floatRepr } from '../../../utils/python';
import {
  type FractionalMaxPoolOptions,
  fractional_max_pool2d,
  fractional_max_pool3d,
  type IndicesOption,
} from '../../functional/pooling';
import { FRACTIONAL, type Ratio, ratios } from '../../functional/pooling/fractional';
import { repeated, SIZE, type Size, sizeRepr } from '../../sizes';
import { layer } from '../layer';
import { Module } from '../module';
import type { Pooled } from './parameters';

const PARAMETERS = { kernel_size: required(SIZE), ...FRACTIONAL };

type Arguments<Indices extends boolean> = Positional<
  [kernel_size: Size],
  [
    output_size: 'output_size',
    output_ratio: 'output_ratio',
    return_indices: 'return_indices',
    _random_samples: '_random_samples',
  ],
  FractionalMaxPoolOptions & IndicesOption<Indices>
>;

/** The base of layers with windows of random sizes. */
abstract class FractionalMaxPoolNd<Indices extends boolean> extends Module<
  [input: Tensor],
  Pooled<Indices>
> {
  kernel_size: readonly number[];
  return_indices: boolean;
  output_size: readonly number[] | null;
  output_ratio: readonly number[] | null;
  /** The random numbers that choose the windows. Null: new ones for each call. */
  declare _random_samples: Tensor | null;

  /** @internal */
  declare readonly _dims: 2 | 3;
  /** @internal */
  declare readonly _pool: typeof fractional_max_pool2d;

  constructor({ kernel_size, output_size, output_ratio, ...values }: ValuesOf<typeof PARAMETERS>) {
    super();
    const dims = this._dims;
    this.kernel_size = repeated(kernel_size, dims);
    if (dims === 3 && this.kernel_size.some((each) => each <= 0)) {
      throw valueError(`kernel_size must be greater than 0, but got ${sizeRepr(kernel_size)}`);
    }
    this.return_indices = values.return_indices;
    this.register_buffer('_random_samples', values._random_samples);
    this.output_size = output_size === null ? null : repeated(output_size, dims);
    this.output_ratio = output_ratio === null ? null : ratios(output_ratio, dims);
    if (output_size === null && output_ratio === null) {
      throw valueError(
        `FractionalMaxPool${dims}d requires specifying either an output size, or a pooling ratio`,
      );
    }
    if (output_size !== null && output_ratio !== null) {
      throw valueError('only one of output_size and output_ratio may be specified');
    }
    if (output_ratio !== null && !this.output_ratio!.every((each) => 0 < each && each < 1)) {
      throw valueError(`output_ratio must be between 0 and 1 (got ${ratioRepr(output_ratio)})`);
    }
  }

  override forward(input: Tensor): Pooled<Indices> {
    const { kernel_size, output_size, output_ratio, return_indices, _random_samples } = this;
    const options = { output_size, output_ratio, return_indices, _random_samples };
    return this._pool(input, kernel_size, options) as Pooled<Indices>;
  }
}

function ratioRepr(ratio: Ratio): string {
  return typeof ratio === 'number' ? floatRepr(ratio) : `(${ratio.map(floatRepr).join(', ')})`;
}

interface FractionalMaxPoolClass {
  new <Indices extends boolean = false>(...args: Arguments<Indices>): FractionalMaxPoolNd<Indices>;
  readonly signature: readonly SignatureParameter[];
}

const fractionalMaxPool = (
  _dims: 2 | 3,
  _pool: typeof fractional_max_pool2d,
): FractionalMaxPoolClass =>
  layer(FractionalMaxPoolNd, `FractionalMaxPool${_dims}d`, PARAMETERS, {
    _dims,
    _pool,
  }) as FractionalMaxPoolClass;

/**
 * Returns the largest elements of windows of images with random sizes. One of `output_size` and `output_ratio` is required.
 *
 * Shapes: input (N, C, H, W) or (C, H, W); output (N, C, H', W') or (C, H', W').
 *
 * See https://docs.pytorch.org/docs/stable/generated/torch.nn.FractionalMaxPool2d.html
 *
 * @throws RangeError (ValueError) unless one of both is given, or for a ratio outside 0…1
 */
export class FractionalMaxPool2d<Indices extends boolean = false> extends fractionalMaxPool(
  2,
  fractional_max_pool2d,
)<Indices> {}

/**
 * Returns the largest elements of windows of volumes with random sizes. One of `output_size` and `output_ratio` is required.
 *
 * Shapes: input (N, C, D, H, W) or (C, D, H, W); output (N, C, D', H', W') or (C, D', H', W').
 *
 * See https://docs.pytorch.org/docs/stable/generated/torch.nn.FractionalMaxPool3d.html
 *
 * @throws RangeError (ValueError) unless one of both is given, or for a ratio outside 0…1
 */
export class FractionalMaxPool3d<Indices extends boolean = false> extends fractionalMaxPool(
  3,
  fractional_max_pool3d,
)<Indices> {}
