/** Activations, element by element. Source: torch/nn/functional.py. */
import { valueError } from '../../bindings/errors';
import { tensorHandle } from '../../bindings/handle';
import { BOOL, FLOAT, optional, required, Signature, TENSOR } from '../../dispatch/signature';
import { asFloat } from '../../tensor/scalar';
import type { Tensor } from '../../tensor/tensor';
import { op } from '../ops';

export interface InplaceOption {
  /** Change the input itself. Default: false. */
  inplace?: boolean | undefined;
}

type Unary = (input: Tensor) => Tensor;
const INPUT = { inputName: 'input' };

/** An activation without numbers. */
interface Plain {
  (input: Tensor, options?: InplaceOption): Tensor;
  (input: Tensor, inplace: boolean): Tensor;
}

/** An activation with one number. */
interface WithNumber<Name extends string> {
  (input: Tensor, options?: InplaceOption & { [Key in Name]?: number | undefined }): Tensor;
  (input: Tensor, number: number, inplace?: boolean): Tensor;
}

/**
 * Defines an activation of the parameters `input`, some numbers, and `inplace`.
 *
 * @param numbers - names and defaults
 * @param check - refuses numbers
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

/** `max(0, x)`. See https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.relu.html */
export const relu = activation<Plain>('relu');

/** `min(max(0, x), 6)`. See https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.relu6.html */
export const relu6 = activation<Plain>('relu6');

/**
 * `x` where it is positive, `negative_slope * x` elsewhere. Default: 0.01.
 *
 * See https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.leaky_relu.html
 */
export const leaky_relu = activation<WithNumber<'negative_slope'>>('leaky_relu', [
  ['negative_slope', 0.01],
]);

/**
 * `x` where it is positive, `alpha * (exp(x) - 1)` elsewhere. Default: 1.
 *
 * See https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.elu.html
 */
export const elu = activation<WithNumber<'alpha'>>('elu', [['alpha', 1]]);

/** See https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.celu.html */
export const celu = activation<WithNumber<'alpha'>>('celu', [['alpha', 1]]);

/** See https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.selu.html */
export const selu = activation<Plain>('selu');

/** `x * sigmoid(x)`. See https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.silu.html */
export const silu = activation<Plain>('silu');

/** `x * tanh(softplus(x))`. See https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.mish.html */
export const mish = activation<Plain>('mish');

/** See https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.hardsigmoid.html */
export const hardsigmoid = activation<Plain>('hardsigmoid');

/** See https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.hardswish.html */
export const hardswish = activation<Plain>('hardswish');

export interface HardtanhOptions extends InplaceOption {
  /** Default: -1. */
  min_val?: number | undefined;
  /** Default: 1. */
  max_val?: number | undefined;
}

/**
 * `min(max(min_val, x), max_val)`.
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

/** `1 / (1 + exp(-x))`. See https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.sigmoid.html */
export const sigmoid = op<Unary>('sigmoid', [''], INPUT);

/** See https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.tanh.html */
export const tanh = op<Unary>('tanh', [''], INPUT);

/** `log(sigmoid(x))`. See https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.logsigmoid.html */
export const logsigmoid = op<Unary>('log_sigmoid', [''], { name: 'logsigmoid', ...INPUT });

/** `x / (1 + |x|)`. See https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.softsign.html */
export function softsign(input: Tensor): Tensor {
  tensorHandle(input, { name: 'softsign', parameters: [] }, 'input');
  return input.div(input.abs().add(1));
}

/** `x - tanh(x)`. See https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.tanhshrink.html */
export function tanhshrink(input: Tensor): Tensor {
  tensorHandle(input, { name: 'tanhshrink', parameters: [] }, 'input');
  return input.sub(input.tanh());
}

export interface SoftplusOptions {
  /** Default: 1. */
  beta?: number | undefined;
  /** Where `beta * x` is above it, the result is x. Default: 20. */
  threshold?: number | undefined;
}

/**
 * `log(1 + exp(beta * x)) / beta`.
 *
 * See https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.softplus.html
 */
export const softplus = op<{
  (input: Tensor, options?: SoftplusOptions): Tensor;
  (input: Tensor, beta: number, threshold?: number): Tensor;
}>('softplus', [''], INPUT);

export interface GELUOptions {
  /** `'tanh'` approximates. Default: `'none'`. */
  approximate?: 'none' | 'tanh' | undefined;
}

/**
 * `x * Φ(x)`, Φ being the normal distribution's cumulative function.
 *
 * See https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.gelu.html
 */
export const gelu = op<(input: Tensor, options?: GELUOptions) => Tensor>('gelu', [''], INPUT);

/**
 * One half of the input times the sigmoid of the other.
 *
 * See https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.glu.html
 */
export const glu = op<(input: Tensor, dim?: number | { dim?: number }) => Tensor>(
  'glu',
  [''],
  INPUT,
);
