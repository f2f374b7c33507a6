/** Groups of some of the processes: `new_group` and `new_subgroups`. Source: torch/distributed/distributed_c10d.py. */
import { assertionError, valueError } from '../bindings/errors';
import type { AsyncOptions } from '../bindings/jobs';
import { native } from '../bindings/native';
import { outside } from '../bindings/outside';
import { device_count } from '../cuda';
import {
  BOOL,
  DEVICE,
  INT,
  INTS,
  nullable,
  optional,
  type Positional,
  required,
  STRING,
  typeOf,
} from '../dispatch/signature';
import { type DeviceLike, device as deviceOf } from '../tensor/device';
import {
  defaultTimeout,
  hasInitBarrier,
  makeGroup,
  NULL,
  nameOf,
  storeBarrier,
} from './construction';
import { abortable, defineAsync } from './launch';
import {
  defaultGroup,
  GROUP,
  type Group,
  get_process_group_ranks,
  get_rank,
  get_world_size,
  NON_GROUP_MEMBER,
  ProcessGroup,
} from './process_group';
import { TIMEOUT, wrapStore } from './store';

/** Options of {@link new_group}. */
export interface NewGroupOptions extends AsyncOptions {
  /** The members' ranks in the default group. Default: null, all */
  ranks?: readonly number[] | null;
  /** Milliseconds. Default: null, as of `init_process_group` */
  timeout?: number | null;
  /** Default: null, that of the default group */
  backend?: string | null;
  pg_options?: null;
  /** Whether only members make the group. Default: false, all processes call `new_group` */
  use_local_synchronization?: boolean;
  group_desc?: string | null;
  device_id?: DeviceLike | null;
  /** Whether the members are numbered in the order of their ranks in the default group. Default: true */
  sort_ranks?: boolean;
}

const NEW_GROUP = {
  ranks: nullable(INTS),
  timeout: nullable(TIMEOUT),
  backend: nullable(STRING),
  pg_options: optional<null>(NULL, null),
  use_local_synchronization: optional(BOOL, false),
  group_desc: nullable(STRING),
  device_id: nullable(DEVICE),
  sort_ranks: optional(BOOL, true),
};

/**
 * Makes a group of some of the processes. All processes of the default group call it, in the same order.
 *
 * See https://docs.pytorch.org/docs/stable/distributed.html#torch.distributed.new_group
 *
 * @returns the group; `GroupMember.NON_GROUP_MEMBER` if this process is not in it, or null with
 *   `use_local_synchronization`
 * @throws RangeError (ValueError) for wrong ranks
 */
export const new_group: (
  ...args: Positional<[], ['ranks'], NewGroupOptions>
) => Promise<Group | null> = defineAsync('new_group', NEW_GROUP, (values, { signal }) =>
  abortable(newGroup(values as NewGroupValues), signal),
);

type NewGroupValues = {
  [K in keyof Required<Omit<NewGroupOptions, 'signal'>>]: Exclude<NewGroupOptions[K], undefined>;
};

function checkRanks(ranks: readonly number[], size: number): void {
  if (new Set(ranks).size !== ranks.length) {
    throw valueError(`ranks list must not contain duplicate entries, got [${ranks.join(', ')}]`);
  }
  if (ranks.length > size) {
    throw valueError(
      "the new group's world size should be less or equal to the world size set by init_process_group",
    );
  }
  const wrong = ranks.find((rank) => rank < 0 || rank >= size);
  if (wrong === undefined) return;
  throw valueError(
    `Rank ${wrong} is out of range. Valid ranks are 0 to ${size - 1} (world_size=${size})`,
  );
}

async function newGroup(values: NewGroupValues): Promise<Group | null> {
  const whole = defaultGroup();
  const state = ProcessGroup._stateOf(whole);
  const device = values.device_id === null ? state.boundDevice : deviceOf(values.device_id).name;
  if (state.boundDevice !== null && device !== state.boundDevice) {
    throw assertionError('Mismatched bound device between new pg and the default pg.');
  }
  const backend = (values.backend || state.backend).toLowerCase();
  const timeout = values.timeout ?? defaultTimeout(backend);
  const isLocal = values.use_local_synchronization;
  if (isLocal && values.ranks && !values.ranks.includes(whole.rank())) return null;
  let ranks = values.ranks ?? state.ranks;
  if (values.ranks && values.sort_ranks) ranks = [...ranks].sort((a, b) => a - b);
  checkRanks(ranks, whole.size());
  const name = nameOf(ranks, isLocal);
  const rank = ranks.indexOf(whole.rank());
  const wholeStore = wrapStore(native.dist_group_store(whole.native));
  try {
    if (rank < 0) {
      if (state.boundDevice !== null) await outside(() => native.dist_leave_out(whole.native));
      if (hasInitBarrier())
        await storeBarrier(whole.rank(), wholeStore, name, whole.size(), timeout);
      return NON_GROUP_MEMBER;
    }
    const made = await makeGroup({
      backend,
      store: wholeStore,
      name,
      description: values.group_desc ?? 'undefined',
      rank,
      ranks,
      isDefault: false,
      timeout,
      boundDevice: device === null ? null : deviceOf(device),
      whole,
    });
    if (!hasInitBarrier()) return made;
    const ownStore = wrapStore(native.dist_group_store(made.native));
    const [store, size] = isLocal ? [ownStore, ranks.length] : [wholeStore, whole.size()];
    await storeBarrier(whole.rank(), store, name, size, timeout);
    await ownStore.close();
    return made;
  } finally {
    await wholeStore.close();
  }
}

/** Options of {@link new_subgroups}. */
export interface SubgroupsOptions
  extends Omit<
    NewGroupOptions,
    'ranks' | 'use_local_synchronization' | 'device_id' | 'sort_ranks'
  > {
  /** The number of processes in each. Default: null, the number of CUDA devices */
  group_size?: number | null;
  /** The group that is divided. Default: null, the default group */
  group?: Group | null;
}

/** The group of this process, and all of them. */
export type Subgroups = [current: Group | null, subgroups: (Group | null)[]];

const SUBGROUP = {
  timeout: NEW_GROUP.timeout,
  backend: NEW_GROUP.backend,
  pg_options: NEW_GROUP.pg_options,
  group_desc: NEW_GROUP.group_desc,
};

/**
 * Divides a group into groups of equal size. All processes call it.
 *
 * See https://docs.pytorch.org/docs/stable/distributed.html#torch.distributed.new_subgroups
 */
export const new_subgroups: (
  ...args: Positional<[], ['group_size', 'group'], SubgroupsOptions>
) => Promise<Subgroups> = defineAsync(
  'new_subgroups',
  {
    group_size: nullable(INT),
    group: optional<Group | null>(GROUP, null),
    ...SUBGROUP,
  },
  async ({ group_size, group, ...others }) => {
    const size = group_size ?? device_count();
    if (group_size === null && size === 0) {
      throw valueError(
        "Default group size only takes effect when CUDA is available.If your subgroup using a backend that does not depend on CUDA,please pass in 'group_size' correctly.",
      );
    }
    if (size <= 0) throw valueError(`The arg 'group_size' (${size}) must be positive`);
    const whole = get_world_size(group);
    if (whole < size) {
      throw valueError(`The arg 'group_size' (${size}) must not exceed the world size (${whole})`);
    }
    if (whole % size !== 0) {
      throw valueError(`The world size (${whole}) must be divisible by 'group_size=${size}'`);
    }
    const ranks = get_process_group_ranks(group);
    const parts = Array.from({ length: whole / size }, (_, index) =>
      ranks.slice(index * size, (index + 1) * size),
    );
    return enumerate(parts, others);
  },
);

const LISTS = typeOf<readonly (readonly number[])[]>(
  'an array of arrays of integers',
  (value) => Array.isArray(value) && value.every((each) => INTS.accepts(each)),
);

/**
 * Makes a group of each list of ranks. All processes call it.
 *
 * See https://docs.pytorch.org/docs/stable/distributed.html#torch.distributed.new_subgroups_by_enumeration
 */
export const new_subgroups_by_enumeration: (
  ranks_per_subgroup_list: readonly (readonly number[])[],
  options?: Omit<SubgroupsOptions, 'group_size' | 'group'>,
) => Promise<Subgroups> = defineAsync(
  'new_subgroups_by_enumeration',
  { ranks_per_subgroup_list: required(LISTS), ...SUBGROUP },
  ({ ranks_per_subgroup_list, ...others }) => enumerate(ranks_per_subgroup_list, others),
);

async function enumerate(
  lists: readonly (readonly number[])[],
  others: Pick<NewGroupValues, keyof typeof SUBGROUP>,
): Promise<Subgroups> {
  if (lists.length === 0) {
    throw valueError("The arg 'ranks_per_subgroup_list' cannot be empty");
  }
  const text = (ranks: readonly number[]): string => `[${ranks.join(', ')}]`;
  const groups: (Group | null)[] = [];
  const places = new Map<number, readonly number[]>();
  let current: Group | null = null;
  for (const ranks of lists) {
    const group = await new_group({ ...others, ranks });
    groups.push(group);
    for (const rank of ranks) {
      const before = places.get(rank);
      if (before) {
        throw valueError(
          `Rank ${rank} has appeared in both subgroup ${text(before)} and ${text(ranks)}`,
        );
      }
      places.set(rank, ranks);
      if (rank === get_rank()) current = group;
    }
  }
  return [current, groups];
}
