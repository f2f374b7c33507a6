/** Makes and ends process groups. Source: torch/distributed/distributed_c10d.py. */
import { createHash } from 'node:crypto';
import { isMainThread, threadId } from 'node:worker_threads';
import { assertionError, createError, runtimeError, valueError } from '../bindings/errors';
import type { AsyncOptions } from '../bindings/jobs';
import { native } from '../bindings/native';
import { outside } from '../bindings/outside';
import { warn } from '../bindings/warnings';
import { device_count } from '../cuda';
import { describe, fail } from '../dispatch/arguments';
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
import { type Device, type DeviceLike, device as deviceOf, hasAccelerator } from '../tensor/device';
import { repr } from '../utils/python';
import {
  Backend,
  backendConfig,
  checkBackend,
  DEFAULT_BACKENDS,
  defaultBackendOf,
  is_nccl_available,
} from './backend';
import { abortable, defineAsync } from './launch';
import {
  defaultGroup,
  GROUP,
  type Group,
  get_process_group_ranks,
  get_rank,
  get_world_size,
  group_,
  NON_GROUP_MEMBER,
  ProcessGroup,
  world,
} from './process_group';
import { leave, rendezvous } from './rendezvous';
import { PrefixStore, STORE, type Store, TIMEOUT, wrapStore } from './store';

const TIMEOUT_OF_NCCL = 10 * 60 * 1000;
/** The time-out, in milliseconds, of a group that is given none, unless its backend is NCCL. */
export const default_pg_timeout = 30 * 60 * 1000;

/** Returns the time-out, in milliseconds, of a group that is given none. */
export function defaultTimeout(backend: string): number {
  if (backend !== Backend.NCCL) return default_pg_timeout;
  if (is_nccl_available()) return TIMEOUT_OF_NCCL;
  warn(
    'Attempted to get default timeout for nccl backend, but NCCL support is not compiled',
    'UserWarning',
    'user',
  );
  return default_pg_timeout;
}

/** The store that `init_process_group` made, and closes at the end. */
let ownStore: Store | undefined;
/** The part of it that the default group uses. */
let ownPart: Store | undefined;
/** Whether `init_process_group` goes on. */
let isInitializing = false;

// --- one group ------------------------------------------------------------------------------------------------------

interface Description {
  readonly backend: string;
  readonly store: Store;
  readonly name: string;
  readonly description: string;
  readonly rank: number;
  /** The ranks of the members in the default group. */
  readonly ranks: readonly number[];
  readonly isDefault: boolean;
  readonly timeout: number;
  readonly boundDevice: Device | null;
  /** The default group, unless this is it. */
  readonly whole: ProcessGroup | null;
}

async function makeGroup(wanted: Description): Promise<ProcessGroup> {
  const { backend, name, description, rank, ranks, isDefault, timeout, boundDevice } = wanted;
  if ([...world.groups].some((each) => each.group_name === name)) {
    throw valueError(
      'The specified group name has already been created, please use a different group name',
    );
  }
  if (boundDevice && (boundDevice.index === null || boundDevice.type === 'cpu')) {
    throw valueError('init_process_group device_id parameter must be an accelerator with an index');
  }
  const config = backendConfig(backend);
  const defaultBackend = defaultBackendOf(backend, config);
  for (const each of config.values()) checkBackend(each);
  const handle = await outside(() =>
    native.dist_new_group(
      wanted.store.native,
      name,
      description,
      rank,
      ranks.length,
      isDefault ? [] : ranks,
      timeout,
      boundDevice?.name ?? null,
      [...config.keys()],
      [...config.values()],
      defaultBackend,
      wanted.whole?.native ?? null,
    ),
  );
  const group = ProcessGroup._of({
    native: handle,
    name,
    description,
    backend,
    defaultBackend,
    config,
    ranks,
    rank,
    boundDevice: boundDevice?.name ?? null,
  });
  world.groups.add(group);
  return group;
}

/** Names a group. Processes that are not members count it, too. */
function nameOf(ranks: readonly number[], isHashed: boolean): string {
  if (!isHashed) return `${world.count++}`;
  const text = [...ranks, world.groups.size].join('_');
  return createHash('sha1').update(text).digest('hex');
}

// --- TORCH_DIST_INIT_BARRIER ------------------------------------------------------------------------------------------

const hasInitBarrier = (): boolean => Number(process.env['TORCH_DIST_INIT_BARRIER'] ?? 0) === 1;

const DISTRIBUTED_ERROR = 'DistStoreError';

async function storeBarrier(
  rank: number,
  store: Store,
  name: string,
  size: number,
  timeout: number,
): Promise<void> {
  const key = `store_based_barrier_key:${name}`;
  await store.add(key, 1);
  if ((await store.add(key, 0)) === size) await store.set(`${key}:last_worker`, '1');
  const interval = Math.max(10_000, 10_000 + size);
  const start = Date.now();
  for (;;) {
    try {
      await store.wait([`${key}:last_worker`], Math.min(interval, timeout));
      return;
    } catch (error) {
      const joined = await store.add(key, 0);
      if (Date.now() - start < timeout) continue;
      throw createError(
        DISTRIBUTED_ERROR,
        `Timed out initializing process group in store based barrier on rank ${rank}, for key: ${key} (world_size=${size}, num_workers_joined=${joined}, timeout=${timeout} ms error=${(error as Error).message})`,
      );
    }
  }
}

// --- init_process_group -------------------------------------------------------------------------------------------------

/** Options of {@link init_process_group}. */
export interface InitOptions extends AsyncOptions {
  /** `gloo`, `nccl`, or backends by device, such as `cpu:gloo,cuda:nccl`. Default: null, by the device */
  backend?: string | null;
  /** A URL: `env://`, `tcp://HOST:PORT`, `file:///PATH`. Default: null, `env://` unless a store is given */
  init_method?: string | null;
  /** The time, in milliseconds, within which a collective has to end. Default: null: 30 minutes, for NCCL 10 */
  timeout?: number | null;
  /** The number of processes. Default: -1, by the URL or the environment */
  world_size?: number;
  /** The number of this process. Default: -1, by the URL or the environment */
  rank?: number;
  /** A store that all processes share, in place of a URL. Default: null */
  store?: Store | null;
  /** Has no effect, as in Python. */
  group_name?: string;
  /** Must be null. */
  pg_options?: null;
  /** The one CUDA device of this process. Default: null */
  device_id?: DeviceLike | null;
}

/** Returns the device, checked as Python checks it. */
function boundDevice(value: DeviceLike | null): Device | null {
  if (value === null) return null;
  if (typeof value === 'number' && !hasAccelerator()) {
    throw valueError(
      'device_id is an int, but no accelerator support is found from the current compilation. Please use a different compiled version that supports your accelerator.',
    );
  }
  const found = deviceOf(value);
  if (found.type === 'cpu') return found;
  if (found.type !== 'cuda' || !hasAccelerator()) {
    throw valueError(
      `device_id ${found.name} does not match the current compilation's accelerator support: ${hasAccelerator() ? 'cuda' : 'None'}. Please use a different compiled version that supports your accelerator.`,
    );
  }
  if (found.index === null) throw valueError('Please use a device_id with index.');
  if (found.index >= device_count()) {
    throw valueError(
      `device_id ${found.name} is out of range. Please use a device index less than the number of accelerators available: ${device_count()}.`,
    );
  }
  return found;
}

const NULL = typeOf<null>('null', (value) => value === null);

const INIT = {
  backend: nullable(STRING),
  init_method: nullable(STRING),
  timeout: nullable(TIMEOUT),
  world_size: optional(INT, -1),
  rank: optional(INT, -1),
  store: nullable(STORE),
  group_name: optional(STRING, ''),
  pg_options: optional<null>(NULL, null),
  device_id: nullable(DEVICE),
};

type InitValues = {
  [K in keyof Required<Omit<InitOptions, 'signal'>>]: Exclude<InitOptions[K], undefined>;
};

/**
 * Makes the default process group. Every process of the job calls it, those in Python too.
 *
 * ```ts
 * await dist.init_process_group({ backend: 'gloo' }); // under torchrun
 * await dist.init_process_group('gloo', 'tcp://10.0.0.1:29500', { rank: 0, world_size: 2 });
 * ```
 *
 * See https://docs.pytorch.org/docs/stable/distributed.html#torch.distributed.init_process_group
 *
 * @throws TorchError (DistNetworkError, DistStoreError) if the others are not found within the time-out; RangeError
 *   (ValueError) for a wrong URL or environment, or if there is a default group; TorchError (RuntimeError) if another thread
 *   of this process has one
 */
export const init_process_group: (
  ...args: Positional<[], ['backend', 'init_method'], InitOptions>
) => Promise<void> = defineAsync('init_process_group', INIT, (values, { signal }) =>
  abortable(initialize(values as InitValues), signal),
);

async function initialize(values: InitValues): Promise<void> {
  if (world.default || isInitializing) {
    throw valueError('trying to initialize the default process group twice!');
  }
  isInitializing = true;
  try {
    native.dist_acquire(isMainThread ? 'the main thread' : `worker thread ${threadId}`);
    await makeDefault(values);
  } catch (error) {
    await closeOwnStore();
    native.dist_release();
    throw error;
  } finally {
    isInitializing = false;
  }
}

async function makeDefault(values: InitValues): Promise<void> {
  if (values.store && values.init_method !== null) {
    throw assertionError('Cannot specify both init_method and store.');
  }
  if (values.store && values.world_size <= 0) {
    throw assertionError('world_size must be positive if using store');
  }
  if (values.store && values.rank < 0) {
    throw assertionError('rank must be non-negative if using store');
  }
  const device = boundDevice(values.device_id);
  const named = values.backend ?? (device ? DEFAULT_BACKENDS[device.type] : undefined);
  const backend = (named ?? Backend.UNDEFINED).toLowerCase();
  const timeout = values.timeout ?? defaultTimeout(backend);
  const name = nameOf([], false);
  let { store, rank, world_size } = values;
  if (!store) {
    const met = await rendezvous(values.init_method ?? 'env://', rank, world_size, timeout);
    ownStore = met.store;
    ({ rank, size: world_size } = met);
    ownStore.set_timeout(timeout);
    ownPart = new PrefixStore('default_pg', ownStore);
    store = ownPart;
  }
  checkPlace(rank, world_size);
  world.default = await makeGroup({
    backend,
    store,
    name,
    description: 'default_pg',
    rank,
    ranks: Array.from({ length: world_size }, (_, index) => index),
    isDefault: true,
    timeout,
    boundDevice: device,
    whole: null,
  });
  if (hasInitBarrier()) await storeBarrier(rank, store, name, world_size, timeout);
}

function checkPlace(rank: number, size: number): void {
  if (size <= 0) {
    throw valueError(
      `the world size must be positive, got ${size}: no process knows how many there are`,
    );
  }
  if (rank < 0 || rank >= size) {
    throw valueError(`the rank must be from 0 to ${size - 1}, got ${rank} (world_size=${size})`);
  }
}

async function closeOwnStore(): Promise<void> {
  const store = ownStore;
  const part = ownPart;
  ownStore = undefined;
  ownPart = undefined;
  await part?.close();
  if (store) await leave(store);
}

// --- destroy_process_group ----------------------------------------------------------------------------------------------

/**
 * Ends a process group, after the collectives that were started. Without an argument it ends the default group and all
 * others, and another one can be made.
 *
 * See https://docs.pytorch.org/docs/stable/distributed.html#torch.distributed.destroy_process_group
 *
 * @throws RangeError (ValueError) if the group has been ended; TorchError (AssertionError) if there is none
 */
export const destroy_process_group: (
  group?: Group | null | { group?: Group | null },
) => Promise<void> = defineAsync('destroy_process_group', { group: group_ }, async ({ group }) => {
  if (group === NON_GROUP_MEMBER) return;
  const ended = group ?? world.default;
  if (!ended) throw assertionError('Process group cannot be None');
  if (!world.groups.has(ended)) throw valueError('Invalid process group specified');
  if (ended !== world.default) {
    world.groups.delete(ended);
    await outside(() => native.dist_destroy_group(ended.native));
    return;
  }
  const all = [...world.groups].sort((a, b) => (a.group_name < b.group_name ? 1 : -1));
  world.default = null;
  world.groups.clear();
  world.count = 0;
  // One after another, in the order in which Python ends them.
  await Promise.all(all.map((each) => outside(() => native.dist_destroy_group(each.native))));
  await closeOwnStore();
  native.dist_release();
});

// --- new_group --------------------------------------------------------------------------------------------------------

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

/** Returns whether torchrun started this process. */
export const is_torchelastic_launched = (): boolean =>
  process.env['TORCHELASTIC_RUN_ID'] !== undefined;

/** Returns the rank of this process on its host, which torchrun sets, or the fallback. */
export function get_node_local_rank(fallback_rank: number | null = null): number {
  const local = process.env['LOCAL_RANK'];
  if (local !== undefined) {
    if (/^\s*[+-]?\d+\s*$/.test(local)) return Number(local);
    throw valueError(`invalid literal for int() with base 10: ${repr(local)}`);
  }
  if (fallback_rank !== null && !Number.isSafeInteger(fallback_rank)) {
    throw fail(
      { name: 'get_node_local_rank', parameters: [] },
      `argument 'fallback_rank' must be an integer or null, got ${describe(fallback_rank)}`,
    );
  }
  if (fallback_rank !== null) return fallback_rank;
  throw runtimeError(
    'LOCAL_RANK is not in the environment. Consider passing fallback_rank to allow `get_node_local_rank` to work, assuming you are not running in a multi-device context and want the code to run locally instead.',
  );
}
