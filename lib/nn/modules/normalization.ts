/** Normalizations of single samples. Source: torch/nn/modules/normalization.py. */
import { valueError } from '../../bindings/errors';
import {
  BOOL,
  FACTORY,
  type FactoryOptions,
  FLOAT,
  INT,
  nullable,
  option,
  optional,
  type Place,
  type Positional,
  required,
  Signature,
} from '../../dispatch/signature';
import type { Tensor } from '../../tensor/tensor';
import { boolRepr, floatRepr, tupleRepr } from '../../utils/python';
import { modulo } from '../../utils/scalar_math';
import { group_norm, layer_norm, local_response_norm, rms_norm } from '../functional/normalization';
import * as init from '../init';
import { empty } from '../ops';
import { Parameter } from '../parameter';
import { repeated, SIZE, type Size } from '../sizes';
import { numberRepr } from './checks';
import { Module } from './module';
import { neighbourNorm } from './neighbours';

// --- by neighbours --------------------------------------------------------------------------------------------------

/**
 * Divides by `(k + alpha * s) ** beta`, where s is the mean square of `size` neighbouring channels.
 *
 * Shapes: input (N, C, *), output as input.
 *
 * See https://docs.pytorch.org/docs/stable/generated/torch.nn.LocalResponseNorm.html
 */
export class LocalResponseNorm extends neighbourNorm('LocalResponseNorm') {
  override forward(input: Tensor): Tensor {
    return local_response_norm(input, this.size, this.alpha, this.beta, this.k);
  }
}

// --- with a weight --------------------------------------------------------------------------------------------------

/** The base of normalizations with a weight and a bias of the same shape. */
abstract class Affine extends Module<[input: Tensor], Tensor> {
  declare weight: Parameter | null;

  /**
   * @param shape - the shape of weight and bias
   * @param has - whether there is a weight, and whether there is a bias. A bias that is null is not registered
   */
  constructor(
    shape: readonly number[],
    has: { weight: boolean; bias: boolean | null },
    factory: FactoryOptions,
  ) {
    super();
    const made = (): Parameter => new Parameter(empty(shape, factory));
    this.register_parameter('weight', has.weight ? made() : null);
    if (has.bias !== null) this.register_parameter('bias', has.weight && has.bias ? made() : null);
  }

  /** Initializes the weight again, with ones, and the bias, with zeros. */
  reset_parameters(): void {
    const { weight, bias } = this as { weight: Parameter | null; bias?: Parameter | null };
    if (weight) init.ones_(weight);
    if (bias) init.zeros_(bias);
  }
}

export interface LayerNormOptions extends FactoryOptions {
  /** A number that is added to the variance. Default: 1e-5. */
  eps?: number | undefined;
  /** Whether there are a weight and a bias. Default: true. */
  elementwise_affine?: boolean | undefined;
  /** Whether there is a bias beside the weight. Default: true. */
  bias?: boolean | undefined;
}

const LAYER_NORM = new Signature('LayerNorm', {
  normalized_shape: required(SIZE),
  eps: optional(FLOAT, 1e-5),
  elementwise_affine: optional(BOOL, true),
  bias: optional(BOOL, true),
  ...FACTORY,
});

/**
 * Normalizes over the last dimensions, whose sizes are `normalized_shape`.
 *
 * Shapes: input (*, *normalized_shape), output as input.
 *
 * See https://docs.pytorch.org/docs/stable/generated/torch.nn.LayerNorm.html
 */
export class LayerNorm extends Affine {
  static readonly signature = LAYER_NORM.description;
  normalized_shape: readonly number[];
  eps: number;
  elementwise_affine: boolean;
  declare bias: Parameter | null;

  constructor(
    ...args: Positional<
      [normalized_shape: Size],
      [eps: 'eps', elementwise_affine: 'elementwise_affine', bias: 'bias', ...Place],
      LayerNormOptions
    >
  ) {
    const { normalized_shape, eps, elementwise_affine, bias, ...factory } = LAYER_NORM.read(args);
    const shape = repeated(normalized_shape, 1);
    super(shape, { weight: elementwise_affine, bias }, factory);
    this.normalized_shape = shape;
    this.eps = eps;
    this.elementwise_affine = elementwise_affine;
    this.reset_parameters();
  }

  override forward(input: Tensor): Tensor {
    return layer_norm(input, this.normalized_shape, this.weight, this.bias, this.eps);
  }

  override extra_repr(): string {
    return (
      `${tupleRepr(this.normalized_shape)}, eps=${floatRepr(this.eps)}, ` +
      `elementwise_affine=${boolRepr(this.elementwise_affine)}, bias=${boolRepr(this.bias !== null)}`
    );
  }
}

export interface GroupNormOptions extends FactoryOptions {
  /** A number that is added to the variance. Default: 1e-5. */
  eps?: number | undefined;
  /** Whether there are a weight and a bias. Default: true. */
  affine?: boolean | undefined;
  /** Whether there is a bias beside the weight. Default: true. */
  bias?: boolean | undefined;
}

const GROUP_NORM = new Signature('GroupNorm', {
  num_groups: required(INT),
  num_channels: required(INT),
  eps: optional(FLOAT, 1e-5),
  affine: optional(BOOL, true),
  ...FACTORY,
  bias: option(BOOL, true),
});

/**
 * Normalizes each group of channels of each sample.
 *
 * Shapes: input (N, num_channels, *), output as input.
 *
 * See https://docs.pytorch.org/docs/stable/generated/torch.nn.GroupNorm.html
 *
 * @throws RangeError (ValueError) if the groups do not divide the channels
 */
export class GroupNorm extends Affine {
  static readonly signature = GROUP_NORM.description;
  num_groups: number;
  num_channels: number;
  eps: number;
  affine: boolean;
  declare bias: Parameter | null;

  constructor(
    ...args: Positional<
      [num_groups: number, num_channels: number],
      [eps: 'eps', affine: 'affine', ...Place],
      GroupNormOptions
    >
  ) {
    const { num_groups, num_channels, eps, affine, bias, ...factory } = GROUP_NORM.read(args);
    if (modulo(num_channels, num_groups) !== 0) {
      throw valueError(
        `num_channels (${num_channels}) must be divisible by num_groups (${num_groups})`,
      );
    }
    super([num_channels], { weight: affine, bias }, factory);
    this.num_groups = num_groups;
    this.num_channels = num_channels;
    this.eps = eps;
    this.affine = affine;
    this.reset_parameters();
  }

  override forward(input: Tensor): Tensor {
    return group_norm(input, this.num_groups, this.weight, this.bias, this.eps);
  }

  override extra_repr(): string {
    return (
      `${this.num_groups}, ${this.num_channels}, eps=${floatRepr(this.eps)}, ` +
      `affine=${boolRepr(this.affine)}, bias=${boolRepr(this.bias !== null)}`
    );
  }
}

export interface RMSNormModuleOptions extends FactoryOptions {
  /** A number that is added to the mean square. Default: null, the dtype's epsilon. */
  eps?: number | null | undefined;
  /** Whether there is a weight. Default: true. */
  elementwise_affine?: boolean | undefined;
}

const RMS_NORM = new Signature('RMSNorm', {
  normalized_shape: required(SIZE),
  eps: nullable(FLOAT),
  elementwise_affine: optional(BOOL, true),
  ...FACTORY,
});

/**
 * Divides by the root mean square over the last dimensions, whose sizes are `normalized_shape`.
 *
 * Shapes: input (*, *normalized_shape), output as input.
 *
 * See https://docs.pytorch.org/docs/stable/generated/torch.nn.RMSNorm.html
 */
export class RMSNorm extends Affine {
  static readonly signature = RMS_NORM.description;
  normalized_shape: readonly number[];
  eps: number | null;
  elementwise_affine: boolean;

  constructor(
    ...args: Positional<
      [normalized_shape: Size],
      [eps: 'eps', elementwise_affine: 'elementwise_affine', ...Place],
      RMSNormModuleOptions
    >
  ) {
    const { normalized_shape, eps, elementwise_affine, ...factory } = RMS_NORM.read(args);
    const shape = repeated(normalized_shape, 1);
    super(shape, { weight: elementwise_affine, bias: null }, factory);
    this.normalized_shape = shape;
    this.eps = eps;
    this.elementwise_affine = elementwise_affine;
    this.reset_parameters();
  }

  override forward(input: Tensor): Tensor {
    return rms_norm(input, this.normalized_shape, this.weight, this.eps);
  }

  override extra_repr(): string {
    return (
      `${tupleRepr(this.normalized_shape)}, eps=${numberRepr(this.eps)}, ` +
      `elementwise_affine=${boolRepr(this.elementwise_affine)}`
    );
  }
}
