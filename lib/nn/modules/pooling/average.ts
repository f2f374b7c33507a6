/** Layers with a mean of each window. Source: torch/nn/modules/pooling.py. */
import {
  BOOL,
  FLOAT,
  INT,
  nullable,
  optional,
  type Positional,
  required,
  Signature,
  type ValuesOf,
} from '../../../dispatch/signature';
import type { Tensor } from '../../../tensor/tensor';
import { boolRepr, floatRepr } from '../../../utils/python';
import {
  type AvgPool1dOptions,
  type AvgPoolOptions,
  avg_pool1d,
  avg_pool2d,
  avg_pool3d,
  type LPPoolOptions,
  lp_pool1d,
  lp_pool2d,
  lp_pool3d,
} from '../../functional/pooling';
import { repeated, SIZE, type Size, sizeRepr } from '../../sizes';
import { attributes, type LayerClass, layer } from '../layer';

const WINDOW = {
  kernel_size: required(SIZE),
  stride: nullable(SIZE),
};
const CEIL_MODE = { ceil_mode: optional(BOOL, false) };

// --- the arithmetic mean --------------------------------------------------------------------------------------------

const AVG_POOL = {
  ...WINDOW,
  padding: optional<Size>(SIZE, 0),
  ...CEIL_MODE,
  count_include_pad: optional(BOOL, true),
};
const AVG_POOL_OF_PLANES = {
  ...AVG_POOL,
  divisor_override: nullable(INT),
};

type Averaging = [
  stride: 'stride',
  padding: 'padding',
  ceil_mode: 'ceil_mode',
  count_include_pad: 'count_include_pad',
];

/** The base of layers with the mean of each window. */
abstract class AvgPoolNd extends attributes<typeof AVG_POOL>() {
  declare stride: Size;

  constructor(values: ValuesOf<typeof AVG_POOL>) {
    super({ ...values, stride: values.stride ?? values.kernel_size });
  }

  override extra_repr(): string {
    const { kernel_size, stride, padding } = this;
    return `kernel_size=${sizeRepr(kernel_size)}, stride=${sizeRepr(stride)}, padding=${sizeRepr(padding)}`;
  }
}

const AVG_POOL1D = new Signature('AvgPool1d', AVG_POOL);

/**
 * Returns the mean of each window of signals.
 *
 * Shapes: input (N, C, L) or (C, L); output (N, C, L') or (C, L').
 *
 * See https://docs.pytorch.org/docs/stable/generated/torch.nn.AvgPool1d.html
 */
export class AvgPool1d extends AvgPoolNd {
  static readonly signature = AVG_POOL1D.description;

  constructor(...args: Positional<[kernel_size: Size], Averaging, AvgPool1dOptions>) {
    super(AVG_POOL1D.read(args));
    this.kernel_size = repeated(this.kernel_size, 1);
    this.stride = repeated(this.stride, 1);
    this.padding = repeated(this.padding, 1);
  }

  override forward(input: Tensor): Tensor {
    const { kernel_size, stride, padding, ceil_mode, count_include_pad } = this;
    return avg_pool1d(input, kernel_size, stride, padding, ceil_mode, count_include_pad);
  }
}

/** The base of layers with the mean of each window of two or three dimensions. */
abstract class AvgPoolOfPlanes extends AvgPoolNd {
  declare divisor_override: number | null;
  /** @internal */
  declare readonly _pool: typeof avg_pool2d;

  override forward(input: Tensor): Tensor {
    const { kernel_size, stride, padding, ceil_mode, count_include_pad, divisor_override } = this;
    const options = { ceil_mode, count_include_pad, divisor_override };
    return this._pool(input, kernel_size, stride, padding, options);
  }
}

type ArgumentsOfPlanes = Positional<
  [kernel_size: Size],
  [...Averaging, divisor_override: 'divisor_override'],
  AvgPoolOptions
>;

const avgPool = (
  name: string,
  _pool: typeof avg_pool2d,
): LayerClass<ArgumentsOfPlanes, AvgPoolOfPlanes> =>
  layer(AvgPoolOfPlanes, name, AVG_POOL_OF_PLANES, { _pool });

/**
 * Returns the mean of each window of images.
 *
 * Shapes: input (N, C, H, W) or (C, H, W); output (N, C, H', W') or (C, H', W').
 *
 * See https://docs.pytorch.org/docs/stable/generated/torch.nn.AvgPool2d.html
 */
export class AvgPool2d extends avgPool('AvgPool2d', avg_pool2d) {}

/**
 * Returns the mean of each window of volumes.
 *
 * Shapes: input (N, C, D, H, W) or (C, D, H, W); output (N, C, D', H', W') or (C, D', H', W').
 *
 * See https://docs.pytorch.org/docs/stable/generated/torch.nn.AvgPool3d.html
 */
export class AvgPool3d extends avgPool('AvgPool3d', avg_pool3d) {}

// --- the power mean -------------------------------------------------------------------------------------------------

const LP_POOL = { norm_type: required(FLOAT), ...WINDOW, ...CEIL_MODE };

type LPArguments = Positional<
  [norm_type: number, kernel_size: Size],
  [stride: 'stride', ceil_mode: 'ceil_mode'],
  LPPoolOptions
>;

/** The base of layers with the p-norm of each window. */
abstract class LPPoolNd extends attributes<typeof LP_POOL>() {
  /** @internal */
  declare readonly _pool: typeof lp_pool1d;

  override forward(input: Tensor): Tensor {
    const { norm_type, kernel_size, stride, ceil_mode } = this;
    return this._pool(input, norm_type, kernel_size, stride, ceil_mode);
  }

  override extra_repr(): string {
    return (
      `norm_type=${floatRepr(this.norm_type)}, kernel_size=${sizeRepr(this.kernel_size)}, ` +
      `stride=${sizeRepr(this.stride)}, ceil_mode=${boolRepr(this.ceil_mode)}`
    );
  }
}

const lpPool = (name: string, _pool: typeof lp_pool1d): LayerClass<LPArguments, LPPoolNd> =>
  layer(LPPoolNd, name, LP_POOL, { _pool });

/**
 * Returns the p-norm of each window of signals, where p is `norm_type`: `sum(x ** p) ** (1 / p)`.
 *
 * Shapes: input (N, C, L) or (C, L); output (N, C, L') or (C, L').
 *
 * See https://docs.pytorch.org/docs/stable/generated/torch.nn.LPPool1d.html
 */
export class LPPool1d extends lpPool('LPPool1d', lp_pool1d) {}

/**
 * Returns the p-norm of each window of images, where p is `norm_type`: `sum(x ** p) ** (1 / p)`.
 *
 * Shapes: input (N, C, H, W) or (C, H, W); output (N, C, H', W') or (C, H', W').
 *
 * See https://docs.pytorch.org/docs/stable/generated/torch.nn.LPPool2d.html
 */
export class LPPool2d extends lpPool('LPPool2d', lp_pool2d) {}

/**
 * Returns the p-norm of each window of volumes, where p is `norm_type`: `sum(x ** p) ** (1 / p)`.
 *
 * Shapes: input (N, C, D, H, W) or (C, D, H, W); output (N, C, D', H', W') or (C, D', H', W').
 *
 * See https://docs.pytorch.org/docs/stable/generated/torch.nn.LPPool3d.html
 */
export class LPPool3d extends lpPool('LPPool3d', lp_pool3d) {}
