/** Softmax layers: probabilities from scores. Source: torch/nn/modules/activation.py. */
import { valueError } from '../../../bindings/errors';
import { INT, optional, orNull, Signature } from '../../../dispatch/signature';
import type { Tensor } from '../../../tensor/tensor';
import { optionalRepr } from '../../../utils/python';
import { log_softmax, type SoftmaxOptions, softmax, softmin } from '../../functional/softmax';
import { dimsOf } from '../checks';
import { Module } from '../module';
import type { Input } from './inplace';

const DIM = { dim: optional<number | null>(orNull(INT), null) };

// All have the same shapes: input (*), output as input.

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

/**
 * Computes {@link Softmax} over the channels.
 *
 * Shapes: input (N, C, H, W) or (C, H, W), output as input.
 *
 * See https://docs.pytorch.org/docs/stable/generated/torch.nn.Softmax2d.html
 *
 * @throws RangeError (ValueError) for other dimensions
 */
export class Softmax2d extends Module<Input, Tensor> {
  override forward(input: Tensor): Tensor {
    const ndim = dimsOf(input, this);
    if (ndim !== 3 && ndim !== 4) {
      throw valueError(`Softmax2d: expected input to be 3D or 4D, got ${ndim}D instead`);
    }
    return softmax(input, -3);
  }
}
