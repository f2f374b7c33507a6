/**
 * One side of a comparison, whose elements are read in parts, so that a large tensor needs little additional memory.
 */
import { op } from '../../nn/ops';
import type { DType } from '../../tensor/dtype_table';
import type { Tensor } from '../../tensor/tensor';

export interface Side {
  readonly dtype: DType;
  readonly shape: readonly number[];
  /** Returns a range of the elements in row-major order: contiguous, on the CPU, outside of any graph. */
  part(from: number, count: number): Tensor;
}

const resolveConj = op<(self: Tensor) => Tensor>('resolve_conj');
const resolveNeg = op<(self: Tensor) => Tensor>('resolve_neg');

export function sideOf(tensor: Tensor): Side {
  const flat = tensor.detach().reshape([-1]);
  return {
    dtype: tensor.dtype,
    shape: tensor.shape,
    part(from, count) {
      return resolveNeg(resolveConj(flat.narrow(0, from, count).cpu())).contiguous();
    },
  };
}

export const countOf = ({ shape }: Pick<Side, 'shape'>): number =>
  shape.reduce((product, size) => product * size, 1);
