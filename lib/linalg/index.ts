/** `torch.linalg`. See https://docs.pytorch.org/docs/stable/linalg.html */
import type { DType } from '../tensor/dtype';
import {
  type Dims,
  type Results,
  type Signature,
  torchFunction,
} from '../tensor/methods/signature';
import type { Scalar } from '../tensor/scalar';
import type { Tensor } from '../tensor/tensor';

type OfMatrix<Name extends string = 'A', R = Tensor> = Signature<
  [matrix: Tensor],
  { [K in Name]: Tensor },
  R
>;

export const vector_norm =
  torchFunction<
    Signature<
      [x: Tensor, ord?: Scalar, dim?: Dims | null, keepdim?: boolean],
      { x: Tensor; ord?: Scalar; dim?: Dims | null; keepdim?: boolean; dtype?: DType | null }
    >
  >('linalg_vector_norm');
export const matrix_norm = torchFunction<
  Signature<
    [A: Tensor, ord?: Scalar | string, dim?: readonly number[], keepdim?: boolean],
    {
      A: Tensor;
      ord?: Scalar | string;
      dim?: readonly number[];
      keepdim?: boolean;
      dtype?: DType | null;
    }
  >
>('linalg_matrix_norm', ['', 'str_ord']);
export const norm = torchFunction<
  Signature<
    [A: Tensor, ord?: Scalar | string | null, dim?: Dims | null, keepdim?: boolean],
    {
      A: Tensor;
      ord?: Scalar | string | null;
      dim?: Dims | null;
      keepdim?: boolean;
      dtype?: DType | null;
    }
  >
>('linalg_norm', ['', 'ord_str']);
export const det = torchFunction<OfMatrix>('linalg_det');
export const inv = torchFunction<OfMatrix>('linalg_inv');
export const slogdet =
  torchFunction<OfMatrix<'A', Results<'sign' | 'logabsdet'>>>('linalg_slogdet');
export const solve =
  torchFunction<Signature<[A: Tensor, B: Tensor], { A: Tensor; B: Tensor; left?: boolean }>>(
    'linalg_solve',
  );
export const cholesky =
  torchFunction<Signature<[input: Tensor], { input: Tensor; upper?: boolean }>>('linalg_cholesky');
export const svdvals = torchFunction<OfMatrix>('linalg_svdvals');
export const svd =
  torchFunction<
    Signature<
      [A: Tensor, full_matrices?: boolean],
      { A: Tensor; full_matrices?: boolean },
      Results<'U' | 'S' | 'Vh'>
    >
  >('linalg_svd');
export const eigh =
  torchFunction<
    Signature<
      [A: Tensor, UPLO?: 'L' | 'U'],
      { A: Tensor; UPLO?: 'L' | 'U' },
      Results<'eigenvalues' | 'eigenvectors'>
    >
  >('linalg_eigh');
