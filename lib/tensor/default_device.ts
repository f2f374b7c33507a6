/**
 * The default device: the device of tensors that are made from sizes or data without a `device`. It is set per thread.
 *
 * Source: torch/utils/_device.py.
 */

import { currentDevice } from '../cuda/state';
import { isOptions } from '../dispatch/arguments';
import { scoped } from '../utils/contextlib';
import { Device, type DeviceLike, device as deviceOf } from './device';
import { isComplex } from './scalar';

let chosen: Device | null = null;

/** Returns the device that `set_default_device` or `device(…)(fn)` set, or null if none is set. */
export const chosenDefaultDevice = (): Device | null => chosen;

/** Returns the arguments of a factory with `device` set to the default device, unless they name one. */
export function withDefaultDevice(args: unknown[]): unknown[] {
  if (!chosen) return args;
  const last = args.at(-1);
  if (!isOptions(last) || isComplex(last)) return [...args, { device: chosen }];
  const { device = null } = last;
  return device === null ? [...args.slice(0, -1), { ...last, device: chosen }] : args;
}

/**
 * Sets the default device of this thread. Null restores the CPU. `x.new_zeros(…)`, `zeros_like` and similar functions
 * still use the device of their tensor.
 *
 * See https://docs.pytorch.org/docs/stable/generated/torch.set_default_device.html
 *
 * @throws TorchError (RuntimeError) if no device has this name
 */
export function set_default_device(device: DeviceLike | null): void {
  chosen = device === null ? null : deviceOf(device);
}

/**
 * Returns the default device of this thread.
 *
 * @throws TorchError if the default device is a CUDA device and CUDA is not available
 */
export function get_default_device(): Device {
  if (!chosen) return new Device('cpu');
  const isCurrent = chosen.type === 'cuda' && chosen.index === null;
  return isCurrent ? new Device(`cuda:${currentDevice()}`) : chosen;
}

/**
 * Returns a device: `torch.device('cuda:0')`, `torch.device('cuda', 0)`, `torch.device(0)`.
 *
 * With a function, it is Python's `with torch.device('cuda'): …`: runs the function with this device as the default
 * device, and returns the function's result.
 *
 * See https://docs.pytorch.org/docs/stable/tensor_attributes.html#torch.device
 *
 * @throws TorchError (RuntimeError) if no device has this name; TypeError if the function returns a promise
 */
export function device(type: DeviceLike, index?: number): Device;
export function device<T>(type: DeviceLike, run: () => T): T;
export function device<T>(type: DeviceLike, indexOrRun?: number | (() => T)): Device | T {
  if (typeof indexOrRun !== 'function') return deviceOf(type, indexOrRun);
  return scoped('device', indexOrRun, () => {
    const before = chosen;
    chosen = deviceOf(type);
    return () => {
      chosen = before;
    };
  });
}
