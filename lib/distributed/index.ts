/**
 * `torch.distributed`: processes that compute together, in Node and in Python. Everything is loaded on first use.
 *
 * See https://docs.pytorch.org/docs/stable/distributed.html
 */
import { namesOnFirstUse } from '../utils/on_first_use';
import type * as backend from './backend';
import type * as collectives from './collectives';
import type * as init from './init';
import type * as messages from './messages';
import type * as objects from './objects';
import type * as process_group from './process_group';
import type * as reduce_op from './reduce_op';
import type * as store from './store';
import type * as work from './work';

export type {
  BarrierOptions,
  Collective,
  CollectiveOptions,
  MonitoredBarrierOptions,
  ReduceOptions,
} from './collectives';
export type { InitOptions, NewGroupOptions, Subgroups, SubgroupsOptions } from './init';
export type { P2POpOptions, RecvOptions, SendOptions } from './messages';
export type {
  BroadcastObjectOptions,
  GatherObjectOptions,
  RecvObjectOptions,
  ScatterObjectOptions,
  SendObjectOptions,
} from './objects';
export type { Group } from './process_group';
export type { StoreValue, TCPStoreOptions } from './store';

export declare const Backend: typeof backend.Backend;
export declare const is_available: typeof backend.is_available;
export declare const is_backend_available: typeof backend.is_backend_available;
export declare const is_gloo_available: typeof backend.is_gloo_available;
export declare const is_mpi_available: typeof backend.is_mpi_available;
export declare const is_nccl_available: typeof backend.is_nccl_available;
export declare const is_ucc_available: typeof backend.is_ucc_available;
export declare const is_xccl_available: typeof backend.is_xccl_available;
export declare const get_default_backend_for_device: typeof backend.get_default_backend_for_device;
export declare const all_gather: typeof collectives.all_gather;
export declare const all_gather_into_tensor: typeof collectives.all_gather_into_tensor;
export declare const all_gather_single: typeof collectives.all_gather_single;
export declare const all_reduce: typeof collectives.all_reduce;
export declare const all_to_all: typeof collectives.all_to_all;
export declare const all_to_all_single: typeof collectives.all_to_all_single;
export declare const barrier: typeof collectives.barrier;
export declare const broadcast: typeof collectives.broadcast;
export declare const gather: typeof collectives.gather;
export declare const monitored_barrier: typeof collectives.monitored_barrier;
export declare const reduce: typeof collectives.reduce;
export declare const reduce_scatter: typeof collectives.reduce_scatter;
export declare const reduce_scatter_single: typeof collectives.reduce_scatter_single;
export declare const reduce_scatter_tensor: typeof collectives.reduce_scatter_tensor;
export declare const scatter: typeof collectives.scatter;
export declare const destroy_process_group: typeof init.destroy_process_group;
export declare const get_node_local_rank: typeof init.get_node_local_rank;
export declare const init_process_group: typeof init.init_process_group;
export declare const is_torchelastic_launched: typeof init.is_torchelastic_launched;
export declare const new_group: typeof init.new_group;
export declare const new_subgroups: typeof init.new_subgroups;
export declare const new_subgroups_by_enumeration: typeof init.new_subgroups_by_enumeration;
export declare const P2POp: typeof messages.P2POp;
export type P2POp = messages.P2POp;
export declare const batch_isend_irecv: typeof messages.batch_isend_irecv;
export declare const irecv: typeof messages.irecv;
export declare const isend: typeof messages.isend;
export declare const recv: typeof messages.recv;
export declare const send: typeof messages.send;
export declare const all_gather_object: typeof objects.all_gather_object;
export declare const broadcast_object_list: typeof objects.broadcast_object_list;
export declare const gather_object: typeof objects.gather_object;
export declare const recv_object_list: typeof objects.recv_object_list;
export declare const scatter_object_list: typeof objects.scatter_object_list;
export declare const send_object_list: typeof objects.send_object_list;
export declare const GroupMember: typeof process_group.GroupMember;
export declare const ProcessGroup: typeof process_group.ProcessGroup;
export type ProcessGroup = process_group.ProcessGroup;
export declare const get_backend: typeof process_group.get_backend;
export declare const get_backend_config: typeof process_group.get_backend_config;
export declare const get_global_rank: typeof process_group.get_global_rank;
export declare const get_group_rank: typeof process_group.get_group_rank;
export declare const get_pg_count: typeof process_group.get_pg_count;
export declare const get_process_group_ranks: typeof process_group.get_process_group_ranks;
export declare const get_rank: typeof process_group.get_rank;
export declare const get_world_size: typeof process_group.get_world_size;
export declare const group: typeof process_group.group;
export declare const is_initialized: typeof process_group.is_initialized;
export declare const ReduceOp: typeof reduce_op.ReduceOp;
export type ReduceOp = reduce_op.ReduceOp;
export declare const supports_complex: typeof reduce_op.supports_complex;
export declare const FileStore: typeof store.FileStore;
export type FileStore = store.FileStore;
export declare const PrefixStore: typeof store.PrefixStore;
export type PrefixStore = store.PrefixStore;
export declare const Store: typeof store.Store;
export type Store = store.Store;
export declare const TCPStore: typeof store.TCPStore;
export type TCPStore = store.TCPStore;
export declare const Work: typeof work.Work;
export type Work = work.Work;

namesOnFirstUse(exports, [
  [
    () => require('./backend'),
    'Backend is_available is_backend_available is_gloo_available is_mpi_available is_nccl_available is_ucc_available is_xccl_available get_default_backend_for_device',
  ],
  [
    () => require('./collectives'),
    'all_gather all_gather_into_tensor all_gather_single all_reduce all_to_all all_to_all_single barrier broadcast gather monitored_barrier reduce reduce_scatter reduce_scatter_single reduce_scatter_tensor scatter',
  ],
  [
    () => require('./init'),
    'destroy_process_group get_node_local_rank init_process_group is_torchelastic_launched new_group new_subgroups new_subgroups_by_enumeration',
  ],
  [() => require('./messages'), 'P2POp batch_isend_irecv irecv isend recv send'],
  [
    () => require('./objects'),
    'all_gather_object broadcast_object_list gather_object recv_object_list scatter_object_list send_object_list',
  ],
  [
    () => require('./process_group'),
    'GroupMember ProcessGroup get_backend get_backend_config get_global_rank get_group_rank get_pg_count get_process_group_ranks get_rank get_world_size group is_initialized',
  ],
  [() => require('./reduce_op'), 'ReduceOp supports_complex'],
  [() => require('./store'), 'FileStore PrefixStore Store TCPStore'],
  [() => require('./work'), 'Work'],
]);

// torchrun reports the error that ends the process.
if (process.env['TORCHELASTIC_ERROR_FILE']) require('./error_file');
