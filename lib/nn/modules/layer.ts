/** Makes classes of layers from what they declare. */
import {
  type Declarations,
  Signature,
  type SignatureParameter,
  type ValuesOf,
} from '../../dispatch/signature';
import type { Tensor } from '../../tensor/tensor';
import { Module } from './module';

/** A class of layers. */
export interface LayerClass<Args extends readonly unknown[], Layer> {
  new (...args: Args): Layer;
  readonly signature: readonly SignatureParameter[];
}

/**
 * Makes a class of layers from the base that several have in common. The base's constructor gets the values of the
 * declared parameters.
 *
 * @param name - torch's, for messages
 * @param members - what the base declares and the class decides, such as the number of dimensions. The prototype has them
 */
export function layer<Args extends readonly unknown[], Layer, D extends Declarations>(
  Base: abstract new (values: ValuesOf<D>) => Layer,
  name: string,
  declarations: D,
  members: Partial<Layer> = {},
): LayerClass<Args, Layer> {
  const signature = new Signature(name, declarations);

  abstract class Complete extends (Base as abstract new (values: unknown) => object) {
    static readonly signature = signature.description;

    constructor(...args: unknown[]) {
      super(signature.read(args));
    }
  }
  Object.assign(Complete.prototype, members);
  return Complete as unknown as LayerClass<Args, Layer>;
}

class Attributes extends Module {
  constructor(values: object) {
    super();
    Object.assign(this, values);
  }
}

/** A layer that has the values of its parameters as attributes. */
export type WithAttributes<
  D extends Declarations,
  Inputs extends unknown[] = [input: Tensor],
  Result = Tensor,
> = Module<Inputs, Result> & ValuesOf<D>;

/** Returns the base of layers that have the values of their parameters as attributes. */
export const attributes = <
  D extends Declarations,
  Inputs extends unknown[] = [input: Tensor],
  Result = Tensor,
>() =>
  Attributes as unknown as abstract new (
    values: ValuesOf<D>,
  ) => WithAttributes<D, Inputs, Result>;

/** Makes a class of layers that have the values of their parameters as attributes. */
export const attributeLayer = <
  Args extends readonly unknown[],
  D extends Declarations,
  Inputs extends unknown[] = [input: Tensor],
>(
  name: string,
  declarations: D,
): LayerClass<Args, WithAttributes<D, Inputs>> =>
  layer(attributes<D, Inputs>(), name, declarations) as never;
