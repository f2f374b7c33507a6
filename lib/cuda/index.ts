/** `torch.cuda`. See https://docs.pytorch.org/docs/stable/cuda.html */
export * as amp from './amp';
export { get_arch_list, get_gencode_flags } from './architectures';
export * from './device';
export * from './host_memory';
export * from './memory';
export { memory_summary } from './memory_summary';
export * from './random';
export {
  type CudaDevice,
  default_generators,
  isStarted as is_initialized,
  start as init,
} from './state';
export type { NestedStats } from './stats';
export {
  current_stream,
  default_stream,
  Event,
  type EventOptions,
  is_current_stream_capturing,
  Stream,
  set_stream,
  stream,
} from './stream';
export { get_check_targets, set_check_targets } from './targets';
