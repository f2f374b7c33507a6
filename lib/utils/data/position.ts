/** Where a loader is in its dataset. */
import { default_generator, type Generator } from '../../random/generator';
import type { Tensor } from '../../tensor/tensor';

/** The states of the generators from which a loader draws. */
export interface GeneratorStates {
  readonly rng_state: Tensor;
  /** The state of the loader's own generator. */
  readonly generator_state: Tensor | null;
}

/** A position within a pass: `DataLoader.state_dict()`. */
export interface Position extends GeneratorStates {
  /** The number of batches that the pass has given. */
  readonly num_yielded: number;
  /** The state of each worker's generator after its last batch. */
  readonly worker_states: readonly (Tensor | null)[];
}

export const statesOf = (generator: Generator | null): GeneratorStates => ({
  rng_state: default_generator.get_state(),
  generator_state: generator?.get_state() ?? null,
});

export function setStates(
  generator: Generator | null,
  { rng_state, generator_state }: GeneratorStates,
): void {
  default_generator.set_state(rng_state);
  if (generator && generator_state) generator.set_state(generator_state);
}
