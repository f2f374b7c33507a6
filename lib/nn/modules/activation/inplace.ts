/** The base of activations that can change their input. Source: torch/nn/modules/activation.py. */
import { BOOL, type Declared, optional, type ValuesOf } from '../../../dispatch/signature';
import type { Tensor } from '../../../tensor/tensor';
import { floatRepr } from '../../../utils/python';
import type { InplaceOption } from '../../functional/activation';
import { attributes, type LayerClass, layer } from '../layer';

export type Input = [input: Tensor];

export const INPLACE = { inplace: optional(BOOL, false) };

type Numbers<Names extends string> = Readonly<Record<Names, Declared<number>>>;

/** The base of activations that can change their input in place, and whose other options are numbers. */
export abstract class Inplace extends attributes<typeof INPLACE>() {
  /** The names of the numbers. @internal */
  declare readonly _numbers: readonly string[];

  /** @internal */
  declare readonly _compute: (...args: never[]) => Tensor;

  override forward(input: Tensor): Tensor {
    const numbers = this._numbers.map((name) => numberOf(this, name));
    return this._compute(...([input, ...numbers, this.inplace] as never[]));
  }

  override extra_repr(): string {
    const numbers = this._numbers.map((name) => `${name}=${floatRepr(numberOf(this, name))}`);
    return (this.inplace ? [...numbers, 'inplace=True'] : numbers).join(', ');
  }
}

const numberOf = (module: Inplace, name: string): number =>
  module[name as keyof Inplace] as unknown as number;

/**
 * Makes the class of an activation that can change its input in place.
 *
 * @param _compute - the function. It takes the input, the numbers and `inplace`
 * @param numbers - the other options, which become attributes
 */
export const activation = <
  Args extends readonly unknown[] = [inplace?: boolean | InplaceOption],
  Names extends string = never,
>(
  name: string,
  _compute: Inplace['_compute'],
  numbers = {} as Numbers<Names>,
): LayerClass<Args, Inplace & ValuesOf<Numbers<Names>>> =>
  layer(
    Inplace,
    name,
    { ...numbers, ...INPLACE },
    { _numbers: Object.keys(numbers), _compute },
  ) as never;
