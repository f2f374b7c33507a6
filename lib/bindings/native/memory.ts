import type { Handle } from '../handle';

/** The CPU allocator: native/memory/allocator.cc. Mapped files: native/memory/mapped_parts.cc. */
export interface NativeMemory {
  /** Returns the bytes in use, the bytes cached for reuse, and the limit of the cache. */
  allocator_stats(): [live: number, cached: number, limit: number];
  empty_cache(keep?: number): void;
  set_allocator_limit(bytes: number): void;
  /** Sets the limit of the cache, unless `set_allocator_limit` has set one. */
  propose_allocator_limit(bytes: number): void;

  /** Maps a part of an open file as a tensor, and reads it into memory. Gives null if it cannot be mapped. */
  read_mapped(
    descriptor: number,
    offset: number,
    shape: readonly number[],
    dtype: number,
  ): Promise<Handle | null>;
  /** Whether a tensor is a mapped part whose file was shorter when it was read. What it lacks is zeros. */
  is_cut(tensor: Handle): boolean;

  /** For tests: makes this many of the next allocations fail. */
  simulate_out_of_memory(calls: number): void;
}
