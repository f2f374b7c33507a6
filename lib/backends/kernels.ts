/**
 * `torch.backends.kernels`: own kernels, which compute some losses on the CPU instead of libtorch, faster and with the
 * same bits (docs/guides/performance.md). All are off until they are enabled here or by `TORCH_LOSSES_KERNELS`.
 */

import { typeError, valueError } from '../bindings/errors';
import { libtorch, native } from '../bindings/native';
import { warn } from '../bindings/warnings';
import { describe } from '../dispatch/arguments';
import { scoped } from '../utils/contextlib';

/** The versions of libtorch with which all tests passed with all kernels on. */
const TESTED_VERSIONS: readonly string[] = ['2.13.0'];

/** The state of a kernel, and its reason. */
export interface KernelState {
  /**
   * - `off`: it is not enabled.
   * - `untested`: it is enabled. It is compared with libtorch bit by bit before its first use.
   * - `on`: the comparison found equal bits, and the kernel computes.
   * - `left out`: it is enabled and does not compute; `reason` says why.
   */
  readonly state: 'off' | 'untested' | 'on' | 'left out';
  /** The reason why it is left out. Empty in the other states. */
  readonly reason: string;
}

/** The options of `torch.backends.kernels.flags`. */
export interface KernelFlags {
  /** True for all kernels, false for none, or the names of those to enable. Default: false. */
  enabled?: boolean | readonly string[] | undefined;
}

/** Returns the names of all kernels. A kernel has the name of the loss that it computes. */
function available(): string[] {
  return native.kernel_names();
}

/** The state of one kernel. */
function state(name: string): KernelState {
  checkNames([name]);
  const [value, reason] = native.kernel_state(name);
  return { state: value, reason };
}

/** The state of each kernel, by its name. */
function states(): Record<string, KernelState> {
  return Object.fromEntries(available().map((name) => [name, state(name)]));
}

/** Returns true if all are enabled, false if none is, else the names of those that are. */
function enabled(): boolean | readonly string[] {
  const names = native.enabled_kernels();
  if (names.length === 0) return false;
  return names.length === available().length ? true : names;
}

function enable(value: unknown): void {
  native.enable_kernels(namesOf(value));
}

function namesOf(value: unknown): readonly string[] {
  if (typeof value === 'boolean') return value ? available() : [];
  if (!Array.isArray(value) || !value.every((name) => typeof name === 'string')) {
    throw typeError(
      `torch.backends.kernels.enabled must be a boolean or an array of names, got ${describe(value)}`,
    );
  }
  checkNames(value);
  return value;
}

function checkNames(names: readonly string[]): void {
  const unknown = unknownOf(names);
  if (unknown !== undefined) {
    throw valueError(`there is no kernel ${JSON.stringify(unknown)}: ${choices()}`);
  }
}

function unknownOf(names: readonly string[]): string | undefined {
  return names.find((name) => !available().includes(name));
}

function choices(): string {
  return `the kernels are ${available().join(', ')}`;
}

/**
 * Runs a function with these kernels enabled and no others; returns what it returns. The setting is the process's: work
 * of other threads and asynchronous jobs follow it too.
 *
 * ```ts
 * torch.backends.kernels.flags({ enabled: ['huber_loss'] }, () => criterion(input, target));
 * ```
 */
function flags<T>(run: () => T): T;
function flags<T>(flags: KernelFlags, run: () => T): T;
function flags(...args: unknown[]): unknown {
  const run = args.at(-1) as () => unknown;
  const given = args.length > 1 ? args[0] : {};
  const wanted = namesOf(readFlags(given));
  return scoped('flags', run, () => {
    const before = native.enabled_kernels();
    native.enable_kernels(wanted);
    return () => native.enable_kernels(before);
  });
}

function readFlags(given: unknown): unknown {
  if (typeof given !== 'object' || given === null) {
    throw typeError(`flags(): expects an object with \`enabled\`, got ${describe(given)}`);
  }
  const unknown = Object.keys(given).find((key) => key !== 'enabled');
  if (unknown !== undefined) {
    throw typeError(`flags() got an unexpected keyword argument '${unknown}'`);
  }
  return (given as KernelFlags).enabled ?? false;
}

/**
 * Returns the kernels that the environment variable enables. An unknown name is only a warning, because a setting of
 * speed must not end a program.
 */
function fromEnvironment(): readonly string[] {
  const text = process.env['TORCH_LOSSES_KERNELS']?.trim() ?? '';
  if (text === '' || text === 'off') return [];
  if (text === 'on') return available();
  const names = text.split(',').map((name) => name.trim());
  const unknown = unknownOf(names);
  if (unknown === undefined) return names;
  warn(
    `TORCH_LOSSES_KERNELS must be on, off or names with commas between them, but has ${JSON.stringify(unknown)}; ${choices()}`,
  );
  return names.filter((name) => available().includes(name));
}

function start(): void {
  const version = libtorch.version.split('+', 1)[0]!;
  const refused = TESTED_VERSIONS.includes(version)
    ? ''
    : `kernels were tested with libtorch ${TESTED_VERSIONS.join(', ')}, and this is ${version}`;
  // The setting belongs to the process. The native side ignores all calls but the first.
  native.start_kernels([...fromEnvironment()], refused);
}

start();

export const kernels = Object.preventExtensions(
  Object.defineProperty({ available, state, states, flags }, 'enabled', {
    enumerable: true,
    get: enabled,
    set: enable,
  }),
) as {
  readonly available: typeof available;
  readonly state: typeof state;
  readonly states: typeof states;
  readonly flags: typeof flags;
  /** The enabled kernels: true for all, false for none, or names. The setting belongs to the process. */
  enabled: boolean | readonly string[];
};
