/** c10d: native/distributed/. What waits for other processes is a promise. Times are in milliseconds. */

import type { Handle } from '../handle';

/** A store, held by the native side. */
export type NativeStore = object;

/** A process group, held by the native side. */
export type NativeGroup = object;

/** A reducer of gradients, held by the native side. */
export type NativeReducer = object;

/** What the native side calls for each bucket of gradients. `places` are those of the parameters in the model's list. */
export type NativeCommHook = (
  number: number,
  index: number,
  isLast: boolean,
  buffer: Handle,
  places: readonly number[],
) => void;

export interface NativeDistributed {
  dist_is_available(): boolean;
  /** Makes this environment the one that uses c10d. `name` says to others who that is. */
  dist_acquire(name: string): void;
  dist_release(): void;

  dist_tcp_store(
    host: string,
    port: number,
    worldSize: number | null,
    isMaster: boolean,
    timeout: number,
    waitForWorkers: boolean,
    multiTenant: boolean,
    masterListenFd: number | null,
    useLibuv: boolean,
  ): Promise<{ store: NativeStore; host: string; port: number; libuv: boolean }>;
  dist_file_store(path: string, worldSize: number): Promise<NativeStore>;
  dist_prefix_store(prefix: string, store: NativeStore): NativeStore;
  dist_store_clone(store: NativeStore): Promise<NativeStore>;
  dist_store_close(store: NativeStore): Promise<void>;
  dist_store_set(store: NativeStore, key: string, value: Buffer): Promise<void>;
  dist_store_compare_set(
    store: NativeStore,
    key: string,
    expected: Buffer,
    desired: Buffer,
  ): Promise<Buffer>;
  dist_store_get(store: NativeStore, key: string): Promise<Buffer>;
  dist_store_add(store: NativeStore, key: string, amount: number): Promise<number>;
  dist_store_delete_key(store: NativeStore, key: string): Promise<boolean>;
  dist_store_check(store: NativeStore, keys: readonly string[]): Promise<boolean>;
  dist_store_num_keys(store: NativeStore): Promise<number>;
  dist_store_wait(
    store: NativeStore,
    keys: readonly string[],
    timeout: number | null,
  ): Promise<void>;
  dist_store_append(store: NativeStore, key: string, value: Buffer): Promise<void>;
  dist_store_multi_get(store: NativeStore, keys: readonly string[]): Promise<Buffer[]>;
  dist_store_multi_set(
    store: NativeStore,
    keys: readonly string[],
    values: readonly Buffer[],
  ): Promise<void>;
  dist_store_queue_push(store: NativeStore, key: string, value: Buffer): Promise<void>;
  dist_store_queue_pop(store: NativeStore, key: string, block: boolean): Promise<Buffer>;
  dist_store_queue_len(store: NativeStore, key: string): Promise<number>;
  dist_store_list_keys(store: NativeStore): Promise<string[]>;
  dist_store_has_extended_api(store: NativeStore): boolean;
  dist_store_timeout(store: NativeStore): number;
  dist_store_set_timeout(store: NativeStore, timeout: number): void;

  /** The number of a DebugLevel. */
  dist_debug_level(): number;
  dist_set_debug_level(level: number): void;
  dist_set_debug_level_from_env(): void;

  /** For tests: the color of the part that NCCL splits off for these ranks. */
  dist_split_color(ranks: readonly number[]): number;
  dist_new_group(
    store: NativeStore,
    name: string,
    description: string,
    rank: number,
    size: number,
    ranks: readonly number[],
    timeout: number,
    boundDevice: string | null,
    devices: readonly string[],
    backends: readonly string[],
    defaultBackend: string,
    whole: NativeGroup | null,
  ): Promise<NativeGroup>;
  /** Does what the members of a new group wait for, if a communicator of NCCL is split for it. */
  dist_leave_out(whole: NativeGroup): Promise<void>;
  dist_destroy_group(group: NativeGroup): Promise<void>;
  dist_group_store(group: NativeGroup): NativeStore;

  /** Calls an operator of c10d as `call_operator` does. The promise settles when the collective has ended. */
  dist_collective(
    number: number,
    wantsResults: boolean,
    isInCommHook: boolean,
    id: number,
    handles: number,
    ...args: readonly unknown[]
  ): Promise<unknown>;
  /** Ends a message early, if it can be. */
  dist_abort(number: number): void;

  /** Compares the shapes of parameters with the first rank's, and gives the states its values. */
  dist_synchronize_model(
    group: NativeGroup,
    parameters: readonly Handle[],
    states: readonly Handle[],
  ): Promise<void>;
  /** `limits` are the bytes of the first buckets, `rebuiltLimits` those of the buckets after the first backward pass. */
  dist_new_reducer(
    group: NativeGroup,
    parameters: readonly Handle[],
    names: readonly string[],
    sparse: readonly boolean[],
    limits: readonly (number | bigint)[],
    bucketBytes: number,
    firstBucketBytes: number,
    rebuiltLimits: readonly number[],
    findUnusedParameters: boolean,
    gradientAsBucketView: boolean,
    skipUnused: boolean,
    batchedCopy: boolean,
    staticGraph: boolean,
  ): NativeReducer;
  dist_before_forward(
    reducer: NativeReducer,
    group: NativeGroup,
    buffers: readonly Handle[],
    synchronizes: boolean,
  ): Promise<void>;
  dist_after_forward(reducer: NativeReducer, outputs: readonly Handle[]): void;
  /** Whether the gradients of the next backward pass are combined at its end: the first one with a static graph. */
  dist_delays(reducer: NativeReducer): boolean;
  /** Returns copies of outputs, whose backward pass tells the reducer about missing gradients. */
  dist_sink(reducer: NativeReducer, outputs: readonly Handle[]): Handle[];
  /** Averages gradients over a group, in another dtype if one is given. */
  dist_register_hook(reducer: NativeReducer, group: NativeGroup, dtype: number | null): void;
  dist_register_javascript_hook(reducer: NativeReducer, hook: NativeCommHook): void;
  /** Reports the result of a hook, by its number. */
  dist_resolve_hook(number: number, result: Handle): void;
  dist_reject_hook(number: number, thrown: unknown): void;

  /** Like dist_before_forward, if the inputs of other processes may have ended. */
  dist_join_before_forward(
    reducer: NativeReducer,
    group: NativeGroup,
    device: string,
    buffers: readonly Handle[],
    requiresSync: boolean,
    notifies: boolean,
    throwsEarly: boolean,
    dividesByInitialSize: boolean,
  ): Promise<void>;
  /** Takes part in the others' iteration. Resolves to whether gradients were combined. */
  dist_join_shadow(
    reducer: NativeReducer,
    group: NativeGroup,
    device: string,
    buffers: readonly Handle[],
    findUnusedParameters: boolean,
  ): Promise<boolean>;
  /** Gives all processes the states of one whose inputs ended last. */
  dist_join_finish(
    group: NativeGroup,
    device: string,
    states: readonly Handle[],
    isLast: boolean,
  ): Promise<void>;
}
