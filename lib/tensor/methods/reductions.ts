/** Reductions over all elements or over some dimensions, and cumulative operations. */
import type { DType } from '../dtype';
import type { Scalar } from '../scalar';
import type { Tensor } from '../tensor';
import {
  type AlongDim,
  type Dims,
  type Other,
  overloads,
  type Results,
  type Signature,
  type TensorMethod,
  table,
  type Values,
  type WithInPlace,
  withInPlace,
} from './signature';

/** Reduces the given dimensions, or all. */
type OverAnyDims = Signature<
  [dim?: Dims | null, keepdim?: boolean],
  { dim?: Dims | null; keepdim?: boolean; dtype?: DType | null }
>;
/** Reduces the given dimensions. */
type OverDims = Signature<
  [dim: Dims | null, keepdim?: boolean],
  { dim: Dims | null; keepdim?: boolean; dtype?: DType | null }
>;
/** Reduces all elements. */
type Whole = Signature<[], { dtype?: DType | null }>;
type Dim = Signature<[dim: number], { dim: number }>;
/** Accumulates along one dimension. */
type Running = Signature<[dim: number], { dim: number; dtype?: DType | null }>;

type Var = [
  Signature<
    [dim: Dims | null, unbiased?: boolean, keepdim?: boolean],
    { dim: Dims | null; unbiased?: boolean; keepdim?: boolean }
  >,
  Signature<
    [dim?: Dims | null],
    { dim?: Dims | null; correction?: Scalar | null; keepdim?: boolean }
  >,
  Signature<[unbiased?: boolean], { unbiased?: boolean }>,
];
type Argmax = Signature<
  [dim?: number | null, keepdim?: boolean],
  { dim?: number | null; keepdim?: boolean }
>;
type AnyOrAll = [
  Signature,
  Signature<[dim?: Dims | null, keepdim?: boolean], { dim?: Dims | null; keepdim?: boolean }>,
];
type Quantile = Signature<
  [q: Tensor | number, dim?: number | null, keepdim?: boolean],
  { q: Tensor | number; dim?: number | null; keepdim?: boolean; interpolation?: string }
>;
type Renorm = Signature<
  [p: Scalar, dim: number, maxnorm: Scalar],
  { p: Scalar; dim: number; maxnorm: Scalar }
>;

/** Methods that also work in place. */
interface InPlace {
  cumsum: TensorMethod<Running>;
  cumprod: TensorMethod<Running>;
  renorm: TensorMethod<Renorm>;
}

export interface Reductions extends WithInPlace<InPlace> {
  sum: TensorMethod<[Whole, OverDims]>;
  nansum: TensorMethod<OverAnyDims>;
  mean: TensorMethod<[Whole, OverDims]>;
  nanmean: TensorMethod<OverAnyDims>;
  prod: TensorMethod<
    [
      Whole,
      Signature<
        [dim: number, keepdim?: boolean],
        { dim: number; keepdim?: boolean; dtype?: DType | null }
      >,
    ]
  >;
  var: TensorMethod<Var>;
  std: TensorMethod<Var>;
  max: TensorMethod<[Signature, Other, AlongDim<Values>]>;
  min: TensorMethod<[Signature, Other, AlongDim<Values>]>;
  amax: TensorMethod<Signature<[dim?: Dims, keepdim?: boolean], { dim?: Dims; keepdim?: boolean }>>;
  amin: TensorMethod<Signature<[dim?: Dims, keepdim?: boolean], { dim?: Dims; keepdim?: boolean }>>;
  aminmax: TensorMethod<
    Signature<[], { dim?: number | null; keepdim?: boolean }, Results<'min' | 'max'>>
  >;
  argmax: TensorMethod<Argmax>;
  argmin: TensorMethod<Argmax>;
  any: TensorMethod<AnyOrAll>;
  all: TensorMethod<AnyOrAll>;
  logsumexp: TensorMethod<
    Signature<[dim: Dims, keepdim?: boolean], { dim: Dims; keepdim?: boolean }>
  >;
  median: TensorMethod<[Signature, AlongDim<Values>]>;
  nanmedian: TensorMethod<[Signature, AlongDim<Values>]>;
  mode: TensorMethod<
    Signature<[dim?: number, keepdim?: boolean], { dim?: number; keepdim?: boolean }, Values>
  >;
  kthvalue: TensorMethod<
    Signature<
      [k: number, dim?: number, keepdim?: boolean],
      { k: number; dim?: number; keepdim?: boolean },
      Values
    >
  >;
  quantile: TensorMethod<Quantile>;
  nanquantile: TensorMethod<Quantile>;
  count_nonzero: TensorMethod<Signature<[dim?: Dims | null], { dim?: Dims | null }>>;
  dist: TensorMethod<Signature<[other: Tensor, p?: Scalar], { other: Tensor; p?: Scalar }>>;
  histc: TensorMethod<
    Signature<
      [bins?: number, min?: Scalar, max?: Scalar],
      { bins?: number; min?: Scalar; max?: Scalar }
    >
  >;
  bincount: TensorMethod<
    Signature<
      [weights?: Tensor | null, minlength?: number],
      { weights?: Tensor | null; minlength?: number }
    >
  >;
  cummax: TensorMethod<Signature<[dim: number], { dim: number }, Values>>;
  cummin: TensorMethod<Signature<[dim: number], { dim: number }, Values>>;
  logcumsumexp: TensorMethod<Dim>;
  diff: TensorMethod<
    Signature<
      [n?: number, dim?: number, prepend?: Tensor | null, append?: Tensor | null],
      { n?: number; dim?: number; prepend?: Tensor | null; append?: Tensor | null }
    >
  >;
}

/** Lists the overloads of each method in the order in which Python tries them. */
export const reductions = table<Reductions>({
  ...withInPlace(overloads([''], 'cumsum', 'cumprod', 'renorm')),
  sum: ['', 'dim_IntList'],
  count_nonzero: ['', 'dim_IntList'],
  ...overloads([''], 'nansum', 'nanmean', 'amax', 'amin', 'aminmax', 'argmax', 'argmin'),
  ...overloads([''], 'logsumexp', 'mode', 'kthvalue', 'dist', 'histc', 'bincount', 'cummax'),
  ...overloads([''], 'cummin', 'logcumsumexp', 'diff'),
  ...overloads(['', 'dim'], 'mean', 'median', 'nanmedian'),
  prod: ['', 'dim_int'],
  var: ['dim', 'correction', ''],
  std: ['dim', 'correction', ''],
  max: ['', 'other', 'dim'],
  min: ['', 'other', 'dim'],
  any: ['', 'dims', 'dim'],
  all: ['', 'dims', 'dim'],
  quantile: ['', 'scalar'],
  nanquantile: ['', 'scalar'],
});
