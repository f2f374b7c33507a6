/** The values of a pickle while it is read, and their conversion to JavaScript's. */

/** A dict, or a class that extends it. */
export class Dict extends Map<unknown, unknown> {
  /** The attributes of the instance, such as `_metadata` of a state dict. */
  attributes: Dict | undefined;

  constructor(readonly type: 'dict' | 'OrderedDict' | 'Counter') {
    super();
  }
}

/** A tuple. */
export class Tuple {
  constructor(readonly items: unknown[]) {}
}

/** A value that can only exist within a pickle. */
export abstract class Internal {
  constructor(readonly name: string) {}
}

/** A class or function that a pickle names, and the result of a call of it. */
export class Global extends Internal {
  constructor(
    name: string,
    readonly call: (args: readonly unknown[]) => unknown,
  ) {
    super(name);
  }
}

/** The deepest nesting of lists, tuples and dictionaries. */
const DEEPEST = 1000;

/** Converts the contents of a pickle. Containers that were met twice are the same object in the result. */
export class Conversion {
  readonly #done = new Map<object, unknown>();

  /** @param wrong - makes the error for a value that cannot leave a pickle */
  constructor(private readonly wrong: (problem: string) => Error) {}

  convert(value: unknown, depth = 0): unknown {
    if (typeof value !== 'object' || value === null) return value;
    if (this.#done.has(value)) return this.#done.get(value);
    if (depth > DEEPEST) throw this.wrong(`is nested deeper than ${DEEPEST} levels`);
    if (value instanceof Internal) throw this.wrong(`contains ${value.name} itself`);
    if (value instanceof Tuple) {
      return Object.freeze(this.#list(value, value.items, depth));
    }
    if (Array.isArray(value)) return this.#list(value, value, depth);
    if (value instanceof Dict) return this.#dictionary(value, depth);
    return value;
  }

  #list(key: object, items: readonly unknown[], depth: number): unknown[] {
    const list: unknown[] = [];
    this.#done.set(key, list);
    for (const item of items) list.push(this.convert(item, depth + 1));
    return list;
  }

  #dictionary(value: Dict, depth: number): unknown {
    const isObject = value.type === 'dict' && fitsObject([...value.keys()]);
    const result: Map<unknown, unknown> | Record<string, unknown> = isObject ? {} : new Map();
    this.#done.set(value, result);
    for (const [key, member] of value) {
      const converted = this.convert(member, depth + 1);
      if (result instanceof Map) result.set(this.convert(key, depth + 1), converted);
      else result[String(key)] = converted;
    }
    for (const [name, attribute] of value.attributes ?? []) {
      // Not enumerable, so that deep comparisons see the entries only.
      if (name !== METADATA) continue;
      const metadata = this.convert(attribute, depth + 1);
      Object.defineProperty(result, METADATA, { value: metadata, writable: true });
    }
    return result;
  }
}

/** The attribute that Python's `state_dict()` gives to its result: the versions of the modules. */
export const METADATA = '_metadata';

const INDEX = /^(0|[1-9]\d{0,9})$/;

/** Returns whether a text is one that JavaScript's objects order as an integer. */
export const isIndex = (key: string): boolean => INDEX.test(key) && Number(key) < 2 ** 32 - 1;

/**
 * Returns whether a plain object keeps a dictionary as it is: with texts as keys, none of which looks like an integer;
 * or with integers in ascending order, as in the state of an optimizer.
 */
export function fitsObject(keys: readonly unknown[]): boolean {
  const areTexts = keys.every(
    (key) => typeof key === 'string' && !isIndex(key) && key !== '__proto__',
  );
  if (areTexts) return true;
  return keys.every(
    (key, i) =>
      typeof key === 'number' && isIndex(String(key)) && (i === 0 || (keys[i - 1] as number) < key),
  );
}
