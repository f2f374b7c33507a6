/** Activations: functions of each element. Source: torch/nn/functional.py. */
import { runtimeError, valueError } from '../../bindings/errors';
import { tensorHandle } from '../../bindings/handle';
import {
  BOOL,
  define,
  FLOAT,
  INT,
  optional,
  type Positional,
  required,
  TENSOR,
} from '../../dispatch/signature';
import { asFloat, type Float } from '../../tensor/scalar';
import type { Tensor } from '../../tensor/tensor';
import { op } from '../ops';

export interface InplaceOption {
  /** Changes the input in place. Default: false. */
  inplace?: boolean | undefined;
}

type Unary = (input: Tensor) => Tensor;
const INPUT = { inputName: 'input' };

// Parameters, in Python's order.
const GIVEN = { input: required(TENSOR) };
const INPLACE = { inplace: optional(BOOL, false) };
const GLU = { ...GIVEN, dim: optional(INT, -1) };
const THRESHOLD = { ...GIVEN, threshold: required(FLOAT), value: required(FLOAT), ...INPLACE };
const RRELU = {
  ...GIVEN,
  lower: optional(FLOAT, 1 / 8),
  upper: optional(FLOAT, 1 / 3),
  training: optional(BOOL, false),
  ...INPLACE,
};

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
  const plain = op<(...args: unknown[]) => Tensor>(name);
  const inPlace = op<(...args: unknown[]) => Tensor>(`${name}_`);
  const declarations = {
    ...GIVEN,
    ...Object.fromEntries(numbers.map(([number, value]) => [number, optional(FLOAT, value)])),
    ...INPLACE,
  };
  return define<F, typeof declarations>(name, declarations, ({ input, inplace, ...rest }) => {
    const given = Object.values(rest as Record<string, number>);
    check?.(...given);
    return (inplace ? inPlace : plain)(input, ...given.map(asFloat));
  });
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
 *
 * @throws TorchError (RuntimeError) for a tensor without dimensions
 */
export const glu = define<
  (input: Tensor, dim?: number | { dim?: number | undefined }) => Tensor,
  typeof GLU
>('glu', GLU, ({ input, dim }) => {
  if (input.ndim === 0) {
    throw runtimeError('glu does not support scalars because halving size must be even');
  }
  return halves(input, dim);
});
const halves = op<(input: Tensor, dim: number) => Tensor>('glu');

export interface LambdOption {
  /** Default: 0.5. */
  lambd?: number | undefined;
}

type Shrink = (input: Tensor, lambd?: number | LambdOption) => Tensor;

/**
 * Returns `x`, or 0 if `|x|` is at most `lambd`.
 *
 * See https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.hardshrink.html
 */
export const hardshrink = op<Shrink>('hardshrink', [''], INPUT);

/**
 * Returns `x` moved towards 0 by `lambd`, or 0 if `|x|` is at most `lambd`.
 *
 * See https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.softshrink.html
 */
export const softshrink = op<Shrink>('softshrink', [''], INPUT);

type Passing = (input: Tensor, threshold: Float, value: Float) => Tensor;

/**
 * Returns `x` if it is above the threshold, else `value`.
 *
 * See https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.threshold.html
 */
export const threshold = define<
  (input: Tensor, threshold: number, value: number, inplace?: boolean | InplaceOption) => Tensor,
  typeof THRESHOLD
>('threshold', THRESHOLD, ({ input, threshold: least, value, inplace }) =>
  (inplace ? passedInPlace : passed)(input, asFloat(least), asFloat(value)),
);
const passed = op<Passing>('threshold');
const passedInPlace = op<Passing>('threshold_');

/**
 * Returns `x` if it is positive, else `weight * x`.
 *
 * Shapes: input (N, C, *), weight () or (1) or (C); output as input.
 *
 * See https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.prelu.html
 */
export const prelu = op<(input: Tensor, weight: Tensor) => Tensor>('prelu', [''], INPUT);

export interface RReLUOptions extends InplaceOption {
  /** The lower bound of the slope. Default: 1 / 8. */
  lower?: number | undefined;
  /** The upper bound of the slope. Default: 1 / 3. */
  upper?: number | undefined;
  /** Draws a slope for each element. If false, the slope is the mean of the bounds. Default: false. */
  training?: boolean | undefined;
}

type Slopes = (input: Tensor, lower: Float, upper: Float, training: boolean) => Tensor;
const sloped = op<Slopes>('rrelu');
const slopedInPlace = op<Slopes>('rrelu_');

/**
 * Returns `x` if it is positive, else x times a random slope.
 *
 * See https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.rrelu.html
 */
export const rrelu = define<
  (
    ...args: Positional<
      [input: Tensor],
      [lower: 'lower', upper: 'upper', training: 'training', inplace: 'inplace'],
      RReLUOptions
    >
  ) => Tensor,
  typeof RRELU
>('rrelu', RRELU, ({ input, lower, upper, training, inplace }) =>
  (inplace ? slopedInPlace : sloped)(input, asFloat(lower), asFloat(upper), training),
);

// --- in place -------------------------------------------------------------------------------------------------------

/** Does {@link relu} in place. */
export const relu_ = op<Unary>('relu_', [''], INPUT);
/** Does {@link selu} in place. */
export const selu_ = op<Unary>('selu_', [''], INPUT);
/** Does {@link elu} in place. */
export const elu_ = op<(input: Tensor, alpha?: number | { alpha?: number }) => Tensor>(
  'elu_',
  [''],
  INPUT,
);
/** Does {@link celu} in place. */
export const celu_ = op<(input: Tensor, alpha?: number | { alpha?: number }) => Tensor>(
  'celu_',
  [''],
  INPUT,
);
/** Does {@link leaky_relu} in place. */
export const leaky_relu_ = op<
  (input: Tensor, negative_slope?: number | { negative_slope?: number }) => Tensor
>('leaky_relu_', [''], INPUT);
/** Does {@link hardtanh} in place. */
export const hardtanh_ = op<
  (
    ...args: Positional<
      [input: Tensor],
      [min_val: 'min_val', max_val: 'max_val'],
      Omit<HardtanhOptions, 'inplace'>
    >
  ) => Tensor
>('hardtanh_', [''], INPUT);
/** Does {@link threshold} in place. */
export const threshold_ = op<(input: Tensor, threshold: number, value: number) => Tensor>(
  'threshold_',
  [''],
  INPUT,
);
/** Does {@link rrelu} in place. */
export const rrelu_ = op<
  (
    ...args: Positional<
      [input: Tensor],
      [lower: 'lower', upper: 'upper', training: 'training'],
      Omit<RReLUOptions, 'inplace'>
    >
  ) => Tensor
>('rrelu_', [''], INPUT);
