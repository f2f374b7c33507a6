/** The base of activations that can change their input. Source: torch/nn/modules/activation.py. */
import { BOOL, optional } from '../../../dispatch/signature';
import type { Tensor } from '../../../tensor/tensor';
import type { InplaceOption } from '../../functional/activation';
import { type LayerClass, layer } from '../layer';
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

type Compute = (input: Tensor, inplace: boolean) => Tensor;

/** The base of activations without other options. */
export abstract class OnlyInplace extends Inplace {
  /** @internal */
  declare readonly _compute: Compute;

  constructor({ inplace }: { inplace: boolean }) {
    super(inplace);
  }

  override forward(input: Tensor): Tensor {
    return this._compute(input, this.inplace);
  }
}

/** Makes the class of an activation without other options. */
export const activation = (
  name: string,
  _compute: Compute,
): LayerClass<[inplace?: boolean | InplaceOption], OnlyInplace> =>
  layer(OnlyInplace, name, INPLACE, { _compute });
