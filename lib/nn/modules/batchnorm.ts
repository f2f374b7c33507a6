/** Batch normalization. Source: torch/nn/modules/batchnorm.py. */
import {
  BOOL,
  FACTORY,
  type FactoryOptions,
  FLOAT,
  INT,
  option,
  optional,
  orNull,
  type Positional,
  required,
  type ValuesOf,
} from '../../dispatch/signature';
import { long } from '../../tensor/dtype';
import type { Tensor } from '../../tensor/tensor';
import { boolRepr } from '../../utils/python';
import { batch_norm } from '../functional/normalization';
import * as init from '../init';
import { empty } from '../ops';
import { Parameter } from '../parameter';
import type { Dims } from '../sizes';
import { checkDims, numberRepr } from './checks';
import { type LayerClass, layer } from './layer';
import { Module } from './module';

export interface NormOptions extends FactoryOptions {
  /** A number that is added to the variance. Default: 1e-5. */
  eps?: number | undefined;
  /**
   * The weight of the input in the running mean and variance. With null, all batches have the same weight. Default:
   * 0.1.
   */
  momentum?: number | null | undefined;
  /** Whether there are a weight and a bias. Default: true; false for instance normalization. */
  affine?: boolean | undefined;
  /** Whether there are a running mean and variance. Default: true; false for instance normalization. */
  track_running_stats?: boolean | undefined;
  /** Whether there is a bias beside the weight. Default: true. */
  bias?: boolean | undefined;
}

/** The arguments of the layers' constructors. */
export type NormArguments = Positional<
  [num_features: number],
  [
    eps: 'eps',
    momentum: 'momentum',
    affine: 'affine',
    track_running_stats: 'track_running_stats',
    device: 'device',
    dtype: 'dtype',
  ],
  NormOptions
>;

/** Declares the parameters of the constructors. The last two options differ between the families. */
export const normParameters = (affine: boolean, track_running_stats: boolean) => ({
  num_features: required(INT),
  eps: optional(FLOAT, 1e-5),
  momentum: optional<number | null>(orNull(FLOAT), 0.1),
  affine: optional(BOOL, affine),
  track_running_stats: optional(BOOL, track_running_stats),
  ...FACTORY,
  bias: option(BOOL, true),
});

export type NormValues = ValuesOf<ReturnType<typeof normParameters>>;

/** The base of batch and instance normalizations. */
export abstract class NormBase extends Module<[input: Tensor], Tensor> {
  num_features: number;
  eps: number;
  momentum: number | null;
  affine: boolean;
  track_running_stats: boolean;
  /** Shape (num_features). */
  declare weight: Parameter | null;
  /** Shape (num_features). */
  declare bias: Parameter | null;
  /** Shape (num_features). */
  declare running_mean: Tensor | null;
  /** Shape (num_features). */
  declare running_var: Tensor | null;
  /** The number of batches that the running mean and variance have seen. */
  declare num_batches_tracked: Tensor | null;

  constructor({ num_features, bias, device, dtype, ...values }: NormValues) {
    super();
    this.num_features = num_features;
    this.eps = values.eps;
    this.momentum = values.momentum;
    this.affine = values.affine;
    this.track_running_stats = values.track_running_stats;
    const features = (): Tensor => empty([num_features], { device, dtype });
    const { affine, track_running_stats: tracked } = this;
    this.register_parameter('weight', affine ? new Parameter(features()) : null);
    this.register_parameter('bias', affine && bias ? new Parameter(features()) : null);
    this.register_buffer('running_mean', tracked ? features() : null);
    this.register_buffer('running_var', tracked ? features() : null);
    const count = tracked ? empty([], { device, dtype: long }) : null;
    this.register_buffer('num_batches_tracked', count);
    this.reset_parameters();
  }

  /** Forgets the running mean and variance. */
  reset_running_stats(): void {
    if (!this.track_running_stats) return;
    this.running_mean!.zero_();
    this.running_var!.fill_(1);
    this.num_batches_tracked!.zero_();
  }

  /** Initializes weight and bias again, with ones and zeros, and forgets the running mean and variance. */
  reset_parameters(): void {
    this.reset_running_stats();
    if (!this.affine) return;
    init.ones_(this.weight!);
    if (this.bias !== null) init.zeros_(this.bias);
  }

  /** @internal States from before there was a count lack it. */
  override _may_lack(name: string): boolean {
    return name === 'num_batches_tracked';
  }

  override extra_repr(): string {
    return (
      `${this.num_features}, eps=${numberRepr(this.eps)}, momentum=${numberRepr(this.momentum)}, ` +
      `affine=${boolRepr(this.affine)}, bias=${boolRepr(this.bias !== null)}, ` +
      `track_running_stats=${boolRepr(this.track_running_stats)}`
    );
  }
}

/** The base of {@link BatchNorm1d}, {@link BatchNorm2d} and {@link BatchNorm3d}. */
export abstract class BatchNorm extends NormBase {
  /** The numbers of dimensions that an input may have. @internal */
  declare readonly _input_dims: readonly number[];

  /** Throws unless the input has the dimensions of the layer. @internal */
  _check_input_dim(input: Tensor): void {
    checkDims(this, input, ...this._input_dims);
  }

  override forward(input: Tensor): Tensor {
    this._check_input_dim(input);
    const { training, track_running_stats, momentum, num_batches_tracked } = this;
    let share = momentum ?? 0;
    if (training && track_running_stats && num_batches_tracked !== null) {
      num_batches_tracked.add_(1);
      if (momentum === null) share = 1 / Number(num_batches_tracked.item());
    }
    const used = !training || track_running_stats;
    const { running_mean, running_var, weight, bias, eps } = this;
    const fromBatch = training || (running_mean === null && running_var === null);
    return batch_norm(
      input,
      used ? running_mean : null,
      used ? running_var : null,
      weight,
      bias,
      fromBatch,
      share,
      eps,
    );
  }
}

const batchNorm = (dims: Dims, ..._input_dims: number[]): LayerClass<NormArguments, BatchNorm> =>
  layer(BatchNorm, `BatchNorm${dims}d`, normParameters(true, true), { _input_dims });

/**
 * Normalizes each channel of signals over the batch: in training by the mean and variance of the batch, in evaluation
 * by the running ones.
 *
 * Shapes: input (N, C) or (N, C, L), output as input.
 *
 * See https://docs.pytorch.org/docs/stable/generated/torch.nn.BatchNorm1d.html
 */
export class BatchNorm1d extends batchNorm(1, 2, 3) {}

/**
 * Normalizes each channel of images over the batch: in training by the mean and variance of the batch, in evaluation by
 * the running ones.
 *
 * Shapes: input (N, C, H, W), output as input.
 *
 * See https://docs.pytorch.org/docs/stable/generated/torch.nn.BatchNorm2d.html
 */
export class BatchNorm2d extends batchNorm(2, 4) {}

/**
 * Normalizes each channel of volumes over the batch: in training by the mean and variance of the batch, in evaluation by
 * the running ones.
 *
 * Shapes: input (N, C, D, H, W), output as input.
 *
 * See https://docs.pytorch.org/docs/stable/generated/torch.nn.BatchNorm3d.html
 */
export class BatchNorm3d extends batchNorm(3, 5) {}
