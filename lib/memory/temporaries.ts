/** Release of the tensors that a library function makes on its way. */
import { HandleOwner, isTensor, observeCreation } from '../bindings/handle';
import { part } from '../dispatch/replay';

/**
 * Runs a function and frees each tensor that it made, except a tensor or an array of tensors that it returns. So the memory is used again at once, while it
 * is in the processor's caches, and not after the next garbage collection. The function must be synchronous, and must
 * not call functions of users, whose tensors would be freed too.
 */
export function freeing<T>(run: () => T): T {
  return part((memo) => freeingOnce(run, (memo.made ??= [])));
}

function freeingOnce<T>(run: () => T, made: HandleOwner[]): T {
  const before = observeCreation((owner) => made.push(owner));
  let result: T;
  try {
    result = run();
  } finally {
    observeCreation(before);
  }
  const kept = new Set<unknown>([result].flat());
  for (const owner of made) {
    if (kept.has(owner)) before?.(owner);
    else HandleOwner.release(owner);
  }
  return result;
}

/** Frees what a library function makes on its way, if functions of users run between its parts. */
export class Temporaries {
  readonly #made: HandleOwner[] = [];

  /** Runs a part, which calls no function of users. */
  during<T>(run: () => T): T {
    const before = observeCreation((owner) => this.#made.push(owner));
    try {
      return run();
    } finally {
      observeCreation(before);
    }
  }

  /** Frees the tensors that the parts made, except those in a tree of arrays and objects. */
  free(kept: unknown): void {
    const found = new Set<unknown>();
    const visit = (value: unknown): void => {
      if (isTensor(value)) found.add(value);
      else if (typeof value === 'object' && value !== null) Object.values(value).forEach(visit);
    };
    visit(kept);
    for (const owner of this.#made) if (!found.has(owner)) HandleOwner.release(owner);
  }
}
