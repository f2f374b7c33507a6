/** Layers with the largest element of each window. Source: torch/nn/modules/pooling.py. */
import {
  BOOL,
  nullable,
  optional,
  type Positional,
  required,
  type SignatureParameter,
  type ValuesOf,
} from '../../../dispatch/signature';
import type { Tensor } from '../../../tensor/tensor';
import { boolRepr } from '../../../utils/python';
import {
  type IndicesOption,
  type MaxPoolOptions,
  max_pool1d,
  max_pool2d,
  max_pool3d,
} from '../../functional/pooling';
import { SIZE, type Size, sizeRepr } from '../../sizes';
import { layer } from '../layer';
import { Module } from '../module';
import type { Pooled } from './parameters';

const MAX_POOL = {
  kernel_size: required(SIZE),
  stride: nullable(SIZE),
  padding: optional<Size>(SIZE, 0),
  dilation: optional<Size>(SIZE, 1),
  return_indices: optional(BOOL, false),
  ceil_mode: optional(BOOL, false),
};

type Arguments<Indices extends boolean> = Positional<
  [kernel_size: Size],
  [
    stride: 'stride',
    padding: 'padding',
    dilation: 'dilation',
    return_indices: 'return_indices',
    ceil_mode: 'ceil_mode',
  ],
  MaxPoolOptions & IndicesOption<Indices>
>;

/** The base of layers with the largest element of each window. */
abstract class MaxPoolNd<Indices extends boolean> extends Module<[input: Tensor], Pooled<Indices>> {
  kernel_size: Size;
  stride: Size;
  padding: Size;
  dilation: Size;
  return_indices: boolean;
  ceil_mode: boolean;
  /** @internal */
  declare readonly _pool: typeof max_pool1d;

  constructor(values: ValuesOf<typeof MAX_POOL>) {
    super();
    this.kernel_size = values.kernel_size;
    this.stride = values.stride ?? values.kernel_size;
    this.padding = values.padding;
    this.dilation = values.dilation;
    this.return_indices = values.return_indices;
    this.ceil_mode = values.ceil_mode;
  }

  override forward(input: Tensor): Pooled<Indices> {
    const { kernel_size, stride, padding, dilation, ceil_mode, return_indices } = this;
    const options = { stride, padding, dilation, ceil_mode, return_indices };
    return this._pool(input, kernel_size, options) as Pooled<Indices>;
  }

  override extra_repr(): string {
    return (
      `kernel_size=${sizeRepr(this.kernel_size)}, stride=${sizeRepr(this.stride)}, ` +
      `padding=${sizeRepr(this.padding)}, dilation=${sizeRepr(this.dilation)}, ceil_mode=${boolRepr(this.ceil_mode)}`
    );
  }
}

interface MaxPoolClass {
  new <Indices extends boolean = false>(...args: Arguments<Indices>): MaxPoolNd<Indices>;
  readonly signature: readonly SignatureParameter[];
}

const maxPool = (name: string, _pool: typeof max_pool1d): MaxPoolClass =>
  layer(MaxPoolNd, name, MAX_POOL, { _pool }) as MaxPoolClass;

/**
 * Returns the largest element of each window of signals. With `return_indices`, returns the indices too.
 *
 * Shapes: input (N, C, L) or (C, L); output (N, C, L') or (C, L').
 *
 * See https://docs.pytorch.org/docs/stable/generated/torch.nn.MaxPool1d.html
 */
export class MaxPool1d<Indices extends boolean = false> extends maxPool(
  'MaxPool1d',
  max_pool1d,
)<Indices> {}

/**
 * Returns the largest element of each window of images. With `return_indices`, returns the indices too.
 *
 * Shapes: input (N, C, H, W) or (C, H, W); output (N, C, H', W') or (C, H', W').
 *
 * See https://docs.pytorch.org/docs/stable/generated/torch.nn.MaxPool2d.html
 */
export class MaxPool2d<Indices extends boolean = false> extends maxPool(
  'MaxPool2d',
  max_pool2d,
)<Indices> {}

/**
 * Returns the largest element of each window of volumes. With `return_indices`, returns the indices too.
 *
 * Shapes: input (N, C, D, H, W) or (C, D, H, W); output (N, C, D', H', W') or (C, D', H', W').
 *
 * See https://docs.pytorch.org/docs/stable/generated/torch.nn.MaxPool3d.html
 */
export class MaxPool3d<Indices extends boolean = false> extends maxPool(
  'MaxPool3d',
  max_pool3d,
)<Indices> {}
