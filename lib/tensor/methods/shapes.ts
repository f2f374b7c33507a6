/** Views, and other changes of shape. */
import type { DType } from '../dtype';
import type { MemoryFormat } from '../layout';
import type { Tensor } from '../tensor';
import {
  type Dims,
  type Other,
  type Signature,
  type TensorMethod,
  table,
  type Variadic,
} from './signature';

type Dim = Signature<[dim: number], { dim: number }>;
type Sections = [
  Signature<[sections: number], { sections: number }, Tensor[]>,
  Signature<[indices: readonly number[]], { indices: readonly number[] }, Tensor[]>,
];
type Pair = Signature<[dim0: number, dim1: number], { dim0: number; dim1: number }>;

type Swapaxes = Signature<[axis0: number, axis1: number], { axis0: number; axis1: number }>;
type Movedim = Signature<[source: Dims, destination: Dims], { source: Dims; destination: Dims }>;
type AsStrided = Signature<
  [size: readonly number[], stride: readonly number[], storage_offset?: number | null],
  { size: readonly number[]; stride: readonly number[]; storage_offset?: number | null }
>;

export interface Shapes {
  view: TensorMethod<[Signature<[dtype: DType], { dtype: DType }>, Variadic<'size'>]>;
  reshape: TensorMethod<Variadic<'shape'>>;
  permute: TensorMethod<Variadic<'dims'>>;
  transpose: TensorMethod<Pair>;
  transpose_: TensorMethod<Pair>;
  t: TensorMethod<Signature>;
  t_: TensorMethod<Signature>;
  swapaxes: TensorMethod<Swapaxes>;
  swapaxes_: TensorMethod<Swapaxes>;
  swapdims: TensorMethod<Pair>;
  swapdims_: TensorMethod<Pair>;
  movedim: TensorMethod<Movedim>;
  moveaxis: TensorMethod<Movedim>;
  squeeze: TensorMethod<[Signature, Signature<[dim: Dims], { dim: Dims }>]>;
  squeeze_: TensorMethod<[Signature, Signature<[dim: Dims], { dim: Dims }>]>;
  unsqueeze: TensorMethod<Dim>;
  unsqueeze_: TensorMethod<Dim>;
  flatten: TensorMethod<
    Signature<[start_dim?: number, end_dim?: number], { start_dim?: number; end_dim?: number }>
  >;
  ravel: TensorMethod<Signature>;
  expand: TensorMethod<Variadic<'size'>>;
  expand_as: TensorMethod<Other>;
  repeat: TensorMethod<Variadic<'repeats'>>;
  repeat_interleave: TensorMethod<
    Signature<
      [repeats: Tensor | number, dim?: number | null],
      { repeats: Tensor | number; dim?: number | null; output_size?: number | null }
    >
  >;
  tile: TensorMethod<Variadic<'dims'>>;
  flip: TensorMethod<Variadic<'dims'>>;
  fliplr: TensorMethod<Signature>;
  flipud: TensorMethod<Signature>;
  rot90: TensorMethod<
    Signature<[k?: number, dims?: readonly number[]], { k?: number; dims?: readonly number[] }>
  >;
  roll: TensorMethod<Signature<[shifts: Dims, dims?: Dims], { shifts: Dims; dims?: Dims }>>;
  narrow: TensorMethod<
    Signature<
      [dim: number, start: Tensor | number, length: number],
      { dim: number; start: Tensor | number; length: number }
    >
  >;
  select: TensorMethod<Signature<[dim: number, index: number], { dim: number; index: number }>>;
  chunk: TensorMethod<
    Signature<[chunks: number, dim?: number], { chunks: number; dim?: number }, Tensor[]>
  >;
  unbind: TensorMethod<Signature<[dim?: number], { dim?: number }, Tensor[]>>;
  tensor_split: TensorMethod<
    [
      Signature<
        [indices: readonly number[], dim?: number],
        { indices: readonly number[]; dim?: number },
        Tensor[]
      >,
      Signature<
        [tensor_indices_or_sections: Tensor, dim?: number],
        { tensor_indices_or_sections: Tensor; dim?: number },
        Tensor[]
      >,
      Signature<[sections: number, dim?: number], { sections: number; dim?: number }, Tensor[]>,
    ]
  >;
  hsplit: TensorMethod<Sections>;
  vsplit: TensorMethod<Sections>;
  dsplit: TensorMethod<Sections>;
  view_as: TensorMethod<Other>;
  reshape_as: TensorMethod<Other>;
  contiguous: TensorMethod<Signature<[], { memory_format?: MemoryFormat }>>;
  clone: TensorMethod<Signature<[], { memory_format?: MemoryFormat | null }>>;
  detach: TensorMethod<Signature>;
  detach_: TensorMethod<Signature>;
  as_strided: TensorMethod<AsStrided>;
  as_strided_: TensorMethod<AsStrided>;
  unfold: TensorMethod<
    Signature<
      [dimension: number, size: number, step: number],
      { dimension: number; size: number; step: number }
    >
  >;
  sum_to_size: TensorMethod<Variadic<'size'>>;
  broadcast_to: TensorMethod<Variadic<'size'>>;
  resize_: TensorMethod<Variadic<'size'>>;
  resize_as_: TensorMethod<
    Signature<[the_template: Tensor], { the_template: Tensor; memory_format?: MemoryFormat | null }>
  >;
}

/** Lists the overloads of each method in the order in which Python tries them. */
export const shapes = table<Shapes>({
  view: ['dtype', ''],
  reshape: [''],
  permute: [''],
  transpose: ['int'],
  transpose_: [''],
  t: [''],
  t_: [''],
  swapaxes: [''],
  swapaxes_: [''],
  swapdims: [''],
  swapdims_: [''],
  movedim: ['int', 'intlist'],
  moveaxis: ['int', 'intlist'],
  squeeze: ['', 'dim', 'dims'],
  squeeze_: ['', 'dim', 'dims'],
  unsqueeze: [''],
  unsqueeze_: [''],
  flatten: ['using_ints'],
  ravel: [''],
  expand: [''],
  expand_as: [''],
  repeat: [''],
  repeat_interleave: ['self_Tensor', 'self_int'],
  tile: [''],
  flip: [''],
  fliplr: [''],
  flipud: [''],
  rot90: [''],
  roll: [''],
  narrow: ['Tensor', ''],
  select: ['int'],
  chunk: [''],
  unbind: ['int'],
  tensor_split: ['indices', 'tensor_indices_or_sections', 'sections'],
  hsplit: ['int', 'array'],
  vsplit: ['int', 'array'],
  dsplit: ['int', 'array'],
  view_as: [''],
  reshape_as: [''],
  contiguous: [''],
  clone: [''],
  detach: [''],
  detach_: [''],
  as_strided: [''],
  as_strided_: [''],
  unfold: [''],
  sum_to_size: [''],
  broadcast_to: [''],
  resize_: [''],
  resize_as_: [''],
});
