/** Activations: functions of each element. Source: torch/nn/functional.py. */
import { valueError } from '../../bindings/errors';
import { tensorHandle } from '../../bindings/handle';
import { BOOL, FLOAT, optional, required, Signature, TENSOR } from '../../dispatch/signature';
import { asFloat } from '../../tensor/scalar';
import type { Tensor } from '../../tensor/tensor';
import { op } from '../ops';

export interface InplaceOption {
  /** Changes the input in place. Default: false. */
  inplace?: boolean | undefined;
}

type Unary = (input: Tensor) => Tensor;
const INPUT = { inputName: 'input' };

/** An activation whose only option is `inplace`. */
interface Plain {
  (input: Tensor, options?: InplaceOption): Tensor;
  (input: Tensor, inplace: boolean): Tensor;
}

/** An activation that has one number as an option. */
interface WithNumber<Name extends string> {
  (input: Tensor, options?: InplaceOption & { [Key in Name]?: number | undefined }): Tensor;
  (input: Tensor, number: number, inplace?: boolean): Tensor;
}

/**
 * Defines an activation with the parameters `input`, some numbers, and `inplace`.
 *
 * @param numbers - names and defaults of the numbers
 * @param check - throws for numbers that are not allowed
 */
function activation<F>(
  name: string,
  numbers: readonly (readonly [name: string, value: number])[] = [],
  check?: (...numbers: number[]) => void,
): F {
  const signature = new Signature(name, {
    input: required(TENSOR),
    ...Object.fromEntries(numbers.map(([number, value]) => [number, optional(FLOAT, value)])),
    inplace: optional(BOOL, false),
  });
  const plain = op<(...args: unknown[]) => Tensor>(name);
  const inPlace = op<(...args: unknown[]) => Tensor>(`${name}_`);
  const call = (...args: unknown[]): Tensor => {
    const { input, inplace, ...rest } = signature.read(args);
    const given = Object.values(rest as Record<string, number>);
    check?.(...given);
    return (inplace ? inPlace : plain)(input, ...given.map(asFloat));
  };
  Object.defineProperty(call, 'name', { value: name });
  return call as F;
}

/** Returns `max(0, x)`. See https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.relu.html */
export const relu = activation<Plain>('relu');

/** Returns `min(max(0, x), 6)`. See https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.relu6.html */
export const relu6 = activation<Plain>('relu6');

/**
 * Returns `x` if it is positive, else `negative_slope * x`. `negative_slope` defaults to 0.01.
 *
 * See https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.leaky_relu.html
 */
export const leaky_relu = activation<WithNumber<'negative_slope'>>('leaky_relu', [
  ['negative_slope', 0.01],
]);

/**
 * Returns `x` if it is positive, else `alpha * (exp(x) - 1)`. `alpha` defaults to 1.
 *
 * See https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.elu.html
 */
export const elu = activation<WithNumber<'alpha'>>('elu', [['alpha', 1]]);

/**
 * Returns `max(0, x) + min(0, alpha * (exp(x / alpha) - 1))`. `alpha` defaults to 1.
 *
 * See https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.celu.html
 */
export const celu = activation<WithNumber<'alpha'>>('celu', [['alpha', 1]]);

/**
 * Returns {@link elu} with a fixed alpha, times a fixed scale.
 *
 * See https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.selu.html
 */
export const selu = activation<Plain>('selu');

/** Returns `x * sigmoid(x)`. See https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.silu.html */
export const silu = activation<Plain>('silu');

/** Returns `x * tanh(softplus(x))`. See https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.mish.html */
export const mish = activation<Plain>('mish');

/**
 * Returns `relu6(x + 3) / 6`. See https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.hardsigmoid.html
 */
export const hardsigmoid = activation<Plain>('hardsigmoid');

/**
 * Returns `x * relu6(x + 3) / 6`. See https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.hardswish.html
 */
export const hardswish = activation<Plain>('hardswish');

export interface HardtanhOptions extends InplaceOption {
  /** Default: -1. */
  min_val?: number | undefined;
  /** Default: 1. */
  max_val?: number | undefined;
}

/**
 * Returns `min(max(min_val, x), max_val)`.
 *
 * See https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.hardtanh.html
 */
export const hardtanh = activation<{
  (input: Tensor, options?: HardtanhOptions): Tensor;
  (input: Tensor, min_val: number, max_val?: number, inplace?: boolean): Tensor;
}>(
  'hardtanh',
  [
    ['min_val', -1],
    ['max_val', 1],
  ],
  (least, greatest) => {
    if (least! > greatest!) throw valueError('min_val cannot be greater than max_val');
  },
);

/** Returns `1 / (1 + exp(-x))`. See https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.sigmoid.html */
export const sigmoid = op<Unary>('sigmoid', [''], INPUT);

/** Returns the hyperbolic tangent. See https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.tanh.html */
export const tanh = op<Unary>('tanh', [''], INPUT);

/** Returns `log(sigmoid(x))`. See https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.logsigmoid.html */
export const logsigmoid = op<Unary>('log_sigmoid', [''], { name: 'logsigmoid', ...INPUT });

/** Returns `x / (1 + |x|)`. See https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.softsign.html */
export function softsign(input: Tensor): Tensor {
  tensorHandle(input, { name: 'softsign', parameters: [] }, 'input');
  return input.div(input.abs().add(1));
}

/** Returns `x - tanh(x)`. See https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.tanhshrink.html */
export function tanhshrink(input: Tensor): Tensor {
  tensorHandle(input, { name: 'tanhshrink', parameters: [] }, 'input');
  return input.sub(input.tanh());
}

export interface SoftplusOptions {
  /** Default: 1. */
  beta?: number | undefined;
  /** The result is x if `beta * x` is above this. Default: 20. */
  threshold?: number | undefined;
}

/**
 * Returns `log(1 + exp(beta * x)) / beta`.
 *
 * See https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.softplus.html
 */
export const softplus = op<{
  (input: Tensor, options?: SoftplusOptions): Tensor;
  (input: Tensor, beta: number, threshold?: number): Tensor;
}>('softplus', [''], INPUT);

export interface GELUOptions {
  /** `'tanh'` computes an approximation. Default: `'none'`. */
  approximate?: 'none' | 'tanh' | undefined;
}

/**
 * Returns `x * Φ(x)`, where Φ is the cumulative distribution function of the normal distribution.
 *
 * See https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.gelu.html
 */
export const gelu = op<(input: Tensor, options?: GELUOptions) => Tensor>('gelu', [''], INPUT);

/**
 * Splits the input into halves along a dimension, and returns the first half times the sigmoid of the second.
 *
 * Shapes: input (*1, N, *2); output (*1, N / 2, *2).
 *
 * See https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.glu.html
 */
export const glu = op<(input: Tensor, dim?: number | { dim?: number }) => Tensor>(
  'glu',
  [''],
  INPUT,
);
