/** Dropout: sets random elements to 0. Source: torch/nn/functional.py. */
import { valueError } from '../../bindings/errors';
import { BOOL, FLOAT, optional, required, Signature, TENSOR } from '../../dispatch/signature';
import type { Tensor } from '../../tensor/tensor';
import { floatRepr } from '../../utils/python';
import { op } from '../ops';

export interface DropoutOptions {
  /** The probability that an element becomes 0. Default: 0.5. */
  p?: number | undefined;
  /** Whether dropout is applied. If false, the input is returned unchanged. Default: true. */
  training?: boolean | undefined;
  /** Changes the input in place. Default: false. */
  inplace?: boolean | undefined;
}

const DROPOUT = new Signature('dropout', {
  input: required(TENSOR),
  p: optional(FLOAT, 0.5),
  training: optional(BOOL, true),
  inplace: optional(BOOL, false),
});

type Dropout = (input: Tensor, p: number, train: boolean) => Tensor;
const left = op<Dropout>('dropout');
const leftInPlace = op<Dropout>('dropout_');

/**
 * Sets each element to 0 with probability p, and multiplies the others by `1 / (1 - p)`.
 *
 * Shapes: input (*); output as input.
 *
 * See https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.dropout.html
 *
 * @throws RangeError (ValueError) for a p outside 0…1
 */
export function dropout(input: Tensor, options?: DropoutOptions): Tensor;
export function dropout(input: Tensor, p: number, training?: boolean, inplace?: boolean): Tensor;
export function dropout(...args: unknown[]): Tensor {
  const { input, p, training, inplace } = DROPOUT.read(args);
  checkProbability(p);
  return inplace ? leftInPlace(input, p, training) : left(input, p, training);
}

/**
 * Checks the probability of dropout.
 *
 * @throws RangeError (ValueError) for a p outside 0…1
 */
export function checkProbability(p: number): void {
  if (p >= 0 && p <= 1) return;
  throw valueError(`dropout probability has to be between 0 and 1, but got ${floatRepr(p)}`);
}
