/** Instance normalization. Source: torch/nn/modules/instancenorm.py. */
import { valueError } from '../../bindings/errors';
import { warn } from '../../bindings/warnings';
import type { Tensor } from '../../tensor/tensor';
import { instance_norm } from '../functional/normalization';
import type { Dims } from '../sizes';
import { type NormArguments, NormBase, normParameters } from './batchnorm';
import { checkDims } from './checks';
import { type LayerClass, layer } from './layer';

/** The base of {@link InstanceNorm1d}, {@link InstanceNorm2d} and {@link InstanceNorm3d}. */
abstract class InstanceNorm extends NormBase {
  /** @internal */
  declare readonly _dims: Dims;

  /** Returns the number of dimensions of an input without a batch. @internal */
  _get_no_batch_dim(): number {
    return this._dims + 1;
  }

  /** Throws unless the input has the dimensions of the layer. @internal */
  _check_input_dim(input: Tensor): void {
    const dims = this._get_no_batch_dim();
    checkDims(this, input, dims, dims + 1);
  }

  override forward(input: Tensor): Tensor {
    this._check_input_dim(input);
    const dim = input.ndim - this._get_no_batch_dim();
    const channels = input.size(dim);
    if (channels !== this.num_features) {
      const problem = `input's size at dim=${dim}`;
      if (this.affine) {
        throw valueError(
          `expected ${problem} to match num_features (${this.num_features}), but got: ${channels}.`,
        );
      }
      warn(
        `${problem} does not match num_features. You can silence this warning by not passing in num_features, ` +
          'which is not used because affine=False',
      );
    }
    if (dim === 0) return this._apply_instance_norm(input.unsqueeze(0)).squeeze(0);
    return this._apply_instance_norm(input);
  }

  /** @internal */
  _apply_instance_norm(input: Tensor): Tensor {
    const { running_mean, running_var, weight, bias, momentum, eps } = this;
    const fromInput = this.training || !this.track_running_stats;
    const statistics = [running_mean, running_var, weight, bias] as const;
    return instance_norm(input, ...statistics, fromInput, momentum ?? 0, eps);
  }
}

const instanceNorm = (_dims: Dims): LayerClass<NormArguments, InstanceNorm> =>
  layer(InstanceNorm, `InstanceNorm${_dims}d`, normParameters(false, false), { _dims });

/**
 * Normalizes each channel of each of several signals.
 *
 * Shapes: input (N, C, L) or (C, L); output as input.
 *
 * See https://docs.pytorch.org/docs/stable/generated/torch.nn.InstanceNorm1d.html
 *
 * @throws RangeError (ValueError) for other dimensions, or another number of channels with `affine`
 */
export class InstanceNorm1d extends instanceNorm(1) {}

/**
 * Normalizes each channel of each of several images.
 *
 * Shapes: input (N, C, H, W) or (C, H, W); output as input.
 *
 * See https://docs.pytorch.org/docs/stable/generated/torch.nn.InstanceNorm2d.html
 *
 * @throws RangeError (ValueError) for other dimensions, or another number of channels with `affine`
 */
export class InstanceNorm2d extends instanceNorm(2) {}

/**
 * Normalizes each channel of each of several volumes.
 *
 * Shapes: input (N, C, D, H, W) or (C, D, H, W); output as input.
 *
 * See https://docs.pytorch.org/docs/stable/generated/torch.nn.InstanceNorm3d.html
 *
 * @throws RangeError (ValueError) for other dimensions, or another number of channels with `affine`
 */
export class InstanceNorm3d extends instanceNorm(3) {}
