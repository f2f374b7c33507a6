/** Finds the module of a device type, for programs that support several. Source: torch/__init__.py. */

import { runtimeError } from '../bindings/errors';
import * as cpu from '../cpu';
import * as cuda from '../cuda';
import { describe } from '../dispatch/arguments';
import { Device, device as deviceOf, hasAccelerator } from '../tensor/device';

/** `torch.cpu` or `torch.cuda`. */
export type DeviceModule = typeof cpu | typeof cuda;

/**
 * Returns `torch.cuda` or `torch.cpu`. A program can call what both have, such as `synchronize`, on either.
 *
 * See https://docs.pytorch.org/docs/stable/generated/torch.get_device_module.html
 *
 * @param device - default: the accelerator that libtorch was built for, or else the CPU
 * @throws TorchError (RuntimeError) if the device type has no module
 */
export function get_device_module(device: Device | string | null = null): DeviceModule {
  if (device === null) return hasAccelerator() ? cuda : cpu;
  if (!(device instanceof Device) && typeof device !== 'string') {
    const given = typeof device === 'number' ? device : describe(device);
    throw runtimeError(`Invalid value of device '${given}', expect torch.device, str, or None`);
  }
  const { type } = deviceOf(device);
  if (type === 'cuda') return cuda;
  if (type === 'cpu') return cpu;
  throw runtimeError(
    `Device '${type}' does not have a corresponding module registered as 'torch.${type}'.`,
  );
}
