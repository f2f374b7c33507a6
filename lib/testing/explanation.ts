import type { Tensor } from '../tensor/tensor';

/**
 * Returns the text of `explain` for two strided tensors, after an empty line. This file is loaded when a comparison
 * fails.
 */
export function explanation(actual: Tensor, expected: Tensor): string {
  const { explain } = require('./explain') as typeof import('./explain');
  const text = explain(actual, expected);
  return text && `\n\n${text}`;
}
