/** The random generators of a run, under the names that Python's recorder gives them. */
import * as cuda from '../../../cuda';
import { get_rng_state, set_rng_state } from '../../../random/generator';
import type { Tensor } from '../../../tensor/tensor';
import { bytesOf } from '../../difference/elements';

interface DeviceGenerator {
  device: string;
  get(): Tensor;
  set(state: Tensor): void;
}

const CPU: DeviceGenerator = { device: 'cpu', get: get_rng_state, set: set_rng_state };

/** Returns the CPU's generator and, if CUDA is in use, those of its devices. */
export function generatorsInUse(): DeviceGenerator[] {
  return [CPU, ...(cuda.is_available() && cuda.is_initialized() ? generatorsOfCuda() : [])];
}

/** Returns the generators of all existing devices. */
export function generators(): DeviceGenerator[] {
  return [CPU, ...(cuda.is_available() ? generatorsOfCuda() : [])];
}

const generatorsOfCuda = (): DeviceGenerator[] =>
  Array.from({ length: cuda.device_count() }, (_, i) => ({
    device: `cuda:${i}`,
    get: () => cuda.get_rng_state(i),
    set: (state) => cuda.set_rng_state(state, i),
  }));

/** Returns the name in the file for a generator's state after a call. */
export const generatorKey = (step: number, device: string, call: string): string =>
  device === 'cpu' ? `${step}/rng/${call}` : `${step}/rng@${device}/${call}`;

/** Reads the states of generators. Returns a function that restores them. */
export function keptGenerators(): () => void {
  const before = generatorsInUse().map(({ set, get }) => ({ set, state: get() }));
  return () => {
    for (const { set, state } of before) set(state);
  };
}

export const sameState = (state: Tensor, bytes: Uint8Array): boolean =>
  Buffer.compare(bytesOf(state), bytes) === 0;
