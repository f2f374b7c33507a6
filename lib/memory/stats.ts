/** What memory tensors use. */

import { typeError } from '../bindings/errors';
import { native } from '../bindings/native';
import { memory_allocated, memory_reserved } from '../cuda/memory';
import { isStarted } from '../cuda/state';
import { describe } from '../dispatch/arguments';

/** Memory of one device, in bytes. */
export interface DeviceMemory {
  /** Bytes that tensors, graphs and temporaries hold. */
  live_bytes: number;
  /** Freed bytes that are kept for the next tensors. */
  cached_bytes: number;
  /** The largest number of bytes that are kept; null for a CUDA device, which has no limit. */
  cache_limit: number | null;
}

export interface MemoryStats {
  /** The number of tensors of this thread that are not freed yet. */
  tensors: number;
  /**
   * Bytes of these tensors, by device. Memory that several tensors share counts once. Memory that only a graph keeps
   * does not count.
   */
  bytes: Record<string, number>;
  /** The process's memory by device: all threads, graphs and temporaries included. */
  devices: Record<string, DeviceMemory>;
  /** Tensors that all threads have shared and no thread has claimed yet. */
  shared: { tensors: number; bytes: number };
}

/** Returns the memory in use. Tensors that were collected are freed first, so the counts are exact. */
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

/** Gives the memory that is kept for reuse back to the system. */
export function emptyCache(): void {
  native.empty_cache();
  native.cuda_empty_cache();
}

/**
 * Sets how many freed bytes are kept for reuse. Default: an eighth of the memory that the process may use.
 *
 * @throws TypeError for what is no number of bytes
 */
export function setCacheLimit(bytes: number): void {
  if (typeof bytes !== 'number' || !(bytes >= 0)) {
    throw typeError(`setCacheLimit(): expects a number of bytes, got ${describe(bytes)}`);
  }
  native.set_allocator_limit(bytes);
}
