/** Random number generators: native/operators/generators.cc. */
import type { Handle } from '../handle';

/** The native object of a Generator. */
export type NativeGenerator = { readonly __generator: unique symbol };

export interface NativeGenerators {
  new_generator(device: string): NativeGenerator;
  default_generator(device: string): NativeGenerator;
  /** Gives this thread a default generator of its own for the CPU. */
  own_generator(generator: NativeGenerator): void;
  manual_seed(seed: number | bigint): void;
  generator_manual_seed(generator: NativeGenerator, seed: number | bigint): void;
  generator_initial_seed(generator: NativeGenerator): number | bigint;
  generator_seed(generator: NativeGenerator): number | bigint;
  generator_get_state(generator: NativeGenerator): Handle;
  generator_set_state(generator: NativeGenerator, state: Handle): void;
  generator_get_offset(generator: NativeGenerator): number | bigint;
  generator_set_offset(generator: NativeGenerator, offset: number | bigint): void;
  generator_clone_state(generator: NativeGenerator): NativeGenerator;
  generator_device(generator: NativeGenerator): string;
}
