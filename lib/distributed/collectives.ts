/** Collectives of tensors. Source: torch/distributed/distributed_c10d.py. */
import { valueError } from '../bindings/errors';
import type { AsyncOptions } from '../bindings/jobs';
import { warn } from '../bindings/warnings';
import { is_available as hasGpu } from '../cuda';
import { Operator } from '../dispatch/operators';
import {
  BOOL,
  type Declared,
  INT,
  INTS,
  nullable,
  optional,
  type Positional,
  required,
  TENSOR,
  typeOf,
} from '../dispatch/signature';
import { complex64, type DType, float32, float64, uint8 } from '../tensor/dtype';
import { empty } from '../tensor/factories';
import { view_as_real } from '../tensor/functions';
import type { Tensor } from '../tensor/tensor';
import { Backend } from './backend';
import { defaultTimeout } from './construction';
import { defineAsync, defineCollective, launch } from './launch';
import {
  canonicalRank,
  defaultGroup,
  type Group,
  type GroupState,
  get_backend,
  group_,
  isMember,
  NON_GROUP_MEMBER,
  notInGroup,
  ProcessGroup,
} from './process_group';
import { ReduceOp, supports_complex } from './reduce_op';
import { TIMEOUT } from './store';
import type { Work } from './work';

// PREMUL_SUM needs a factor, which only a private function of Python gives it.
const REDUCE_OP = typeOf<ReduceOp>(
  'a ReduceOp other than PREMUL_SUM',
  (value) => value instanceof ReduceOp && value !== ReduceOp.PREMUL_SUM,
);
const TENSORS = typeOf<readonly Tensor[]>(
  'an array of Tensors',
  (value) => Array.isArray(value) && value.every((each) => TENSOR.accepts(each)),
);
export const RANK = nullable(INT);

const tensor = required(TENSOR);
const async_op = optional(BOOL, false);
const op = optional(REDUCE_OP, ReduceOp.SUM);
const group = group_;

/** Options that all collectives have. */
export interface CollectiveOptions extends AsyncOptions {
  /** Default: null, the default group */
  group?: Group | null;
  /** Whether to return a {@link Work} at once, instead of a promise of the end. Default: false */
  async_op?: boolean;
}

/** Options of collectives that combine tensors. */
export interface ReduceOptions extends CollectiveOptions {
  /** Default: `ReduceOp.SUM` */
  op?: ReduceOp;
}

/** What a collective returns: a promise, or a Work with `async_op: true`. Null if this process is not in the group. */
export interface Collective<
  Required extends readonly unknown[],
  Optional extends readonly (keyof Options)[],
  Options,
> {
  (...args: [...Required, options: Options & { async_op: true }]): Work | null;
  (...args: Positional<Required, Optional, Options & { async_op?: false }>): Promise<void>;
}

/** Gloo and NCCL know no complex numbers: they get their real and imaginary parts. */
export const real = (each: Tensor): Tensor => (each.is_complex() ? view_as_real(each) : each);

/** @throws RangeError (ValueError) unless all tensors have one dtype; a complex one may meet its real one */
function checkSameDType(...lists: (Tensor | readonly Tensor[])[]): void {
  let last: DType | undefined;
  for (const each of lists.flat() as Tensor[]) {
    const complex = each.dtype === complex64 ? float32 : float64;
    const own = each.dtype.is_complex ? complex : each.dtype;
    last ??= own;
    if (last !== own) {
      throw valueError(
        `Invalid usage of tensors with different dtypesFound ${last} and  ${each.dtype}`,
      );
    }
  }
}

const operator = (name: string): Operator => new Operator(`c10d::${name}`);
/** The time-out of the group. */
const OWN_TIMEOUT = -1;

const ALLREDUCE = operator('allreduce_');
const BROADCAST = operator('broadcast_');
const REDUCE = operator('reduce_');
const ALLGATHER = operator('allgather_');
const ALLGATHER_SINGLE = operator('_allgather_base_');
const GATHER = operator('gather_');
const SCATTER = operator('scatter_');
const REDUCE_SCATTER = operator('reduce_scatter_');
const REDUCE_SCATTER_SINGLE = operator('_reduce_scatter_base_');
const ALLTOALL = operator('alltoall_');
const ALLTOALL_SINGLE = operator('alltoall_base_');
const BARRIER = operator('barrier');
const MONITORED_BARRIER = operator('monitored_barrier_');

/**
 * Combines a tensor of all processes, element by element. Each gets the result in its tensor.
 *
 * See https://docs.pytorch.org/docs/stable/distributed.html#torch.distributed.all_reduce
 *
 * @throws RangeError (ValueError) if the operation cannot combine complex tensors; TorchError (RuntimeError) if the backend
 *   cannot combine the dtype, or a process fails
 */
export const all_reduce: Collective<[tensor: Tensor], ['op', 'group'], ReduceOptions> =
  defineCollective('all_reduce', { tensor, op, group, async_op }, (v, { signal }) => {
    if (!isMember(v.group)) return notInGroup('all_reduce');
    if (v.tensor.is_complex() && !supports_complex(v.op)) {
      throw valueError(`all_reduce does not support ${v.op} on complex tensors`);
    }
    const args = [[real(v.tensor)], v.group ?? defaultGroup(), v.op, null, v.async_op, OWN_TIMEOUT];
    return launch(ALLREDUCE, args, { signal, outputs: [v.tensor] });
  });

/**
 * Sends a tensor of one process to all. One of `src` and `group_src` must be given.
 *
 * See https://docs.pytorch.org/docs/stable/distributed.html#torch.distributed.broadcast
 */
export const broadcast: Collective<
  [tensor: Tensor],
  ['src', 'group'],
  CollectiveOptions & { src?: number | null; group_src?: number | null }
> = defineCollective(
  'broadcast',
  { tensor, src: RANK, group, async_op, group_src: RANK },
  (v, { signal }) => {
    const members = v.group ?? defaultGroup();
    const source = canonicalRank(members, v.src, v.group_src);
    if (!isMember(members)) return notInGroup('broadcast');
    const args = [[real(v.tensor)], members, source, 0, v.async_op, OWN_TIMEOUT];
    return launch(BROADCAST, args, { signal, outputs: [v.tensor] });
  },
);

/**
 * Combines a tensor of all processes. The process `dst` gets the result in its tensor.
 *
 * See https://docs.pytorch.org/docs/stable/distributed.html#torch.distributed.reduce
 */
export const reduce: Collective<
  [tensor: Tensor],
  ['dst', 'op', 'group'],
  ReduceOptions & { dst?: number | null; group_dst?: number | null }
> = defineCollective(
  'reduce',
  { tensor, dst: RANK, op, group, async_op, group_dst: RANK },
  (v, { signal }) => {
    const members = v.group ?? defaultGroup();
    const target = canonicalRank(members, v.dst, v.group_dst);
    if (!isMember(members)) return notInGroup('reduce');
    const args = [[v.tensor], members, v.op, target, 0, v.async_op, OWN_TIMEOUT];
    return launch(REDUCE, args, { signal, outputs: [v.tensor] });
  },
);

/**
 * Gathers a tensor of each process in a list, which all get. The tensors may have different sizes.
 *
 * See https://docs.pytorch.org/docs/stable/distributed.html#torch.distributed.all_gather
 */
export const all_gather: Collective<
  [tensor_list: readonly Tensor[], tensor: Tensor],
  ['group'],
  CollectiveOptions
> = defineCollective(
  'all_gather',
  { tensor_list: required(TENSORS), tensor, group, async_op },
  (v, { signal }) => {
    checkSameDType(v.tensor_list, v.tensor);
    if (!isMember(v.group)) return notInGroup('all_gather');
    const members = v.group ?? defaultGroup();
    const args = [[v.tensor_list.map(real)], [real(v.tensor)], members, v.async_op, OWN_TIMEOUT];
    return launch(ALLGATHER, args, { signal, outputs: v.tensor_list });
  },
);

type Single = Collective<
  [output_tensor: Tensor, input_tensor: Tensor],
  ['group'],
  CollectiveOptions
>;

const GATHER_SINGLE = {
  output_tensor: required(TENSOR),
  input_tensor: required(TENSOR),
  group,
  async_op,
};

function gatherSingle(
  v: { output_tensor: Tensor; input_tensor: Tensor; group: Group | null; async_op: boolean },
  { signal }: AsyncOptions,
): Work | null {
  if (!isMember(v.group)) return notInGroup('all_gather_single');
  const members = v.group ?? defaultGroup();
  const args = [real(v.output_tensor), real(v.input_tensor), members, v.async_op, OWN_TIMEOUT];
  return launch(ALLGATHER_SINGLE, args, { signal, outputs: [v.output_tensor] });
}

/**
 * Gathers a tensor of each process in one tensor, which all get: one after another along the first dimension, or stacked.
 *
 * See https://docs.pytorch.org/docs/stable/distributed.html#torch.distributed.all_gather_single
 */
export const all_gather_single: Single = defineCollective(
  'all_gather_single',
  GATHER_SINGLE,
  gatherSingle,
);

function deprecated(name: string, replacement: string): void {
  warn(
    `\`torch.distributed.${name}\` is deprecated. Please use \`torch.distributed.${replacement}\` instead.`,
    'FutureWarning',
    'user',
  );
}

/** The former name of {@link all_gather_single}. */
export const all_gather_into_tensor: Single = defineCollective(
  'all_gather_into_tensor',
  GATHER_SINGLE,
  (v, options) => {
    deprecated('all_gather_into_tensor', 'all_gather_single');
    return gatherSingle(v, options);
  },
);

/** Checks that a list of tensors is given to the process that needs it, and to no other. */
export function checkGatherList(isTarget: boolean, list: readonly unknown[] | null): void {
  const isGiven = list !== null && list.length > 0;
  if (isTarget && !isGiven) {
    throw valueError('Argument ``gather_list`` must be specified on destination rank.');
  }
  if (!isTarget && isGiven) {
    throw valueError('Argument ``gather_list`` must NOT be specified on non-destination ranks.');
  }
}

const LIST = nullable(TENSORS);

/**
 * Gathers a tensor of each process in a list of the process `dst`, by default the first.
 *
 * See https://docs.pytorch.org/docs/stable/distributed.html#torch.distributed.gather
 */
export const gather: Collective<
  [tensor: Tensor],
  ['gather_list', 'dst', 'group'],
  CollectiveOptions & {
    gather_list?: readonly Tensor[] | null;
    dst?: number | null;
    group_dst?: number | null;
  }
> = defineCollective(
  'gather',
  { tensor, gather_list: LIST, dst: RANK, group, async_op, group_dst: RANK },
  (v, { signal }) => {
    const list = v.gather_list ?? [];
    checkSameDType(v.tensor, list);
    const members = v.group ?? defaultGroup();
    if (!isMember(members)) return notInGroup('gather');
    const dst = v.dst === null && v.group_dst === null ? 0 : v.dst;
    const target = canonicalRank(members, dst, v.group_dst);
    const isTarget = target === members.rank();
    checkGatherList(isTarget, list);
    const args = [isTarget ? [list] : [], [v.tensor], members, target, v.async_op, OWN_TIMEOUT];
    return launch(GATHER, args, { signal, outputs: list });
  },
);

/**
 * Sends each process its tensor of a list that the process `src` has, by default the first.
 *
 * See https://docs.pytorch.org/docs/stable/distributed.html#torch.distributed.scatter
 */
export const scatter: Collective<
  [tensor: Tensor],
  ['scatter_list', 'src', 'group'],
  CollectiveOptions & {
    scatter_list?: readonly Tensor[] | null;
    src?: number | null;
    group_src?: number | null;
  }
> = defineCollective(
  'scatter',
  { tensor, scatter_list: LIST, src: RANK, group, async_op, group_src: RANK },
  (v, { signal }) => {
    const list = v.scatter_list ?? [];
    checkSameDType(v.tensor, list);
    const members = v.group ?? defaultGroup();
    const src = v.src === null && v.group_src === null ? 0 : v.src;
    const source = canonicalRank(members, src, v.group_src);
    if (!isMember(members)) return notInGroup('scatter');
    const isSource = source === members.rank();
    if (isSource && list.length === 0) {
      throw valueError('Argument ``scatter_list`` must be specified on source rank.');
    }
    if (!isSource && list.length > 0) {
      throw valueError('Argument ``scatter_list`` must NOT be specified on non-source ranks.');
    }
    const inputs = isSource ? [list.map(real)] : [];
    const args = [[real(v.tensor)], inputs, members, source, v.async_op, OWN_TIMEOUT];
    return launch(SCATTER, args, { signal, outputs: [v.tensor] });
  },
);

/**
 * Combines lists of tensors, of which each process gets one.
 *
 * See https://docs.pytorch.org/docs/stable/distributed.html#torch.distributed.reduce_scatter
 */
export const reduce_scatter: Collective<
  [output: Tensor, input_list: readonly Tensor[]],
  ['op', 'group'],
  ReduceOptions
> = defineCollective(
  'reduce_scatter',
  { output: required(TENSOR), input_list: required(TENSORS), op, group, async_op },
  (v, { signal }) => {
    checkSameDType(v.output, v.input_list);
    if (!isMember(v.group)) return notInGroup('reduce_scatter');
    const members = v.group ?? defaultGroup();
    const args = [[v.output], [v.input_list], members, v.op, v.async_op, OWN_TIMEOUT];
    return launch(REDUCE_SCATTER, args, { signal, outputs: [v.output] });
  },
);

type ScatterSingle = Collective<[output: Tensor, input: Tensor], ['op', 'group'], ReduceOptions>;

const SCATTER_SINGLE = { output: required(TENSOR), input: required(TENSOR), op, group, async_op };

function scatterSingle(
  v: { output: Tensor; input: Tensor; op: ReduceOp; group: Group | null; async_op: boolean },
  { signal }: AsyncOptions,
): Work | null {
  if (!isMember(v.group)) return notInGroup('reduce_scatter_single');
  const args = [v.output, v.input, v.group ?? defaultGroup(), v.op, v.async_op, OWN_TIMEOUT];
  return launch(REDUCE_SCATTER_SINGLE, args, { signal, outputs: [v.output] });
}

/**
 * Combines a tensor of all processes. Each gets its part of the result.
 *
 * See https://docs.pytorch.org/docs/stable/distributed.html#torch.distributed.reduce_scatter_single
 */
export const reduce_scatter_single: ScatterSingle = defineCollective(
  'reduce_scatter_single',
  SCATTER_SINGLE,
  scatterSingle,
);

/** The former name of {@link reduce_scatter_single}. */
export const reduce_scatter_tensor: ScatterSingle = defineCollective(
  'reduce_scatter_tensor',
  SCATTER_SINGLE,
  (v, options) => {
    deprecated('reduce_scatter_tensor', 'reduce_scatter_single');
    return scatterSingle(v, options);
  },
);

/**
 * Sends each process a tensor of a list, and gathers what the others send.
 *
 * See https://docs.pytorch.org/docs/stable/distributed.html#torch.distributed.all_to_all
 */
export const all_to_all: Collective<
  [output_tensor_list: readonly Tensor[], input_tensor_list: readonly Tensor[]],
  ['group'],
  CollectiveOptions
> = defineCollective(
  'all_to_all',
  { output_tensor_list: required(TENSORS), input_tensor_list: required(TENSORS), group, async_op },
  (v, { signal }) => {
    if (!isMember(v.group)) return notInGroup('all_to_all');
    checkSameDType(v.output_tensor_list, v.input_tensor_list);
    const members = v.group ?? defaultGroup();
    const [outputs, inputs] = [v.output_tensor_list.map(real), v.input_tensor_list.map(real)];
    const args = [outputs, inputs, members, v.async_op, OWN_TIMEOUT];
    return launch(ALLTOALL, args, { signal, outputs: v.output_tensor_list });
  },
);

const SIZES: Declared<readonly number[] | null> & { default: null } = {
  ...nullable(INTS),
  default: null,
};

/**
 * Sends each process a part of a tensor, and gathers what the others send in another.
 *
 * See https://docs.pytorch.org/docs/stable/distributed.html#torch.distributed.all_to_all_single
 */
export const all_to_all_single: Collective<
  [output: Tensor, input: Tensor],
  ['output_split_sizes', 'input_split_sizes', 'group'],
  CollectiveOptions & {
    /** The sizes, along the first dimension, of what comes from each process. Default: null, equal sizes */
    output_split_sizes?: readonly number[] | null;
    /** The sizes of what goes to each process. Default: null, equal sizes */
    input_split_sizes?: readonly number[] | null;
  }
> = defineCollective(
  'all_to_all_single',
  {
    output: required(TENSOR),
    input: required(TENSOR),
    output_split_sizes: SIZES,
    input_split_sizes: SIZES,
    group,
    async_op,
  },
  (v, { signal }) => {
    if (!isMember(v.group)) return notInGroup('all_to_all_single');
    checkSameDType(v.output, v.input);
    const sizes = [v.output_split_sizes ?? [], v.input_split_sizes ?? []];
    const members = v.group ?? defaultGroup();
    const args = [real(v.output), real(v.input), members, ...sizes, v.async_op, OWN_TIMEOUT];
    return launch(ALLTOALL_SINGLE, args, { signal, outputs: [v.output] });
  },
);

function currentDevice({ config, rank }: GroupState): string {
  if (!hasGpu() || config.has('cpu')) return 'cpu';
  if (rank === 0) {
    warn(
      'barrier(): using the device under current context. You can specify `device_id` in `init_process_group` to mute this warning.',
      'UserWarning',
      'user',
    );
  }
  return 'cuda';
}

/** Options of {@link barrier}. */
export interface BarrierOptions extends CollectiveOptions {
  /** The CUDA devices to wait on; one is expected. Default: null */
  device_ids?: readonly number[] | null;
  /** Milliseconds. Default: null, the time-out of the group */
  timeout?: number | null;
}

/**
 * Waits until all processes have called it.
 *
 * See https://docs.pytorch.org/docs/stable/distributed.html#torch.distributed.barrier
 */
export const barrier: Collective<[], ['group'], BarrierOptions> = defineCollective(
  'barrier',
  {
    group,
    async_op,
    device_ids: SIZES,
    timeout: nullable(TIMEOUT),
  },
  (v, { signal }) => {
    const members = v.group ?? defaultGroup();
    if (!isMember(members)) return notInGroup('barrier');
    const state = ProcessGroup._stateOf(members as ProcessGroup);
    const device = v.device_ids
      ? `${hasGpu() ? 'cuda' : 'cpu'}:${v.device_ids[0]}`
      : (state.boundDevice ?? currentDevice(state));
    const signalled = empty([1], { dtype: uint8, device });
    const args = [signalled, members, v.device_ids ?? [], v.async_op, v.timeout ?? OWN_TIMEOUT];
    return launch(BARRIER, args, { signal });
  },
);

/** Options of {@link monitored_barrier}. */
export interface MonitoredBarrierOptions extends AsyncOptions {
  group?: Group | null;
  /** Milliseconds. Default: null, 30 minutes */
  timeout?: number | null;
  /** Whether the error names all processes that did not come, and not only the first. Default: false */
  wait_all_ranks?: boolean;
}

/**
 * Waits until all processes have called it. If one does not come in time, the first process gets an error that names it. Gloo
 * only.
 *
 * See https://docs.pytorch.org/docs/stable/distributed.html#torch.distributed.monitored_barrier
 */
export const monitored_barrier: (
  ...args: Positional<[], ['group'], MonitoredBarrierOptions>
) => Promise<void> = defineAsync(
  'monitored_barrier',
  {
    group,
    timeout: nullable(TIMEOUT),
    wait_all_ranks: optional(BOOL, false),
  },
  async (v, { signal }) => {
    if (v.group === NON_GROUP_MEMBER) {
      notInGroup('monitored_barrier');
      return;
    }
    const backend = get_backend(v.group);
    if (backend !== Backend.GLOO) {
      throw valueError('monitored_barrier is only implemented for GLOO backend.');
    }
    const timeout = v.timeout ?? defaultTimeout(backend);
    const args = [empty([0]), v.group ?? defaultGroup(), [], Math.trunc(timeout), v.wait_all_ranks];
    await launch(MONITORED_BARRIER, args, { signal }).wait();
  },
);
