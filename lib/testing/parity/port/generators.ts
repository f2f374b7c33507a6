/** The random generators whose states belong to a run, under the names of Python's recorder. */
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

/** The CPU's generator and, once CUDA is in use, those of its devices. */
export function generatorsInUse(): DeviceGenerator[] {
  return [CPU, ...(cuda.is_available() && cuda.is_initialized() ? generatorsOfCuda() : [])];
}

/** The generators of all devices that there are. */
export function generators(): DeviceGenerator[] {
  return [CPU, ...(cuda.is_available() ? generatorsOfCuda() : [])];
}

const generatorsOfCuda = (): DeviceGenerator[] =>
  Array.from({ length: cuda.device_count() }, (_, i) => ({
    device: `cuda:${i}`,
    get: () => cuda.get_rng_state(i),
    set: (state) => cuda.set_rng_state(state, i),
  }));

/** The name in the file of a generator's state after a call. */
export const generatorKey = (step: number, device: string, call: string): string =>
  device === 'cpu' ? `${step}/rng/${call}` : `${step}/rng@${device}/${call}`;

/** Takes the states of generators, and gives back how to restore them. */
export function keptGenerators(): () => void {
  const before = generatorsInUse().map(({ set, get }) => ({ set, state: get() }));
  return () => {
    for (const { set, state } of before) set(state);
  };
}

export const sameState = (state: Tensor, bytes: Uint8Array): boolean =>
  Buffer.compare(bytesOf(state), bytes) === 0;
