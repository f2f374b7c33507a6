/** The rectified linear unit and its variants. Source: torch/nn/modules/activation.py. */
import {
  FACTORY,
  type FactoryOptions,
  FLOAT,
  INT,
  optional,
  type Positional,
  Signature,
} from '../../../dispatch/signature';
import type { Tensor } from '../../../tensor/tensor';
import * as F from '../../functional/activation';
import { constant_ } from '../../init';
import { empty } from '../../ops';
import { Parameter } from '../../parameter';
import { Module } from '../module';
import { activation, type Input } from './inplace';

// All have the same shapes: input (*), output as input.

/** Computes `max(0, x)`. See https://docs.pytorch.org/docs/stable/generated/torch.nn.ReLU.html */
export class ReLU extends activation('ReLU', F.relu) {}

/** Computes `x * sigmoid(x)`. See https://docs.pytorch.org/docs/stable/generated/torch.nn.SiLU.html */
export class SiLU extends activation('SiLU', F.silu) {}

export interface LeakyReLUOptions extends F.InplaceOption {
  /** The factor of negative elements. Default: 0.01. */
  negative_slope?: number | undefined;
}

/**
 * Computes `x` if it is positive, else `negative_slope * x`.
 *
 * See https://docs.pytorch.org/docs/stable/generated/torch.nn.LeakyReLU.html
 */
export class LeakyReLU extends activation<
  Positional<[], [negative_slope: 'negative_slope', inplace: 'inplace'], LeakyReLUOptions>,
  'negative_slope'
>('LeakyReLU', F.leaky_relu, { negative_slope: optional(FLOAT, 0.01) }) {}

export interface ELUOptions extends F.InplaceOption {
  /** The result tends to `-alpha` for negative elements. Default: 1. */
  alpha?: number | undefined;
}

/**
 * Computes `x` if it is positive, else `alpha * (exp(x) - 1)`.
 *
 * See https://docs.pytorch.org/docs/stable/generated/torch.nn.ELU.html
 */
export class ELU extends activation<
  Positional<[], [alpha: 'alpha', inplace: 'inplace'], ELUOptions>,
  'alpha'
>('ELU', F.elu, { alpha: optional(FLOAT, 1) }) {}

/**
 * Computes {@link ELU} with a fixed alpha, times a fixed scale.
 *
 * See https://docs.pytorch.org/docs/stable/generated/torch.nn.SELU.html
 */
export class SELU extends activation('SELU', F.selu) {}

/** Computes `x * tanh(softplus(x))`. See https://docs.pytorch.org/docs/stable/generated/torch.nn.Mish.html */
export class Mish extends activation('Mish', F.mish) {}

/** Computes `relu6(x + 3) / 6`. See https://docs.pytorch.org/docs/stable/generated/torch.nn.Hardsigmoid.html */
export class Hardsigmoid extends activation('Hardsigmoid', F.hardsigmoid) {
  override extra_repr(): string {
    return '';
  }
}

/** Computes `x * relu6(x + 3) / 6`. See https://docs.pytorch.org/docs/stable/generated/torch.nn.Hardswish.html */
export class Hardswish extends activation('Hardswish', F.hardswish) {
  override extra_repr(): string {
    return '';
  }
}

/**
 * Computes `max(0, x) + min(0, alpha * (exp(x / alpha) - 1))`.
 *
 * See https://docs.pytorch.org/docs/stable/generated/torch.nn.CELU.html
 */
export class CELU extends activation<
  Positional<[], [alpha: 'alpha', inplace: 'inplace'], ELUOptions>,
  'alpha'
>('CELU', F.celu, { alpha: optional(FLOAT, 1) }) {}

/**
 * Computes `x` if it is positive, else x times a slope: in training a random one for each element, in evaluation the
 * mean of the bounds.
 *
 * See https://docs.pytorch.org/docs/stable/generated/torch.nn.RReLU.html
 */
export class RReLU extends activation<
  Positional<
    [],
    [lower: 'lower', upper: 'upper', inplace: 'inplace'],
    Omit<F.RReLUOptions, 'training'>
  >,
  'lower' | 'upper'
>('RReLU', F.rrelu as never, { lower: optional(FLOAT, 1 / 8), upper: optional(FLOAT, 1 / 3) }) {
  override forward(input: Tensor): Tensor {
    return F.rrelu(input, this.lower, this.upper, this.training, this.inplace);
  }
}

export interface PReLUOptions extends FactoryOptions {
  /** The number of slopes: 1, or one for each channel. Default: 1. */
  num_parameters?: number | undefined;
  /** The first value of the slopes. Default: 0.25. */
  init?: number | undefined;
}

const PRELU = new Signature('PReLU', {
  num_parameters: optional(INT, 1),
  init: optional(FLOAT, 0.25),
  ...FACTORY,
});

/**
 * Computes `x` if it is positive, else `weight * x`, where the weight is learned.
 *
 * Shapes: input (N, C, *) with C slopes, or (*) with one; output as input.
 *
 * See https://docs.pytorch.org/docs/stable/generated/torch.nn.PReLU.html
 */
export class PReLU extends Module<Input, Tensor> {
  static readonly signature = PRELU.description;
  num_parameters: number;
  init: number;
  /** Shape (num_parameters). */
  declare weight: Parameter;

  constructor(
    ...args: Positional<
      [],
      [num_parameters: 'num_parameters', init: 'init', device: 'device', dtype: 'dtype'],
      PReLUOptions
    >
  ) {
    const { num_parameters, init, ...factory } = PRELU.read(args);
    super();
    this.num_parameters = num_parameters;
    this.init = init;
    this.register_parameter('weight', new Parameter(empty([num_parameters], factory)));
    this.reset_parameters();
  }

  /** Sets the weight to its first value again. */
  reset_parameters(): void {
    constant_(this.weight, this.init);
  }

  override forward(input: Tensor): Tensor {
    return F.prelu(input, this.weight);
  }

  override extra_repr(): string {
    return `num_parameters=${this.num_parameters}`;
  }
}
