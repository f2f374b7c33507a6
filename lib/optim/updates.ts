/** The tensors that a step changes. */
import type { Tensor } from '../tensor/tensor';

/** A parameter with its gradient and momentum buffer. */
export interface Update {
  readonly parameter: Tensor;
  readonly gradient: Tensor;
  buffer: Tensor | null;
}

/** Names what the tensors of one call of an operator on lists have in common. */
export const deviceAndDtype = ({ device, dtype }: Tensor): string => `${device} ${dtype}`;
