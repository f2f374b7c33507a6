/** What memory tensors use. */

import { typeError } from '../bindings/errors';
import { native } from '../bindings/native';
import { memory_allocated, memory_reserved } from '../cuda/memory';
import { isStarted } from '../cuda/state';
import { describe } from '../dispatch/arguments';

/** Memory of one device, in bytes. */
export interface DeviceMemory {
  /** What tensors, graphs and temporaries hold. */
  live_bytes: number;
  /** What is kept for the next tensors. */
  cached_bytes: number;
  /** The most that is kept; null for a CUDA device, which keeps what it has until memory is short. */
  cache_limit: number | null;
}

export interface MemoryStats {
  /** Tensors of this thread that were neither disposed nor found collected. */
  tensors: number;
  /** Bytes that they keep, by device. What several tensors share counts once; what only a graph keeps does not. */
  bytes: Record<string, number>;
  /** The process's memory by device: all threads, graphs and temporaries included. */
  devices: Record<string, DeviceMemory>;
  /** What was shared with other threads and not yet claimed, by all threads. */
  shared: { tensors: number; bytes: number };
}

/** The memory in use. What was collected since the last sweep is swept first, so that counts are exact. */
export function memoryStats(): MemoryStats {
  native.sweep();
  const [live_bytes, cached_bytes, cache_limit] = native.allocator_stats();
  const devices: Record<string, DeviceMemory> = { cpu: { live_bytes, cached_bytes, cache_limit } };
  const count = isStarted() ? native.cuda_device_count() : 0;
  for (let index = 0; index < count; index++) devices[`cuda:${index}`] = ofCuda(index);
  const [tensors, bytes] = native.waiting_tensors();
  return {
    tensors: native.live(),
    bytes: native.bytes_by_device(),
    devices,
    shared: { tensors, bytes },
  };
}

function ofCuda(index: number): DeviceMemory {
  const live_bytes = memory_allocated(index);
  return { live_bytes, cached_bytes: memory_reserved(index) - live_bytes, cache_limit: null };
}

/** Gives the memory that is kept for the next tensors back to the system. */
export function emptyCache(): void {
  native.empty_cache();
  native.cuda_empty_cache();
}

/**
 * Sets the most bytes that are kept for the next tensors. Default: an eighth of the memory that the process may use.
 *
 * @throws TypeError for what is no number of bytes
 */
export function setCacheLimit(bytes: number): void {
  if (typeof bytes !== 'number' || !(bytes >= 0)) {
    throw typeError(`setCacheLimit(): expects a number of bytes, got ${describe(bytes)}`);
  }
  native.set_allocator_limit(bytes);
}
