/**
 * The state that modules, optimizers and scalers keep, for {@link tidy}.
 *
 * An object that keeps tensors calls {@link usesState} when it is made, and whenever its state is used or changed. A
 * running tidy then leaves alone every tensor that the object still keeps at the end.
 */

/** Returns the values in which an object keeps tensors. */
export const keptState = Symbol('kept state');

/** An object whose tensors belong to it, and to no tidy. */
export interface StateKeeper {
  [keptState](): readonly unknown[];
}

let observer: ((keeper: StateKeeper) => void) | undefined;

/** Sets the function that is told of every object whose state is used. It is set while a tidy runs. */
export function observeState(tell: typeof observer): void {
  observer = tell;
}

/** Tells the running tidy, if there is one, that an object's state may have changed. */
export function usesState(keeper: StateKeeper): void {
  observer?.(keeper);
}
