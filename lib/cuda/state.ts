/** Whether and when CUDA is started, and which device is meant. Source: torch/cuda/__init__.py. */
import { describe } from '../arguments';
import { Device } from '../device';
import { createError, runtimeError, typeError, valueError } from '../errors';
import { isCudaBuild } from '../libtorch/build';
import { libtorch, native } from '../native';

/** A CUDA device: its number, or `torch.device('cuda:1')`, or its name. */
export type CudaDevice = number | Device | string;

/** Whether this libtorch is a CUDA build. */
export const isBuilt = (): boolean => isCudaBuild(libtorch);

let started = false;

/** Whether {@link start} has succeeded. */
export const isStarted = (): boolean => started;

/**
 * Starts CUDA, unless that has been done.
 *
 * @throws TorchError (AssertionError) for a CPU build, TorchError (RuntimeError) without a driver or a device
 */
export function start(): void {
  if (started) return;
  if (!isBuilt()) throw notCompiled('cuda');
  if (!native.cuda_is_loaded()) throw runtimeError(NO_DRIVER);
  native.cuda_init();
  started = true;
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

/** The number of the device that is current in this thread. */
export function currentDevice(): number {
  start();
  return native.cuda_get_device();
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
