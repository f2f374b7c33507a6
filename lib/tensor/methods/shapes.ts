/** Views, and other changes of shape. */
import type { DType } from '../dtype';
import type { MemoryFormat } from '../layout';
import type { Tensor } from '../tensor';
import {
  type Dims,
  type Other,
  overloads,
  type Signature,
  type TensorMethod,
  table,
  type Variadic,
  type WithInPlace,
  withInPlace,
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

/** Methods that also work in place. */
interface InPlace {
  t: TensorMethod<Signature>;
  swapaxes: TensorMethod<Swapaxes>;
  swapdims: TensorMethod<Pair>;
  squeeze: TensorMethod<[Signature, Signature<[dim: Dims], { dim: Dims }>]>;
  unsqueeze: TensorMethod<Dim>;
  detach: TensorMethod<Signature>;
  as_strided: TensorMethod<AsStrided>;
}

export interface Shapes extends WithInPlace<InPlace> {
  view: TensorMethod<[Signature<[dtype: DType], { dtype: DType }>, Variadic<'size'>]>;
  reshape: TensorMethod<Variadic<'shape'>>;
  permute: TensorMethod<Variadic<'dims'>>;
  transpose: TensorMethod<Pair>;
  transpose_: TensorMethod<Pair>;
  movedim: TensorMethod<Movedim>;
  moveaxis: TensorMethod<Movedim>;
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
  ...withInPlace({
    ...overloads([''], 't', 'swapaxes', 'swapdims', 'unsqueeze', 'detach', 'as_strided'),
    squeeze: ['', 'dim', 'dims'],
  }),
  view: ['dtype', ''],
  ...overloads([''], 'reshape', 'permute', 'transpose_', 'ravel', 'expand', 'expand_as'),
  ...overloads([''], 'repeat', 'tile', 'flip', 'fliplr', 'flipud', 'rot90', 'roll', 'chunk'),
  ...overloads([''], 'view_as', 'reshape_as', 'contiguous', 'clone', 'unfold', 'sum_to_size'),
  ...overloads([''], 'broadcast_to', 'resize_', 'resize_as_'),
  ...overloads(['int'], 'transpose', 'select', 'unbind'),
  movedim: ['int', 'intlist'],
  moveaxis: ['int', 'intlist'],
  flatten: ['using_ints'],
  repeat_interleave: ['self_Tensor', 'self_int'],
  narrow: ['Tensor', ''],
  tensor_split: ['indices', 'tensor_indices_or_sections', 'sections'],
  ...overloads(['int', 'array'], 'hsplit', 'vsplit', 'dsplit'),
});
