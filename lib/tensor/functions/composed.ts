/** Functions of one tensor that are not methods. */
import type { Generator } from '../../random/generator';
import { type Dims, type Signature, torchFunction } from '../methods/signature';
import type { Scalar } from '../scalar';
import type { Tensor } from '../tensor';

type Unary = Signature<[input: Tensor], { input: Tensor }>;

export const real = torchFunction<Unary>('real');
export const imag = torchFunction<Unary>('imag');
export const view_as_real = torchFunction<Unary>('view_as_real');
export const view_as_complex = torchFunction<Unary>('view_as_complex');

export const selu = torchFunction<Unary>('selu');
export const selu_ = torchFunction<Unary>('selu_');
type Celu = Signature<[input: Tensor, alpha?: Scalar], { input: Tensor; alpha?: Scalar }>;
export const celu = torchFunction<Celu>('celu');
export const celu_ = torchFunction<Celu>('celu_');
type Threshold = Signature<
  [input: Tensor, threshold: Scalar, value: Scalar],
  { input: Tensor; threshold: Scalar; value: Scalar }
>;
export const threshold = torchFunction<Threshold>('threshold');
export const threshold_ = torchFunction<Threshold>('threshold_');
type Dropout = Signature<
  [input: Tensor, p: number, train: boolean],
  { input: Tensor; p: number; train: boolean }
>;
export const dropout = torchFunction<Dropout>('dropout');
export const dropout_ = torchFunction<Dropout>('dropout_');

type Moments = [
  Signature<
    [input: Tensor, dim: Dims | null, unbiased?: boolean, keepdim?: boolean],
    { input: Tensor; dim: Dims | null; unbiased?: boolean; keepdim?: boolean },
    [Tensor, Tensor]
  >,
  Signature<
    [input: Tensor, dim?: Dims | null],
    { input: Tensor; dim?: Dims | null; correction?: Scalar | null; keepdim?: boolean },
    [Tensor, Tensor]
  >,
  Signature<
    [input: Tensor, unbiased?: boolean],
    { input: Tensor; unbiased?: boolean },
    [Tensor, Tensor]
  >,
];
export const std_mean = torchFunction<Moments>('std_mean', ['dim', 'correction', '']);
export const var_mean = torchFunction<Moments>('var_mean', ['dim', 'correction', '']);

export const poisson =
  torchFunction<
    Signature<
      [input: Tensor, generator?: Generator | null],
      { input: Tensor; generator?: Generator | null }
    >
  >('poisson');
export const binomial =
  torchFunction<
    Signature<
      [count: Tensor, prob: Tensor, generator?: Generator | null],
      { count: Tensor; prob: Tensor; generator?: Generator | null }
    >
  >('binomial');

export const combinations =
  torchFunction<
    Signature<
      [input: Tensor, r?: number, with_replacement?: boolean],
      { input: Tensor; r?: number; with_replacement?: boolean }
    >
  >('combinations');
export const vander =
  torchFunction<
    Signature<
      [x: Tensor, N?: number | null, increasing?: boolean],
      { x: Tensor; N?: number | null; increasing?: boolean }
    >
  >('vander');
type Trapezoid = [
  Signature<[y: Tensor, x: Tensor], { y: Tensor; x: Tensor; dim?: number }>,
  Signature<[y: Tensor], { y: Tensor; dx?: Scalar; dim?: number }>,
];
export const trapezoid = torchFunction<Trapezoid>('trapezoid', ['x', 'dx']);
export const cumulative_trapezoid = torchFunction<Trapezoid>('cumulative_trapezoid', ['x', 'dx']);
