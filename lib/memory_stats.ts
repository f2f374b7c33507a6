/** What memory tensors use. */
import { native } from './native';

/** Memory of one device, in bytes. */
export interface DeviceMemory {
  /** What tensors, graphs and temporaries hold. */
  live_bytes: number;
  /** What is kept for the next tensors. */
  cached_bytes: number;
  /** The most that is kept. */
  cache_limit: number;
}

export interface MemoryStats {
  /** Tensors of this thread that were neither disposed nor found collected. */
  tensors: number;
  /** The process's memory by device. */
  devices: Record<string, DeviceMemory>;
}

/** The memory in use. What was collected since the last sweep is swept first, so that counts are exact. */
export function memoryStats(): MemoryStats {
  native.sweep();
  const [live_bytes, cached_bytes, cache_limit] = native.allocator_stats();
  return { tensors: native.live(), devices: { cpu: { live_bytes, cached_bytes, cache_limit } } };
}

/** Gives the memory that is kept for the next tensors back to the system. */
export function emptyCache(): void {
  native.empty_cache();
}

/** Sets the most bytes that are kept for the next tensors. Default: an eighth of the machine's memory. */
export function setCacheLimit(bytes: number): void {
  native.set_allocator_limit(bytes);
}
