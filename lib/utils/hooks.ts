/** Hooks: functions that a user registers, and removes by the handle. Source: torch/utils/hooks.py. */
import { typeError } from '../bindings/errors';
import { describe } from '../dispatch/arguments';

/** Removes a hook. `using handle = …` removes it at the end of the block. */
export class RemovableHandle {
  readonly #remove: () => void;

  /** @internal */
  constructor(remove: () => void) {
    this.#remove = remove;
  }

  remove(): void {
    this.#remove();
  }

  [Symbol.dispose](): void {
    this.#remove();
  }
}

/** Hooks of one kind, in the order in which they are called. */
export class Hooks<Hook> {
  #hooks: { readonly hook: Hook }[] = [];

  /**
   * @param prepend - call it before those that are there
   * @throws TypeError for anything but a function
   */
  add(hook: Hook, prepend = false): RemovableHandle {
    if (typeof hook !== 'function') {
      throw typeError(`hook must be a function, got ${describe(hook)}`);
    }
    const entry = { hook };
    this.#hooks = prepend ? [entry, ...this.#hooks] : [...this.#hooks, entry];
    return new RemovableHandle(() => {
      this.#hooks = this.#hooks.filter((other) => other !== entry);
    });
  }

  /** Returns the hooks there are now. */
  list(): Hook[] {
    return this.#hooks.map(({ hook }) => hook);
  }
}
