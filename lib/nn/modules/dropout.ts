/** Dropout modules. Source: torch/nn/modules/dropout.py. */

import { BOOL, FLOAT, optional, type Positional, type ValuesOf } from '../../dispatch/signature';
import type { Tensor } from '../../tensor/tensor';
import { boolRepr, floatRepr } from '../../utils/python';
import {
  alpha_dropout,
  checkProbability,
  type DropoutOptions,
  dropout,
  dropout1d,
  dropout2d,
  dropout3d,
  feature_alpha_dropout,
} from '../functional/dropout';
import { attributes, type LayerClass, layer } from './layer';

const PARAMETERS = {
  p: optional(FLOAT, 0.5),
  inplace: optional(BOOL, false),
};

type Arguments = Positional<[], [p: 'p', inplace: 'inplace'], Omit<DropoutOptions, 'training'>>;

/** The base of all dropouts. */
abstract class DropoutNd extends attributes<typeof PARAMETERS>() {
  /** @internal */
  declare readonly _drop: (input: Tensor, p: number, training: boolean, inplace: boolean) => Tensor;

  constructor(values: ValuesOf<typeof PARAMETERS>) {
    checkProbability(values.p);
    super(values);
  }

  override forward(input: Tensor): Tensor {
    return this._drop(input, this.p, this.training, this.inplace);
  }

  override extra_repr(): string {
    return `p=${floatRepr(this.p)}, inplace=${boolRepr(this.inplace)}`;
  }
}

const dropping = (name: string, _drop: DropoutNd['_drop']): LayerClass<Arguments, DropoutNd> =>
  layer(DropoutNd, name, PARAMETERS, { _drop });

/**
 * In training, sets each element to 0 with probability p, and multiplies the others by `1 / (1 - p)`. In evaluation, returns the input.
 *
 * Shapes: input (*); output as input.
 *
 * See https://docs.pytorch.org/docs/stable/generated/torch.nn.Dropout.html
 *
 * @throws RangeError (ValueError) for a p outside 0…1
 */
export class Dropout extends dropping('Dropout', dropout) {}

/**
 * In training, sets whole channels of signals to 0 with probability p, and multiplies the others by `1 / (1 - p)`. In evaluation, returns the input.
 *
 * Shapes: input (N, C, L) or (C, L); output as input.
 *
 * See https://docs.pytorch.org/docs/stable/generated/torch.nn.Dropout1d.html
 *
 * @throws RangeError (ValueError) for a p outside 0…1
 */
export class Dropout1d extends dropping('Dropout1d', dropout1d) {}

/**
 * In training, sets whole channels of images to 0 with probability p, and multiplies the others by `1 / (1 - p)`. In evaluation, returns the input.
 *
 * Shapes: input (N, C, H, W) or (N, C, L); output as input.
 *
 * See https://docs.pytorch.org/docs/stable/generated/torch.nn.Dropout2d.html
 *
 * @throws RangeError (ValueError) for a p outside 0…1
 */
export class Dropout2d extends dropping('Dropout2d', dropout2d) {}

/**
 * In training, sets whole channels of volumes to 0 with probability p, and multiplies the others by `1 / (1 - p)`. In evaluation, returns the input.
 *
 * Shapes: input (N, C, D, H, W) or (C, D, H, W); output as input.
 *
 * See https://docs.pytorch.org/docs/stable/generated/torch.nn.Dropout3d.html
 *
 * @throws RangeError (ValueError) for a p outside 0…1
 */
export class Dropout3d extends dropping('Dropout3d', dropout3d) {}

/**
 * In training, sets each element to the least value of SELU with probability p, and keeps mean and variance. In evaluation, returns the input.
 *
 * Shapes: input (*); output as input.
 *
 * See https://docs.pytorch.org/docs/stable/generated/torch.nn.AlphaDropout.html
 *
 * @throws RangeError (ValueError) for a p outside 0…1
 */
export class AlphaDropout extends dropping('AlphaDropout', (input, p, training) =>
  alpha_dropout(input, p, training),
) {}

/**
 * In training, sets whole channels to the least value of SELU with probability p, and keeps mean and variance. In evaluation, returns the input.
 *
 * Shapes: input (N, C, *); output as input.
 *
 * See https://docs.pytorch.org/docs/stable/generated/torch.nn.FeatureAlphaDropout.html
 *
 * @throws RangeError (ValueError) for a p outside 0…1
 */
export class FeatureAlphaDropout extends dropping('FeatureAlphaDropout', (input, p, training) =>
  feature_alpha_dropout(input, p, training),
) {}
