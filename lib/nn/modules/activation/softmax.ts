/** Softmax layers: probabilities from scores. Source: torch/nn/modules/activation.py. */
import { valueError } from '../../../bindings/errors';
import { INT, nullable } from '../../../dispatch/signature';
import type { Tensor } from '../../../tensor/tensor';
import { optionalRepr } from '../../../utils/python';
import { log_softmax, type SoftmaxOptions, softmax, softmin } from '../../functional/softmax';
import { dimsOf } from '../checks';
import { attributes, type LayerClass, layer } from '../layer';
import { Module } from '../module';
import type { Input } from './inplace';

const DIM = { dim: nullable(INT) };

// All have the same shapes: input (*), output as input.

/**
 * The base of activations along a dimension. If it is null, it is chosen from the number of dimensions, with a warning.
 */
abstract class AlongDimension extends attributes<typeof DIM>() {
  /** @internal */
  declare readonly _compute: (input: Tensor, dim: number | null) => Tensor;

  override forward(input: Tensor): Tensor {
    return this._compute(input, this.dim);
  }

  override extra_repr(): string {
    return `dim=${optionalRepr(this.dim)}`;
  }
}

type DimArguments = [dim?: number | null | Pick<SoftmaxOptions, 'dim'>];

const alongDimension = (
  name: string,
  _compute: AlongDimension['_compute'],
): LayerClass<DimArguments, AlongDimension> => layer(AlongDimension, name, DIM, { _compute });

/**
 * Computes `exp(x) / sum(exp(x))` along a dimension.
 *
 * See https://docs.pytorch.org/docs/stable/generated/torch.nn.Softmax.html
 */
export class Softmax extends alongDimension('Softmax', softmax) {}

/**
 * Computes `log(softmax(x))` along a dimension.
 *
 * See https://docs.pytorch.org/docs/stable/generated/torch.nn.LogSoftmax.html
 */
export class LogSoftmax extends alongDimension('LogSoftmax', log_softmax) {}

/**
 * Computes `softmax(-x)` along a dimension.
 *
 * See https://docs.pytorch.org/docs/stable/generated/torch.nn.Softmin.html
 */
export class Softmin extends alongDimension('Softmin', softmin) {}

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
