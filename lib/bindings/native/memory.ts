/** The CPU allocator: native/memory/allocator.cc. */
export interface NativeMemory {
  /** Live bytes, bytes kept for reuse, and the most that is kept. */
  allocator_stats(): [live: number, cached: number, limit: number];
  empty_cache(keep?: number): void;
  set_allocator_limit(bytes: number): void;
  /** The same, unless one was set. */
  propose_allocator_limit(bytes: number): void;

  /** For tests: makes so many of the next allocations find no memory. */
  simulate_out_of_memory(calls: number): void;
}
