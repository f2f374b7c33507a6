/** Statistics and limits of the memory of tensors. */

import { typeError } from '../bindings/errors';
import { native } from '../bindings/native';
import { memory_allocated, memory_reserved } from '../cuda/memory';
import { isStarted } from '../cuda/state';
import { describe } from '../dispatch/arguments';

/** The memory of one device, in bytes. */
export interface DeviceMemory {
  /** Bytes in use by tensors, graphs and temporaries. */
  live_bytes: number;
  /** Freed bytes that are cached for new tensors. */
  cached_bytes: number;
  /** The limit of the cache in bytes. Null for a CUDA device, which has no limit. */
  cache_limit: number | null;
}

export interface MemoryStats {
  /** The number of live tensors of this thread. */
  tensors: number;
  /**
   * Bytes of these tensors, by device. Memory that several tensors share is counted once. Memory that only a graph
   * refers to is not counted.
   */
  bytes: Record<string, number>;
  /** The process's memory by device, with all threads, graphs and temporaries. */
  devices: Record<string, DeviceMemory>;
  /** Tensors that threads have shared and no thread has claimed yet. */
  shared: { tensors: number; bytes: number };
}

/** Returns the memory in use. Frees collected tensors first, so the counts are exact. */
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

/** Returns cached memory to the system. */
export function emptyCache(): void {
  native.empty_cache();
  native.cuda_empty_cache();
}

/**
 * Sets how many freed bytes may be cached. Default: an eighth of the memory that the process may use.
 *
 * @throws TypeError unless it is a number of bytes
 */
export function setCacheLimit(bytes: number): void {
  if (typeof bytes !== 'number' || !(bytes >= 0)) {
    throw typeError(`setCacheLimit(): expects a number of bytes, got ${describe(bytes)}`);
  }
  native.set_allocator_limit(bytes);
}
