/** Makes `x[0]` and `x[0] = value` throw. JavaScript would give undefined, or set a property, without an error. */
import { typeError } from '../bindings/errors';
import { handleOf } from '../bindings/handle';

/** Matches the property names that integers, other numbers, tensors and slices become between brackets. */
const INDEX = /^(-?\d|-?Infinity$|NaN$|tensor\(|Parameter containing|slice\()/;

const isIndexed = (tensor: unknown, key: string | symbol): key is string =>
  typeof key === 'string' && INDEX.test(key) && handleOf(tensor) !== undefined;

/** Returns the index for an error message: an integer unchanged, anything longer as `…`. */
const quotable = (key: string): string => (/^-?\d{1,16}$/.test(key) ? key : '…');

/**
 * Makes objects with this prototype throw when a property looks like an index of Python.
 *
 * A proxy behind the prototype does the check, so it runs only for properties that no object has. Method calls and the
 * construction of tensors are as fast as without it.
 */
export function refuseBrackets(prototype: object): void {
  const refusing = new Proxy(Object.create(Object.getPrototypeOf(prototype)) as object, {
    get(target, key, receiver) {
      if (!isIndexed(receiver, key)) return Reflect.get(target, key, receiver);
      throw typeError(
        `a Tensor has no [${quotable(key)}] in JavaScript: Python's x[${quotable(key)}] is x.index(${quotable(key)})`,
      );
    },
    set(target, key, value, receiver) {
      if (!isIndexed(receiver, key)) return Reflect.set(target, key, value, receiver);
      throw typeError(
        `a Tensor has no [${quotable(key)}] in JavaScript: Python's x[${quotable(key)}] = value is ` +
          `x.index_put_([${quotable(key)}], value)`,
      );
    },
  });
  Object.setPrototypeOf(prototype, refusing);
}
