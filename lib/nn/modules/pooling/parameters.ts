/** The result of layers that can return indices. */
import type { Tensor } from '../../../tensor/tensor';
import type { WithIndices } from '../../functional/pooling';

/** The output, and the indices if they are returned. */
export type Pooled<Indices extends boolean> = Indices extends true ? WithIndices : Tensor;
