/**
 * `torch.accelerator`: the kind of device that computes beside the CPU, which here is CUDA.
 *
 * See https://docs.pytorch.org/docs/stable/accelerator.html
 */
import * as cuda from './cuda';
import { type CudaDevice, indexOf, start } from './cuda/state';
import { Device, hasAccelerator, NO_ACCELERATOR } from './device';
import { runtimeError } from './errors';

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

export const current_device_index = checked(cuda.current_device);
export const set_device_index = checked((device: CudaDevice): void => {
  start();
  cuda.set_device(indexOf(device));
});
/** Runs a function with another current device. */
export const device_index = checked(
  <T>(device: CudaDevice | null, run: () => T): T => cuda.device(device, run),
);
export const current_stream = checked(cuda.current_stream);
export const set_stream = checked(cuda.set_stream);
export const synchronize = checked(cuda.synchronize);
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
