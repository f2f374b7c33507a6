/** Dropout: sets random elements to 0. Source: torch/nn/functional.py. */
import { runtimeError, valueError } from '../../bindings/errors';
import { warn } from '../../bindings/warnings';
import {
  BOOL,
  define,
  FLOAT,
  optional,
  type Positional,
  required,
  TENSOR,
} from '../../dispatch/signature';
import type { Tensor } from '../../tensor/tensor';
import { floatRepr } from '../../utils/python';
import { op } from '../ops';

export interface DropoutOptions {
  /** The probability that an element becomes 0. Default: 0.5. */
  p?: number | undefined;
  /** Whether dropout is applied. If false, the input is returned unchanged. Default: true. */
  training?: boolean | undefined;
  /** Changes the input in place. Default: false. */
  inplace?: boolean | undefined;
}

type Dropout = (
  ...args: Positional<
    [input: Tensor],
    [p: 'p', training: 'training', inplace: 'inplace'],
    DropoutOptions
  >
) => Tensor;
type Drop = (input: Tensor, p: number, train: boolean) => Tensor;

/** Computes a dropout by its operator. */
interface Dropping {
  input: Tensor;
  inplace: boolean;
  /** Calls the operator on a tensor. */
  drop: (input: Tensor) => Tensor;
}

/**
 * Defines a dropout.
 *
 * @param operator - the name of the operator
 * @param training - the default of the parameter
 * @param compute - checks or changes the dimensions
 */
function dropping(
  name: string,
  operator: string,
  training: boolean,
  compute: (dropping: Dropping) => Tensor = ({ input, drop }) => drop(input),
): Dropout {
  const plain = op<Drop>(operator);
  const inPlace = op<Drop>(`${operator}_`);
  return define(
    name,
    {
      input: required(TENSOR),
      p: optional(FLOAT, 0.5),
      training: optional(BOOL, training),
      inplace: optional(BOOL, false),
    },
    ({ input, p, training: train, inplace }) => {
      checkProbability(p);
      const left = inplace ? inPlace : plain;
      return compute({ input, inplace, drop: (tensor) => left(tensor, p, train) });
    },
  );
}

/**
 * Sets each element to 0 with probability p, and multiplies the others by `1 / (1 - p)`.
 *
 * Shapes: input (*); output as input.
 *
 * See https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.dropout.html
 *
 * @throws RangeError (ValueError) for a p outside 0…1
 */
export const dropout = dropping('dropout', 'dropout', true);

/** Calls the operator on a tensor with a batch dimension. */
function batched({ input, inplace, drop }: Dropping): Tensor {
  const result = drop(inplace ? input.unsqueeze_(0) : input.unsqueeze(0));
  return inplace ? result.squeeze_(0) : result.squeeze(0);
}

/**
 * Sets whole channels of signals to 0 with probability p, and multiplies the others by `1 / (1 - p)`.
 *
 * Shapes: input (N, C, L) or (C, L); output as input.
 *
 * See https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.dropout1d.html
 *
 * @throws RangeError (ValueError) for a p outside 0…1, TorchError (RuntimeError) for other dimensions
 */
export const dropout1d = dropping('dropout1d', 'feature_dropout', true, (given) => {
  const { ndim } = given.input;
  if (ndim !== 2 && ndim !== 3) {
    throw runtimeError(
      `dropout1d: Expected 2D or 3D input, but received a ${ndim}D input. Note that dropout1d exists to provide ` +
        'channel-wise dropout on inputs with 1 spatial dimension, a channel dimension, and an optional batch ' +
        'dimension (i.e. 2D or 3D inputs).',
    );
  }
  return ndim === 3 ? given.drop(given.input) : batched(given);
});

/**
 * Sets whole channels of images to 0 with probability p, and multiplies the others by `1 / (1 - p)`.
 *
 * Shapes: input (N, C, H, W) or (N, C, L); output as input. An input with three dimensions gives a warning.
 *
 * See https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.dropout2d.html
 *
 * @throws RangeError (ValueError) for a p outside 0…1
 */
export const dropout2d = dropping('dropout2d', 'feature_dropout', true, ({ input, drop }) => {
  const { ndim } = input;
  if (ndim !== 3 && ndim !== 4) warn(unusual('dropout2d', ndim, 2, '3D or 4D'));
  if (ndim === 3) warn(AMBIGUOUS);
  return drop(input);
});

const unusual = (name: string, ndim: number, spatial: number, usual: string): string =>
  `${name}: Received a ${ndim}-D input to ${name}, which is deprecated and will result in an error in a future ` +
  'release. To retain the behavior and silence this warning, please use dropout instead. Note that ' +
  `${name} exists to provide channel-wise dropout on inputs with ${spatial} spatial dimensions, a channel ` +
  `dimension, and an optional batch dimension (i.e. ${usual} inputs).`;

const AMBIGUOUS =
  'dropout2d: Received a 3D input to dropout2d and assuming that channel-wise 1D dropout behavior is desired - input ' +
  'is interpreted as shape (N, C, L), where C is the channel dim. This behavior will change in a future release to ' +
  'interpret the input as one without a batch dimension, i.e. shape (C, H, W). To maintain the 1D channel-wise ' +
  'dropout behavior, please switch to using dropout1d instead.';

/**
 * Sets whole channels of volumes to 0 with probability p, and multiplies the others by `1 / (1 - p)`.
 *
 * Shapes: input (N, C, D, H, W) or (C, D, H, W); output as input.
 *
 * See https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.dropout3d.html
 *
 * @throws RangeError (ValueError) for a p outside 0…1
 */
export const dropout3d = dropping('dropout3d', 'feature_dropout', true, (given) => {
  const { ndim } = given.input;
  if (ndim !== 4 && ndim !== 5) warn(unusual('dropout3d', ndim, 3, '4D or 5D'));
  return ndim === 5 ? given.drop(given.input) : batched(given);
});

/**
 * Sets each element to the least value of SELU with probability p, and keeps mean and variance. `training` is false by
 * default.
 *
 * Shapes: input (*); output as input.
 *
 * See https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.alpha_dropout.html
 *
 * @throws RangeError (ValueError) for a p outside 0…1
 */
export const alpha_dropout = dropping('alpha_dropout', 'alpha_dropout', false);

/**
 * Does the same as {@link alpha_dropout} to whole channels. `training` is false by default.
 *
 * Shapes: input (N, C, *); output as input.
 *
 * See https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.feature_alpha_dropout.html
 *
 * @throws RangeError (ValueError) for a p outside 0…1
 */
export const feature_alpha_dropout = dropping(
  'feature_alpha_dropout',
  'feature_alpha_dropout',
  false,
);

/**
 * Checks the probability of a dropout.
 *
 * @throws RangeError (ValueError) for a p outside 0…1
 */
export function checkProbability(p: number): void {
  if (p >= 0 && p <= 1) return;
  throw valueError(`dropout probability has to be between 0 and 1, but got ${floatRepr(p)}`);
}
