/** `torch.distributed.algorithms.ddp_comm_hooks`: hooks of DistributedDataParallel. */
export * as default_hooks from './default_hooks';
