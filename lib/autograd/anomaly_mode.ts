/** Anomaly detection. Source: torch/autograd/anomaly_mode.py. */
import { typeError } from '../bindings/errors';
import { native } from '../bindings/native';
import { describe } from '../dispatch/arguments';
import { scoped } from '../utils/contextlib';

/** Returns the JavaScript stack of the call that the native side runs. */
function stackOfCaller(): string {
  const lines = (new Error().stack ?? '').split('\n').slice(2);
  return lines.join('\n');
}

function set(mode: boolean, check_nan: boolean): void {
  native.set_detect_anomaly(mode, check_nan, stackOfCaller);
}

function checkBoolean(name: string, argument: string, value: unknown): asserts value is boolean {
  if (typeof value === 'boolean') return;
  throw typeError(`${name}(): argument '${argument}' must be a boolean, got ${describe(value)}`);
}

/**
 * Turns anomaly detection on or off, in the whole process: from now on, or while a function runs.
 *
 * While it is on, a backward pass that fails warns with the stack of the forward call whose backward failed. With
 * `check_nan`, a gradient that is NaN is an error. It is slow: use it to find an error.
 *
 * See https://docs.pytorch.org/docs/stable/autograd.html#torch.autograd.set_detect_anomaly
 */
export function set_detect_anomaly(mode: boolean, check_nan?: boolean): void;
export function set_detect_anomaly<T>(mode: boolean, run: () => T): T;
export function set_detect_anomaly<T>(mode: boolean, check_nan: boolean, run: () => T): T;
export function set_detect_anomaly<T>(mode: boolean, ...rest: unknown[]): T | undefined {
  const [check_nan, run] =
    typeof rest[0] === 'function' ? [true, rest[0]] : [rest[0] ?? true, rest[1]];
  checkBoolean('set_detect_anomaly', 'mode', mode);
  checkBoolean('set_detect_anomaly', 'check_nan', check_nan);
  if (run === undefined) {
    set(mode, check_nan);
    return undefined;
  }
  return scoped('set_detect_anomaly', run as () => T, () => {
    const before = [is_anomaly_enabled(), is_anomaly_check_nan_enabled()] as const;
    set(mode, check_nan);
    return () => set(...before);
  });
}

/**
 * Runs a function with anomaly detection on. See {@link set_detect_anomaly}.
 *
 * See https://docs.pytorch.org/docs/stable/autograd.html#torch.autograd.detect_anomaly
 */
export function detect_anomaly<T>(run: () => T): T;
export function detect_anomaly<T>(check_nan: boolean, run: () => T): T;
export function detect_anomaly<T>(...args: unknown[]): T {
  const [check_nan, run] = args.length === 1 ? [true, args[0]] : args;
  checkBoolean('detect_anomaly', 'check_nan', check_nan);
  return set_detect_anomaly(true, check_nan, run as () => T);
}

/** Returns whether anomaly detection is on. */
export function is_anomaly_enabled(): boolean {
  return native.is_anomaly_enabled();
}

/** Returns whether anomaly detection looks for NaN. */
export function is_anomaly_check_nan_enabled(): boolean {
  return native.is_anomaly_check_nan_enabled();
}
