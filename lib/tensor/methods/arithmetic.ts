/** Arithmetic with one operand and with two. */
import type { Scalar } from '../scalar';
import type { Tensor } from '../tensor';
import {
  type Other,
  type OtherOrNumber,
  overloads,
  type Signature,
  type TensorMethod,
  table,
  type WithInPlace,
  withInPlace,
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

/** Methods without arguments. */
const UNARY = [
  ['neg', 'negative', 'abs', 'absolute', 'square', 'reciprocal', 'sqrt', 'rsqrt'],
] as const;

type Unary = { [Name in (typeof UNARY)[number][number]]: TensorMethod<Signature> };

/** Methods that also work in place. */
interface InPlace {
  add: TensorMethod<Scaled>;
  sub: TensorMethod<Scaled>;
  subtract: TensorMethod<Subtract>;
  mul: TensorMethod<OtherOrNumber>;
  multiply: TensorMethod<OtherOrNumber>;
  div: TensorMethod<Rounded>;
  divide: TensorMethod<Rounded>;
  true_divide: TensorMethod<OtherOrNumber>;
  remainder: TensorMethod<OtherOrNumber>;
  fmod: TensorMethod<OtherOrNumber>;
  addcmul: TensorMethod<Fused>;
  addcdiv: TensorMethod<Fused>;
  lerp: TensorMethod<Lerp>;
  atan2: TensorMethod<Other>;
  arctan2: TensorMethod<Other>;
  hypot: TensorMethod<Other>;
  copysign: TensorMethod<OtherOrNumber>;
  xlogy: TensorMethod<OtherOrNumber>;
  heaviside: TensorMethod<Signature<[values: Tensor], { values: Tensor }>>;
  gcd: TensorMethod<Other>;
  lcm: TensorMethod<Other>;
  nextafter: TensorMethod<Other>;
  nan_to_num: TensorMethod<NanToNum>;
  clamp: TensorMethod<Bounds>;
  clip: TensorMethod<Bounds>;
  clamp_min: TensorMethod<Signature<[min: Tensor | Scalar], { min: Tensor | Scalar }>>;
  clamp_max: TensorMethod<Signature<[max: Tensor | Scalar], { max: Tensor | Scalar }>>;
}

export interface Arithmetic extends WithInPlace<Unary & InPlace> {
  floor_divide: TensorMethod<OtherOrNumber>;
  floor_divide_: TensorMethod<OtherOrNumber>;
  pow: TensorMethod<Exponent>;
  pow_: TensorMethod<Exponent>;
  float_power: TensorMethod<Exponent>;
  float_power_: TensorMethod<Exponent>;
  positive: TensorMethod<Signature>;
  maximum: TensorMethod<Other>;
  minimum: TensorMethod<Other>;
  fmax: TensorMethod<Other>;
  fmin: TensorMethod<Other>;
  ldexp: TensorMethod<Other>;
  ldexp_: TensorMethod<Other>;
  logaddexp: TensorMethod<Other>;
  logaddexp2: TensorMethod<Other>;
}

/** Lists the overloads of each method in the order in which Python tries them. */
export const arithmetic = table<Arithmetic>({
  ...withInPlace(overloads([''], ...UNARY.flat())),
  ...withInPlace({
    ...overloads(['Tensor'], 'add', 'sub', 'mul'),
    ...overloads(['Tensor', 'Scalar'], 'subtract', 'multiply', 'true_divide', 'remainder'),
    ...overloads(['Tensor', 'Scalar'], 'fmod', 'lerp', 'copysign'),
    div: ['Tensor', 'Tensor_mode', 'Scalar_mode'],
    divide: ['Tensor', 'Tensor_mode', 'Scalar', 'Scalar_mode'],
    ...overloads([''], 'addcmul', 'addcdiv', 'atan2', 'arctan2', 'hypot', 'heaviside', 'gcd'),
    ...overloads([''], 'lcm', 'nextafter', 'nan_to_num'),
    xlogy: ['Tensor', 'Scalar_Other'],
    ...overloads(['Tensor', ''], 'clamp', 'clip', 'clamp_min', 'clamp_max'),
  }),
  floor_divide: ['', 'Scalar'],
  ...overloads(['Tensor', 'Scalar'], 'floor_divide_', 'pow_', 'float_power_'),
  pow: ['Tensor_Tensor', 'Tensor_Scalar'],
  float_power: ['Tensor_Tensor', 'Tensor_Scalar'],
  ...overloads([''], 'positive', 'maximum', 'minimum', 'fmax', 'fmin', 'ldexp_', 'logaddexp'),
  logaddexp2: [''],
  ldexp: ['Tensor'],
});
