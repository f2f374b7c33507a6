/** Activation modules. Source: torch/nn/modules/activation.py. */

import { BOOL, FLOAT, INT, optional, orNull, Signature, STRING } from '../../dispatch/signature';
import type { Tensor } from '../../tensor/tensor';
import { floatRepr, optionalRepr } from '../../utils/python';
import * as F from '../functional/activation';
import { log_softmax, type SoftmaxOptions, softmax, softmin } from '../functional/softmax';
import { Module } from './module';

type Input = [input: Tensor];

const DIM = { dim: optional<number | null>(orNull(INT), null) };
const INPLACE = { inplace: optional(BOOL, false) };

// All have the same shapes: input (*), output as input.

// --- without options ------------------------------------------------------------------------------------------------

/** Computes `1 / (1 + exp(-x))`. See https://docs.pytorch.org/docs/stable/generated/torch.nn.Sigmoid.html */
export class Sigmoid extends Module<Input, Tensor> {
  override forward(input: Tensor): Tensor {
    return F.sigmoid(input);
  }
}

/** Computes the hyperbolic tangent. See https://docs.pytorch.org/docs/stable/generated/torch.nn.Tanh.html */
export class Tanh extends Module<Input, Tensor> {
  override forward(input: Tensor): Tensor {
    return F.tanh(input);
  }
}

/** Computes `log(sigmoid(x))`. See https://docs.pytorch.org/docs/stable/generated/torch.nn.LogSigmoid.html */
export class LogSigmoid extends Module<Input, Tensor> {
  override forward(input: Tensor): Tensor {
    return F.logsigmoid(input);
  }
}

/** Computes `x / (1 + |x|)`. See https://docs.pytorch.org/docs/stable/generated/torch.nn.Softsign.html */
export class Softsign extends Module<Input, Tensor> {
  override forward(input: Tensor): Tensor {
    return F.softsign(input);
  }
}

// --- element by element ---------------------------------------------------------------------------------------------

/** The base of activations that can change their input in place. */
abstract class Inplace extends Module<Input, Tensor> {
  /** Whether the input is changed in place. */
  inplace: boolean;

  constructor(inplace: boolean) {
    super();
    this.inplace = inplace;
  }

  override extra_repr(): string {
    return this.inplace ? 'inplace=True' : '';
  }
}

const RELU = new Signature('ReLU', INPLACE);

/** Computes `max(0, x)`. See https://docs.pytorch.org/docs/stable/generated/torch.nn.ReLU.html */
export class ReLU extends Inplace {
  static readonly signature = RELU.description;

  constructor(inplace?: boolean | F.InplaceOption);
  constructor(...args: unknown[]) {
    super(RELU.read(args).inplace);
  }

  override forward(input: Tensor): Tensor {
    return F.relu(input, this.inplace);
  }
}

const SILU = new Signature('SiLU', INPLACE);

/** Computes `x * sigmoid(x)`. See https://docs.pytorch.org/docs/stable/generated/torch.nn.SiLU.html */
export class SiLU extends Inplace {
  static readonly signature = SILU.description;

  constructor(inplace?: boolean | F.InplaceOption);
  constructor(...args: unknown[]) {
    super(SILU.read(args).inplace);
  }

  override forward(input: Tensor): Tensor {
    return F.silu(input, this.inplace);
  }
}

const LEAKY_RELU = new Signature('LeakyReLU', {
  negative_slope: optional(FLOAT, 0.01),
  ...INPLACE,
});

export interface LeakyReLUOptions extends F.InplaceOption {
  /** The factor of negative elements. Default: 0.01. */
  negative_slope?: number | undefined;
}

/**
 * Computes `x` if it is positive, else `negative_slope * x`.
 *
 * See https://docs.pytorch.org/docs/stable/generated/torch.nn.LeakyReLU.html
 */
export class LeakyReLU extends Inplace {
  static readonly signature = LEAKY_RELU.description;
  negative_slope: number;

  constructor(negative_slope: number, inplace?: boolean | F.InplaceOption);
  constructor(options?: LeakyReLUOptions);
  constructor(...args: unknown[]) {
    const { negative_slope, inplace } = LEAKY_RELU.read(args);
    super(inplace);
    this.negative_slope = negative_slope;
  }

  override forward(input: Tensor): Tensor {
    return F.leaky_relu(input, this.negative_slope, this.inplace);
  }

  override extra_repr(): string {
    return joined(`negative_slope=${floatRepr(this.negative_slope)}`, super.extra_repr());
  }
}

const ELU_SIGNATURE = new Signature('ELU', { alpha: optional(FLOAT, 1), ...INPLACE });

export interface ELUOptions extends F.InplaceOption {
  /** The result tends to `-alpha` for negative elements. Default: 1. */
  alpha?: number | undefined;
}

/**
 * Computes `x` if it is positive, else `alpha * (exp(x) - 1)`.
 *
 * See https://docs.pytorch.org/docs/stable/generated/torch.nn.ELU.html
 */
export class ELU extends Inplace {
  static readonly signature = ELU_SIGNATURE.description;
  alpha: number;

  constructor(alpha: number, inplace?: boolean | F.InplaceOption);
  constructor(options?: ELUOptions);
  constructor(...args: unknown[]) {
    const { alpha, inplace } = ELU_SIGNATURE.read(args);
    super(inplace);
    this.alpha = alpha;
  }

  override forward(input: Tensor): Tensor {
    return F.elu(input, this.alpha, this.inplace);
  }

  override extra_repr(): string {
    return joined(`alpha=${floatRepr(this.alpha)}`, super.extra_repr());
  }
}

const joined = (...parts: string[]): string => parts.filter((part) => part !== '').join(', ');

const SOFTPLUS = new Signature('Softplus', {
  beta: optional(FLOAT, 1),
  threshold: optional(FLOAT, 20),
});

/**
 * Computes `log(1 + exp(beta * x)) / beta`, or x if `beta * x` is above the threshold.
 *
 * See https://docs.pytorch.org/docs/stable/generated/torch.nn.Softplus.html
 */
export class Softplus extends Module<Input, Tensor> {
  static readonly signature = SOFTPLUS.description;
  beta: number;
  threshold: number;

  constructor(beta: number, threshold?: number | Pick<F.SoftplusOptions, 'threshold'>);
  constructor(options?: F.SoftplusOptions);
  constructor(...args: unknown[]) {
    const { beta, threshold } = SOFTPLUS.read(args);
    super();
    this.beta = beta;
    this.threshold = threshold;
  }

  override forward(input: Tensor): Tensor {
    return F.softplus(input, this.beta, this.threshold);
  }

  override extra_repr(): string {
    return `beta=${floatRepr(this.beta)}, threshold=${floatRepr(this.threshold)}`;
  }
}

const GELU_SIGNATURE = new Signature('GELU', { approximate: optional(STRING, 'none') });

/**
 * Computes `x * Φ(x)`, where Φ is the cumulative distribution function of the normal distribution.
 *
 * See https://docs.pytorch.org/docs/stable/generated/torch.nn.GELU.html
 */
export class GELU extends Module<Input, Tensor> {
  static readonly signature = GELU_SIGNATURE.description;
  approximate: 'none' | 'tanh';

  constructor(approximate?: 'none' | 'tanh' | F.GELUOptions);
  constructor(...args: unknown[]) {
    const { approximate } = GELU_SIGNATURE.read(args);
    super();
    this.approximate = approximate as 'none' | 'tanh';
  }

  override forward(input: Tensor): Tensor {
    return F.gelu(input, { approximate: this.approximate });
  }

  override extra_repr(): string {
    return `approximate='${this.approximate}'`;
  }
}

// --- along a dimension ----------------------------------------------------------------------------------------------

/**
 * The base of activations along a dimension. If it is null, it is chosen from the number of dimensions, with a warning.
 */
abstract class AlongDimension extends Module<Input, Tensor> {
  dim: number | null;

  constructor(dim: number | null) {
    super();
    this.dim = dim;
  }

  override extra_repr(): string {
    return `dim=${optionalRepr(this.dim)}`;
  }
}

type DimOption = Pick<SoftmaxOptions, 'dim'>;

const SOFTMAX = new Signature('Softmax', DIM);

/**
 * Computes `exp(x) / sum(exp(x))` along a dimension.
 *
 * See https://docs.pytorch.org/docs/stable/generated/torch.nn.Softmax.html
 */
export class Softmax extends AlongDimension {
  static readonly signature = SOFTMAX.description;

  constructor(dim?: number | null | DimOption);
  constructor(...args: unknown[]) {
    super(SOFTMAX.read(args).dim);
  }

  override forward(input: Tensor): Tensor {
    return softmax(input, this.dim);
  }
}

const LOG_SOFTMAX = new Signature('LogSoftmax', DIM);

/**
 * Computes `log(softmax(x))` along a dimension.
 *
 * See https://docs.pytorch.org/docs/stable/generated/torch.nn.LogSoftmax.html
 */
export class LogSoftmax extends AlongDimension {
  static readonly signature = LOG_SOFTMAX.description;

  constructor(dim?: number | null | DimOption);
  constructor(...args: unknown[]) {
    super(LOG_SOFTMAX.read(args).dim);
  }

  override forward(input: Tensor): Tensor {
    return log_softmax(input, this.dim);
  }
}

const SOFTMIN = new Signature('Softmin', DIM);

/**
 * Computes `softmax(-x)` along a dimension.
 *
 * See https://docs.pytorch.org/docs/stable/generated/torch.nn.Softmin.html
 */
export class Softmin extends AlongDimension {
  static readonly signature = SOFTMIN.description;

  constructor(dim?: number | null | DimOption);
  constructor(...args: unknown[]) {
    super(SOFTMIN.read(args).dim);
  }

  override forward(input: Tensor): Tensor {
    return softmin(input, this.dim);
  }
}
