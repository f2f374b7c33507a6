/**
 * `torch.accelerator`: the kind of device that computes beside the CPU, which here is CUDA. Source: torch/accelerator/,
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

/** Returns the kind of accelerator that libtorch was built for, or null. */
export function current_accelerator(
  check_available?: boolean | { check_available?: boolean },
): Device | null;
export function current_accelerator(...args: unknown[]): Device | null {
  const { check_available } = CURRENT.read(args);
  const exists = hasAccelerator() && (!check_available || is_available());
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
 * A device's number, or null where it has none, or there is no device.
 *
 * @throws TorchError (RuntimeError) for a device by name where there is no accelerator, RangeError (ValueError) for a
 *   device of another kind
 */
function numberOf(device: DeviceLike | null | undefined): number | null {
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

/** The same, the current device's where it has none. */
const indexOf = (device: DeviceLike | null | undefined): number =>
  numberOf(device) ?? current_device_index();

/** The same of a device that there is; CUDA is started. */
function startedIndexOf(device: DeviceLike | null | undefined): number {
  const index = indexOf(device);
  required();
  start();
  return index;
}

export const current_device_index = checked(cuda.current_device);

/** Makes a device the current one in this thread. A negative number does nothing. */
export function set_device_index(device: DeviceLike): void {
  const index = numberOf(device);
  if (index === null) {
    const got = (device as DeviceLike | null | undefined) ?? 'None';
    throw valueError(
      `Expected a torch.device with a specified index or an integer, but got:${got}`,
    );
  }
  if (index < 0) return;
  required();
  cuda.set_device(index);
}

/** Runs a function with another current device. With null the current device stays. */
export function device_index<T>(device: DeviceLike | null, run: () => T): T {
  return scoped('device_index', run, () => {
    if (device === null) return () => {};
    return enterDevice(startedIndexOf(device));
  });
}

/** Returns the current stream of a device in this thread. Default: that of the current device. */
export function current_stream(device?: DeviceLike | null): Stream {
  return currentStream('cuda', streamDeviceOf(startedIndexOf(device)));
}

/** Makes a stream its device's current one in this thread, and its device the current one. */
export function set_stream(stream: Stream): void {
  const { type } = streamOf('set_stream', stream).device;
  required();
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
 * Waits until all work of a device is done. Default: the current device. Returns at once if the accelerator was not
 * used yet.
 */
export function synchronize(device?: DeviceLike | null): void {
  const index = indexOf(device);
  required();
  if (isStarted()) native.cuda_synchronize(index);
}

/** Gives the memory that is kept for reuse back to the device. */
export const empty_cache = checked(cuda.empty_cache);

/** Gives the pinned memory that is kept for reuse back to the system. */
export const empty_host_cache = checked(() => {
  if (isStarted()) native.cuda_empty_host_cache();
});

/** The function of torch.cuda with the accelerator's device; before the accelerator is used, what stands for it. */
const ofDevice =
  <R>(run: (index: number) => R, unused: () => R) =>
  (device_index?: DeviceLike | null): R => {
    required();
    return isStarted() ? run(indexOf(device_index)) : unused();
  };

const nothing = (): void => {};
const zero = (): number => 0;

/**
 * Returns the allocator's statistics, as `torch.cuda.memory_stats` does. They are empty if the accelerator was not
 * used yet.
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
 * Returns the free and total bytes of a device. Memory of other processes counts as used. Default: the current device.
 */
export const get_memory_info = (device_index?: DeviceLike | null): [free: number, total: number] =>
  cuda.mem_get_info(startedIndexOf(device_index));
