/**
 * `torch.random`: the CPU's default generator, and `fork_rng` for all devices. Source: torch/random.py.
 *
 * See https://docs.pytorch.org/docs/stable/random.html
 */

import { get_device_module } from '../accelerator/device_module';
import { attributeError } from '../bindings/errors';
import { warn } from '../bindings/warnings';
import type { CudaDevice } from '../cuda';
import {
  BOOL,
  nullable,
  option,
  optional,
  orNull,
  Signature,
  STRING,
  type Type,
} from '../dispatch/signature';
import { scoped } from '../utils/contextlib';
import { get_rng_state, set_rng_state } from './generator';

export {
  default_generator,
  get_rng_state,
  initial_seed,
  manual_seed,
  seed,
  set_rng_state,
} from './generator';

const DEVICES: Type<Iterable<CudaDevice>> = {
  expected: 'an iterable of devices',
  accepts: (value) =>
    typeof value === 'object' &&
    typeof (value as Partial<Iterable<unknown>>)[Symbol.iterator] === 'function',
};

const SIGNATURE = new Signature('fork_rng', {
  devices: nullable(DEVICES),
  enabled: optional(BOOL, true),
  device_type: option<string | null>(orNull(STRING), null),
});

export interface ForkOptions {
  /** The devices whose generators are restored in addition to the CPU's. Default: null, all devices of the type. */
  devices?: Iterable<CudaDevice> | null | undefined;
  /** Whether states are restored. If false, only the function runs. Default: true. */
  enabled?: boolean | undefined;
  /** The device type. Default: null, which is the accelerator's type, or `cuda`. */
  device_type?: string | null | undefined;
}

/**
 * Runs a function, then restores the generators of the CPU and of devices to their previous states. Returns the
 * function's result.
 *
 * ```ts
 * const noise = torch.random.fork_rng(() => {
 *   torch.manual_seed(0); // has no effect afterwards
 *   return torch.randn(3);
 * });
 * ```
 *
 * See https://docs.pytorch.org/docs/stable/random.html#torch.random.fork_rng
 *
 * @throws TypeError if the function returns a promise, because other code could draw from the generators meanwhile
 */
export function fork_rng<T>(run: () => T): T;
export function fork_rng<T>(options: ForkOptions, run: () => T): T;
export function fork_rng<T>(devices: Iterable<CudaDevice> | null, run: () => T): T;
export function fork_rng<T>(
  devices: Iterable<CudaDevice> | null,
  enabled: boolean,
  run: () => T,
): T;
export function fork_rng(...args: unknown[]): unknown {
  const last = args.at(-1);
  const run = typeof last === 'function' ? (last as () => unknown) : undefined;
  const given = SIGNATURE.read(run ? args.slice(0, -1) : args);
  return scoped('fork_rng', run!, () => fork(given));
}

/** Saves the states, and returns a function that restores them. */
function fork({ devices, enabled, device_type }: Required<ForkOptions>): () => void {
  if (device_type === 'meta') return () => {};
  const type = device_type ?? 'cuda';
  const module = get_device_module(type);
  if (!enabled) return () => {};
  const forked = devices ? [...devices] : allOf(type, module.device_count());
  if (!('get_rng_state' in module)) {
    throw attributeError(`module 'torch.${type}' has no attribute 'get_rng_state'`);
  }
  const state = get_rng_state();
  const states = forked.map((device) => module.get_rng_state(device));
  return () => {
    set_rng_state(state);
    for (const [at, device] of forked.entries()) module.set_rng_state(states[at]!, device);
  };
}

let hasWarned = false;

function allOf(type: string, count: number): number[] {
  if (count > 1 && !hasWarned) {
    hasWarned = true;
    const name = type.toUpperCase();
    warn(
      `${name} reports that you have ${count} available devices, and you have used fork_rng without explicitly ` +
        `specifying which devices are being used. For safety, we initialize *every* ${name} device by default, which ` +
        `can be quite slow if you have a lot of ${name}s. If you know that you are only making use of a few ${name} ` +
        `devices, set the environment variable ${name}_VISIBLE_DEVICES or the 'devices' keyword argument of fork_rng ` +
        'with the set of devices you are actually using. For example, if you are using CPU only, set ' +
        `device.upper()_VISIBLE_DEVICES= or devices=[]; if you are using device 0 only, set ${name}_VISIBLE_DEVICES=0 ` +
        `or devices=[0].  To initialize all devices and suppress this warning, set the 'devices' keyword argument to ` +
        `\`range(torch.${type}.device_count())\`.`,
      'UserWarning',
      'user',
    );
  }
  return Array.from({ length: count }, (_, index) => index);
}
