/**
 * `torch.distributed`: processes that compute together, in Node and in Python. Everything is loaded on first use.
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
export type {
  BarrierOptions,
  Collective,
  CollectiveOptions,
  MonitoredBarrierOptions,
  ReduceOptions,
} from './collectives';
export {
  all_gather,
  all_gather_into_tensor,
  all_gather_single,
  all_reduce,
  all_to_all,
  all_to_all_single,
  barrier,
  broadcast,
  gather,
  monitored_barrier,
  reduce,
  reduce_scatter,
  reduce_scatter_single,
  reduce_scatter_tensor,
  scatter,
} from './collectives';
export type { InitOptions, NewGroupOptions, Subgroups, SubgroupsOptions } from './init';
export {
  destroy_process_group,
  get_node_local_rank,
  init_process_group,
  is_torchelastic_launched,
  new_group,
  new_subgroups,
  new_subgroups_by_enumeration,
} from './init';
export type { P2POpOptions, RecvOptions, SendOptions } from './messages';
export {
  batch_isend_irecv,
  irecv,
  isend,
  P2POp,
  recv,
  send,
} from './messages';
export type {
  BroadcastObjectOptions,
  GatherObjectOptions,
  RecvObjectOptions,
  ScatterObjectOptions,
  SendObjectOptions,
} from './objects';
export {
  all_gather_object,
  broadcast_object_list,
  gather_object,
  recv_object_list,
  scatter_object_list,
  send_object_list,
} from './objects';
export type { Group } from './process_group';
export {
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
export {
  ReduceOp,
  supports_complex,
} from './reduce_op';
export type { StoreValue, TCPStoreOptions } from './store';
export {
  FileStore,
  PrefixStore,
  Store,
  TCPStore,
} from './store';
export { Work } from './work';

// torchrun reports the error that ends the process.
if (process.env['TORCHELASTIC_ERROR_FILE']) require('./error_file');
