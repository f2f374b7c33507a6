/** Pooling layers with windows for a given size of the result. Source: torch/nn/modules/pooling.py. */
import {
  BOOL,
  optional,
  type Positional,
  required,
  type SignatureParameter,
  type ValuesOf,
} from '../../../dispatch/signature';
import type { Tensor } from '../../../tensor/tensor';
import {
  adaptive_avg_pool1d,
  adaptive_avg_pool2d,
  adaptive_avg_pool3d,
  adaptive_max_pool1d,
  adaptive_max_pool2d,
  adaptive_max_pool3d,
  type IndicesOption,
} from '../../functional/pooling';
import { OUTPUT_SIZE, type OutputSize, sizeRepr } from '../../sizes';
import { attributes, type LayerClass, layer } from '../layer';
import { Module } from '../module';
import type { Pooled } from './parameters';

// --- the mean -------------------------------------------------------------------------------------------------------

/** A dimension that is null keeps the size of the input. */
const AVG = { output_size: required(OUTPUT_SIZE) };

type AvgArguments = [output_size: OutputSize] | [options: { output_size: OutputSize }];

/** The base of layers with means. */
abstract class AdaptiveAvgPoolNd extends attributes<typeof AVG>() {
  /** @internal */
  declare readonly _pool: typeof adaptive_avg_pool2d;

  override forward(input: Tensor): Tensor {
    return this._pool(input, this.output_size);
  }

  override extra_repr(): string {
    return `output_size=${sizeRepr(this.output_size)}`;
  }
}

const avgPool = (
  name: string,
  _pool: typeof adaptive_avg_pool2d,
): LayerClass<AvgArguments, AdaptiveAvgPoolNd> => layer(AdaptiveAvgPoolNd, name, AVG, { _pool });

/**
 * Returns means of windows of signals, chosen so that the result has a given size.
 *
 * Shapes: input (N, C, L) or (C, L); output (N, C, output_size) or (C, output_size).
 *
 * See https://docs.pytorch.org/docs/stable/generated/torch.nn.AdaptiveAvgPool1d.html
 */
export class AdaptiveAvgPool1d extends avgPool(
  'AdaptiveAvgPool1d',
  adaptive_avg_pool1d as typeof adaptive_avg_pool2d,
) {}

/**
 * Returns means of windows of images, chosen so that the result has a given size.
 *
 * Shapes: input (N, C, H, W) or (C, H, W); output (N, C, *output_size) or (C, *output_size).
 *
 * See https://docs.pytorch.org/docs/stable/generated/torch.nn.AdaptiveAvgPool2d.html
 */
export class AdaptiveAvgPool2d extends avgPool('AdaptiveAvgPool2d', adaptive_avg_pool2d) {}

/**
 * Returns means of windows of volumes, chosen so that the result has a given size.
 *
 * Shapes: input (N, C, D, H, W) or (C, D, H, W); output (N, C, *output_size) or (C, *output_size).
 *
 * See https://docs.pytorch.org/docs/stable/generated/torch.nn.AdaptiveAvgPool3d.html
 */
export class AdaptiveAvgPool3d extends avgPool('AdaptiveAvgPool3d', adaptive_avg_pool3d) {}

// --- the largest element --------------------------------------------------------------------------------------------

const MAX = { ...AVG, return_indices: optional(BOOL, false) };

type MaxArguments<Indices extends boolean> = Positional<
  [output_size: OutputSize],
  [return_indices: 'return_indices'],
  IndicesOption<Indices>
>;

/** The base of layers with the largest elements. */
abstract class AdaptiveMaxPoolNd<Indices extends boolean> extends Module<
  [input: Tensor],
  Pooled<Indices>
> {
  output_size: OutputSize;
  return_indices: boolean;

  /** @internal */
  declare readonly _pool: typeof adaptive_max_pool1d;

  constructor({ output_size, return_indices }: ValuesOf<typeof MAX>) {
    super();
    this.output_size = output_size;
    this.return_indices = return_indices;
  }

  override forward(input: Tensor): Pooled<Indices> {
    return this._pool(input, this.output_size, this.return_indices) as Pooled<Indices>;
  }

  override extra_repr(): string {
    return `output_size=${sizeRepr(this.output_size)}`;
  }
}

interface AdaptiveMaxPoolClass {
  new <Indices extends boolean = false>(...args: MaxArguments<Indices>): AdaptiveMaxPoolNd<Indices>;
  readonly signature: readonly SignatureParameter[];
}

const maxPool = (name: string, _pool: typeof adaptive_max_pool1d): AdaptiveMaxPoolClass =>
  layer(AdaptiveMaxPoolNd, name, MAX, { _pool }) as AdaptiveMaxPoolClass;

/**
 * Returns the largest elements of windows of signals, chosen so that the result has a given size.
 *
 * Shapes: input (N, C, L) or (C, L); output (N, C, output_size) or (C, output_size).
 *
 * See https://docs.pytorch.org/docs/stable/generated/torch.nn.AdaptiveMaxPool1d.html
 */
export class AdaptiveMaxPool1d<Indices extends boolean = false> extends maxPool(
  'AdaptiveMaxPool1d',
  adaptive_max_pool1d,
)<Indices> {}

/**
 * Returns the largest elements of windows of images, chosen so that the result has a given size.
 *
 * Shapes: input (N, C, H, W) or (C, H, W); output (N, C, *output_size) or (C, *output_size).
 *
 * See https://docs.pytorch.org/docs/stable/generated/torch.nn.AdaptiveMaxPool2d.html
 */
export class AdaptiveMaxPool2d<Indices extends boolean = false> extends maxPool(
  'AdaptiveMaxPool2d',
  adaptive_max_pool2d,
)<Indices> {}

/**
 * Returns the largest elements of windows of volumes, chosen so that the result has a given size.
 *
 * Shapes: input (N, C, D, H, W) or (C, D, H, W); output (N, C, *output_size) or (C, *output_size).
 *
 * See https://docs.pytorch.org/docs/stable/generated/torch.nn.AdaptiveMaxPool3d.html
 */
export class AdaptiveMaxPool3d<Indices extends boolean = false> extends maxPool(
  'AdaptiveMaxPool3d',
  adaptive_max_pool3d,
)<Indices> {}
