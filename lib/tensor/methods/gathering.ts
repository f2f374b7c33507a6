/** Selection of elements by index or mask. */
import type { Scalar } from '../scalar';
import type { Tensor } from '../tensor';
import { type Signature, type TensorMethod, table } from './signature';

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

export interface Gathering {
  gather: TensorMethod<
    Signature<[dim: number, index: Tensor], { dim: number; index: Tensor; sparse_grad?: boolean }>
  >;
  scatter: TensorMethod<Scatter>;
  scatter_: TensorMethod<Scatter>;
  scatter_add: TensorMethod<ScatterAdd>;
  scatter_add_: TensorMethod<ScatterAdd>;
  scatter_reduce: TensorMethod<ScatterReduce>;
  scatter_reduce_: TensorMethod<ScatterReduce>;
  index_select: TensorMethod<
    Signature<[dim: number, index: Tensor], { dim: number; index: Tensor }>
  >;
  index_add: TensorMethod<IndexAdd>;
  index_add_: TensorMethod<IndexAdd>;
  index_copy: TensorMethod<IndexCopy>;
  index_copy_: TensorMethod<IndexCopy>;
  index_fill: TensorMethod<IndexFill>;
  index_fill_: TensorMethod<IndexFill>;
  masked_fill: TensorMethod<MaskedFill>;
  masked_fill_: TensorMethod<MaskedFill>;
  masked_select: TensorMethod<Signature<[mask: Tensor], { mask: Tensor }>>;
  masked_scatter: TensorMethod<MaskedScatter>;
  masked_scatter_: TensorMethod<MaskedScatter>;
  take: TensorMethod<Signature<[index: Tensor], { index: Tensor }>>;
  take_along_dim: TensorMethod<
    Signature<[indices: Tensor, dim?: number | null], { indices: Tensor; dim?: number | null }>
  >;
  put: TensorMethod<Put>;
  put_: TensorMethod<Put>;
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
  gather: [''],
  scatter: ['src', 'reduce', 'value', 'value_reduce'],
  scatter_: ['src', 'reduce', 'value', 'value_reduce'],
  scatter_add: [''],
  scatter_add_: [''],
  scatter_reduce: ['two'],
  scatter_reduce_: ['two'],
  index_select: [''],
  index_add: [''],
  index_add_: [''],
  index_copy: [''],
  index_copy_: [''],
  index_fill: ['int_Tensor', 'int_Scalar'],
  index_fill_: ['int_Tensor', 'int_Scalar'],
  masked_fill: ['Tensor', 'Scalar'],
  masked_fill_: ['Tensor', 'Scalar'],
  masked_select: [''],
  masked_scatter: [''],
  masked_scatter_: [''],
  take: [''],
  take_along_dim: [''],
  put: [''],
  put_: [''],
  fill_: ['Tensor', 'Scalar'],
  zero_: [''],
  copy_: [''],
  fill_diagonal_: [''],
});
