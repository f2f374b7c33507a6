/** Training with different numbers of inputs. Source: torch/distributed/algorithms/join.py. */
import { assertionError, runtimeError, valueError } from '../../bindings/errors';
import { warn } from '../../bindings/warnings';
import { describe, fail } from '../../dispatch/arguments';
import { BOOL, FUNCTION, optional, required, Signature, typeOf } from '../../dispatch/signature';
import type { Device } from '../../tensor/device';
import { ones, zeros } from '../../tensor/factories';
import { all_reduce } from '../collectives';
import { get_rank, type ProcessGroup } from '../process_group';
import type { Work } from '../work';

/** What a process does after its inputs have ended, so that the others need not wait for it. */
export class JoinHook {
  /** Takes part in the collectives of an iteration of the others. It is called as long as one has inputs. */
  async main_hook(): Promise<void> {}

  /**
   * Is called when the inputs of all have ended.
   *
   * @param _is_last_joiner - whether this process was one of the last
   */
  async post_hook(_is_last_joiner: boolean): Promise<void> {}
}

/** What a {@link Join} tells those that take part. */
export interface JoinConfig {
  readonly enable: boolean;
  readonly throw_on_early_termination: boolean;
  readonly is_first_joinable: boolean;
}

/** What can take part in a {@link Join}: `DistributedDataParallel`, and classes that have these members. */
export interface Joinable {
  /**
   * Returns what this object does after the inputs have ended.
   *
   * @param kwargs - the options of the Join that are not its own
   */
  join_hook(kwargs: Readonly<Record<string, unknown>>): JoinHook;
  readonly join_device: Device;
  readonly join_process_group: ProcessGroup;
  /** Set by Join. */
  _join_config?: JoinConfig | undefined;
}

/** Options of {@link Join}. Others are passed to the joinables' hooks. */
export interface JoinOptions {
  /** Whether inputs may be uneven. Default: true */
  enable?: boolean;
  /** Whether all processes throw when the inputs of one have ended. Default: false */
  throw_on_early_termination?: boolean;
  [option: string]: unknown;
}

const isJoinable = (value: unknown): boolean =>
  value !== null &&
  (typeof value === 'object' || typeof value === 'function') &&
  typeof (value as Partial<Joinable>).join_hook === 'function';

const JOINABLE = 'with join_hook(), join_device and join_process_group';
const SIGNATURE = new Signature('Join', {
  joinables: required(
    typeOf<readonly Joinable[]>(
      `an array of objects ${JOINABLE}`,
      (value) => Array.isArray(value) && value.every(isJoinable),
    ),
  ),
  enable: optional(BOOL, true),
  throw_on_early_termination: optional(BOOL, false),
});

const OWN_OPTIONS = new Set(['joinables', 'enable', 'throw_on_early_termination']);
/** After so many iterations without an input, a process warns. */
const WARN_THRESHOLD = 1000;

const isPlain = (value: unknown): value is Record<string, unknown> =>
  value !== null &&
  typeof value === 'object' &&
  [Object.prototype, null].includes(Object.getPrototypeOf(value));

/** Takes the options that are not Join's out of the arguments. */
function splitOptions(args: readonly unknown[]): [own: unknown[], kwargs: Record<string, unknown>] {
  const last = args.at(-1);
  if (!isPlain(last)) return [[...args], {}];
  const isOwn = ([name]: [string, unknown]): boolean => OWN_OPTIONS.has(name);
  const entries = Object.entries(last);
  return [
    [...args.slice(0, -1), Object.fromEntries(entries.filter(isOwn))],
    Object.fromEntries(entries.filter((entry) => !isOwn(entry))),
  ];
}

/**
 * Lets processes with fewer inputs than others come to their end: they take part in the others' collectives.
 *
 * ```ts
 * await new Join([model]).run(async () => {
 *   for (const input of inputs) {
 *     await (await model(input)).sum().backwardAsync();
 *   }
 * });
 * ```
 *
 * See https://docs.pytorch.org/docs/stable/distributed.algorithms.join.html
 */
export class Join {
  static readonly signature = SIGNATURE.description;
  readonly #hooks: readonly JoinHook[];
  readonly #enable: boolean;
  readonly #throwsEarly: boolean;
  readonly #group: ProcessGroup;
  readonly #device: Device;

  /** @throws RangeError (ValueError) without a joinable, or for joinables of different groups */
  constructor(joinables: readonly Joinable[], options?: JoinOptions);
  constructor(...args: unknown[]) {
    const [own, kwargs] = splitOptions(args);
    const { joinables, enable, throw_on_early_termination } = SIGNATURE.read(own);
    const [first] = joinables;
    if (!first) throw valueError('The join context manager requires at least one joinable');
    this.#hooks = joinables.map((joinable) => joinable.join_hook(kwargs));
    this.#enable = enable;
    this.#throwsEarly = throw_on_early_termination;
    for (const joinable of joinables) {
      const is_first_joinable = joinable === first;
      joinable._join_config = { enable, throw_on_early_termination, is_first_joinable };
    }
    this.#group = first.join_process_group;
    this.#device = first.join_device;
    if (joinables.some(({ join_process_group }) => join_process_group !== this.#group)) {
      throw valueError('Using join context manager with multiple process groups');
    }
  }

  /**
   * Runs a function that trains. Then takes part in the others' training until all have come to their end.
   *
   * @returns what the function returns, awaited
   * @throws TorchError (RuntimeError) with `throw_on_early_termination`, if the inputs of one process have ended
   */
  async run<T>(body: () => T): Promise<Awaited<T>> {
    if (!FUNCTION.accepts(body)) {
      throw fail({ name: 'run', parameters: [] }, `takes a function to run, got ${describe(body)}`);
    }
    const result = await body();
    if (this.#enable) await this.#shadow();
    return result;
  }

  async #shadow(): Promise<void> {
    let iterations = 0;
    for (; (await this.#countOthers()) > 0; iterations++) {
      if (iterations > WARN_THRESHOLD) this.#warn();
      if (this.#throwsEarly) await this.#terminate();
      for (const hook of this.#hooks) await hook.main_hook();
    }
    for (const hook of this.#hooks) await hook.post_hook(iterations === 0);
  }

  /** Returns the number of processes that have inputs. */
  async #countOthers(): Promise<number> {
    const count = zeros([1], { device: this.#device });
    await all_reduce(count, { group: this.#group });
    return count.itemAsync() as Promise<number>;
  }

  async #terminate(): Promise<never> {
    await all_reduce(ones([1], { device: this.#device }), { group: this.#group });
    throw runtimeError(`Rank ${get_rank(this.#group)} exhausted all inputs.`);
  }

  #warn(): void {
    warn(
      `Detected uneven input skew of greater than ${WARN_THRESHOLD}. This means that rank ${get_rank(this.#group)} has at least ${WARN_THRESHOLD} fewer inputs than other currently-active ranks. This level of skew could lead to performance degradation during training.`,
      'UserWarning',
      'user',
    );
  }

  /**
   * Tells the others that this process has inputs. A joinable calls it before the collectives of each iteration, and awaits
   * it.
   *
   * @returns the collective that tells them; null if another joinable does
   * @throws TorchError (RuntimeError) if the inputs of another process have ended, with `throw_on_early_termination`;
   *   TorchError (AssertionError) for an object that no Join has
   */
  static async notify_join_context(joinable: Joinable): Promise<Work | null> {
    if (!isJoinable(joinable)) {
      throw fail(
        { name: 'notify_join_context', parameters: [] },
        `argument 'joinable' must be an object ${JOINABLE}, got ${describe(joinable)}`,
      );
    }
    const config = joinable._join_config;
    if (!config) throw assertionError('the object takes part in no Join');
    if (!config.is_first_joinable || !config.enable) return null;
    const { join_device: device, join_process_group: group } = joinable;
    const work = all_reduce(ones([1], { device }), { group, async_op: true });
    if (config.throw_on_early_termination) {
      const ended = zeros([1], { device });
      await all_reduce(ended, { group });
      if ((await ended.itemAsync()) !== 0) {
        throw runtimeError(
          'Detected at least one rank that exhausted inputs. Throwing across all ranks.',
        );
      }
    }
    return work;
  }
}
