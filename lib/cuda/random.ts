/**
 * Random numbers on CUDA devices. Source: torch/cuda/random.py. In Python, setters take effect when CUDA is
 * initialized. Here they take effect at once, and `is_initialized` still returns false.
 */

import { indexError, typeError, valueError } from '../bindings/errors';
import { tensorHandle } from '../bindings/handle';
import { native } from '../bindings/native';
import { describe } from '../dispatch/arguments';
import { defaultGeneratorOf, type Generator, seedBits } from '../random/generator';
import { device as deviceOf } from '../tensor/device';
import type { Tensor } from '../tensor/tensor';
import { type CudaDevice, currentDevice, start } from './state';

/** Returns the index of a device, or null for `cuda`, which means the current one. */
function indexOrNull(device: CudaDevice): number | null {
  const { type, index, name } =
    typeof device === 'number' ? deviceOf('cuda', device) : deviceOf(device);
  if (type !== 'cuda') throw valueError(`Expected a cuda device, but got: ${name}`);
  return index;
}

function generatorOf(index: number): Generator {
  if (index < native.cuda_device_count()) return defaultGeneratorOf(`cuda:${index}`);
  throw indexError('tuple index out of range');
}

const current = (): Generator => generatorOf(native.cuda_get_device());

const all = (): Generator[] =>
  Array.from({ length: native.cuda_device_count() }, (_, index) => generatorOf(index));

/**
 * Returns the state of a device's generator, as a tensor of bytes on the CPU.
 *
 * @param device - default: the current device
 * @throws the errors of {@link start}
 */
export function get_rng_state(device: CudaDevice = 'cuda'): Tensor {
  start();
  return generatorOf(indexOrNull(device) ?? currentDevice()).get_state();
}

/** Returns the states of all devices' generators. */
export const get_rng_state_all = (): Tensor[] => all().map((generator) => generator.get_state());

/** Restores a state of a device's generator. The state may come from Python. Does nothing without CUDA. */
export function set_rng_state(new_state: Tensor, device: CudaDevice = 'cuda'): void {
  tensorHandle(new_state, { name: 'set_rng_state', parameters: [] }, 'new_state');
  const index = indexOrNull(device);
  if (native.has_cuda()) generatorOf(index ?? native.cuda_get_device()).set_state(new_state);
}

/** Restores the states of all devices' generators, in the order of the devices. */
export function set_rng_state_all(new_states: Iterable<Tensor>): void {
  if (typeof new_states?.[Symbol.iterator] !== 'function') {
    throw typeError(
      `set_rng_state_all(): new_states must be an iterable of Tensors, got ${describe(new_states)}`,
    );
  }
  let index = 0;
  for (const state of new_states) set_rng_state(state, index++);
}

/** Seeds the current device's generator. Does nothing without CUDA. */
export function manual_seed(seed: number | bigint): void {
  const bits = seedBits(seed);
  if (native.has_cuda()) current().manual_seed(bits);
}

/** Seeds the generators of all CUDA devices. Does nothing without CUDA. */
export function manual_seed_all(seed: number | bigint): void {
  const bits = seedBits(seed);
  for (const generator of all()) generator.manual_seed(bits);
}

/** Seeds the current device's generator with a number from the system's random source. Does nothing without CUDA. */
export function seed(): void {
  if (native.has_cuda()) current().seed();
}

/** Seeds all devices' generators with one number from the system's random source. Does nothing without CUDA. */
export function seed_all(): void {
  const [first, ...others] = all();
  if (!first) return;
  first.seed();
  const chosen = first.initial_seed();
  for (const generator of others) generator.manual_seed(chosen);
}

/**
 * Returns the seed of the current device's generator. It is a bigint if a number cannot hold it.
 *
 * @throws the errors of {@link start}
 */
export function initial_seed(): number | bigint {
  return generatorOf(currentDevice()).initial_seed();
}
