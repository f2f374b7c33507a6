/** The devices of a DistributedDataParallel. Source: torch/nn/parallel/distributed.py. */
import { inspect } from 'node:util';
import { valueError } from '../../bindings/errors';
import { Device, type DeviceLike } from '../../tensor/device';
import type { Parameter } from '../parameter';

export interface Places {
  readonly isMultiDevice: boolean;
  readonly device_ids: readonly number[] | null;
  readonly output_device: number | null;
}

interface Wanted {
  readonly device_ids: readonly DeviceLike[] | null;
  readonly output_device: DeviceLike | null;
}

/** Checks the devices as Python does. */
export function devicesOf(
  parameters: readonly Parameter[],
  { device_ids, output_device }: Wanted,
): Places {
  if (device_ids !== null && device_ids.length > 1) {
    throw valueError('device_ids can only be None or contain a single element.');
  }
  const devices = new Map(parameters.map(({ device }) => [device.name, device]));
  const types = new Set(parameters.map(({ device }) => device.type));
  if (types.size !== 1) {
    const listed = [...types].map((type) => `'${type}'`).join(', ');
    throw valueError(
      `DistributedDataParallel's input module must be on the same type of devices, but input module parameters locate in {${listed}}.`,
    );
  }
  const isMultiDevice = devices.size > 1;
  const isSingle = device_ids !== null && device_ids.length > 0 && !isMultiDevice;
  if (isSingle && !types.has('cpu')) {
    const [own] = device_ids;
    return {
      isMultiDevice,
      device_ids: [indexOf(own!)],
      output_device: indexOf(output_device ?? own!),
    };
  }
  if (device_ids?.length || output_device) {
    const listed = [...devices.values()].map((device) => inspect(device)).join(', ');
    throw valueError(
      'DistributedDataParallel device_ids and output_device arguments only work with single-device/multiple-device GPU modules or CPU modules, ' +
        `but got device_ids ${reprOf(device_ids)}, output_device ${reprOf(output_device)}, and module parameters {${listed}}.`,
    );
  }
  return { isMultiDevice, device_ids: null, output_device: null };
}

function reprOf(value: DeviceLike | readonly DeviceLike[] | null): string {
  if (value === null) return 'None';
  if (typeof value === 'string') return `'${value}'`;
  if (typeof value === 'number') return `${value}`;
  return value instanceof Device ? inspect(value) : `[${value.map(reprOf).join(', ')}]`;
}

function indexOf(device: DeviceLike): number {
  if (typeof device === 'number') return device;
  const { index } = device instanceof Device ? device : new Device(device);
  return index ?? 0;
}
