/** Where a loader is in its dataset. */
import { default_generator, Generator } from '../../random/generator';
import type { Tensor } from '../../tensor/tensor';

/** A position within a pass. */
export interface Position {
  /** The states of the default generator and the loader's own when the pass began. */
  readonly begun: readonly Tensor[];
  /** The number of batches that the pass has given. */
  readonly num_yielded: number;
  /** The state of each worker's generator after its last batch. */
  readonly worker_states: readonly (Tensor | null)[];
}

/** The generators from which a loader and its samplers draw. The first is the default one. */
export class Generators {
  readonly #all: readonly Generator[];

  constructor(owners: readonly unknown[]) {
    const own = owners
      .map((owner) => (owner as { generator?: unknown } | null)?.generator)
      .filter((generator) => generator instanceof Generator);
    this.#all = [default_generator, ...new Set(own)];
  }

  get states(): Tensor[] {
    return this.#all.map((generator) => generator.get_state());
  }

  set states(states: readonly Tensor[]) {
    for (const [index, generator] of this.#all.entries()) {
      const state = states[index];
      if (state) generator.set_state(state);
    }
  }
}
