/** c10d: native/distributed/. What waits for other processes is a promise. Times are in milliseconds. */

/** A store, held by the native side. */
export type NativeStore = object;

/** A process group, held by the native side. */
export type NativeGroup = object;

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
  ): Promise<NativeGroup>;
  dist_destroy_group(group: NativeGroup): Promise<void>;
  dist_group_store(group: NativeGroup): NativeStore;

  /** Calls an operator of c10d as `call_operator` does. The promise settles when the collective has ended. */
  dist_collective(
    number: number,
    wantsResults: boolean,
    id: number,
    handles: number,
    ...args: readonly unknown[]
  ): Promise<unknown>;
  /** Ends a message early, if it can be. */
  dist_abort(number: number): void;
}
