/** Instances that are functions: `criterion(input, target)` is `criterion.forward(input, target)`. */
import { keptState, type StateKeeper, usesState } from '../../memory/state';

/**
 * The base whose constructor returns a function with the class as its prototype, in place of a plain object; class
 * fields and private members of subclasses are then the function's.
 */
export abstract class Callable implements StateKeeper {
  abstract forward(...args: unknown[]): unknown;

  constructor() {
    const callable = (...args: unknown[]): unknown => {
      usesState(instance);
      return instance.forward(...args);
    };
    // A function's own name and length are read-only, and would hide a subclass's fields of these names.
    delete (callable as { name?: unknown }).name;
    delete (callable as { length?: unknown }).length;
    const instance = Object.setPrototypeOf(callable, new.target.prototype) as Callable;
    usesState(instance);
    // biome-ignore lint/correctness/noConstructorReturn: what this class is for
    return instance;
  }

  /** @internal */
  [keptState](): readonly unknown[] {
    return Object.values(this);
  }
}

// Functions have call and bind; so do instances.
Object.setPrototypeOf(Callable.prototype, Function.prototype);
