/** Instances that are functions: `criterion(input, target)` is `criterion.forward(input, target)`. */

/**
 * The base whose constructor returns a function with the class as its prototype, in place of a plain object; class
 * fields and private members of subclasses are then the function's.
 */
export abstract class Callable {
  abstract forward(...args: unknown[]): unknown;

  constructor() {
    const callable = (...args: unknown[]): unknown => instance.forward(...args);
    // A function's own name and length are read-only, and would hide a subclass's fields of these names.
    delete (callable as { name?: unknown }).name;
    delete (callable as { length?: unknown }).length;
    const instance = Object.setPrototypeOf(callable, new.target.prototype) as Callable;
    // biome-ignore lint/correctness/noConstructorReturn: what this class is for
    return instance;
  }
}

// Functions have call and bind; so do instances.
Object.setPrototypeOf(Callable.prototype, Function.prototype);
