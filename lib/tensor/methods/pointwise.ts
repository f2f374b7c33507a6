/** Functions that apply to each element. */
import type { DType } from '../dtype';
import type { Scalar } from '../scalar';
import type { Tensor } from '../tensor';
import {
  overloads,
  type Signature,
  type TensorMethod,
  table,
  type WithInPlace,
  withInPlace,
} from './signature';

type Softmax = Signature<
  [dim: number, dtype?: DType | null],
  { dim: number; dtype?: DType | null }
>;

/** Methods without arguments. */
const UNARY = [
  ['exp', 'exp2', 'expm1', 'log', 'log2', 'log10', 'log1p', 'sigmoid', 'relu'],
  ['sin', 'cos', 'tan', 'asin', 'acos', 'atan', 'arcsin', 'arccos', 'arctan', 'sinc'],
  ['sinh', 'cosh', 'tanh', 'asinh', 'acosh', 'atanh', 'arcsinh', 'arccosh', 'arctanh'],
  ['erf', 'erfc', 'erfinv', 'lgamma', 'digamma', 'i0', 'deg2rad', 'rad2deg'],
  ['ceil', 'floor', 'trunc', 'fix', 'frac', 'sign', 'sgn', 'conj_physical'],
] as const;

type Unary = { [Name in (typeof UNARY)[number][number]]: TensorMethod<Signature> };

/** Methods that also work in place. */
interface InPlace {
  logit: TensorMethod<Signature<[eps?: number | null], { eps?: number | null }>>;
  mvlgamma: TensorMethod<Signature<[p: number], { p: number }>>;
  polygamma: TensorMethod<Signature<[n: number], { n: number }>>;
  round: TensorMethod<[Signature, Signature<[], { decimals: number }>]>;
}

export interface Pointwise extends WithInPlace<Unary & InPlace> {
  hardshrink: TensorMethod<Signature<[lambd?: Scalar], { lambd?: Scalar }>>;
  prelu: TensorMethod<Signature<[weight: Tensor], { weight: Tensor }>>;
  signbit: TensorMethod<Signature>;
  angle: TensorMethod<Signature>;
  conj: TensorMethod<Signature>;
  softmax: TensorMethod<Softmax>;
  log_softmax: TensorMethod<Softmax>;
}

/** Lists the overloads of each method in the order in which Python tries them. */
export const pointwise = table<Pointwise>({
  ...withInPlace(overloads([''], ...UNARY.flat())),
  ...withInPlace({
    ...overloads([''], 'logit', 'mvlgamma', 'polygamma'),
    round: ['', 'decimals'],
  }),
  ...overloads([''], 'hardshrink', 'prelu', 'signbit', 'angle', 'conj'),
  softmax: ['int'],
  log_softmax: ['int'],
});
