/** Process groups, and what is known of them here. Source: torch/distributed/distributed_c10d.py. */
import { inspect } from 'node:util';
import { typeError, valueError } from '../bindings/errors';
import type { NativeGroup } from '../bindings/native';
import { warn } from '../bindings/warnings';
import { INT, optional, orNull, required, Signature, typeOf } from '../dispatch/signature';

const SECRET = Symbol('ProcessGroup');

/** What `init_process_group` and `new_group` know of a group. */
export interface GroupState {
  readonly native: NativeGroup;
  readonly name: string;
  readonly description: string;
  /** The backend's name as it was given: `gloo`, `undefined`, `cpu:gloo,cuda:nccl`. */
  readonly backend: string;
  /** The backend for what has no device. */
  readonly defaultBackend: string;
  /** Devices with their backends. */
  readonly config: ReadonlyMap<string, string>;
  /** The ranks of the members in the default group, in the order of their ranks in this one. */
  readonly ranks: readonly number[];
  readonly rank: number;
  readonly boundDevice: string | null;
}

/**
 * Processes that call collectives together. `init_process_group` and `new_group` make them.
 *
 * See https://docs.pytorch.org/docs/stable/distributed.html#groups
 */
export class ProcessGroup {
  readonly #state: GroupState;

  /** @internal */
  constructor(state: GroupState, secret: typeof SECRET) {
    if (secret !== SECRET) {
      throw typeError('ProcessGroup: no constructor; use init_process_group() or new_group()');
    }
    this.#state = state;
  }

  /** @internal */
  static _of(state: GroupState): ProcessGroup {
    return new ProcessGroup(state, SECRET);
  }

  /** @internal */
  static _stateOf(group: ProcessGroup): GroupState {
    return group.#state;
  }

  /** @internal */
  get native(): NativeGroup {
    return this.#state.native;
  }

  /** The name under which all members know the group. */
  get group_name(): string {
    return this.#state.name;
  }

  get group_desc(): string {
    return this.#state.description;
  }

  /** Returns this process's rank in the group. */
  rank(): number {
    return this.#state.rank;
  }

  /** Returns the number of members. */
  size(): number {
    return this.#state.ranks.length;
  }

  /** Returns the name of the backend: of NCCL, if there are several. */
  name(): string {
    return this.#state.defaultBackend;
  }

  [inspect.custom](): string {
    return `<ProcessGroup ${this.group_name} (${this.group_desc}): rank ${this.rank()} of ${this.size()}>`;
  }

  toString(): string {
    return this[inspect.custom]();
  }
}

/** The groups of this environment. */
export const world = {
  default: null as ProcessGroup | null,
  groups: new Set<ProcessGroup>(),
  /** The number of groups that were named, whether this process is a member or not. */
  count: 0,
};

/** Stands for a group that this process is not in. */
export const NON_GROUP_MEMBER = -100;

/** A group, or `GroupMember.NON_GROUP_MEMBER`. */
export type Group = ProcessGroup | typeof NON_GROUP_MEMBER;

/** The type of the parameter `group`. Null is the default group. */
export const GROUP = orNull(
  typeOf<Group>(
    'a ProcessGroup',
    (value) => value instanceof ProcessGroup || value === NON_GROUP_MEMBER,
  ),
);

/** Declares `group` with its default, the default group. */
export const group_ = optional<Group | null>(GROUP, null);

/** `group.WORLD` is the default group, or null. */
export const group = {
  get WORLD(): ProcessGroup | null {
    return world.default;
  },
};

/** The same, and what `new_group` returns to processes that are not members. */
export const GroupMember = {
  NON_GROUP_MEMBER,
  get WORLD(): ProcessGroup | null {
    return world.default;
  },
} as const;

/** Returns whether `init_process_group` has made the default group. */
export const is_initialized = (): boolean => world.default !== null;

/** @throws RangeError (ValueError) if there is no default group */
export function defaultGroup(): ProcessGroup {
  if (world.default) return world.default;
  throw valueError(
    'Default process group has not been initialized, please make sure to call init_process_group.',
  );
}

export const isMember = (value: Group | null): value is ProcessGroup | null =>
  value !== NON_GROUP_MEMBER;

/** Warns that a collective does nothing. Returns null. */
export function notInGroup(name: string): null {
  warn(
    `Running ${name} on global rank ${world.default ? world.default.rank() : -1} which does not belong to the given group.`,
    'UserWarning',
    'user',
  );
  return null;
}

const registered = (value: Group): GroupState => {
  if (value instanceof ProcessGroup && world.groups.has(value)) return ProcessGroup._stateOf(value);
  throw valueError(
    `Group ${value} is not registered, please create group with torch.distributed.new_group API`,
  );
};

/** Returns the rank in a group of a rank in the default group. */
function groupRankOf(value: Group, globalRank: number): number {
  if (value === world.default) return globalRank;
  const rank = registered(value).ranks.indexOf(globalRank);
  if (rank >= 0) return rank;
  throw valueError(`Global rank ${globalRank} is not part of group ${value}`);
}

/** Returns the rank in the default group of a rank in a group. */
export function globalRankOf(value: Group, groupRank: number): number {
  if (value === world.default) return groupRank;
  const rank = registered(value).ranks[groupRank];
  if (rank !== undefined) return rank;
  throw valueError(`Group rank ${groupRank} is not part of group ${value}`);
}

/** Returns the rank in a group that either of two arguments names. */
export function canonicalRank(
  value: Group,
  globalRank: number | null,
  groupRank: number | null,
): number {
  if (groupRank !== null) {
    if (globalRank !== null) throw valueError("Can't specify both group_rank and global_rank");
    return groupRank;
  }
  if (globalRank === null) throw valueError('Must specify global_rank or group_rank');
  return groupRankOf(value, globalRank);
}

/** @throws RangeError (ValueError) if a rank is this process's own */
export function checkNotSelf(value: ProcessGroup, rank: number, kind: string): void {
  if (value.rank() !== rank) return;
  throw valueError(
    `Invalid ${kind} rank: ${kind} rank should not be the same as the rank of the current process.`,
  );
}

const OF_GROUP = { group: group_ };

type OfGroup<R> = (group?: Group | null | { group?: Group | null }) => R;

function query<R>(name: string, answer: (value: Group | null) => R): OfGroup<R> {
  const signature = new Signature(name, OF_GROUP);
  const call = (...args: unknown[]): R => answer(signature.read(args).group);
  Object.defineProperty(call, 'name', { value: name });
  Object.defineProperty(call, 'signature', { value: signature.description });
  return call as OfGroup<R>;
}

/**
 * Returns this process's rank in a group, the default group if none is given. It is -1 if this process is not in it.
 *
 * @throws RangeError (ValueError) if there is no default group
 */
export const get_rank: OfGroup<number> = query('get_rank', (value) =>
  isMember(value) ? groupRankOf(value ?? defaultGroup(), defaultGroup().rank()) : -1,
);

/** Returns the number of processes in a group, the default group if none is given. It is -1 if this process is not in it. */
export const get_world_size: OfGroup<number> = query('get_world_size', (value) =>
  isMember(value) ? (value ?? defaultGroup()).size() : -1,
);

const memberOf = (value: Group | null): GroupState => {
  const found = value ?? defaultGroup();
  if (found === NON_GROUP_MEMBER) throw valueError('Invalid process group specified');
  if (world.groups.has(found)) return ProcessGroup._stateOf(found);
  throw valueError(
    `Process group ${found} is not initialized in the world group map. Please initialize the group first.`,
  );
};

/** Returns the name of a group's backend, in lower case. */
export const get_backend: OfGroup<string> = query(
  'get_backend',
  (value) => memberOf(value).backend,
);

/** Returns a group's devices with their backends: `cpu:gloo,cuda:gloo`. */
export const get_backend_config: OfGroup<string> = query('get_backend_config', (value) =>
  Array.from(memberOf(value).config, ([device, backend]) => `${device}:${backend}`).join(','),
);

const RANKS = new Signature('get_process_group_ranks', { group: required<Group | null>(GROUP) });

/** Returns the ranks, in the default group, of a group's members. Null is the default group. */
export const get_process_group_ranks = Object.defineProperty(
  function get_process_group_ranks(...args: unknown[]): number[] {
    return [...registered(RANKS.read(args).group ?? defaultGroup()).ranks];
  } as (group: Group | null) => number[],
  'signature',
  { value: RANKS.description },
);

/** Returns the number of groups that were made. */
export const get_pg_count = (): number => world.count;

const RANK_OF = (name: string, of: string) => ({
  name,
  signature: new Signature(name, { group: required<Group | null>(GROUP), [of]: required(INT) }),
});

function translation(
  name: string,
  of: 'global_rank' | 'group_rank',
  answer: (group: Group, rank: number) => number,
): (group: Group | null, rank: number) => number {
  const { signature } = RANK_OF(name, of);
  const call = (...args: unknown[]): number => {
    const values = signature.read(args) as { group: Group | null } & Record<string, unknown>;
    return answer(values.group ?? defaultGroup(), values[of] as number);
  };
  Object.defineProperty(call, 'name', { value: name });
  Object.defineProperty(call, 'signature', { value: signature.description });
  return call;
}

/** Returns the rank in a group of a rank in the default group. */
export const get_group_rank = translation('get_group_rank', 'global_rank', groupRankOf);

/** Returns the rank in the default group of a rank in a group. */
export const get_global_rank = translation('get_global_rank', 'group_rank', globalRankOf);
