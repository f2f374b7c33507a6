/** Initializes CUDA when it is needed, and interprets device arguments. Source: torch/cuda/__init__.py. */

import { createError, runtimeError, typeError, valueError } from '../bindings/errors';
import { native } from '../bindings/native';
import { describe } from '../dispatch/arguments';
import { defaultGeneratorOf, type Generator } from '../random/generator';
import { Device, hasAccelerator } from '../tensor/device';
import { checkKernels } from './architectures';

/** A CUDA device: its index, its name, or a device such as `torch.device('cuda:1')`. */
export type CudaDevice = number | Device | string;

/** Returns whether libtorch is a CUDA build. */
export const isBuilt = hasAccelerator;

/** @throws TorchError (AssertionError) for a CPU build */
export function requireBuilt(): void {
  if (!isBuilt()) throw notCompiled('cuda');
}

let started = false;

/** Returns whether {@link start} has succeeded in any thread of the process. */
export const isStarted = (): boolean => started || native.cuda_is_initialized();

const generators: Generator[] = [];

/** The default generators of the devices, in order. The list is empty before CUDA is used. */
export const default_generators: readonly Generator[] = generators;

/**
 * Initializes CUDA, unless that was done before.
 *
 * @throws TorchError (AssertionError) for a CPU build; TorchError (RuntimeError) without a driver or a device
 */
export function start(): void {
  if (started) return;
  requireBuilt();
  if (!native.cuda_is_loaded()) throw runtimeError(NO_DRIVER);
  native.cuda_init();
  started = true;
  const count = native.cuda_device_count();
  for (let index = 0; index < count; index++) generators.push(defaultGeneratorOf(`cuda:${index}`));
  checkKernels();
}

const NO_DRIVER =
  'Found no NVIDIA driver on your system. Please check that you have an NVIDIA GPU and installed a driver from ' +
  'http://www.nvidia.com/Download/index.aspx';

const notCompiled = (type: string): Error =>
  createError('AssertionError', `Torch not compiled with ${type.toUpperCase()} enabled`);

/** Initializes a device before a tensor is made on it, as Python does. Throws if the device does not exist. */
export function startDevice(name: string): void {
  if (name.startsWith('cuda')) start();
  else if (name.startsWith('xpu')) throw notCompiled('xpu');
}

/** Initializes CUDA for a stream or an event of a device type, if libtorch was built for CUDA. */
export function startIfBuilt(type: string): void {
  if (type === 'cuda' && isBuilt()) start();
}

/** Initializes CUDA before memory is pinned, which its driver does. */
export function startPinning(): void {
  if (isBuilt()) start();
}

/** Checks a device argument, then initializes CUDA. Returns the device's index. */
export function startedIndexOf(device: CudaDevice | null | undefined): number {
  const index = indexOf(device);
  start();
  return index;
}

/** Returns the index of this thread's current device. */
export function currentDevice(): number {
  start();
  return native.cuda_get_device();
}

/** The first index that libtorch's DeviceIndex, which has 8 bits, cannot hold. */
const DEVICE_INDEX_LIMIT = 128;

/** Returns the name of a device whose stream is requested. As in libtorch, -1 is the current device. */
export function streamDeviceOf(index: number): string {
  if (index === -1) return 'cuda';
  if (index >= DEVICE_INDEX_LIMIT) throw runtimeError('Overflow when unpacking DeviceIndex');
  if (index >= 0) return `cuda:${index}`;
  const count = native.cuda_device_count();
  throw runtimeError(`Device index value ${index} is out of index range [0, ${count})`);
}

/** Makes a device the current one. Returns a function that restores the previous one. */
export function enterDevice(index: number): () => void {
  const before = native.cuda_exchange_device(index);
  return () => native.cuda_restore_device(before);
}

/**
 * Returns the index of a device. Returns the current one for null and, if `isOptional`, for `cuda` without an index.
 *
 * @throws RangeError (ValueError) for a device of another type, or one whose index is missing but required
 */
export function indexOf(device: CudaDevice | null | undefined, isOptional = true): number {
  if (typeof device === 'number') {
    if (Number.isInteger(device)) return device;
    throw typeError(
      `a CUDA device must be an integer, a torch.device or a name, got ${describe(device)}`,
    );
  }
  const named = typeof device === 'string' ? new Device(native.parse_device(device)) : device;
  if (named instanceof Device) {
    if (named.type !== 'cuda') throw valueError(`Expected a cuda device, but got: ${named}`);
    if (named.index !== null) return named.index;
  } else if (named !== null && named !== undefined) {
    throw typeError(
      `a CUDA device must be an integer, a torch.device or a name, got ${describe(named)}`,
    );
  }
  if (isOptional) return currentDevice();
  const got = named === null || named === undefined ? 'None' : named;
  throw valueError(`Expected a torch.device with a specified index or an integer, but got:${got}`);
}
