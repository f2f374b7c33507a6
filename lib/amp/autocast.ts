/** Automatic mixed precision: runs each operator of a function in a dtype that is suitable for it. */

import { runtimeError, valueError } from '../bindings/errors';
import { native } from '../bindings/native';
import { warn } from '../bindings/warnings';
import { bind, type Callee, describe, fail } from '../dispatch/arguments';
import { BOOL, DTYPE, optional, required, Signature, STRING } from '../dispatch/signature';
import { bfloat16, DType, float16 } from '../tensor/dtype';
import { dtypeFromCode } from '../tensor/dtype_table';
import { scoped } from '../utils/contextlib';

export interface AutocastOptions {
  /** The lower-precision dtype. Default: null, which is {@link get_autocast_dtype}. */
  dtype?: DType | null | undefined;
  /** Default: true. */
  enabled?: boolean | undefined;
  /** Whether the cast of a weight is cached and used again. Default: null, which leaves the setting unchanged. */
  cache_enabled?: boolean | null | undefined;
}

const CALLEE: Callee = {
  name: 'autocast',
  parameters: [
    { name: 'device_type', required: true },
    { name: 'dtype' },
    { name: 'enabled' },
    { name: 'cache_enabled' },
  ],
};

/** The settings of autocast while the function runs. */
interface State {
  readonly device: string;
  readonly dtype: DType;
  readonly enabled: boolean;
  readonly cache: boolean;
}

/**
 * Runs a function with autocast for a device type, `'cpu'` or `'cuda'`. Returns the function's result.
 *
 * ```ts
 * const loss = torch.autocast('cpu', { dtype: torch.bfloat16 }, () => criterion(model(input), target));
 * loss.backward(); // outside
 * ```
 *
 * Losses follow torch's rules: most run in float32, and `binary_cross_entropy` throws on CUDA. See
 * https://docs.pytorch.org/docs/stable/amp.html#torch.autocast
 *
 * @throws TypeError if the function returns a promise, because the mode would end at the first `await`; TorchError for
 *   a
 *   device type without autocast
 */
export function autocast<T>(device_type: string, run: () => T): T;
export function autocast<T>(device_type: string, options: AutocastOptions, run: () => T): T;
export function autocast<T>(device_type: string, dtype: DType | null, run: () => T): T;
export function autocast<T>(
  device_type: string,
  dtype: DType | null,
  enabled: boolean,
  run: () => T,
): T;
export function autocast(...args: unknown[]): unknown {
  const last = args.at(-1);
  const run = typeof last === 'function' ? (last as () => unknown) : undefined;
  const state = stateOf(run ? args.slice(0, -1) : args);
  return scoped('autocast', run!, () => enter(state));
}

function enter({ device, dtype, enabled, cache }: State): () => void {
  const before = {
    enabled: native.is_autocast_enabled(device),
    dtype: native.get_autocast_dtype(device),
    cache: native.is_autocast_cache_enabled(),
  };
  native.set_autocast_enabled(device, enabled);
  native.set_autocast_dtype(device, dtype.code);
  native.autocast_increment_nesting();
  native.set_autocast_cache_enabled(cache);
  return () => {
    if (native.autocast_decrement_nesting() === 0) native.clear_autocast_cache();
    native.set_autocast_enabled(device, before.enabled);
    native.set_autocast_dtype(device, before.dtype);
    native.set_autocast_cache_enabled(before.cache);
  };
}

function stateOf(args: readonly unknown[]): State {
  const [device, dtype, enabled = true, cache_enabled] = bind(CALLEE, args);
  if (typeof device !== 'string') {
    throw valueError(`Expected \`device_type\` of type \`str\`, got: ${describe(device)}`);
  }
  if (dtype !== undefined && dtype !== null && !(dtype instanceof DType)) {
    throw fail(CALLEE, `argument 'dtype' must be a torch.dtype or null, got ${describe(dtype)}`);
  }
  const fast = dtype ?? get_autocast_dtype(device);
  if (!is_autocast_available(device)) {
    throw runtimeError(`User specified an unsupported autocast device_type '${device}'`);
  }
  return {
    device,
    dtype: fast,
    enabled: truth('enabled', enabled) && isUsable(device, fast),
    cache: truth('cache_enabled', cache_enabled ?? native.is_autocast_cache_enabled()),
  };
}

function truth(name: string, value: unknown): boolean {
  if (typeof value === 'boolean') return value;
  throw fail(CALLEE, `argument '${name}' must be a boolean, got ${describe(value)}`);
}

/** Returns whether autocast can be enabled. Warns if it cannot. */
function isUsable(device: string, dtype: DType): boolean {
  if (device === 'cuda') {
    if (native.has_cuda()) return true;
    warn(
      'CUDA is not available or torch_xla is imported. Disabling autocast.',
      'UserWarning',
      'user',
    );
    return false;
  }
  if (dtype === bfloat16 || dtype === float16) return true;
  const name = device.toUpperCase();
  warn(
    `In ${name} autocast, but the target dtype is not supported. Disabling autocast.\n` +
      `${name} Autocast only supports dtypes of ${bfloat16}, ${float16} currently.`,
    'UserWarning',
    'user',
  );
  return false;
}

const ofDevice = { device_type: required(STRING) };
const SIGNATURES = {
  is_available: new Signature('is_autocast_available', ofDevice),
  is_enabled: new Signature('is_autocast_enabled', { device_type: optional(STRING, 'cuda') }),
  set_enabled: new Signature('set_autocast_enabled', { ...ofDevice, enabled: required(BOOL) }),
  get_dtype: new Signature('get_autocast_dtype', ofDevice),
  set_dtype: new Signature('set_autocast_dtype', { ...ofDevice, dtype: required(DTYPE) }),
  set_cache: new Signature('set_autocast_cache_enabled', { enabled: required(BOOL) }),
};

/** Returns whether a device type supports autocast. */
export function is_autocast_available(device_type: string): boolean;
export function is_autocast_available(...args: unknown[]): boolean {
  return native.is_autocast_available(SIGNATURES.is_available.read(args).device_type);
}

/** Returns whether autocast is on in this thread for a device type. Default: `cuda`. */
export function is_autocast_enabled(device_type?: string): boolean;
export function is_autocast_enabled(...args: unknown[]): boolean {
  return native.is_autocast_enabled(SIGNATURES.is_enabled.read(args).device_type);
}

/**
 * Turns autocast on or off in this thread for a device type. {@link autocast} does so while a function runs. Default:
 * `cuda`.
 */
export function set_autocast_enabled(device_type: string, enabled: boolean): void;
export function set_autocast_enabled(enabled: boolean): void;
export function set_autocast_enabled(...args: unknown[]): void {
  const all = typeof args[0] === 'boolean' ? ['cuda', ...args] : args;
  const { device_type, enabled } = SIGNATURES.set_enabled.read(all);
  native.set_autocast_enabled(device_type, enabled);
}

/**
 * Returns the dtype to which autocast casts on a device type. The default is float16 on CUDA and bfloat16 on the CPU.
 */
export function get_autocast_dtype(device_type: string): DType;
export function get_autocast_dtype(...args: unknown[]): DType {
  return dtypeFromCode(native.get_autocast_dtype(SIGNATURES.get_dtype.read(args).device_type));
}

/** Sets the dtype to which autocast casts in this thread on a device type. */
export function set_autocast_dtype(device_type: string, dtype: DType): void;
export function set_autocast_dtype(...args: unknown[]): void {
  const { device_type, dtype } = SIGNATURES.set_dtype.read(args);
  native.set_autocast_dtype(device_type, dtype.code);
}

/** Returns whether casts of weights are cached within an autocast region. */
export function is_autocast_cache_enabled(): boolean {
  return native.is_autocast_cache_enabled();
}

export function set_autocast_cache_enabled(enabled: boolean): void;
export function set_autocast_cache_enabled(...args: unknown[]): void {
  native.set_autocast_cache_enabled(SIGNATURES.set_cache.read(args).enabled);
}

/** Clears the cached casts of weights. Call it if a weight was changed in place inside an autocast function. */
export function clear_autocast_cache(): void {
  native.clear_autocast_cache();
}
