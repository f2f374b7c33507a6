/** Matrix products and other linear algebra. */
import type { Scalar } from '../scalar';
import type { Tensor } from '../tensor';
import {
  type None,
  type Other,
  overloads,
  type Results,
  type Signature,
  type TensorMethod,
  table,
  type WithInPlace,
  withInPlace,
} from './signature';

type Diagonal = Signature<[diagonal?: number], { diagonal?: number }>;
type Batches = Signature<
  [batch1: Tensor, batch2: Tensor],
  { batch1: Tensor; batch2: Tensor; beta?: Scalar; alpha?: Scalar }
>;

type Addmm = Signature<
  [mat1: Tensor, mat2: Tensor],
  { mat1: Tensor; mat2: Tensor; beta?: Scalar; alpha?: Scalar }
>;
type Addmv = Signature<
  [mat: Tensor, vec: Tensor],
  { mat: Tensor; vec: Tensor; beta?: Scalar; alpha?: Scalar }
>;
type Addr = Signature<
  [vec1: Tensor, vec2: Tensor],
  { vec1: Tensor; vec2: Tensor; beta?: Scalar; alpha?: Scalar }
>;
type Diagonals = Signature<
  [offset?: number, dim1?: number, dim2?: number],
  { offset?: number; dim1?: number; dim2?: number }
>;

/** Methods that also work in place. */
interface InPlace {
  addmm: TensorMethod<Addmm>;
  addmv: TensorMethod<Addmv>;
  addbmm: TensorMethod<Batches>;
  baddbmm: TensorMethod<Batches>;
  addr: TensorMethod<Addr>;
  tril: TensorMethod<Diagonal>;
  triu: TensorMethod<Diagonal>;
}

export interface LinearAlgebra extends WithInPlace<InPlace> {
  matmul: TensorMethod<Other>;
  mm: TensorMethod<Signature<[mat2: Tensor], { mat2: Tensor }>>;
  bmm: TensorMethod<Signature<[mat2: Tensor], { mat2: Tensor }>>;
  mv: TensorMethod<Signature<[vec: Tensor], { vec: Tensor }>>;
  dot: TensorMethod<Signature<[tensor: Tensor], { tensor: Tensor }>>;
  vdot: TensorMethod<Other>;
  inner: TensorMethod<Other>;
  outer: TensorMethod<Signature<[vec2: Tensor], { vec2: Tensor }>>;
  ger: TensorMethod<Signature<[vec2: Tensor], { vec2: Tensor }>>;
  trace: TensorMethod<Signature>;
  det: TensorMethod<Signature>;
  logdet: TensorMethod<Signature>;
  slogdet: TensorMethod<Signature<[], None, Results<'sign' | 'logabsdet'>>>;
  inverse: TensorMethod<Signature>;
  pinverse: TensorMethod<Signature<[rcond?: number], { rcond?: number }>>;
  matrix_power: TensorMethod<Signature<[n: number], { n: number }>>;
  matrix_exp: TensorMethod<Signature>;
  cholesky: TensorMethod<Signature<[upper?: boolean], { upper?: boolean }>>;
  qr: TensorMethod<Signature<[some?: boolean], { some?: boolean }, Results<'Q' | 'R'>>>;
  cross: TensorMethod<
    Signature<[other: Tensor, dim?: number | null], { other: Tensor; dim?: number | null }>
  >;
  diag: TensorMethod<Diagonal>;
  diag_embed: TensorMethod<Diagonals>;
  diagflat: TensorMethod<Signature<[offset?: number], { offset?: number }>>;
  diagonal: TensorMethod<Diagonals>;
}

/** Lists the overloads of each method in the order in which Python tries them. */
export const linearAlgebra = table<LinearAlgebra>({
  ...withInPlace(overloads([''], 'addmm', 'addmv', 'addbmm', 'baddbmm', 'addr', 'tril', 'triu')),
  ...overloads([''], 'matmul', 'mm', 'bmm', 'mv', 'dot', 'vdot', 'inner', 'outer', 'ger'),
  ...overloads([''], 'trace', 'det', 'logdet', 'slogdet', 'inverse', 'pinverse'),
  ...overloads([''], 'matrix_power', 'matrix_exp', 'cholesky', 'qr', 'cross', 'diag'),
  ...overloads([''], 'diag_embed', 'diagflat', 'diagonal'),
});
