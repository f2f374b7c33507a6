import type { Tensor } from '../tensor/tensor';

/** What `explain` says of two strided tensors, after an empty line. It is loaded when a comparison fails. */
export function explanation(actual: Tensor, expected: Tensor): string {
  const { explain } = require('./explain') as typeof import('./explain');
  const text = explain(actual, expected);
  return text && `\n\n${text}`;
}
