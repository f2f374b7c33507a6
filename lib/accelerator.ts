/**
 * `torch.accelerator`: the kind of device that computes beside the CPU, which here is CUDA.
 *
 * See https://docs.pytorch.org/docs/stable/accelerator.html
 */
import * as cuda from './cuda';
import { indexOf as cudaIndexOf, start } from './cuda/state';
import {
  Device,
  type DeviceLike,
  device as deviceOf,
  hasAccelerator,
  NO_ACCELERATOR,
} from './device';
import { runtimeError, valueError } from './errors';
import { scoped } from './scope';
import { currentStream, type Stream, streamOf } from './stream';

/** Whether there is one that can be used. */
export const is_available = (): boolean => cuda.is_available();

/** How many there are. */
export const device_count = (): number => cuda.device_count();

/** The kind that libtorch was built for, or null. */
export function current_accelerator(options: { check_available?: boolean } = {}): Device | null {
  const exists = hasAccelerator() && (!options.check_available || is_available());
  return exists ? new Device('cuda') : null;
}

/** @throws TorchError (RuntimeError) where libtorch was built for none */
function required(): void {
  if (!hasAccelerator()) throw runtimeError(NO_ACCELERATOR);
}

/** The function, for a libtorch that has an accelerator. */
const checked =
  <Args extends unknown[], R>(run: (...args: Args) => R) =>
  (...args: Args): R => {
    required();
    return run(...args);
  };

/**
 * A device's number; undefined where it has none, or there is no device.
 *
 * @throws TorchError (RuntimeError) for a device by name where there is no accelerator, RangeError (ValueError) for a
 *   device of another kind
 */
function indexOf(device: DeviceLike | null | undefined): number | undefined {
  if (typeof device === 'number') return device;
  if (device === null || device === undefined) return undefined;
  const { type, index } = deviceOf(device);
  const accelerator = current_accelerator();
  if (!accelerator) throw runtimeError('Accelerator expected');
  if (accelerator.type !== type) {
    throw valueError(`${type} doesn't match the current accelerator ${accelerator}.`);
  }
  return index ?? undefined;
}

export const current_device_index = checked(cuda.current_device);

/** Makes a device the current one in this thread. */
export function set_device_index(device: DeviceLike): void {
  const index = indexOf(device);
  required();
  start();
  cuda.set_device(cudaIndexOf(index, false));
}

/** Runs a function with another current device; with null, with the same. */
export function device_index<T>(device: DeviceLike | null, run: () => T): T {
  if (device === null) return scoped('device_index', run, () => () => {});
  const index = indexOf(device);
  required();
  return cuda.device(index ?? null, run);
}

/** The stream into which work for a device goes in this thread. Default: the current device's. */
export function current_stream(device?: DeviceLike | null): Stream {
  const index = indexOf(device) ?? current_device_index();
  required();
  start();
  return currentStream('cuda', `cuda:${index}`);
}

/** Makes a stream its device's current one in this thread, and its device the current one. */
export function set_stream(stream: Stream): void {
  const { type } = streamOf('set_stream', stream).device;
  required();
  const accelerator = current_accelerator()!.type;
  if (accelerator !== type) {
    throw runtimeError(
      `stream's device type ${type} doesn't match the current accelerator ${accelerator}`,
    );
  }
  start();
  cuda.set_stream(stream);
}

/** Waits until all work of a device is done. Default: the current one. */
export function synchronize(device?: DeviceLike | null): void {
  const index = indexOf(device);
  required();
  cuda.synchronize(index ?? null);
}

export const empty_cache = checked(cuda.empty_cache);
export const memory_stats = checked(cuda.memory_stats);
export const memory_allocated = checked(cuda.memory_allocated);
export const max_memory_allocated = checked(cuda.max_memory_allocated);
export const memory_reserved = checked(cuda.memory_reserved);
export const max_memory_reserved = checked(cuda.max_memory_reserved);
export const reset_peak_memory_stats = checked(cuda.reset_peak_memory_stats);
export const reset_accumulated_memory_stats = checked(cuda.reset_accumulated_memory_stats);
/** Free and total bytes. */
export const get_memory_info = checked(cuda.mem_get_info);
