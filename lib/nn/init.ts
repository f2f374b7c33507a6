/**
 * Initializes parameters: `torch.nn.init`. All functions change the tensor in place without recording, and return it.
 *
 * The same seed gives the same values as in Python. Source: torch/nn/init.py.
 *
 * See https://docs.pytorch.org/docs/stable/nn.init.html
 */

import { valueError } from '../bindings/errors';
import { tensorHandle } from '../bindings/handle';
import { warn } from '../bindings/warnings';
import { describe } from '../dispatch/arguments';
import {
  ANYTHING,
  FLOAT,
  GENERATOR,
  nullable,
  optional,
  required,
  Signature,
  STRING,
  TENSOR,
} from '../dispatch/signature';
import type { Generator } from '../random/generator';
import { asFloat } from '../tensor/scalar';
import type { Tensor } from '../tensor/tensor';
import { optionalRepr } from '../utils/python';
import { emptyLike, op, power, withoutGrad } from './ops';
import { fillTruncatedNormal } from './truncated_normal';

export interface RandomOptions {
  /** The generator of random numbers. Default: null, the default generator. */
  generator?: Generator | null | undefined;
}

/** The fan that keeps the variance constant: `'fan_in'` in the forward pass, `'fan_out'` in the backward pass. */
export type FanMode = 'fan_in' | 'fan_out';

export type Nonlinearity =
  | 'linear'
  | 'conv1d'
  | 'conv2d'
  | 'conv3d'
  | 'conv_transpose1d'
  | 'conv_transpose2d'
  | 'conv_transpose3d'
  | 'sigmoid'
  | 'tanh'
  | 'relu'
  | 'leaky_relu'
  | 'selu';

const GENERATED = { generator: nullable(GENERATOR) };

// --- constants ------------------------------------------------------------------------------------------------------

const CONSTANT = new Signature('constant_', { tensor: required(TENSOR), val: required(FLOAT) });

/** Fills the tensor with a value. */
export function constant_(tensor: Tensor, val: number): Tensor;
export function constant_(...args: unknown[]): Tensor {
  const { tensor, val } = CONSTANT.read(args);
  return withoutGrad(() => tensor.fill_(asFloat(val)));
}

const ONES = new Signature('ones_', { tensor: required(TENSOR) });

/** Fills the tensor with 1. */
export function ones_(tensor: Tensor): Tensor;
export function ones_(...args: unknown[]): Tensor {
  const { tensor } = ONES.read(args);
  return withoutGrad(() => tensor.fill_(asFloat(1)));
}

const ZEROS = new Signature('zeros_', { tensor: required(TENSOR) });

/** Fills the tensor with 0. */
export function zeros_(tensor: Tensor): Tensor;
export function zeros_(...args: unknown[]): Tensor {
  const { tensor } = ZEROS.read(args);
  return withoutGrad(() => tensor.zero_());
}

const EYE = new Signature('eye_', { tensor: required(TENSOR) });
const eyeInto = op<(rows: number, columns: number, options: { out: Tensor }) => Tensor>('eye', [
  'm_out',
]);

/** Fills a tensor of shape (N, M) with the identity matrix. */
export function eye_(tensor: Tensor): Tensor;
export function eye_(...args: unknown[]): Tensor {
  const { tensor } = EYE.read(args);
  const [rows, columns] = tensor.shape;
  if (tensor.ndim !== 2) throw valueError('Only tensors with 2 dimensions are supported');
  withoutGrad(() => eyeInto(rows!, columns!, { out: tensor }));
  return tensor;
}

// --- distributions --------------------------------------------------------------------------------------------------

export interface UniformOptions extends RandomOptions {
  /** The lower bound. Default: 0. */
  a?: number | undefined;
  /** The upper bound. Default: 1. */
  b?: number | undefined;
}

const UNIFORM = new Signature('uniform_', {
  tensor: required(TENSOR),
  a: optional(FLOAT, 0),
  b: optional(FLOAT, 1),
  ...GENERATED,
});

/** Fills the tensor from the uniform distribution on [a, b). */
export function uniform_(tensor: Tensor, options?: UniformOptions): Tensor;
export function uniform_(tensor: Tensor, a: number, b?: number, generator?: Generator): Tensor;
export function uniform_(...args: unknown[]): Tensor {
  const { tensor, a, b, generator } = UNIFORM.read(args);
  return fillUniform(tensor, a, b, generator);
}

export interface NormalOptions extends RandomOptions {
  /** Default: 0. */
  mean?: number | undefined;
  /** The standard deviation. Default: 1. */
  std?: number | undefined;
}

const NORMAL = new Signature('normal_', {
  tensor: required(TENSOR),
  mean: optional(FLOAT, 0),
  std: optional(FLOAT, 1),
  ...GENERATED,
});

/** Fills the tensor from a normal distribution. */
export function normal_(tensor: Tensor, options?: NormalOptions): Tensor;
export function normal_(tensor: Tensor, mean: number, std?: number, generator?: Generator): Tensor;
export function normal_(...args: unknown[]): Tensor {
  const { tensor, mean, std, generator } = NORMAL.read(args);
  return fillNormal(tensor, mean, std, generator);
}

const fillUniform = (tensor: Tensor, a: number, b: number, generator: Generator | null): Tensor =>
  withoutGrad(() => tensor.uniform_(a, b, { generator }));

const fillNormal = (
  tensor: Tensor,
  mean: number,
  std: number,
  generator: Generator | null,
): Tensor => withoutGrad(() => tensor.normal_(mean, std, { generator }));

export interface TruncNormalOptions extends NormalOptions {
  /** The smallest value. Default: -2. */
  a?: number | undefined;
  /** The largest value. Default: 2. */
  b?: number | undefined;
}

const TRUNC_NORMAL = new Signature('trunc_normal_', {
  tensor: required(TENSOR),
  mean: optional(FLOAT, 0),
  std: optional(FLOAT, 1),
  a: optional(FLOAT, -2),
  b: optional(FLOAT, 2),
  ...GENERATED,
});

/** Fills the tensor from a normal distribution that is truncated to [a, b]. */
export function trunc_normal_(tensor: Tensor, options?: TruncNormalOptions): Tensor;
export function trunc_normal_(
  tensor: Tensor,
  mean: number,
  std?: number,
  a?: number,
  b?: number,
  generator?: Generator,
): Tensor;
export function trunc_normal_(...args: unknown[]): Tensor {
  const values = TRUNC_NORMAL.read(args);
  const { mean, std, a, b } = values;
  if (mean < a - 2 * std || mean > b + 2 * std) {
    warn(
      'mean is more than 2 std from [a, b] in nn.init.trunc_normal_. The distribution of values may be incorrect.',
    );
  }
  return withoutGrad(() => fillTruncatedNormal(values));
}

// --- by the size of the layer ---------------------------------------------------------------------------------------

/**
 * Returns the recommended gain for a nonlinearity: the factor of the standard deviation in a layer before it.
 *
 * @param param - the negative slope of `leaky_relu`. Default: 0.01
 * @throws RangeError (ValueError) for an unknown name
 */
export function calculate_gain(nonlinearity: Nonlinearity, param?: number | null): number {
  switch (nonlinearity) {
    case 'tanh':
      return 5 / 3;
    case 'relu':
      return Math.sqrt(2);
    case 'leaky_relu':
      return Math.sqrt(2 / (1 + power(negativeSlope(param), 2)));
    case 'selu':
      return 3 / 4;
    case 'sigmoid':
    case 'linear':
      return 1;
    default:
      if (typeof nonlinearity !== 'string') {
        throw valueError(`Unsupported nonlinearity ${describe(nonlinearity)}`);
      }
      if (/^conv(_transpose)?[123]d$/.test(nonlinearity)) return 1;
      throw valueError(`Unsupported nonlinearity ${nonlinearity}`);
  }
}

function negativeSlope(param: unknown): number {
  if (param === undefined || param === null) return 0.01;
  if (typeof param === 'number') return param;
  const text = typeof param === 'object' ? describe(param) : optionalRepr(param);
  throw valueError(`negative_slope ${text} not a valid number`);
}

/**
 * Returns the number of inputs of each output, and the number of outputs of each input, for a weight of shape (out, in,
 * …).
 */
export function _calculate_fan_in_and_fan_out(tensor: Tensor): [fan_in: number, fan_out: number] {
  tensorHandle(tensor, { name: '_calculate_fan_in_and_fan_out', parameters: [] }, 'tensor');
  const [outputs, inputs, ...kernel] = tensor.shape;
  if (outputs === undefined || inputs === undefined) {
    throw valueError(
      'Fan in and fan out can not be computed for tensor with fewer than 2 dimensions',
    );
  }
  const field = kernel.reduce((product, size) => product * size, 1);
  return [inputs * field, outputs * field];
}

export interface XavierOptions extends RandomOptions {
  /** A factor of the standard deviation, see {@link calculate_gain}. Default: 1. */
  gain?: number | undefined;
}

const XAVIER = { tensor: required(TENSOR), gain: optional(FLOAT, 1), ...GENERATED };
const XAVIER_UNIFORM = new Signature('xavier_uniform_', XAVIER);
const XAVIER_NORMAL = new Signature('xavier_normal_', XAVIER);

/** Fills the tensor from the uniform distribution on ±gain * sqrt(6 / (fan_in + fan_out)): Glorot initialization. */
export function xavier_uniform_(tensor: Tensor, options?: XavierOptions): Tensor;
export function xavier_uniform_(tensor: Tensor, gain: number, generator?: Generator): Tensor;
export function xavier_uniform_(...args: unknown[]): Tensor {
  const { tensor, gain, generator } = XAVIER_UNIFORM.read(args);
  const bound = Math.sqrt(3) * xavierDeviation(tensor, gain);
  return fillUniform(tensor, -bound, bound, generator);
}

/**
 * Fills the tensor from the normal distribution with standard deviation gain * sqrt(2 / (fan_in + fan_out)): Glorot
 * initialization.
 */
export function xavier_normal_(tensor: Tensor, options?: XavierOptions): Tensor;
export function xavier_normal_(tensor: Tensor, gain: number, generator?: Generator): Tensor;
export function xavier_normal_(...args: unknown[]): Tensor {
  const { tensor, gain, generator } = XAVIER_NORMAL.read(args);
  return fillNormal(tensor, 0, xavierDeviation(tensor, gain), generator);
}

function xavierDeviation(tensor: Tensor, gain: number): number {
  const [inputs, outputs] = _calculate_fan_in_and_fan_out(tensor);
  return gain * Math.sqrt(2 / (inputs + outputs));
}

export interface KaimingOptions extends RandomOptions {
  /** The negative slope of `leaky_relu`. Default: 0. */
  a?: number | undefined;
  /** Default: `'fan_in'`. */
  mode?: FanMode | undefined;
  /** The nonlinearity after the layer. Default: `'leaky_relu'`. */
  nonlinearity?: Nonlinearity | undefined;
}

const KAIMING = {
  tensor: required(TENSOR),
  a: optional(ANYTHING, 0),
  mode: optional(STRING, 'fan_in'),
  nonlinearity: optional(STRING, 'leaky_relu'),
  ...GENERATED,
};
const KAIMING_UNIFORM = new Signature('kaiming_uniform_', KAIMING);
const KAIMING_NORMAL = new Signature('kaiming_normal_', KAIMING);

/** Fills the tensor from the uniform distribution on ±gain * sqrt(3 / fan): He initialization. */
export function kaiming_uniform_(tensor: Tensor, options?: KaimingOptions): Tensor;
export function kaiming_uniform_(
  tensor: Tensor,
  a: number,
  mode?: FanMode,
  nonlinearity?: Nonlinearity,
  generator?: Generator,
): Tensor;
export function kaiming_uniform_(...args: unknown[]): Tensor {
  const values = KAIMING_UNIFORM.read(args);
  if (isEmpty(values.tensor)) return values.tensor;
  const bound = Math.sqrt(3) * kaimingDeviation(values);
  return fillUniform(values.tensor, -bound, bound, values.generator);
}

/** Fills the tensor from the normal distribution with standard deviation gain / sqrt(fan): He initialization. */
export function kaiming_normal_(tensor: Tensor, options?: KaimingOptions): Tensor;
export function kaiming_normal_(
  tensor: Tensor,
  a: number,
  mode?: FanMode,
  nonlinearity?: Nonlinearity,
  generator?: Generator,
): Tensor;
export function kaiming_normal_(...args: unknown[]): Tensor {
  const values = KAIMING_NORMAL.read(args);
  if (isEmpty(values.tensor)) return values.tensor;
  return fillNormal(values.tensor, 0, kaimingDeviation(values), values.generator);
}

interface Kaiming {
  tensor: Tensor;
  a: unknown;
  mode: string;
  nonlinearity: string;
}

function kaimingDeviation({ tensor, a, mode, nonlinearity }: Kaiming): number {
  const wanted = mode.toLowerCase();
  if (wanted !== 'fan_in' && wanted !== 'fan_out') {
    throw valueError(`Mode ${wanted} not supported, please use one of ['fan_in', 'fan_out']`);
  }
  const [inputs, outputs] = _calculate_fan_in_and_fan_out(tensor);
  const fan = wanted === 'fan_in' ? inputs : outputs;
  return calculate_gain(nonlinearity as Nonlinearity, a as number) / Math.sqrt(fan);
}

function isEmpty(tensor: Tensor): boolean {
  if (!tensor.shape.includes(0)) return false;
  warn('Initializing zero-element tensors is a no-op');
  return true;
}

const ORTHOGONAL = new Signature('orthogonal_', XAVIER);
const qr = op<(A: Tensor) => Iterable<Tensor>>('linalg_qr');

/** Fills the tensor, seen as a matrix (N, *), with an orthogonal matrix times `gain`: Saxe initialization. */
export function orthogonal_(tensor: Tensor, options?: XavierOptions): Tensor;
export function orthogonal_(tensor: Tensor, gain: number, generator?: Generator): Tensor;
export function orthogonal_(...args: unknown[]): Tensor {
  const { tensor, gain, generator } = ORTHOGONAL.read(args);
  if (tensor.ndim < 2) {
    throw valueError('Only tensors with 2 or more dimensions are supported');
  }
  if (tensor.numel() === 0) return tensor;
  return withoutGrad(() => {
    const rows = tensor.size(0);
    const columns = tensor.numel() / rows;
    const random = emptyLike(tensor.reshape([rows, columns])).normal_(0, 1, { generator });
    const [q, r] = qr(rows < columns ? random.t() : random) as unknown as [Tensor, Tensor];
    q.mul_(r.diagonal().sign());
    tensor.copy_((rows < columns ? q.t() : q).reshape(tensor.shape));
    return tensor.mul_(asFloat(gain));
  });
}
