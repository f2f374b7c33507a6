/** A process group of this process alone, so that torch.distributed's functions get past their check for one. */
import torch from 'torch-losses';

const dist = torch.distributed;

/** Milliseconds, so that what waits for a key or a message that never comes soon fails. */
const TIMEOUT = 200;

const live = new Map<string, object>();

/** The names of the objects that {@link renewGroup} makes. */
export const OBJECTS_OF_GROUP = [
  'a Work',
  'a Store',
  'a TCPStore',
  'a PrefixStore',
  'a ProcessGroup',
  'another ProcessGroup',
] as const;

/** Ends the group of the calls before, and makes a new one. */
export async function renewGroup(): Promise<void> {
  live.clear();
  dist.set_debug_level(dist.DebugLevel.OFF);
  if (dist.is_initialized()) await dist.destroy_process_group();
  const store = await dist.TCPStore.create('127.0.0.1', 0, { is_master: true, timeout: TIMEOUT });
  await dist.init_process_group({
    backend: 'gloo',
    store,
    rank: 0,
    world_size: 1,
    timeout: TIMEOUT,
  });
  live.set('a Work', dist.all_reduce(torch.ones(2), { async_op: true })!);
  live.set('a Store', await store.clone());
  live.set('a TCPStore', store);
  live.set('a PrefixStore', new dist.PrefixStore('fuzz', await store.clone()));
  live.set('a ProcessGroup', dist.group.WORLD!);
  live.set('another ProcessGroup', (await dist.new_group({ timeout: TIMEOUT })) as object);
}

/** Returns an object of the group by its name, or undefined if there is no group. */
export const ofGroup = (name: string): object | undefined => live.get(name);

/** The names of all operations that combine tensors. */
export const REDUCE_OPS: readonly string[] = Object.keys(dist.ReduceOp);

/** Returns the operation with a name. */
export const reduceOp = (name: string): unknown => Reflect.get(dist.ReduceOp, name);
