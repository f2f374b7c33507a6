/** Arithmetic with one operand and with two. */
import type { Scalar } from '../scalar';
import type { Tensor } from '../tensor';
import {
  type Other,
  type OtherOrNumber,
  type Signature,
  type TensorMethod,
  table,
} from './signature';

/** The other operand, multiplied by `alpha`. */
type Scaled = Signature<[other: Tensor | Scalar], { other: Tensor | Scalar; alpha?: Scalar }>;
/** A quotient: exact, or rounded down or towards zero. */
type Rounded = Signature<
  [other: Tensor | Scalar],
  { other: Tensor | Scalar; rounding_mode?: 'floor' | 'trunc' | null }
>;
type Exponent = Signature<[exponent: Tensor | Scalar], { exponent: Tensor | Scalar }>;
type Fused = Signature<
  [tensor1: Tensor, tensor2: Tensor],
  { tensor1: Tensor; tensor2: Tensor; value?: Scalar }
>;
/** The smallest and the largest value; at least one is needed. */
type Bounds = Signature<
  [min?: Tensor | Scalar | null, max?: Tensor | Scalar | null],
  { min?: Tensor | Scalar | null; max?: Tensor | Scalar | null }
>;

type Subtract = [
  Scaled,
  Signature<[other: Scalar, alpha?: Scalar], { other: Scalar; alpha?: Scalar }>,
];
type Lerp = Signature<
  [end: Tensor, weight: Tensor | Scalar],
  { end: Tensor; weight: Tensor | Scalar }
>;
type NanToNum = Signature<
  [nan?: number | null, posinf?: number | null, neginf?: number | null],
  { nan?: number | null; posinf?: number | null; neginf?: number | null }
>;

export interface Arithmetic {
  add: TensorMethod<Scaled>;
  add_: TensorMethod<Scaled>;
  sub: TensorMethod<Scaled>;
  sub_: TensorMethod<Scaled>;
  subtract: TensorMethod<Subtract>;
  subtract_: TensorMethod<Subtract>;
  mul: TensorMethod<OtherOrNumber>;
  mul_: TensorMethod<OtherOrNumber>;
  multiply: TensorMethod<OtherOrNumber>;
  multiply_: TensorMethod<OtherOrNumber>;
  div: TensorMethod<Rounded>;
  div_: TensorMethod<Rounded>;
  divide: TensorMethod<Rounded>;
  divide_: TensorMethod<Rounded>;
  true_divide: TensorMethod<OtherOrNumber>;
  true_divide_: TensorMethod<OtherOrNumber>;
  floor_divide: TensorMethod<OtherOrNumber>;
  floor_divide_: TensorMethod<OtherOrNumber>;
  remainder: TensorMethod<OtherOrNumber>;
  remainder_: TensorMethod<OtherOrNumber>;
  fmod: TensorMethod<OtherOrNumber>;
  fmod_: TensorMethod<OtherOrNumber>;
  pow: TensorMethod<Exponent>;
  pow_: TensorMethod<Exponent>;
  float_power: TensorMethod<Exponent>;
  float_power_: TensorMethod<Exponent>;
  neg: TensorMethod<Signature>;
  neg_: TensorMethod<Signature>;
  negative: TensorMethod<Signature>;
  negative_: TensorMethod<Signature>;
  abs: TensorMethod<Signature>;
  abs_: TensorMethod<Signature>;
  absolute: TensorMethod<Signature>;
  absolute_: TensorMethod<Signature>;
  positive: TensorMethod<Signature>;
  addcmul: TensorMethod<Fused>;
  addcmul_: TensorMethod<Fused>;
  addcdiv: TensorMethod<Fused>;
  addcdiv_: TensorMethod<Fused>;
  lerp: TensorMethod<Lerp>;
  lerp_: TensorMethod<Lerp>;
  maximum: TensorMethod<Other>;
  minimum: TensorMethod<Other>;
  fmax: TensorMethod<Other>;
  fmin: TensorMethod<Other>;
  atan2: TensorMethod<Other>;
  atan2_: TensorMethod<Other>;
  arctan2: TensorMethod<Other>;
  arctan2_: TensorMethod<Other>;
  hypot: TensorMethod<Other>;
  hypot_: TensorMethod<Other>;
  copysign: TensorMethod<OtherOrNumber>;
  copysign_: TensorMethod<OtherOrNumber>;
  ldexp: TensorMethod<Other>;
  ldexp_: TensorMethod<Other>;
  xlogy: TensorMethod<OtherOrNumber>;
  xlogy_: TensorMethod<OtherOrNumber>;
  logaddexp: TensorMethod<Other>;
  logaddexp2: TensorMethod<Other>;
  heaviside: TensorMethod<Signature<[values: Tensor], { values: Tensor }>>;
  heaviside_: TensorMethod<Signature<[values: Tensor], { values: Tensor }>>;
  gcd: TensorMethod<Other>;
  gcd_: TensorMethod<Other>;
  lcm: TensorMethod<Other>;
  lcm_: TensorMethod<Other>;
  nextafter: TensorMethod<Other>;
  nextafter_: TensorMethod<Other>;
  square: TensorMethod<Signature>;
  square_: TensorMethod<Signature>;
  reciprocal: TensorMethod<Signature>;
  reciprocal_: TensorMethod<Signature>;
  sqrt: TensorMethod<Signature>;
  sqrt_: TensorMethod<Signature>;
  rsqrt: TensorMethod<Signature>;
  rsqrt_: TensorMethod<Signature>;
  nan_to_num: TensorMethod<NanToNum>;
  nan_to_num_: TensorMethod<NanToNum>;
  clamp: TensorMethod<Bounds>;
  clamp_: TensorMethod<Bounds>;
  clip: TensorMethod<Bounds>;
  clip_: TensorMethod<Bounds>;
  clamp_min: TensorMethod<Signature<[min: Tensor | Scalar], { min: Tensor | Scalar }>>;
  clamp_min_: TensorMethod<Signature<[min: Tensor | Scalar], { min: Tensor | Scalar }>>;
  clamp_max: TensorMethod<Signature<[max: Tensor | Scalar], { max: Tensor | Scalar }>>;
  clamp_max_: TensorMethod<Signature<[max: Tensor | Scalar], { max: Tensor | Scalar }>>;
}

/** Lists the overloads of each method in the order in which Python tries them. */
export const arithmetic = table<Arithmetic>({
  add: ['Tensor'],
  add_: ['Tensor'],
  sub: ['Tensor'],
  sub_: ['Tensor'],
  subtract: ['Tensor', 'Scalar'],
  subtract_: ['Tensor', 'Scalar'],
  mul: ['Tensor'],
  mul_: ['Tensor'],
  multiply: ['Tensor', 'Scalar'],
  multiply_: ['Tensor', 'Scalar'],
  div: ['Tensor', 'Tensor_mode', 'Scalar_mode'],
  div_: ['Tensor', 'Tensor_mode', 'Scalar_mode'],
  divide: ['Tensor', 'Tensor_mode', 'Scalar', 'Scalar_mode'],
  divide_: ['Tensor', 'Tensor_mode', 'Scalar', 'Scalar_mode'],
  true_divide: ['Tensor', 'Scalar'],
  true_divide_: ['Tensor', 'Scalar'],
  floor_divide: ['', 'Scalar'],
  floor_divide_: ['Tensor', 'Scalar'],
  remainder: ['Tensor', 'Scalar'],
  remainder_: ['Tensor', 'Scalar'],
  fmod: ['Tensor', 'Scalar'],
  fmod_: ['Tensor', 'Scalar'],
  pow: ['Tensor_Tensor', 'Tensor_Scalar'],
  pow_: ['Tensor', 'Scalar'],
  float_power: ['Tensor_Tensor', 'Tensor_Scalar'],
  float_power_: ['Tensor', 'Scalar'],
  neg: [''],
  neg_: [''],
  negative: [''],
  negative_: [''],
  abs: [''],
  abs_: [''],
  absolute: [''],
  absolute_: [''],
  positive: [''],
  addcmul: [''],
  addcmul_: [''],
  addcdiv: [''],
  addcdiv_: [''],
  lerp: ['Tensor', 'Scalar'],
  lerp_: ['Tensor', 'Scalar'],
  maximum: [''],
  minimum: [''],
  fmax: [''],
  fmin: [''],
  atan2: [''],
  atan2_: [''],
  arctan2: [''],
  arctan2_: [''],
  hypot: [''],
  hypot_: [''],
  copysign: ['Tensor', 'Scalar'],
  copysign_: ['Tensor', 'Scalar'],
  ldexp: ['Tensor'],
  ldexp_: [''],
  xlogy: ['Tensor', 'Scalar_Other'],
  xlogy_: ['Tensor', 'Scalar_Other'],
  logaddexp: [''],
  logaddexp2: [''],
  heaviside: [''],
  heaviside_: [''],
  gcd: [''],
  gcd_: [''],
  lcm: [''],
  lcm_: [''],
  nextafter: [''],
  nextafter_: [''],
  square: [''],
  square_: [''],
  reciprocal: [''],
  reciprocal_: [''],
  sqrt: [''],
  sqrt_: [''],
  rsqrt: [''],
  rsqrt_: [''],
  nan_to_num: [''],
  nan_to_num_: [''],
  clamp: ['Tensor', ''],
  clamp_: ['Tensor', ''],
  clip: ['Tensor', ''],
  clip_: ['Tensor', ''],
  clamp_min: ['Tensor', ''],
  clamp_min_: ['Tensor', ''],
  clamp_max: ['Tensor', ''],
  clamp_max_: ['Tensor', ''],
});
