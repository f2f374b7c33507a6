/** Refuses `x[0]` and `x[0] = value`, which JavaScript would answer with undefined and with a property. */
import { typeError } from '../bindings/errors';
import { handleOf } from '../bindings/handle';

/** Property names that integers, other numbers, tensors and slices become between brackets. */
const INDEX = /^(-?\d|-?Infinity$|NaN$|tensor\(|Parameter containing|slice\()/;

const isIndexed = (tensor: unknown, key: string | symbol): key is string =>
  typeof key === 'string' && INDEX.test(key) && handleOf(tensor) !== undefined;

/** Returns the index as it may be shown: an integer as it is, what is longer as `…`. */
const shown = (key: string): string => (/^-?\d{1,16}$/.test(key) ? key : '…');

/**
 * Makes a prototype refuse what is an index in Python.
 *
 * The check stands behind the prototype, so that only a property that nothing has comes to it. Methods and the making of
 * tensors cost what they did.
 */
export function refuseBrackets(prototype: object): void {
  const refusing = new Proxy(Object.create(Object.getPrototypeOf(prototype)) as object, {
    get(target, key, receiver) {
      if (!isIndexed(receiver, key)) return Reflect.get(target, key, receiver);
      throw typeError(
        `a Tensor has no [${shown(key)}] in JavaScript: Python's x[${shown(key)}] is x.index(${shown(key)})`,
      );
    },
    set(target, key, value, receiver) {
      if (!isIndexed(receiver, key)) return Reflect.set(target, key, value, receiver);
      throw typeError(
        `a Tensor has no [${shown(key)}] in JavaScript: Python's x[${shown(key)}] = value is ` +
          `x.index_put_([${shown(key)}], value)`,
      );
    },
  });
  Object.setPrototypeOf(prototype, refusing);
}
