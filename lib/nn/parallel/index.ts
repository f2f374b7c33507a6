/** `torch.nn.parallel`. See https://docs.pytorch.org/docs/stable/nn.html#dataparallel-layers-multi-gpu-distributed */
export {
  DistributedDataParallel,
  type DistributedDataParallelOptions,
} from './distributed';
export { globalMean } from './global_mean';
