/** Pooling layers with windows for a given size of the result. Source: torch/nn/modules/pooling.py. */
import { BOOL, optional, type Positional, required, Signature } from '../../../dispatch/signature';
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
import { OUTPUT_SIZE, type OutputSize, type Size, sizeRepr } from '../../sizes';
import { Module } from '../module';
import type { Pooled } from './parameters';

// --- the mean -------------------------------------------------------------------------------------------------------

const AVG = { output_size: required(OUTPUT_SIZE) };

type AvgArguments = [output_size: OutputSize] | [options: { output_size: OutputSize }];

/** The base of layers with means. */
abstract class AdaptiveAvgPoolNd extends Module<[input: Tensor], Tensor> {
  /** A dimension that is null keeps the size of the input. */
  output_size: OutputSize;

  constructor(signature: Signature<typeof AVG>, args: readonly unknown[]) {
    super();
    this.output_size = signature.read(args).output_size;
  }

  override extra_repr(): string {
    return `output_size=${sizeRepr(this.output_size)}`;
  }
}

const ADAPTIVE_AVG_POOL1D = new Signature('AdaptiveAvgPool1d', AVG);

/**
 * Returns means of windows of signals, chosen so that the result has a given size.
 *
 * Shapes: input (N, C, L) or (C, L); output (N, C, output_size) or (C, output_size).
 *
 * See https://docs.pytorch.org/docs/stable/generated/torch.nn.AdaptiveAvgPool1d.html
 */
export class AdaptiveAvgPool1d extends AdaptiveAvgPoolNd {
  static readonly signature = ADAPTIVE_AVG_POOL1D.description;

  constructor(...args: AvgArguments) {
    super(ADAPTIVE_AVG_POOL1D, args);
  }

  override forward(input: Tensor): Tensor {
    return adaptive_avg_pool1d(input, this.output_size as Size);
  }
}

const ADAPTIVE_AVG_POOL2D = new Signature('AdaptiveAvgPool2d', AVG);

/**
 * Returns means of windows of images, chosen so that the result has a given size.
 *
 * Shapes: input (N, C, H, W) or (C, H, W); output (N, C, *output_size) or (C, *output_size).
 *
 * See https://docs.pytorch.org/docs/stable/generated/torch.nn.AdaptiveAvgPool2d.html
 */
export class AdaptiveAvgPool2d extends AdaptiveAvgPoolNd {
  static readonly signature = ADAPTIVE_AVG_POOL2D.description;

  constructor(...args: AvgArguments) {
    super(ADAPTIVE_AVG_POOL2D, args);
  }

  override forward(input: Tensor): Tensor {
    return adaptive_avg_pool2d(input, this.output_size);
  }
}

const ADAPTIVE_AVG_POOL3D = new Signature('AdaptiveAvgPool3d', AVG);

/**
 * Returns means of windows of volumes, chosen so that the result has a given size.
 *
 * Shapes: input (N, C, D, H, W) or (C, D, H, W); output (N, C, *output_size) or (C, *output_size).
 *
 * See https://docs.pytorch.org/docs/stable/generated/torch.nn.AdaptiveAvgPool3d.html
 */
export class AdaptiveAvgPool3d extends AdaptiveAvgPoolNd {
  static readonly signature = ADAPTIVE_AVG_POOL3D.description;

  constructor(...args: AvgArguments) {
    super(ADAPTIVE_AVG_POOL3D, args);
  }

  override forward(input: Tensor): Tensor {
    return adaptive_avg_pool3d(input, this.output_size);
  }
}

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
  /** A dimension that is null keeps the size of the input. */
  output_size: OutputSize;
  return_indices: boolean;

  constructor(signature: Signature<typeof MAX>, args: readonly unknown[]) {
    super();
    const { output_size, return_indices } = signature.read(args);
    this.output_size = output_size;
    this.return_indices = return_indices;
  }

  override extra_repr(): string {
    return `output_size=${sizeRepr(this.output_size)}`;
  }
}

const ADAPTIVE_MAX_POOL1D = new Signature('AdaptiveMaxPool1d', MAX);

/**
 * Returns the largest elements of windows of signals, chosen so that the result has a given size.
 *
 * Shapes: input (N, C, L) or (C, L); output (N, C, output_size) or (C, output_size).
 *
 * See https://docs.pytorch.org/docs/stable/generated/torch.nn.AdaptiveMaxPool1d.html
 */
export class AdaptiveMaxPool1d<Indices extends boolean = false> extends AdaptiveMaxPoolNd<Indices> {
  static readonly signature = ADAPTIVE_MAX_POOL1D.description;

  constructor(...args: MaxArguments<Indices>) {
    super(ADAPTIVE_MAX_POOL1D, args);
  }

  override forward(input: Tensor): Pooled<Indices> {
    return adaptive_max_pool1d(input, this.output_size, this.return_indices) as Pooled<Indices>;
  }
}

const ADAPTIVE_MAX_POOL2D = new Signature('AdaptiveMaxPool2d', MAX);

/**
 * Returns the largest elements of windows of images, chosen so that the result has a given size.
 *
 * Shapes: input (N, C, H, W) or (C, H, W); output (N, C, *output_size) or (C, *output_size).
 *
 * See https://docs.pytorch.org/docs/stable/generated/torch.nn.AdaptiveMaxPool2d.html
 */
export class AdaptiveMaxPool2d<Indices extends boolean = false> extends AdaptiveMaxPoolNd<Indices> {
  static readonly signature = ADAPTIVE_MAX_POOL2D.description;

  constructor(...args: MaxArguments<Indices>) {
    super(ADAPTIVE_MAX_POOL2D, args);
  }

  override forward(input: Tensor): Pooled<Indices> {
    return adaptive_max_pool2d(input, this.output_size, this.return_indices) as Pooled<Indices>;
  }
}

const ADAPTIVE_MAX_POOL3D = new Signature('AdaptiveMaxPool3d', MAX);

/**
 * Returns the largest elements of windows of volumes, chosen so that the result has a given size.
 *
 * Shapes: input (N, C, D, H, W) or (C, D, H, W); output (N, C, *output_size) or (C, *output_size).
 *
 * See https://docs.pytorch.org/docs/stable/generated/torch.nn.AdaptiveMaxPool3d.html
 */
export class AdaptiveMaxPool3d<Indices extends boolean = false> extends AdaptiveMaxPoolNd<Indices> {
  static readonly signature = ADAPTIVE_MAX_POOL3D.description;

  constructor(...args: MaxArguments<Indices>) {
    super(ADAPTIVE_MAX_POOL3D, args);
  }

  override forward(input: Tensor): Pooled<Indices> {
    return adaptive_max_pool3d(input, this.output_size, this.return_indices) as Pooled<Indices>;
  }
}
