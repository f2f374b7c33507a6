/** Whether and when CUDA is started, and which device is meant. Source: torch/cuda/__init__.py. */

import { createError, runtimeError, typeError, valueError } from '../bindings/errors';
import { native } from '../bindings/native';
import { describe } from '../dispatch/arguments';
import { defaultGeneratorOf, type Generator } from '../random/generator';
import { Device, hasAccelerator } from '../tensor/device';
import { checkKernels } from './architectures';

/** A CUDA device: its number, or `torch.device('cuda:1')`, or its name. */
export type CudaDevice = number | Device | string;

/** Whether this libtorch is a CUDA build. */
export const isBuilt = hasAccelerator;

/** @throws TorchError (AssertionError) for a CPU build */
export function requireBuilt(): void {
  if (!isBuilt()) throw notCompiled('cuda');
}

let started = false;

/** Whether {@link start} has succeeded, in any thread of the process. */
export const isStarted = (): boolean => started || native.cuda_is_initialized();

const generators: Generator[] = [];

/** The default generators of the devices, in their order. The list is empty before CUDA is used. */
export const default_generators: readonly Generator[] = generators;

/**
 * Starts CUDA, unless that has been done.
 *
 * @throws TorchError (AssertionError) for a CPU build, TorchError (RuntimeError) without a driver or a device
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

/** What Python does before a tensor is made on a device: it starts what is there, and says what is not. */
export function startDevice(name: string): void {
  if (name.startsWith('cuda')) start();
  else if (name.startsWith('xpu')) throw notCompiled('xpu');
}

/** What a stream or an event of a kind of device needs: CUDA, where this libtorch was built for it. */
export function startIfBuilt(type: string): void {
  if (type === 'cuda' && isBuilt()) start();
}

/** The same for memory that a device reads by itself, which its driver pins. */
export function startPinning(): void {
  if (isBuilt()) start();
}

/** The number of a device, which is looked at before CUDA is started. */
export function startedIndexOf(device: CudaDevice | null | undefined): number {
  const index = indexOf(device);
  start();
  return index;
}

/** The number of the device that is current in this thread. */
export function currentDevice(): number {
  start();
  return native.cuda_get_device();
}

/** More than a number of a device can be in libtorch, which would take what is left of it. */
const TOO_MANY = 128;

/** The name of a device whose stream is asked for; -1 is the current one, as in libtorch. */
export function streamDeviceOf(index: number): string {
  if (index === -1) return 'cuda';
  if (index >= TOO_MANY) throw runtimeError('Overflow when unpacking DeviceIndex');
  if (index >= 0) return `cuda:${index}`;
  const count = native.cuda_device_count();
  throw runtimeError(`Device index value ${index} is out of index range [0, ${count})`);
}

/** Makes a device the current one, and returns what goes back to the one before. */
export function enterDevice(index: number): () => void {
  const before = native.cuda_exchange_device(index);
  return () => native.cuda_restore_device(before);
}

/**
 * The number of a device; the current one for null and, where `isOptional`, for `cuda` without a number.
 *
 * @throws RangeError (ValueError) for a device of another kind, or one whose number must be said
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
