/** The default process group: `init_process_group` and `destroy_process_group`. Source: torch/distributed/distributed_c10d.py. */
import { isMainThread, threadId } from 'node:worker_threads';
import { assertionError, runtimeError, valueError } from '../bindings/errors';
import type { AsyncOptions } from '../bindings/jobs';
import { native } from '../bindings/native';
import { outside } from '../bindings/outside';
import { device_count } from '../cuda';
import { describe, fail } from '../dispatch/arguments';
import { DEVICE, INT, nullable, optional, type Positional, STRING } from '../dispatch/signature';
import { type Device, type DeviceLike, device as deviceOf, hasAccelerator } from '../tensor/device';
import { repr } from '../utils/python';
import { Backend, DEFAULT_BACKENDS } from './backend';
import {
  defaultTimeout,
  hasInitBarrier,
  makeGroup,
  NULL,
  nameOf,
  storeBarrier,
} from './construction';
import { abortable, defineAsync } from './launch';
import { type Group, group_, NON_GROUP_MEMBER, world } from './process_group';
import { leave, rendezvous } from './rendezvous';
import { PrefixStore, STORE, type Store, TIMEOUT } from './store';

/** The store that `init_process_group` made, and closes at the end. */
let ownStore: Store | undefined;
/** The part of it that the default group uses. */
let ownPart: Store | undefined;
/** Whether `init_process_group` goes on. */
let isInitializing = false;

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
