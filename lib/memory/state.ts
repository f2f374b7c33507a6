/**
 * Lets {@link tidy} know the state that modules, optimizers and scalers keep.
 *
 * An object that keeps tensors calls {@link usesState} when it is made, and whenever its state is used or changed. A
 * running tidy then does not free a tensor that the object still has at the end.
 */

/** The method that returns the values in which an object keeps tensors. */
export const keptState = Symbol('kept state');

/** An object that owns tensors, which no tidy may free. */
export interface StateKeeper {
  [keptState](): readonly unknown[];
}

let observer: ((keeper: StateKeeper) => void) | undefined;

/** Sets the function that is called for each object whose state is used. tidy.ts sets it while a scope is open. */
export function observeState(callback: typeof observer): void {
  observer = callback;
}

/** Notifies the running tidy, if there is one, that an object's state may have changed. */
export function usesState(keeper: StateKeeper): void {
  observer?.(keeper);
}
