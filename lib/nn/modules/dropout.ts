/** Dropout modules. Source: torch/nn/modules/dropout.py. */

import { BOOL, FLOAT, optional, Signature } from '../../dispatch/signature';
import type { Tensor } from '../../tensor/tensor';
import { boolRepr, floatRepr } from '../../utils/python';
import { checkProbability, type DropoutOptions, dropout } from '../functional/dropout';
import { Module } from './module';

const DROPOUT = new Signature('Dropout', {
  p: optional(FLOAT, 0.5),
  inplace: optional(BOOL, false),
});

/**
 * In training, sets each element to 0 with probability p, and multiplies the others by `1 / (1 - p)`. In evaluation,
 * returns the input.
 *
 * Shapes: input (*); output as input.
 *
 * See https://docs.pytorch.org/docs/stable/generated/torch.nn.Dropout.html
 *
 * @throws RangeError (ValueError) for a p outside 0…1
 */
export class Dropout extends Module<[input: Tensor], Tensor> {
  static readonly signature = DROPOUT.description;
  p: number;
  inplace: boolean;

  constructor(p: number, inplace?: boolean | Pick<DropoutOptions, 'inplace'>);
  constructor(options?: Omit<DropoutOptions, 'training'>);
  constructor(...args: unknown[]) {
    const { p, inplace } = DROPOUT.read(args);
    checkProbability(p);
    super();
    this.p = p;
    this.inplace = inplace;
  }

  override forward(input: Tensor): Tensor {
    return dropout(input, this.p, this.training, this.inplace);
  }

  override extra_repr(): string {
    return `p=${floatRepr(this.p)}, inplace=${boolRepr(this.inplace)}`;
  }
}
