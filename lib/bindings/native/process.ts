/**
 * Settings of the whole process: native/operators/context.cc, native/operators/tensors.cc, native/losses/targets.cc.
 */
import type { Handle } from '../handle';

/** The modes of a thread: an external value. */
export type Modes = { readonly __modes: unique symbol };

export interface NativeProcess {
  get_default_dtype(): number;
  set_default_dtype(dtype: number): void;
  element_size(dtype: number): number;
  promote_types(left: number, right: number): number;
  get_num_threads(): number;
  set_num_threads(count: number): void;
  has_cuda(): boolean;
  cpu_capability(): string;
  parse_device(name: string): string;
  /** Groups tensors by device and dtype. Returns the indices in each group, in the order of Python's groups. */
  group_by_device_and_dtype(tensors: readonly Handle[]): number[][];

  // Flags and modes of libtorch
  get_flag(name: string): boolean;
  set_flag(name: string, value: boolean): void;
  cudnn_benchmark_limit(): number;
  set_cudnn_benchmark_limit(limit: number): void;
  fp32_precision(backend: string, op: string): string;
  set_fp32_precision(backend: string, op: string, precision: string): void;
  show_config(): string;
  has_mkl(): boolean;
  has_mkldnn(): boolean;
  has_openmp(): boolean;
  get_float32_matmul_precision(): string;
  set_float32_matmul_precision(precision: string): void;
  deterministic_algorithms(): boolean;
  deterministic_algorithms_warn_only(): boolean;
  use_deterministic_algorithms(mode: boolean, warnOnly: boolean): void;
  /** Returns false if the processor cannot flush denormal numbers. */
  set_flush_denormal(mode: boolean): boolean;

  // The modes of this thread: grad mode, inference mode, autocast, the number of threads, CUDA's device and streams
  capture_modes(): Modes;
  set_modes(modes: Modes): void;

  // Whether losses check class indices: 0 never, 1 on CUDA devices, 2 always
  set_check_targets(which: 0 | 1 | 2): void;
  get_check_targets(): 0 | 1 | 2;
}
