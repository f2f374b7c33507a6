/** Everything that `torch` has: what index.ts exports by name and as the default. */

export * as accelerator from './accelerator';
export * as amp from './amp';
export {
  autocast,
  clear_autocast_cache,
  get_autocast_dtype,
  is_autocast_cache_enabled,
  is_autocast_enabled,
  set_autocast_cache_enabled,
  set_autocast_dtype,
  set_autocast_enabled,
} from './amp/autocast';
export type { AsyncOptions } from './async';
export * as autograd from './autograd';
export { backends, type CudnnFlags, type Float32Precision } from './backends';
export * as cpu from './cpu';
export type { TensorData, TensorOptions } from './creation';
export {
  as_tensor,
  BFloat16Tensor,
  BoolTensor,
  ByteTensor,
  CharTensor,
  DoubleTensor,
  FloatTensor,
  frombuffer,
  get_default_dtype,
  HalfTensor,
  IntTensor,
  LongTensor,
  ShortTensor,
  set_default_dtype,
  tensor,
} from './creation';
export * as cuda from './cuda';
export type { NestedList, TypedArray } from './data';
export { device, get_default_device, set_default_device } from './default_device';
export type { DeviceLike } from './device';
export { Device } from './device';
export { type DeviceModule, get_device_module } from './device_module';
export * from './dtype';
export { TorchError, type TorchErrorFields } from './errors';
export type { FactoryOptions, RandomOptions } from './factories';
export {
  arange,
  empty,
  empty_like,
  empty_strided,
  eye,
  full,
  full_like,
  linspace,
  logspace,
  normal,
  ones,
  ones_like,
  rand,
  rand_like,
  randint,
  randint_like,
  randn,
  randn_like,
  randperm,
  scalar_tensor,
  tril_indices,
  triu_indices,
  zeros,
  zeros_like,
} from './factories';
export * as safetensors from './files/safetensors';
export * from './functions';
export {
  default_generator,
  Generator,
  get_rng_state,
  initial_seed,
  manual_seed,
  seed,
  set_rng_state,
} from './generator';
export { enable_grad, is_grad_enabled, no_grad, set_grad_enabled } from './grad_mode';
export type { GraphNode } from './graph';
export type { Index } from './indexing';
export { Slice, slice } from './indexing';
export {
  channels_last,
  channels_last_3d,
  contiguous_format,
  Layout,
  MemoryFormat,
  preserve_format,
  sparse_bsc,
  sparse_bsr,
  sparse_coo,
  sparse_csc,
  sparse_csr,
  strided,
} from './layout';
export * as linalg from './linalg';
export {
  type DeviceMemory,
  emptyCache,
  type MemoryStats,
  memoryStats,
  setCacheLimit,
} from './memory_stats';
export * as nn from './nn';
export { ops } from './ops';
export * as optim from './optim';
export {
  are_deterministic_algorithms_enabled,
  get_float32_matmul_precision,
  is_deterministic_algorithms_warn_only_enabled,
  set_float32_matmul_precision,
  use_deterministic_algorithms,
} from './precision';
export { get_printoptions, set_printoptions } from './printing';
export { __version__, get_num_threads, set_num_threads } from './process';
export * as random from './random';
export { asFloat, type Complex, Float, type Scalar } from './scalar';
export type { SharedTensor, ShareOptions } from './share';
export { Event, type EventOptions, Stream, type StreamOptions } from './stream';
export type { BackwardOptions } from './tensor';
export { Tensor } from './tensor';
export * as testing from './testing';
export { keep, tidy } from './tidy';
export { type FInfo, finfo, type IInfo, iinfo } from './type_info';
export * as version from './version';
