/** Dropout modules. Source: torch/nn/modules/dropout.py. */

import { BOOL, FLOAT, optional, type Positional, Signature } from '../../dispatch/signature';
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
import { Module } from './module';

const PARAMETERS = {
  p: optional(FLOAT, 0.5),
  inplace: optional(BOOL, false),
};

type Arguments = Positional<[], [p: 'p', inplace: 'inplace'], Omit<DropoutOptions, 'training'>>;

/** The base of all dropouts. */
abstract class DropoutNd extends Module<[input: Tensor], Tensor> {
  p: number;
  inplace: boolean;

  constructor(signature: Signature<typeof PARAMETERS>, args: readonly unknown[]) {
    const { p, inplace } = signature.read(args);
    checkProbability(p);
    super();
    this.p = p;
    this.inplace = inplace;
  }

  override extra_repr(): string {
    return `p=${floatRepr(this.p)}, inplace=${boolRepr(this.inplace)}`;
  }
}

const DROPOUT = new Signature('Dropout', PARAMETERS);

/**
 * In training, sets each element to 0 with probability p, and multiplies the others by `1 / (1 - p)`. In evaluation, returns the input.
 *
 * Shapes: input (*); output as input.
 *
 * See https://docs.pytorch.org/docs/stable/generated/torch.nn.Dropout.html
 *
 * @throws RangeError (ValueError) for a p outside 0…1
 */
export class Dropout extends DropoutNd {
  static readonly signature = DROPOUT.description;

  constructor(...args: Arguments) {
    super(DROPOUT, args);
  }

  override forward(input: Tensor): Tensor {
    return dropout(input, this.p, this.training, this.inplace);
  }
}

const DROPOUT1D = new Signature('Dropout1d', PARAMETERS);

/**
 * In training, sets whole channels of signals to 0 with probability p, and multiplies the others by `1 / (1 - p)`. In evaluation, returns the input.
 *
 * Shapes: input (N, C, L) or (C, L); output as input.
 *
 * See https://docs.pytorch.org/docs/stable/generated/torch.nn.Dropout1d.html
 *
 * @throws RangeError (ValueError) for a p outside 0…1
 */
export class Dropout1d extends DropoutNd {
  static readonly signature = DROPOUT1D.description;

  constructor(...args: Arguments) {
    super(DROPOUT1D, args);
  }

  override forward(input: Tensor): Tensor {
    return dropout1d(input, this.p, this.training, this.inplace);
  }
}

const DROPOUT2D = new Signature('Dropout2d', PARAMETERS);

/**
 * In training, sets whole channels of images to 0 with probability p, and multiplies the others by `1 / (1 - p)`. In evaluation, returns the input.
 *
 * Shapes: input (N, C, H, W) or (N, C, L); output as input.
 *
 * See https://docs.pytorch.org/docs/stable/generated/torch.nn.Dropout2d.html
 *
 * @throws RangeError (ValueError) for a p outside 0…1
 */
export class Dropout2d extends DropoutNd {
  static readonly signature = DROPOUT2D.description;

  constructor(...args: Arguments) {
    super(DROPOUT2D, args);
  }

  override forward(input: Tensor): Tensor {
    return dropout2d(input, this.p, this.training, this.inplace);
  }
}

const DROPOUT3D = new Signature('Dropout3d', PARAMETERS);

/**
 * In training, sets whole channels of volumes to 0 with probability p, and multiplies the others by `1 / (1 - p)`. In evaluation, returns the input.
 *
 * Shapes: input (N, C, D, H, W) or (C, D, H, W); output as input.
 *
 * See https://docs.pytorch.org/docs/stable/generated/torch.nn.Dropout3d.html
 *
 * @throws RangeError (ValueError) for a p outside 0…1
 */
export class Dropout3d extends DropoutNd {
  static readonly signature = DROPOUT3D.description;

  constructor(...args: Arguments) {
    super(DROPOUT3D, args);
  }

  override forward(input: Tensor): Tensor {
    return dropout3d(input, this.p, this.training, this.inplace);
  }
}

const ALPHA_DROPOUT = new Signature('AlphaDropout', PARAMETERS);

/**
 * In training, sets each element to the least value of SELU with probability p, and keeps mean and variance. In evaluation, returns the input.
 *
 * Shapes: input (*); output as input.
 *
 * See https://docs.pytorch.org/docs/stable/generated/torch.nn.AlphaDropout.html
 *
 * @throws RangeError (ValueError) for a p outside 0…1
 */
export class AlphaDropout extends DropoutNd {
  static readonly signature = ALPHA_DROPOUT.description;

  constructor(...args: Arguments) {
    super(ALPHA_DROPOUT, args);
  }

  override forward(input: Tensor): Tensor {
    return alpha_dropout(input, this.p, this.training);
  }
}

const FEATURE_ALPHA_DROPOUT = new Signature('FeatureAlphaDropout', PARAMETERS);

/**
 * In training, sets whole channels to the least value of SELU with probability p, and keeps mean and variance. In evaluation, returns the input.
 *
 * Shapes: input (N, C, *); output as input.
 *
 * See https://docs.pytorch.org/docs/stable/generated/torch.nn.FeatureAlphaDropout.html
 *
 * @throws RangeError (ValueError) for a p outside 0…1
 */
export class FeatureAlphaDropout extends DropoutNd {
  static readonly signature = FEATURE_ALPHA_DROPOUT.description;

  constructor(...args: Arguments) {
    super(FEATURE_ALPHA_DROPOUT, args);
  }

  override forward(input: Tensor): Tensor {
    return feature_alpha_dropout(input, this.p, this.training);
  }
}
