/** Selection of elements by index or mask. */
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

type Scatter = [
  Signature<
    [dim: number, index: Tensor, src: Tensor],
    { dim: number; index: Tensor; src: Tensor; reduce?: 'add' | 'multiply' }
  >,
  Signature<
    [dim: number, index: Tensor, value: Scalar],
    { dim: number; index: Tensor; value: Scalar; reduce?: 'add' | 'multiply' }
  >,
];
type ScatterAdd = Signature<
  [dim: number, index: Tensor, src: Tensor],
  { dim: number; index: Tensor; src: Tensor }
>;
type ScatterReduce = Signature<
  [dim: number, index: Tensor, src: Tensor, reduce: 'sum' | 'prod' | 'mean' | 'amax' | 'amin'],
  {
    dim: number;
    index: Tensor;
    src: Tensor;
    reduce: 'sum' | 'prod' | 'mean' | 'amax' | 'amin';
    include_self?: boolean;
  }
>;
type IndexAdd = Signature<
  [dim: number, index: Tensor, source: Tensor],
  { dim: number; index: Tensor; source: Tensor; alpha?: Scalar }
>;
type IndexCopy = Signature<
  [dim: number, index: Tensor, source: Tensor],
  { dim: number; index: Tensor; source: Tensor }
>;
type IndexFill = Signature<
  [dim: number, index: Tensor, value: Tensor | Scalar],
  { dim: number; index: Tensor; value: Tensor | Scalar }
>;
type MaskedFill = Signature<
  [mask: Tensor, value: Tensor | Scalar],
  { mask: Tensor; value: Tensor | Scalar }
>;
type MaskedScatter = Signature<[mask: Tensor, source: Tensor], { mask: Tensor; source: Tensor }>;
type Put = Signature<
  [index: Tensor, source: Tensor, accumulate?: boolean],
  { index: Tensor; source: Tensor; accumulate?: boolean }
>;

/** Methods that also work in place. */
interface InPlace {
  scatter: TensorMethod<Scatter>;
  scatter_add: TensorMethod<ScatterAdd>;
  scatter_reduce: TensorMethod<ScatterReduce>;
  index_add: TensorMethod<IndexAdd>;
  index_copy: TensorMethod<IndexCopy>;
  index_fill: TensorMethod<IndexFill>;
  masked_fill: TensorMethod<MaskedFill>;
  masked_scatter: TensorMethod<MaskedScatter>;
  put: TensorMethod<Put>;
}

export interface Gathering extends WithInPlace<InPlace> {
  gather: TensorMethod<
    Signature<[dim: number, index: Tensor], { dim: number; index: Tensor; sparse_grad?: boolean }>
  >;
  index_select: TensorMethod<
    Signature<[dim: number, index: Tensor], { dim: number; index: Tensor }>
  >;
  masked_select: TensorMethod<Signature<[mask: Tensor], { mask: Tensor }>>;
  take: TensorMethod<Signature<[index: Tensor], { index: Tensor }>>;
  take_along_dim: TensorMethod<
    Signature<[indices: Tensor, dim?: number | null], { indices: Tensor; dim?: number | null }>
  >;
  fill_: TensorMethod<Signature<[value: Tensor | Scalar], { value: Tensor | Scalar }>>;
  zero_: TensorMethod<Signature>;
  copy_: TensorMethod<
    Signature<
      [src: Tensor | Scalar, non_blocking?: boolean],
      { src: Tensor | Scalar; non_blocking?: boolean }
    >
  >;
  fill_diagonal_: TensorMethod<
    Signature<[fill_value: Scalar, wrap?: boolean], { fill_value: Scalar; wrap?: boolean }>
  >;
}

/** Lists the overloads of each method in the order in which Python tries them. */
export const gathering = table<Gathering>({
  ...withInPlace({
    scatter: ['src', 'reduce', 'value', 'value_reduce'],
    ...overloads([''], 'scatter_add', 'index_add', 'index_copy', 'masked_scatter', 'put'),
    scatter_reduce: ['two'],
    index_fill: ['int_Tensor', 'int_Scalar'],
    masked_fill: ['Tensor', 'Scalar'],
  }),
  ...overloads([''], 'gather', 'index_select', 'masked_select', 'take', 'take_along_dim'),
  ...overloads([''], 'zero_', 'copy_', 'fill_diagonal_'),
  fill_: ['Tensor', 'Scalar'],
});
