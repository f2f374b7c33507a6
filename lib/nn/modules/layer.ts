/** Classes of layers that differ in their names and a few members: for signals, images and volumes. */
import {
  type Declarations,
  Signature,
  type SignatureParameter,
  type ValuesOf,
} from '../../dispatch/signature';

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
