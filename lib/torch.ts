/** The contents of `torch`. index.ts exports them by name and as the default. */
import './hooks';

export * as accelerator from './accelerator';
export { type DeviceModule, get_device_module } from './accelerator/device_module';
export { Event, type EventOptions, Stream, type StreamOptions } from './accelerator/stream';
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
export * as autograd from './autograd';
export type { FunctionCtx } from './autograd/function';
export {
  enable_grad,
  inference_mode,
  is_grad_enabled,
  is_inference,
  is_inference_mode_enabled,
  no_grad,
  set_grad_enabled,
} from './autograd/grad_mode';
export type { GraphNode } from './autograd/graph';
export type { NodeHook, NodePreHook, PostAccumulateHook, TensorHook } from './autograd/hooks';
export { backends, type CudnnFlags, type Float32Precision } from './backends';
export {
  are_deterministic_algorithms_enabled,
  get_float32_matmul_precision,
  is_deterministic_algorithms_warn_only_enabled,
  set_float32_matmul_precision,
  use_deterministic_algorithms,
} from './backends/precision';
export {
  __version__,
  get_num_threads,
  set_flush_denormal,
  set_num_threads,
} from './backends/process';
export { TorchError, type TorchErrorFields } from './bindings/errors';
export type { AsyncOptions } from './bindings/jobs';
export * as cpu from './cpu';
export * as cuda from './cuda';
export { ops } from './dispatch/ops';
export * as distributed from './distributed';
export * as func from './func';
export * as jit from './jit';
export * as linalg from './linalg';
export {
  type DeviceMemory,
  emptyCache,
  type MemoryStats,
  memoryStats,
  setCacheLimit,
} from './memory/stats';
export { keep, tidy } from './memory/tidy';
export * as nn from './nn';
export * as optim from './optim';
export * as random from './random';
export {
  default_generator,
  Generator,
  get_rng_state,
  initial_seed,
  manual_seed,
  seed,
  set_rng_state,
} from './random/generator';
export * as safetensors from './safetensors';
export { type LoadOptions, load, type MapLocation, save } from './serialization';
export { as_tensor, type TensorData, type TensorOptions, tensor } from './tensor/creation';
export { device, get_default_device, set_default_device } from './tensor/default_device';
export { get_default_dtype, set_default_dtype } from './tensor/default_dtype';
export type { DeviceLike } from './tensor/device';
export { Device } from './tensor/device';
export * from './tensor/dtype';
export type { NestedList, TypedArray } from './tensor/elements';
export type { FactoryOptions, RandomOptions } from './tensor/factories';
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
} from './tensor/factories';
export { frombuffer } from './tensor/frombuffer';
export * from './tensor/functions';
export type { Index } from './tensor/indexing';
export { Slice, slice } from './tensor/indexing';
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
} from './tensor/layout';
export { get_printoptions, set_printoptions } from './tensor/printing';
export { asFloat, type Complex, Float, type Scalar } from './tensor/scalar';
export type { SharedTensor, ShareOptions } from './tensor/share';
export type { BackwardOptions } from './tensor/tensor';
export { Tensor } from './tensor/tensor';
export { type FInfo, finfo, type IInfo, iinfo } from './tensor/type_info';
export * from './tensor/typed_tensors';
export * as testing from './testing';
export * as utils from './utils';
export { deepcopy } from './utils/deepcopy';
export * as version from './version';
