/** Functions that apply to each element. */
import type { DType } from '../dtype';
import type { Scalar } from '../scalar';
import type { Tensor } from '../tensor';
import { type Signature, type TensorMethod, table } from './signature';

type Softmax = Signature<
  [dim: number, dtype?: DType | null],
  { dim: number; dtype?: DType | null }
>;

export interface Pointwise {
  exp: TensorMethod<Signature>;
  exp_: TensorMethod<Signature>;
  exp2: TensorMethod<Signature>;
  exp2_: TensorMethod<Signature>;
  expm1: TensorMethod<Signature>;
  expm1_: TensorMethod<Signature>;
  log: TensorMethod<Signature>;
  log_: TensorMethod<Signature>;
  log2: TensorMethod<Signature>;
  log2_: TensorMethod<Signature>;
  log10: TensorMethod<Signature>;
  log10_: TensorMethod<Signature>;
  log1p: TensorMethod<Signature>;
  log1p_: TensorMethod<Signature>;
  sin: TensorMethod<Signature>;
  sin_: TensorMethod<Signature>;
  cos: TensorMethod<Signature>;
  cos_: TensorMethod<Signature>;
  tan: TensorMethod<Signature>;
  tan_: TensorMethod<Signature>;
  asin: TensorMethod<Signature>;
  asin_: TensorMethod<Signature>;
  acos: TensorMethod<Signature>;
  acos_: TensorMethod<Signature>;
  atan: TensorMethod<Signature>;
  atan_: TensorMethod<Signature>;
  arcsin: TensorMethod<Signature>;
  arcsin_: TensorMethod<Signature>;
  arccos: TensorMethod<Signature>;
  arccos_: TensorMethod<Signature>;
  arctan: TensorMethod<Signature>;
  arctan_: TensorMethod<Signature>;
  sinh: TensorMethod<Signature>;
  sinh_: TensorMethod<Signature>;
  cosh: TensorMethod<Signature>;
  cosh_: TensorMethod<Signature>;
  tanh: TensorMethod<Signature>;
  tanh_: TensorMethod<Signature>;
  asinh: TensorMethod<Signature>;
  asinh_: TensorMethod<Signature>;
  acosh: TensorMethod<Signature>;
  acosh_: TensorMethod<Signature>;
  atanh: TensorMethod<Signature>;
  atanh_: TensorMethod<Signature>;
  arcsinh: TensorMethod<Signature>;
  arcsinh_: TensorMethod<Signature>;
  arccosh: TensorMethod<Signature>;
  arccosh_: TensorMethod<Signature>;
  arctanh: TensorMethod<Signature>;
  arctanh_: TensorMethod<Signature>;
  sigmoid: TensorMethod<Signature>;
  sigmoid_: TensorMethod<Signature>;
  logit: TensorMethod<Signature<[eps?: number | null], { eps?: number | null }>>;
  logit_: TensorMethod<Signature<[eps?: number | null], { eps?: number | null }>>;
  relu: TensorMethod<Signature>;
  relu_: TensorMethod<Signature>;
  hardshrink: TensorMethod<Signature<[lambd?: Scalar], { lambd?: Scalar }>>;
  prelu: TensorMethod<Signature<[weight: Tensor], { weight: Tensor }>>;
  erf: TensorMethod<Signature>;
  erf_: TensorMethod<Signature>;
  erfc: TensorMethod<Signature>;
  erfc_: TensorMethod<Signature>;
  erfinv: TensorMethod<Signature>;
  erfinv_: TensorMethod<Signature>;
  lgamma: TensorMethod<Signature>;
  lgamma_: TensorMethod<Signature>;
  digamma: TensorMethod<Signature>;
  digamma_: TensorMethod<Signature>;
  mvlgamma: TensorMethod<Signature<[p: number], { p: number }>>;
  mvlgamma_: TensorMethod<Signature<[p: number], { p: number }>>;
  polygamma: TensorMethod<Signature<[n: number], { n: number }>>;
  polygamma_: TensorMethod<Signature<[n: number], { n: number }>>;
  i0: TensorMethod<Signature>;
  i0_: TensorMethod<Signature>;
  sinc: TensorMethod<Signature>;
  sinc_: TensorMethod<Signature>;
  ceil: TensorMethod<Signature>;
  ceil_: TensorMethod<Signature>;
  floor: TensorMethod<Signature>;
  floor_: TensorMethod<Signature>;
  round: TensorMethod<[Signature, Signature<[], { decimals: number }>]>;
  round_: TensorMethod<[Signature, Signature<[], { decimals: number }>]>;
  trunc: TensorMethod<Signature>;
  trunc_: TensorMethod<Signature>;
  fix: TensorMethod<Signature>;
  fix_: TensorMethod<Signature>;
  frac: TensorMethod<Signature>;
  frac_: TensorMethod<Signature>;
  sign: TensorMethod<Signature>;
  sign_: TensorMethod<Signature>;
  sgn: TensorMethod<Signature>;
  sgn_: TensorMethod<Signature>;
  signbit: TensorMethod<Signature>;
  deg2rad: TensorMethod<Signature>;
  deg2rad_: TensorMethod<Signature>;
  rad2deg: TensorMethod<Signature>;
  rad2deg_: TensorMethod<Signature>;
  angle: TensorMethod<Signature>;
  conj: TensorMethod<Signature>;
  conj_physical: TensorMethod<Signature>;
  conj_physical_: TensorMethod<Signature>;
  softmax: TensorMethod<Softmax>;
  log_softmax: TensorMethod<Softmax>;
}

/** Lists the overloads of each method in the order in which Python tries them. */
export const pointwise = table<Pointwise>({
  exp: [''],
  exp_: [''],
  exp2: [''],
  exp2_: [''],
  expm1: [''],
  expm1_: [''],
  log: [''],
  log_: [''],
  log2: [''],
  log2_: [''],
  log10: [''],
  log10_: [''],
  log1p: [''],
  log1p_: [''],
  sin: [''],
  sin_: [''],
  cos: [''],
  cos_: [''],
  tan: [''],
  tan_: [''],
  asin: [''],
  asin_: [''],
  acos: [''],
  acos_: [''],
  atan: [''],
  atan_: [''],
  arcsin: [''],
  arcsin_: [''],
  arccos: [''],
  arccos_: [''],
  arctan: [''],
  arctan_: [''],
  sinh: [''],
  sinh_: [''],
  cosh: [''],
  cosh_: [''],
  tanh: [''],
  tanh_: [''],
  asinh: [''],
  asinh_: [''],
  acosh: [''],
  acosh_: [''],
  atanh: [''],
  atanh_: [''],
  arcsinh: [''],
  arcsinh_: [''],
  arccosh: [''],
  arccosh_: [''],
  arctanh: [''],
  arctanh_: [''],
  sigmoid: [''],
  sigmoid_: [''],
  logit: [''],
  logit_: [''],
  relu: [''],
  relu_: [''],
  hardshrink: [''],
  prelu: [''],
  erf: [''],
  erf_: [''],
  erfc: [''],
  erfc_: [''],
  erfinv: [''],
  erfinv_: [''],
  lgamma: [''],
  lgamma_: [''],
  digamma: [''],
  digamma_: [''],
  mvlgamma: [''],
  mvlgamma_: [''],
  polygamma: [''],
  polygamma_: [''],
  i0: [''],
  i0_: [''],
  sinc: [''],
  sinc_: [''],
  ceil: [''],
  ceil_: [''],
  floor: [''],
  floor_: [''],
  round: ['', 'decimals'],
  round_: ['', 'decimals'],
  trunc: [''],
  trunc_: [''],
  fix: [''],
  fix_: [''],
  frac: [''],
  frac_: [''],
  sign: [''],
  sign_: [''],
  sgn: [''],
  sgn_: [''],
  signbit: [''],
  deg2rad: [''],
  deg2rad_: [''],
  rad2deg: [''],
  rad2deg_: [''],
  angle: [''],
  conj: [''],
  conj_physical: [''],
  conj_physical_: [''],
  softmax: ['int'],
  log_softmax: ['int'],
});
