/** Pinned memory for CUDA, which is cached when it is freed. Source: torch/cuda/memory.py. */
import { native } from '../bindings/native';
import { isStarted, requireBuilt } from './state';
import { byName, type NestedStats, nested } from './stats';

const AMOUNTS = ['allocations', 'allocated_bytes', 'active_requests', 'active_bytes'];
const TIMES = ['host_alloc_time', 'host_free_time'];

const of = (names: readonly string[], parts: readonly string[]): string[] =>
  names.flatMap((name) => parts.map((part) => `${name}.${part}`));

/** The names of the statistics, in the order of native/operators/cuda.cc. */
const NAMES: readonly string[] = [
  ...of(AMOUNTS, ['current', 'peak', 'allocated', 'freed']),
  ...of(TIMES, ['total', 'max', 'min', 'count', 'avg']),
  'num_host_alloc',
  'num_host_free',
];

/**
 * Returns the statistics of the allocator of pinned memory, by names such as `allocated_bytes.peak`: counts, bytes and
 * microseconds. Empty before CUDA is used.
 *
 * See https://docs.pytorch.org/docs/stable/generated/torch.cuda.memory.host_memory_stats.html
 */
export const host_memory_stats = (): Record<string, number> =>
  isStarted() ? byName(NAMES, native.cuda_host_memory_stats()) : {};

/** Returns {@link host_memory_stats} as nested objects. */
export const host_memory_stats_as_nested_dict = (): NestedStats => nested(host_memory_stats());

/** Resets the sums of {@link host_memory_stats}. */
export function reset_accumulated_host_memory_stats(): void {
  requireBuilt();
  if (native.cuda_is_loaded()) native.cuda_reset_accumulated_host_stats();
}

/** Resets the peaks of {@link host_memory_stats}. */
export function reset_peak_host_memory_stats(): void {
  requireBuilt();
  if (native.cuda_is_loaded()) native.cuda_reset_peak_host_stats();
}
