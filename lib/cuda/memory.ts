/** Memory of CUDA devices. Source: torch/cuda/memory.py. */
import { native } from '../bindings/native';
import { type CudaDevice, indexOf, isStarted, startedIndexOf } from './state';
import { byName, type NestedStats, nested } from './stats';

const ARRAYS = [
  'allocation',
  'segment',
  'active',
  'inactive_split',
  'allocated_bytes',
  'reserved_bytes',
  'active_bytes',
  'inactive_split_bytes',
  'requested_bytes',
];
const POOLS = ['all', 'small_pool', 'large_pool'];
const METRICS = ['current', 'peak', 'allocated', 'freed'];
const COUNTERS = [
  'num_alloc_retries',
  'num_ooms',
  'num_sync_all_streams',
  'num_device_alloc',
  'num_device_free',
  'max_split_size',
  'num_oom_rejections', // where libtorch counts them
];

/** The names of the statistics, in the order of native/operators/cuda.cc. */
const NAMES: readonly string[] = [
  ...ARRAYS.flatMap((array) =>
    POOLS.flatMap((pool) => METRICS.map((metric) => `${array}.${pool}.${metric}`)),
  ),
  ...['oversize_allocations', 'oversize_segments'].flatMap((stat) =>
    METRICS.map((metric) => `${stat}.${metric}`),
  ),
  ...COUNTERS,
];

/**
 * Returns the statistics of the allocator, by names such as `allocated_bytes.all.peak`: counts and bytes. Empty before
 * CUDA is used.
 *
 * See https://docs.pytorch.org/docs/stable/generated/torch.cuda.memory_stats.html
 */
export function memory_stats(device?: CudaDevice | null): Record<string, number> {
  if (!isStarted()) return {};
  return byName(NAMES, native.cuda_memory_stats(indexOf(device)));
}

/** Returns {@link memory_stats} as nested objects: `allocated_bytes.all.peak` is `stats.allocated_bytes.all.peak`. */
export const memory_stats_as_nested_dict = (device?: CudaDevice | null): NestedStats =>
  nested(memory_stats(device));

const stat = (device: CudaDevice | null | undefined, name: string): number =>
  memory_stats(device)[name] ?? 0;

/** Returns the bytes in use by tensors on a device. Default: the current device. */
export function memory_allocated(device?: CudaDevice | null): number {
  return stat(device, 'allocated_bytes.all.current');
}

/** Returns the maximum of {@link memory_allocated} since {@link reset_peak_memory_stats}. */
export function max_memory_allocated(device?: CudaDevice | null): number {
  return stat(device, 'allocated_bytes.all.peak');
}

/** Returns the bytes of a device that the allocator holds: those of tensors, and cached ones. */
export function memory_reserved(device?: CudaDevice | null): number {
  return stat(device, 'reserved_bytes.all.current');
}

/** Returns the maximum of {@link memory_reserved} since {@link reset_peak_memory_stats}. */
export function max_memory_reserved(device?: CudaDevice | null): number {
  return stat(device, 'reserved_bytes.all.peak');
}

/** Resets the peaks of {@link memory_stats}. */
export function reset_peak_memory_stats(device?: CudaDevice | null): void {
  native.cuda_reset_peak_stats(startedIndexOf(device));
}

/** Resets the sums of {@link memory_stats}. */
export function reset_accumulated_memory_stats(device?: CudaDevice | null): void {
  native.cuda_reset_accumulated_stats(startedIndexOf(device));
}

/** Returns the free and the total bytes of a device. Memory of other processes counts as used. */
export function mem_get_info(device?: CudaDevice | null): [free: number, total: number] {
  return native.cuda_mem_get_info(startedIndexOf(device));
}

/** Returns cached memory to the device. */
export function empty_cache(): void {
  if (isStarted()) native.cuda_empty_cache();
}
