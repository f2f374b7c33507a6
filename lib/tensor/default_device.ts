/**
 * The device of new tensors for which none is said: of those that are made of sizes or of data, as Python has it.
 *
 * Source: torch/utils/_device.py. It holds for a thread.
 */

import { currentDevice } from '../cuda/state';
import { isOptions } from '../dispatch/arguments';
import { scoped } from '../utils/contextlib';
import { Device, type DeviceLike, device as deviceOf } from './device';
import { isComplex } from './scalar';

let chosen: Device | null = null;

/** What was set; null where nothing was, and tensors are made on the CPU. */
export const chosenDevice = (): Device | null => chosen;

/** The arguments of a factory, with the device that was set if they say none. */
export function withChosenDevice(args: unknown[]): unknown[] {
  if (!chosen) return args;
  const last = args.at(-1);
  if (!isOptions(last) || isComplex(last)) return [...args, { device: chosen }];
  const { device = null } = last;
  return device === null ? [...args.slice(0, -1), { ...last, device: chosen }] : args;
}

/**
 * Sets the device of new tensors for which none is said, in this thread; null is the CPU, as it was. `x.new_zeros(…)`,
 * `zeros_like` and their like keep to the device of their tensor.
 *
 * See https://docs.pytorch.org/docs/stable/generated/torch.set_default_device.html
 *
 * @throws TorchError (RuntimeError) for a name that no device has
 */
export function set_default_device(device: DeviceLike | null): void {
  chosen = device === null ? null : deviceOf(device);
}

/**
 * The device of new tensors for which none is said.
 *
 * @throws what CUDA throws where it was chosen, and is not there
 */
export function get_default_device(): Device {
  if (!chosen) return new Device('cpu');
  const isCurrent = chosen.type === 'cuda' && chosen.index === null;
  return isCurrent ? new Device(`cuda:${currentDevice()}`) : chosen;
}

/**
 * `torch.device('cuda:0')`, `torch.device('cuda', 0)`, `torch.device(0)`; with a function it is Python's
 * `with torch.device('cuda'): …`, the device of new tensors for the function's time, and returns what the function returns.
 *
 * See https://docs.pytorch.org/docs/stable/tensor_attributes.html#torch.device
 *
 * @throws TorchError (RuntimeError) for a name that no device has; TypeError for a function that returns a promise
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
