/**
 * `torch.distributed`: processes that compute together, in Node and in Python.
 *
 * See https://docs.pytorch.org/docs/stable/distributed.html
 */
export * as algorithms from './algorithms';
export {
  Backend,
  get_default_backend_for_device,
  is_available,
  is_backend_available,
  is_gloo_available,
  is_mpi_available,
  is_nccl_available,
  is_ucc_available,
  is_xccl_available,
} from './backend';
export {
  all_gather,
  all_gather_into_tensor,
  all_gather_single,
  all_reduce,
  all_to_all,
  all_to_all_single,
  type BarrierOptions,
  barrier,
  broadcast,
  type Collective,
  type CollectiveOptions,
  gather,
  type MonitoredBarrierOptions,
  monitored_barrier,
  type ReduceOptions,
  reduce,
  reduce_scatter,
  reduce_scatter_single,
  reduce_scatter_tensor,
  scatter,
} from './collectives';
export { default_pg_timeout } from './construction';
export { DebugLevel, get_debug_level, set_debug_level, set_debug_level_from_env } from './debug';
export { GradBucket } from './grad_bucket';
export {
  destroy_process_group,
  get_node_local_rank,
  type InitOptions,
  init_process_group,
  is_torchelastic_launched,
} from './init';
export {
  batch_isend_irecv,
  irecv,
  isend,
  P2POp,
  type P2POpOptions,
  type RecvOptions,
  recv,
  type SendOptions,
  send,
} from './messages';
export {
  all_gather_object,
  type BroadcastObjectOptions,
  broadcast_object_list,
  type GatherObjectOptions,
  gather_object,
  type RecvObjectOptions,
  recv_object_list,
  type ScatterObjectOptions,
  type SendObjectOptions,
  scatter_object_list,
  send_object_list,
} from './objects';
export {
  type Group,
  GroupMember,
  get_backend,
  get_backend_config,
  get_global_rank,
  get_group_rank,
  get_pg_count,
  get_process_group_ranks,
  get_rank,
  get_world_size,
  group,
  is_initialized,
  ProcessGroup,
} from './process_group';
export { ReduceOp, supports_complex } from './reduce_op';
export {
  FileStore,
  PrefixStore,
  Store,
  type StoreValue,
  TCPStore,
  type TCPStoreOptions,
} from './store';
export {
  type NewGroupOptions,
  new_group,
  new_subgroups,
  new_subgroups_by_enumeration,
  type Subgroups,
  type SubgroupsOptions,
} from './subgroups';
export { Work } from './work';
