/**
 * `torch.backends.kernels`: own kernels, which compute some losses on the CPU in libtorch's place, faster and with the
 * same bits (docs/guides/performance.md). All are off unless somebody asks for them, here or with `TORCH_LOSSES_KERNELS`.
 */

import { typeError, valueError } from '../bindings/errors';
import { libtorch, native } from '../bindings/native';
import { warn } from '../bindings/warnings';
import { describe } from '../dispatch/arguments';
import { scoped } from '../utils/contextlib';

/** The versions of libtorch with which all tests passed with all kernels on. */
const TESTED_VERSIONS: readonly string[] = ['2.13.0'];

/** Whether and why a kernel computes. */
export interface KernelState {
  /**
   * - `off`: nobody has asked for it.
   * - `untested`: it is enabled. Before its first use it is compared with libtorch, bit for bit.
   * - `on`: the comparison found equal bits, and it computes.
   * - `left out`: it is enabled and does not compute: `reason` says why.
   */
  readonly state: 'off' | 'untested' | 'on' | 'left out';
  /** Why it is left out, else empty. */
  readonly reason: string;
}

/** What `torch.backends.kernels.flags` sets. */
export interface KernelFlags {
  /** All kernels, none, or those of these names. Default: false. */
  enabled?: boolean | readonly string[] | undefined;
}

/** The names of all kernels: each is that of the loss which it computes. */
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

/** True if all are enabled, false if none is, else the names of those that are. */
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

/** What the environment asks for. A name that there is not is a warning: a program must not end over its speed. */
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
  // The setting is the process's: native code ignores this but for the first environment.
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
  /** Which are enabled: true for all, false for none, or names. Holds for the process. */
  enabled: boolean | readonly string[];
};
