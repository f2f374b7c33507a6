/** The CPU allocator: native/memory/allocator.cc. */
export interface NativeMemory {
  /** Returns the bytes in use, the bytes cached for reuse, and the limit of the cache. */
  allocator_stats(): [live: number, cached: number, limit: number];
  empty_cache(keep?: number): void;
  set_allocator_limit(bytes: number): void;
  /** Sets the limit of the cache, unless `set_allocator_limit` has set one. */
  propose_allocator_limit(bytes: number): void;

  /** For tests: makes this many of the next allocations fail. */
  simulate_out_of_memory(calls: number): void;
}
