/** `torch.distributed.algorithms`. */
export * as ddp_comm_hooks from './ddp_comm_hooks';
export * as join from './join';
export {
  Join,
  type Joinable,
  type JoinConfig,
  JoinHook,
  type JoinOptions,
} from './join';
