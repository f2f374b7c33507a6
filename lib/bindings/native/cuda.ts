/** CUDA devices, identified by index: native/operators/cuda.cc. */
export interface NativeCuda {
  cuda_is_loaded(): boolean;
  cuda_init(): void;
  /** Returns whether any thread of the process has called `cuda_init`. */
  cuda_is_initialized(): boolean;
  cuda_device_count(): number;
  cuda_get_device(): number;
  cuda_set_device(device: number): void;
  cuda_exchange_device(device: number): number;
  cuda_restore_device(device: number): void;
  cuda_synchronize(device: number): void;
  cuda_device_properties(device: number): {
    name: string;
    total_memory: number;
    attributes: number[];
    uuid: number[];
  };
  cuda_can_access_peer(device: number, peer: number): boolean;
  cudnn_version(): number | undefined;
  cuda_live_bytes(): number;
  cuda_memory_stats(device: number): number[];
  cuda_reset_peak_stats(device: number): void;
  cuda_reset_accumulated_stats(device: number): void;
  cuda_mem_get_info(device: number): [free: number, total: number];
  cuda_empty_cache(): void;
  cuda_host_memory_stats(): number[];
  cuda_reset_accumulated_host_stats(): void;
  cuda_reset_peak_host_stats(): void;
  cuda_empty_host_cache(): void;
}
