/** Stores: keys and values by which processes find each other. Source: torch/csrc/distributed/c10d/init.cpp. */
import { types } from 'node:util';
import { typeError } from '../bindings/errors';
import { type NativeStore, native } from '../bindings/native';
import { outside } from '../bindings/outside';
import {
  BOOL,
  type Declarations,
  INT,
  nullable,
  optional,
  type Positional,
  required,
  Signature,
  STRING,
  typeOf,
  type ValuesOf,
} from '../dispatch/signature';

const SECRET = Symbol('Store');

/** A time in milliseconds. */
export const TIMEOUT = typeOf<number>(
  'a number of milliseconds',
  (value) => typeof value === 'number' && !Number.isNaN(value),
);

/** A value for a key: bytes, or a string, which is stored in UTF-8. */
export type StoreValue = string | Uint8Array;

const VALUE = typeOf<StoreValue>(
  'a string or a Uint8Array',
  (value) => typeof value === 'string' || types.isUint8Array(value),
);
const VALUES = typeOf<readonly StoreValue[]>(
  'an array of strings and Uint8Arrays',
  (value) => Array.isArray(value) && value.every((each) => VALUE.accepts(each)),
);
const KEYS = typeOf<readonly string[]>(
  'an array of strings',
  (value) => Array.isArray(value) && value.every((each) => typeof each === 'string'),
);

/** Copies the bytes, which the caller may change while the call goes on. */
const bytesOf = (value: StoreValue): Buffer =>
  typeof value === 'string' ? Buffer.from(value) : Buffer.from(value);

/** Returns the promise of a function that may throw. */
async function promised<T>(run: () => Promise<T>): Promise<T> {
  return await outside(run);
}

/**
 * A table of keys and values that processes share. Each method that asks it is a promise; a store answers its calls one after
 * another. A time is a number of milliseconds.
 *
 * See https://docs.pytorch.org/docs/stable/distributed.html#torch.distributed.Store
 */
export class Store {
  /** @internal */
  readonly native: NativeStore;

  /** @internal */
  constructor(store: NativeStore, secret: unknown) {
    if (secret !== SECRET) {
      throw typeError(
        `${new.target.name}: it connects, so make it with await ${new.target.name}.create(…)`,
      );
    }
    Object.defineProperty(this, 'native', { value: store });
    this.native = store;
  }

  /** The time after which a call that waits for a key fails. */
  get timeout(): number {
    return native.dist_store_timeout(this.native);
  }

  /** Sets the time after which a call that waits for a key fails. */
  set_timeout(timeout: number): void;
  set_timeout(...args: unknown[]): void {
    native.dist_store_set_timeout(this.native, SET_TIMEOUT.read(args).timeout);
  }

  /** Whether the store has `append`, `multi_get` and `multi_set`. */
  has_extended_api(): boolean {
    return native.dist_store_has_extended_api(this.native);
  }

  /** Closes the store. The server that it may have ends, unless others use it. */
  close(): Promise<void> {
    return promised(() => native.dist_store_close(this.native));
  }

  /** Returns a store of the same keys, whose calls do not wait for those of this one. */
  clone(): Promise<Store> {
    return promised(() => native.dist_store_clone(this.native)).then(
      (store) => new Store(store, SECRET),
    );
  }

  declare set: (key: string, value: StoreValue) => Promise<void>;
  /** Sets a value if the present one is as expected. Resolves to the value afterwards. */
  declare compare_set: (
    key: string,
    expected_value: StoreValue,
    desired_value: StoreValue,
  ) => Promise<Buffer>;
  /** Resolves to a key's value, once it has one. */
  declare get: (key: string) => Promise<Buffer>;
  /** Adds to a counter. Resolves to its new value. */
  declare add: (key: string, amount: number) => Promise<number>;
  declare delete_key: (key: string) => Promise<boolean>;
  /** Resolves to whether all keys have values. */
  declare check: (keys: readonly string[]) => Promise<boolean>;
  declare num_keys: () => Promise<number>;
  /** Waits until all keys have values. */
  declare wait: (keys: readonly string[], timeout?: number | null) => Promise<void>;
  declare append: (key: string, value: StoreValue) => Promise<void>;
  declare multi_get: (keys: readonly string[]) => Promise<Buffer[]>;
  declare multi_set: (keys: readonly string[], values: readonly StoreValue[]) => Promise<void>;
  declare queue_push: (key: string, value: StoreValue) => Promise<void>;
  declare queue_pop: (key: string, block?: boolean) => Promise<Buffer>;
  declare queue_len: (key: string) => Promise<number>;
  declare list_keys: () => Promise<string[]>;
}

const SET_TIMEOUT = new Signature('set_timeout', { timeout: required(TIMEOUT) });
const key = required(STRING);
const value = required(VALUE);
const keys = required(KEYS);

/** Defines a method of stores by its declarations and the native call. */
function method<D extends Declarations>(
  name: string,
  declarations: D,
  call: (store: NativeStore, values: ValuesOf<D>) => Promise<unknown>,
): void {
  const signature = new Signature(name, declarations);
  Object.defineProperty(Store.prototype, name, {
    configurable: true,
    writable: true,
    value(this: Store, ...args: unknown[]) {
      return promised(() => call(this.native, signature.read(args)));
    },
  });
}

method('set', { key, value }, (store, v) => native.dist_store_set(store, v.key, bytesOf(v.value)));
method('compare_set', { key, expected_value: value, desired_value: value }, (store, v) =>
  native.dist_store_compare_set(store, v.key, bytesOf(v.expected_value), bytesOf(v.desired_value)),
);
method('get', { key }, (store, v) => native.dist_store_get(store, v.key));
method('add', { key, amount: required(INT) }, (store, v) =>
  native.dist_store_add(store, v.key, v.amount),
);
method('delete_key', { key }, (store, v) => native.dist_store_delete_key(store, v.key));
method('check', { keys }, (store, v) => native.dist_store_check(store, v.keys));
method('num_keys', {}, (store) => native.dist_store_num_keys(store));
method('wait', { keys, timeout: nullable(TIMEOUT) }, (store, v) =>
  native.dist_store_wait(store, v.keys, v.timeout),
);
method('append', { key, value }, (store, v) =>
  native.dist_store_append(store, v.key, bytesOf(v.value)),
);
method('multi_get', { keys }, (store, v) => native.dist_store_multi_get(store, v.keys));
method('multi_set', { keys, values: required(VALUES) }, (store, v) =>
  native.dist_store_multi_set(store, v.keys, v.values.map(bytesOf)),
);
method('queue_push', { key, value }, (store, v) =>
  native.dist_store_queue_push(store, v.key, bytesOf(v.value)),
);
method('queue_pop', { key, block: optional(BOOL, true) }, (store, v) =>
  native.dist_store_queue_pop(store, v.key, v.block),
);
method('queue_len', { key }, (store, v) => native.dist_store_queue_len(store, v.key));
method('list_keys', {}, (store) => native.dist_store_list_keys(store));

/** Options of {@link TCPStore.create}. */
export interface TCPStoreOptions {
  /** The number of processes that will connect. Default: null, any number */
  world_size?: number | null;
  /** Whether this process has the server. Default: false */
  is_master?: boolean;
  /** Milliseconds. Default: 300,000 */
  timeout?: number;
  /** Whether the server waits until all have connected. Default: true */
  wait_for_workers?: boolean;
  /** Whether several stores of this process may use one server. Default: false */
  multi_tenant?: boolean;
  /** The socket on which the server listens already. Default: null */
  master_listen_fd?: number | null;
  /** Default: true */
  use_libuv?: boolean;
}

const TCP = {
  host_name: required(STRING),
  port: required(typeOf<number>('a port, from 0 to 65535', (value) => isPort(value))),
  world_size: nullable(INT),
  is_master: optional(BOOL, false),
  timeout: optional(TIMEOUT, 300_000),
  wait_for_workers: optional(BOOL, true),
  multi_tenant: optional(BOOL, false),
  master_listen_fd: nullable(INT),
  use_libuv: optional(BOOL, true),
};
const TCP_SIGNATURE = new Signature('TCPStore', TCP);

const isPort = (value: unknown): boolean =>
  Number.isInteger(value) && (value as number) >= 0 && (value as number) < 2 ** 16;

/**
 * A store in a server, which one process has and to which the others connect.
 *
 * See https://docs.pytorch.org/docs/stable/distributed.html#torch.distributed.TCPStore
 */
export class TCPStore extends Store {
  /** The parameters of {@link TCPStore.create}. @internal */
  static readonly signature = TCP_SIGNATURE.description;
  readonly host: string;
  readonly port: number;
  readonly libuvBackend: boolean;

  /** @internal */
  constructor(
    made: { store: NativeStore; host: string; port: number; libuv: boolean } | undefined,
    secret: unknown,
  ) {
    super(made?.store as NativeStore, secret);
    this.host = made!.host;
    this.port = made!.port;
    this.libuvBackend = made!.libuv;
  }

  /**
   * Connects to a store, and starts its server if `is_master` is true. With port 0, the server chooses a port.
   *
   * @throws TorchError (DistNetworkError) if it cannot connect within the time-out, or cannot listen
   */
  static create(
    ...args: Positional<
      [host_name: string, port: number],
      ['world_size', 'is_master'],
      TCPStoreOptions
    >
  ): Promise<TCPStore>;
  static create(...args: unknown[]): Promise<TCPStore> {
    return promised(async () => {
      const v = TCP_SIGNATURE.read(args);
      const made = await native.dist_tcp_store(
        v.host_name,
        v.port,
        v.world_size,
        v.is_master,
        v.timeout,
        v.wait_for_workers,
        v.multi_tenant,
        v.master_listen_fd,
        v.use_libuv,
      );
      return new TCPStore(made, SECRET);
    });
  }
}

const FILE_SIGNATURE = new Signature('FileStore', {
  file_name: required(STRING),
  world_size: optional(INT, -1),
});

/**
 * A store in a file that all processes can write to.
 *
 * See https://docs.pytorch.org/docs/stable/distributed.html#torch.distributed.FileStore
 */
export class FileStore extends Store {
  /** The parameters of {@link FileStore.create}. @internal */
  static readonly signature = FILE_SIGNATURE.description;
  readonly path: string;

  /** @internal */
  constructor(store: NativeStore | undefined, path: string, secret: unknown) {
    super(store as NativeStore, secret);
    this.path = path;
  }

  /**
   * Opens a store, and makes its file if there is none.
   *
   * @param world_size - the number of processes that use it; the last one removes the file. Default: -1, any number
   */
  static create(
    file_name: string,
    world_size?: number | { world_size?: number },
  ): Promise<FileStore>;
  static create(...args: unknown[]): Promise<FileStore> {
    return promised(async () => {
      const { file_name, world_size } = FILE_SIGNATURE.read(args);
      return new FileStore(await native.dist_file_store(file_name, world_size), file_name, SECRET);
    });
  }
}

export const STORE = typeOf<Store>('a Store', (value) => value instanceof Store);

const PREFIX_SIGNATURE = new Signature('PrefixStore', {
  prefix: required(STRING),
  store: required(STORE),
});

/**
 * A part of another store: its keys begin with a prefix.
 *
 * See https://docs.pytorch.org/docs/stable/distributed.html#torch.distributed.PrefixStore
 */
export class PrefixStore extends Store {
  /** @internal */
  static readonly signature = PREFIX_SIGNATURE.description;
  readonly underlying_store: Store;

  constructor(prefix: string, store: Store);
  constructor(...args: unknown[]) {
    const { prefix, store } = PREFIX_SIGNATURE.read(args);
    super(native.dist_prefix_store(prefix, store.native), SECRET);
    this.underlying_store = store;
  }
}

/** Returns the store of a group, below which the groups made from it have their keys. @internal */
export const wrapStore = (store: NativeStore): Store => new Store(store, SECRET);
