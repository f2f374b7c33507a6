/** Sparse gradients: operators on their values. */
import { op } from '../nn/ops';
import type { Tensor } from '../tensor/tensor';

export const coalesced = op<(self: Tensor) => Tensor>('coalesce');
const indicesOf = op<(self: Tensor) => Tensor>('_indices');
export const valuesOf = op<(self: Tensor) => Tensor>('_values');
export const sparseMask = op<(self: Tensor, mask: Tensor) => Tensor>('sparse_mask');

const sparseTensor = op<(indices: Tensor, values: Tensor, size: readonly number[]) => Tensor>(
  'sparse_coo_tensor',
  ['indices_size'],
);

/** Returns a tensor with other values at the places of a sparse one. */
export const makeSparse = (like: Tensor, values: Tensor): Tensor =>
  sparseTensor(indicesOf(like), values, like.shape);
