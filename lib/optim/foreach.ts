/** `torch._foreach_*`: operators that take lists of tensors. */
import { op } from '../nn/ops';
import type { Scalar } from '../tensor/scalar';
import type { Tensor } from '../tensor/tensor';
import type { Value } from './values';

type Tensors = readonly Tensor[];
/** One value for all tensors, or one for each. */
type Other = Value | readonly Value[];
type Alpha = { alpha: Value | Scalar };

type Unary = (self: Tensors) => Tensor[];
type UnaryInPlace = (self: Tensors) => void;
type Binary = (self: Tensors, other: Other, options?: Alpha) => Tensor[];
type BinaryInPlace = (self: Tensors, other: Other, options?: Alpha) => void;
type Ternary = (self: Tensors, tensor1: Tensors, tensor2: Tensors, value?: Other) => Tensor[];
type TernaryInPlace = (self: Tensors, tensor1: Tensors, tensor2: Tensors, value?: Other) => void;

const VALUES = ['List', 'ScalarList', 'Scalar'];
const VALUES_AND_TENSOR = ['List', 'ScalarList', 'Tensor', 'Scalar'];
const FACTORS = ['Scalar', 'ScalarList'];

export const abs = op<Unary>('_foreach_abs');
export const abs_ = op<UnaryInPlace>('_foreach_abs_');
export const add = op<Binary>('_foreach_add', VALUES_AND_TENSOR);
export const add_ = op<BinaryInPlace>('_foreach_add_', VALUES_AND_TENSOR);
export const addcdiv_ = op<TernaryInPlace>('_foreach_addcdiv_', FACTORS);
export const addcmul = op<Ternary>('_foreach_addcmul', FACTORS);
export const addcmul_ = op<TernaryInPlace>('_foreach_addcmul_', FACTORS);
export const clamp_min_ = op<BinaryInPlace>('_foreach_clamp_min_', VALUES);
export const copy_ = op<(self: Tensors, source: Tensors) => void>('_foreach_copy_');
export const div_ = op<BinaryInPlace>('_foreach_div_', VALUES_AND_TENSOR);
export const lerp_ = op<(self: Tensors, end: Tensors, weight: Other) => void>(
  '_foreach_lerp_',
  VALUES,
);
export const maximum_ = op<BinaryInPlace>('_foreach_maximum_', VALUES);
export const mul = op<Binary>('_foreach_mul', VALUES_AND_TENSOR);
export const mul_ = op<BinaryInPlace>('_foreach_mul_', VALUES_AND_TENSOR);
export const neg = op<Unary>('_foreach_neg');
export const neg_ = op<UnaryInPlace>('_foreach_neg_');
export const pow_ = op<BinaryInPlace>('_foreach_pow_', VALUES);
/** One base, and an exponent for each result. */
export const powers = op<(base: Value, exponents: Tensors) => Tensor[]>('_foreach_pow', [
  'ScalarAndTensor',
]);
export const reciprocal_ = op<UnaryInPlace>('_foreach_reciprocal_');
export const rsqrt_ = op<UnaryInPlace>('_foreach_rsqrt_');
export const sign_ = op<UnaryInPlace>('_foreach_sign_');
export const sqrt = op<Unary>('_foreach_sqrt');
export const sqrt_ = op<UnaryInPlace>('_foreach_sqrt_');
export const sub = op<Binary>('_foreach_sub', VALUES);
export const sub_ = op<BinaryInPlace>('_foreach_sub_', VALUES);
