/**
 * `torch.accelerator`: functions for the accelerator, which is always CUDA here. Source: torch/accelerator/,
 * torch/csrc/DeviceAccelerator.cpp.
 *
 * See https://docs.pytorch.org/docs/stable/accelerator.html
 */

import { runtimeError, valueError } from '../bindings/errors';
import { native } from '../bindings/native';
import * as cuda from '../cuda';
import { enterDevice, isStarted, start, streamDeviceOf } from '../cuda/state';
import { BOOL, optional, Signature } from '../dispatch/signature';
import {
  Device,
  type DeviceLike,
  device as deviceOf,
  hasAccelerator,
  NO_ACCELERATOR,
} from '../tensor/device';
import { scoped } from '../utils/contextlib';
import { currentStream, type Stream, streamOf } from './stream';

/** Returns whether an accelerator can be used. */
export const is_available = (): boolean => cuda.is_available();

/** Returns the number of accelerator devices. */
export const device_count = (): number => cuda.device_count();

const CURRENT = new Signature('current_accelerator', { check_available: optional(BOOL, false) });

/** Returns the accelerator that libtorch was built for, or null. */
export function current_accelerator(
  check_available?: boolean | { check_available?: boolean },
): Device | null;
export function current_accelerator(...args: unknown[]): Device | null {
  const { check_available } = CURRENT.read(args);
  const exists = hasAccelerator() && (!check_available || is_available());
  return exists ? new Device('cuda') : null;
}

/** @throws TorchError (RuntimeError) if libtorch was built for no accelerator */
function requireAccelerator(): void {
  if (!hasAccelerator()) throw runtimeError(NO_ACCELERATOR);
}

/** Makes a function throw if libtorch was built for no accelerator. */
const requiringAccelerator =
  <Args extends unknown[], R>(run: (...args: Args) => R) =>
  (...args: Args): R => {
    requireAccelerator();
    return run(...args);
  };

/**
 * Returns a device's index, or null if it has none or no device is given.
 *
 * @throws TorchError (RuntimeError) for a device name if there is no accelerator; RangeError (ValueError) for a device
 *   of
 *   another type
 */
function indexOrNull(device: DeviceLike | null | undefined): number | null {
  if (device === null || device === undefined) return null;
  if (Number.isSafeInteger(device)) return device as number;
  const { type, index } = deviceOf(device);
  const accelerator = current_accelerator();
  if (!accelerator) throw runtimeError('Accelerator expected');
  if (accelerator.type !== type) {
    throw valueError(`${type} doesn't match the current accelerator ${accelerator}.`);
  }
  return index;
}

/** Returns a device's index. Default: the current device's. */
const indexOf = (device: DeviceLike | null | undefined): number =>
  indexOrNull(device) ?? current_device_index();

/** Returns a device's index, and initializes CUDA. */
function startedIndexOf(device: DeviceLike | null | undefined): number {
  const index = indexOf(device);
  requireAccelerator();
  start();
  return index;
}

export const current_device_index = requiringAccelerator(cuda.current_device);

/** Makes a device the current one in this thread. A negative index does nothing. */
export function set_device_index(device: DeviceLike): void {
  const index = indexOrNull(device);
  if (index === null) {
    const got = (device as DeviceLike | null | undefined) ?? 'None';
    throw valueError(
      `Expected a torch.device with a specified index or an integer, but got:${got}`,
    );
  }
  if (index < 0) return;
  requireAccelerator();
  cuda.set_device(index);
}

/** Runs a function with another current device. Null leaves the current device unchanged. */
export function device_index<T>(device: DeviceLike | null, run: () => T): T {
  return scoped('device_index', run, () => {
    if (device === null) return () => {};
    return enterDevice(startedIndexOf(device));
  });
}

/** Returns the current stream of a device in this thread. Default: the current device. */
export function current_stream(device?: DeviceLike | null): Stream {
  return currentStream('cuda', streamDeviceOf(startedIndexOf(device)));
}

/** Makes a stream the current one of its device in this thread, and its device the current one. */
export function set_stream(stream: Stream): void {
  const { type } = streamOf('set_stream', stream).device;
  requireAccelerator();
  start();
  const accelerator = current_accelerator()!.type;
  if (accelerator !== type) {
    throw runtimeError(
      `stream's device type ${type} doesn't match the current accelerator ${accelerator}`,
    );
  }
  cuda.set_stream(stream);
}

/**
 * Waits until all work on a device is done. Default: the current device. Returns at once if the accelerator was not
 * used yet.
 */
export function synchronize(device?: DeviceLike | null): void {
  const index = indexOf(device);
  requireAccelerator();
  if (isStarted()) native.cuda_synchronize(index);
}

/** Returns cached memory to the device. */
export const empty_cache = requiringAccelerator(cuda.empty_cache);

/** Returns cached pinned memory to the system. */
export const empty_host_cache = requiringAccelerator(() => {
  if (isStarted()) native.cuda_empty_host_cache();
});

/**
 * Makes a function that calls one of torch.cuda with the accelerator's device. Before the accelerator is used, it
 * returns a default result.
 */
const ofDevice =
  <R>(run: (index: number) => R, unused: () => R) =>
  (device_index?: DeviceLike | null): R => {
    requireAccelerator();
    return isStarted() ? run(indexOf(device_index)) : unused();
  };

const nothing = (): void => {};
const zero = (): number => 0;

/**
 * Returns the allocator's statistics, like `torch.cuda.memory_stats`. They are empty if the accelerator was not used
 * yet.
 */
export const memory_stats = ofDevice(
  (index): Record<string, number> => {
    const { num_oom_rejections: _, ...stats } = cuda.memory_stats(index);
    return stats;
  },
  () => ({}),
);
export const memory_allocated = ofDevice(cuda.memory_allocated, zero);
export const max_memory_allocated = ofDevice(cuda.max_memory_allocated, zero);
export const memory_reserved = ofDevice(cuda.memory_reserved, zero);
export const max_memory_reserved = ofDevice(cuda.max_memory_reserved, zero);
export const reset_peak_memory_stats = ofDevice(cuda.reset_peak_memory_stats, nothing);
export const reset_accumulated_memory_stats = ofDevice(
  cuda.reset_accumulated_memory_stats,
  nothing,
);

/**
 * Returns the free and the total bytes of a device. Memory of other processes counts as used. Default: the current
 * device.
 */
export const get_memory_info = (device_index?: DeviceLike | null): [free: number, total: number] =>
  cuda.mem_get_info(startedIndexOf(device_index));
