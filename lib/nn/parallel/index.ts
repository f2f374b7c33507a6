/** `torch.nn.parallel`. See https://docs.pytorch.org/docs/stable/nn.html#dataparallel-layers-multi-gpu-distributed */
export { DistributedDataParallel, type JoinArguments } from './distributed';
export { globalMean } from './global_mean';
export type { DistributedDataParallelOptions } from './options';
