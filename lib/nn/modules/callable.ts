/** Makes instances callable: `criterion(input, target)` is `criterion.forward(input, target)`. */
import { keptState, type StateKeeper, usesState } from '../../memory/state';

/**
 * A base class whose constructor returns a function instead of a plain object. The function's prototype is the class,
 * so fields and private members of subclasses are stored on the function.
 */
export abstract class Callable implements StateKeeper {
  abstract forward(...args: unknown[]): unknown;

  constructor() {
    const callable = (...args: unknown[]): unknown => {
      usesState(instance);
      return instance._call(args);
    };
    // The name and length of a function are read-only, and would hide a subclass's fields of these names.
    delete (callable as { name?: unknown }).name;
    delete (callable as { length?: unknown }).length;
    const instance = Object.setPrototypeOf(callable, new.target.prototype) as Callable;
    usesState(instance);
    // biome-ignore lint/correctness/noConstructorReturn: what this class is for
    return instance;
  }

  /** Does what a call of the instance does. @internal */
  _call(args: unknown[]): unknown {
    return this.forward(...args);
  }

  /** @internal */
  [keptState](): readonly unknown[] {
    return Object.values(this);
  }
}

// Gives instances the methods of functions, such as call and bind.
Object.setPrototypeOf(Callable.prototype, Function.prototype);
