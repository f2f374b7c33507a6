/** What a diagnosis looks at. */
import type { Tensor } from '../../../tensor/tensor';
import type { Elements } from './elements';

/** A recorded tensor that another may have been computed from. */
export interface Given {
  name: string;
  kind: 'input' | 'state' | 'record' | 'output';
  dtype: string;
  shape: readonly number[];
  /** Reads it. */
  tensor(): Tensor;
  numbers(): Float64Array;
}

/** Both sides of a tensor that differs, and what it may have been computed from. */
export interface Evidence {
  python: Elements;
  ours: Elements;
  given: readonly Given[];
  /** Numbers among the run's options. */
  options: readonly number[];
}
