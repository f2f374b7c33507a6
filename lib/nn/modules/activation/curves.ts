/** Activations that are smooth curves. Source: torch/nn/modules/activation.py. */

import {
  FLOAT,
  INT,
  optional,
  type Positional,
  STRING,
  type Type,
} from '../../../dispatch/signature';
import type { Tensor } from '../../../tensor/tensor';
import { floatRepr } from '../../../utils/python';
import * as F from '../../functional/activation';
import { attributeLayer } from '../layer';
import { Module } from '../module';
import type { Input } from './inplace';

// All but GLU have the same shapes: input (*), output as input.

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

/** Computes `x - tanh(x)`. See https://docs.pytorch.org/docs/stable/generated/torch.nn.Tanhshrink.html */
export class Tanhshrink extends Module<Input, Tensor> {
  override forward(input: Tensor): Tensor {
    return F.tanhshrink(input);
  }
}

const SOFTPLUS = { beta: optional(FLOAT, 1), threshold: optional(FLOAT, 20) };

/**
 * Computes `log(1 + exp(beta * x)) / beta`, or x if `beta * x` is above the threshold.
 *
 * See https://docs.pytorch.org/docs/stable/generated/torch.nn.Softplus.html
 */
export class Softplus extends attributeLayer<
  Positional<[], [beta: 'beta', threshold: 'threshold'], F.SoftplusOptions>,
  typeof SOFTPLUS
>('Softplus', SOFTPLUS) {
  override forward(input: Tensor): Tensor {
    return F.softplus(input, this.beta, this.threshold);
  }

  override extra_repr(): string {
    return `beta=${floatRepr(this.beta)}, threshold=${floatRepr(this.threshold)}`;
  }
}

type Approximation = 'none' | 'tanh';
const APPROXIMATE = { approximate: optional(STRING as Type<Approximation>, 'none') };

/**
 * Computes `x * Φ(x)`, where Φ is the cumulative distribution function of the normal distribution.
 *
 * See https://docs.pytorch.org/docs/stable/generated/torch.nn.GELU.html
 */
export class GELU extends attributeLayer<
  [approximate?: Approximation | F.GELUOptions],
  typeof APPROXIMATE
>('GELU', APPROXIMATE) {
  override forward(input: Tensor): Tensor {
    return F.gelu(input, { approximate: this.approximate });
  }

  override extra_repr(): string {
    return `approximate='${this.approximate}'`;
  }
}

const DIM = { dim: optional(INT, -1) };

/**
 * Splits the input into halves along a dimension, and returns the first half times the sigmoid of the second.
 *
 * Shapes: input (*1, N, *2), output (*1, N / 2, *2).
 *
 * See https://docs.pytorch.org/docs/stable/generated/torch.nn.GLU.html
 */
export class GLU extends attributeLayer<[dim?: number | { dim?: number | undefined }], typeof DIM>(
  'GLU',
  DIM,
) {
  override forward(input: Tensor): Tensor {
    return F.glu(input, this.dim);
  }

  override extra_repr(): string {
    return `dim=${this.dim}`;
  }
}
