/** Makes a process group of known members. Source: torch/distributed/distributed_c10d.py. */
import { createHash } from 'node:crypto';
import { createError, valueError } from '../bindings/errors';
import { native } from '../bindings/native';
import { outside } from '../bindings/outside';
import { warn } from '../bindings/warnings';
import { typeOf } from '../dispatch/signature';
import type { Device } from '../tensor/device';
import {
  Backend,
  backendConfig,
  checkBackend,
  defaultBackendOf,
  is_nccl_available,
} from './backend';
import { ProcessGroup, world } from './process_group';
import type { Store } from './store';

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

/** The type of `pg_options`, which Python has for other backends. */
export const NULL = typeOf<null>('null', (value) => value === null);

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

export async function makeGroup(wanted: Description): Promise<ProcessGroup> {
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
export function nameOf(ranks: readonly number[], isHashed: boolean): string {
  if (!isHashed) return `${world.count++}`;
  const text = [...ranks, world.groups.size].join('_');
  return createHash('sha1').update(text).digest('hex');
}

// --- TORCH_DIST_INIT_BARRIER ------------------------------------------------------------------------------------------

export const hasInitBarrier = (): boolean =>
  Number(process.env['TORCH_DIST_INIT_BARRIER'] ?? 0) === 1;

const DISTRIBUTED_ERROR = 'DistStoreError';

export async function storeBarrier(
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
