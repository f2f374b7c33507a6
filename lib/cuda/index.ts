/** `torch.cuda`. See https://docs.pytorch.org/docs/stable/cuda.html */
export * from './device';
export * from './memory';
export { memory_summary } from './memory_summary';
export { manual_seed, manual_seed_all } from './random';
export { type CudaDevice, isStarted as is_initialized, start as init } from './state';
export {
  current_stream,
  default_stream,
  Event,
  Stream,
  set_stream,
  stream,
} from './stream';
export { get_check_targets, set_check_targets } from './targets';
