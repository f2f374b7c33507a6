/** The base of activations that can change their input. Source: torch/nn/modules/activation.py. */
import { BOOL, optional } from '../../../dispatch/signature';
import type { Tensor } from '../../../tensor/tensor';
import { Module } from '../module';

export type Input = [input: Tensor];

export const INPLACE = { inplace: optional(BOOL, false) };

/** The base of activations that can change their input in place. */
export abstract class Inplace extends Module<Input, Tensor> {
  /** Whether the input is changed in place. */
  inplace: boolean;

  constructor(inplace: boolean) {
    super();
    this.inplace = inplace;
  }

  /** Returns the options, with `inplace` if it is set. */
  protected _described(...options: readonly string[]): string {
    return (this.inplace ? [...options, 'inplace=True'] : options).join(', ');
  }

  override extra_repr(): string {
    return this._described();
  }
}
