/** How processes find each other: `env://`, `tcp://`, `file://`. Source: torch/distributed/rendezvous.py. */
import { setTimeout } from 'node:timers/promises';
import { assertionError, runtimeError, valueError } from '../bindings/errors';
import { repr } from '../utils/python';
import { FileStore, type Store, TCPStore } from './store';

export interface Meeting {
  readonly store: Store;
  readonly rank: number;
  readonly size: number;
}

interface Url {
  readonly scheme: string;
  readonly host: string | undefined;
  readonly port: number | undefined;
  readonly path: string;
  readonly query: ReadonlyMap<string, string>;
}

function parse(url: string): Url {
  const match = /^(?:([a-z][a-z0-9+.-]*):)?(?:\/\/([^/?#]*))?([^?#]*)(?:\?([^#]*))?/i.exec(url)!;
  const [, scheme = '', authority = '', path = '', query = ''] = match;
  const [, host, port] = /^(?:[^@]*@)?(\[[^\]]*\]|[^:]*)(?::(.*))?$/.exec(authority) ?? [];
  const pairs = query
    .split('&')
    .filter(Boolean)
    .map((pair) => pair.split('='));
  return {
    scheme: scheme.toLowerCase(),
    host: host?.replace(/^\[|\]$/g, '').toLowerCase() || undefined,
    port: port ? portOf(port) : undefined,
    path,
    query: new Map(pairs.map(([name, value = '']) => [name!, value])),
  };
}

function portOf(text: string): number {
  if (!/^\d+$/.test(text)) {
    throw valueError(`Port could not be cast to integer value as ${repr(text)}`);
  }
  if (Number(text) > 65535) throw valueError('Port out of range 0-65535');
  return Number(text);
}

/** Reads a number as Python's `int` does. */
function int(text: string): number {
  if (/^\s*[+-]?\d+(_\d+)*\s*$/.test(text)) return Number(text.replaceAll('_', ''));
  throw valueError(`invalid literal for int() with base 10: ${repr(text)}`);
}

const failure = (scheme: string, problem: string): Error =>
  valueError(`Error initializing torch.distributed using ${scheme}:// rendezvous: ${problem}`);

function fromEnvironment(name: string): string {
  const value = process.env[name];
  if (value) return value;
  throw failure('env', `environment variable ${name} expected, but not set`);
}

/** The store of the latest group that has ended, if another process has its server. */
let former: TCPStore | undefined;

/** Keeps the store of a group that has ended, to know when its server ends. */
export function leave(store: Store): Promise<void> {
  const isClient = store instanceof TCPStore && !servers.has(store) && !usesAgent();
  if (!isClient) return store.close();
  former = store as TCPStore;
  return Promise.resolve();
}

/** The stores whose server is in this process. */
const servers = new WeakSet<Store>();

/**
 * Waits until the server of the former group has ended. Another group on the same port would else find the addresses of the
 * former one there.
 */
async function outlive(host: string, port: number): Promise<void> {
  const store = former;
  former = undefined;
  if (!store) return;
  if (store.host === host && store.port === port) {
    const deadline = Date.now() + 10_000;
    const isThere = (): Promise<boolean> =>
      store.check(['']).then(
        () => true,
        () => false,
      );
    while (Date.now() < deadline && (await isThere())) await setTimeout(20);
  }
  await store.close();
}

const usesAgent = (): boolean => process.env['TORCHELASTIC_USE_AGENT_STORE'] === 'True';

async function connect(
  host: string,
  port: number,
  rank: number,
  size: number,
  timeout: number,
  query: ReadonlyMap<string, string>,
): Promise<TCPStore> {
  if (!(port >= 0 && port < 2 ** 16)) {
    throw valueError(`port must have value from 0 to 65535 but was ${port}.`);
  }
  if (usesAgent()) {
    return TCPStore.create(host, port, { world_size: size, is_master: false, timeout });
  }
  await outlive(host, port);
  const store = await TCPStore.create(host, port, {
    world_size: size,
    is_master: rank === 0,
    timeout,
    multi_tenant: true,
    use_libuv: (query.get('use_libuv') ?? process.env['USE_LIBUV'] ?? '1') === '1',
  });
  if (rank === 0) servers.add(store);
  return store;
}

type Handler = (url: Url, query: ReadonlyMap<string, string>, timeout: number) => Promise<Meeting>;

/** Reads the rank and the world size that a URL must have. */
function places(scheme: string, query: ReadonlyMap<string, string>): [rank: number, size: number] {
  const rank = query.get('rank');
  if (rank === undefined) throw failure(scheme, 'rank parameter missing');
  const size = query.get('world_size');
  if (size === undefined) throw failure(scheme, 'world size parameter missing');
  return [int(rank), int(size)];
}

const HANDLERS: Readonly<Record<string, Handler>> = {
  async tcp(url, query, timeout) {
    if (url.port === undefined) throw failure('tcp', 'port number missing');
    const [rank, size] = places('tcp', query);
    if (url.host === undefined) throw assertionError('hostname cannot be None');
    return { store: await connect(url.host, url.port, rank, size, timeout, query), rank, size };
  },
  async env(_url, query, timeout) {
    const rank = int(query.get('rank') ?? fromEnvironment('RANK'));
    const size = int(query.get('world_size') ?? fromEnvironment('WORLD_SIZE'));
    const host = fromEnvironment('MASTER_ADDR');
    const port = int(fromEnvironment('MASTER_PORT'));
    return { store: await connect(host, port, rank, size, timeout, query), rank, size };
  },
  async file(url, query) {
    if (!url.path) throw failure('file', 'path missing');
    const [rank, size] = places('file', query);
    return { store: await FileStore.create(url.path, size), rank, size };
  },
};

/** Finds the other processes by a URL. A rank or size of -1 is to be found, too. */
export async function rendezvous(
  address: string,
  rank: number,
  size: number,
  timeout: number,
): Promise<Meeting> {
  const url = parse(address);
  const query = new Map(url.query);
  if (rank !== -1 || size !== -1) {
    if (query.has('rank') || query.has('world_size')) {
      throw assertionError(
        `The url: ${address} has node-specific arguments(rank, world_size) already.`,
      );
    }
    if (rank !== -1) query.set('rank', `${rank}`);
    if (size !== -1) query.set('world_size', `${size}`);
  }
  const handler = HANDLERS[url.scheme];
  if (!handler) throw runtimeError(`No rendezvous handler for ${url.scheme}://`);
  return handler(url, query, timeout);
}
