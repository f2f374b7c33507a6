/** The options of DistributedDataParallel, and what it warns of. Source: torch/nn/parallel/distributed.py. */
import { warn } from '../../bindings/warnings';
import {
  BOOL,
  DEVICE,
  FLOAT,
  INT,
  NUMBERS,
  nullable,
  optional,
  required,
  Signature,
  typeOf,
} from '../../dispatch/signature';
import { GROUP, type Group, type ProcessGroup } from '../../distributed/process_group';
import type { DeviceLike } from '../../tensor/device';
import { MODULE } from '../modules/module';

/** Options of {@link DistributedDataParallel.create}. */
export interface DistributedDataParallelOptions {
  /** The CUDA device of the module, in an array of one. Default: null, for a module on the CPU or on several devices */
  device_ids?: readonly DeviceLike[] | null | undefined;
  output_device?: DeviceLike | null | undefined;
  dim?: number | undefined;
  /** The former name of `forward_sync_buffers`, which also excludes buffers from `init_sync`. Default: null */
  broadcast_buffers?: boolean | null | undefined;
  /** Whether all processes get the parameters and buffers of the first. Default: true */
  init_sync?: boolean | undefined;
  /** Default: null, the default group */
  process_group?: ProcessGroup | null | undefined;
  /** The size of the buckets in which gradients are combined, in MiB. Default: null, which is 25 */
  bucket_cap_mb?: number | null | undefined;
  /** Whether some parameters may have no part in the outputs. Default: false */
  find_unused_parameters?: boolean | undefined;
  check_reduction?: boolean | undefined;
  /** Whether gradients are views of the buckets, which saves a copy. Default: false */
  gradient_as_bucket_view?: boolean | undefined;
  /** Promises that every iteration uses the same parameters in the same way. Default: false */
  static_graph?: boolean | undefined;
  delay_all_reduce_named_params?: null | undefined;
  param_to_hook_all_reduce?: null | undefined;
  mixed_precision?: null | undefined;
  device_mesh?: null | undefined;
  /** Leaves out parameters that no process uses, which must be the same in all iterations. Default: false */
  skip_all_reduce_unused_params?: boolean | undefined;
  /** The size of each bucket, in MiB. Default: null */
  bucket_cap_mb_list?: readonly number[] | null | undefined;
  /** Whether the gradients of a bucket are copied together. Default: false */
  batched_grad_copy?: boolean | undefined;
  /** Whether each forward begins with the buffers of the first process. Default: null, which is true */
  forward_sync_buffers?: boolean | null | undefined;
}

/** What Python has and this package has not: it must be left out. */
const absent = optional<null>(
  typeOf<null>('null: it is not supported', (value) => value === null),
  null,
);
const DEVICES = typeOf<readonly DeviceLike[]>(
  'an array of devices',
  (value) => Array.isArray(value) && value.every(DEVICE.accepts),
);

export const SIGNATURE = new Signature('DistributedDataParallel', {
  module: required(MODULE),
  device_ids: nullable(DEVICES),
  output_device: nullable(DEVICE),
  dim: optional(INT, 0),
  broadcast_buffers: nullable(BOOL),
  init_sync: optional(BOOL, true),
  process_group: optional<Group | null>(GROUP, null),
  bucket_cap_mb: nullable(FLOAT),
  find_unused_parameters: optional(BOOL, false),
  check_reduction: optional(BOOL, false),
  gradient_as_bucket_view: optional(BOOL, false),
  static_graph: optional(BOOL, false),
  delay_all_reduce_named_params: absent,
  param_to_hook_all_reduce: absent,
  mixed_precision: absent,
  device_mesh: absent,
  skip_all_reduce_unused_params: optional(BOOL, false),
  bucket_cap_mb_list: nullable(NUMBERS),
  batched_grad_copy: optional(BOOL, false),
  forward_sync_buffers: nullable(BOOL),
});

export type Values = ReturnType<typeof SIGNATURE.read>;

/** Warns as Python does. */
export function warnOf({ broadcast_buffers, forward_sync_buffers, ...values }: Values): void {
  if (broadcast_buffers !== null && forward_sync_buffers !== null) {
    warn(
      'Both `broadcast_buffers` and `forward_sync_buffers` were specified. `broadcast_buffers` is deprecated and its value is ignored when `forward_sync_buffers` is provided.',
      'FutureWarning',
      'user',
    );
  } else if (broadcast_buffers !== null) {
    warn(
      '`broadcast_buffers` is deprecated. Use `forward_sync_buffers` instead. IMPORTANT: unlike `broadcast_buffers=False`, `forward_sync_buffers=False` still syncs buffers at init. If you rely on buffers NOT being synced at init (e.g. rank-local buffers), keep using `broadcast_buffers=False` until `init_sync_buffers` is available.',
      'FutureWarning',
      'user',
    );
  }
  if (values.check_reduction) {
    warn(
      'The `check_reduction` argument in `DistributedDataParallel` module is deprecated. Please avoid using it.',
      'FutureWarning',
      'user',
    );
  }
  if (values.static_graph && values.find_unused_parameters) {
    warn(
      'You passed find_unused_parameters=true to DistributedDataParallel, `_set_static_graph` will detect unused parameters automatically, so you do not need to set find_unused_parameters=true, just be sure these unused parameters will not change during training loop while calling `_set_static_graph`.',
      'UserWarning',
      'user',
    );
  }
}
