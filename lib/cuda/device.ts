/** CUDA devices: their number, the current one, and their properties. */

import { createError, runtimeError } from '../bindings/errors';
import { tensorHandle } from '../bindings/handle';
import { native } from '../bindings/native';
import { describe } from '../dispatch/arguments';
import type { Tensor } from '../tensor/tensor';
import { scoped } from '../utils/contextlib';
import { type CudaDevice, currentDevice, enterDevice, indexOf, isBuilt, start } from './state';

/** Returns whether libtorch is a CUDA build, and a driver and a device exist. */
export function is_available(): boolean {
  return native.has_cuda();
}

/** Returns the number of CUDA devices. 0 without CUDA. */
export function device_count(): number {
  return native.cuda_device_count();
}

/** Returns the index of this thread's current device. */
export function current_device(): number {
  return currentDevice();
}

/**
 * Makes a device the current one of this thread. `device` does so while a function runs. A negative index does nothing.
 */
export function set_device(device: CudaDevice): void {
  const index = indexOf(device, false);
  if (index < 0) return;
  start();
  native.cuda_set_device(index);
}

/**
 * Runs a function with another current device, and returns its result. A negative index changes nothing.
 *
 * See https://docs.pytorch.org/docs/stable/generated/torch.cuda.device.html
 *
 * @throws TypeError if the function returns a promise
 */
export function device<T>(device: CudaDevice | null, run: () => T): T {
  return scoped('device', run, () => enter(indexOf(device)));
}

/**
 * Runs a function with the device of a tensor as the current one, and returns its result. A tensor on the CPU changes
 * nothing.
 *
 * See https://docs.pytorch.org/docs/stable/generated/torch.cuda.device_of.html
 */
export function device_of<T>(obj: Tensor, run: () => T): T {
  tensorHandle(obj, { name: 'device_of', parameters: [] }, 'obj');
  return scoped('device_of', run, () => enter(obj.is_cuda ? obj.get_device() : -1));
}

function enter(index: number): () => void {
  if (index < 0) return () => {};
  if (!isBuilt()) throw runtimeError('PyTorch was compiled without CUDA support');
  start();
  return enterDevice(index);
}

/** Waits until all work on a device is done. Default, and for a negative index: the current device. */
export function synchronize(device?: CudaDevice | null): void {
  start();
  const index = indexOf(device);
  native.cuda_synchronize(index < 0 ? currentDevice() : index);
}

/** The properties of a device: `torch.cuda.get_device_properties`. Sizes are in bytes, clock rates in kHz. */
export interface DeviceProperties {
  readonly name: string;
  readonly major: number;
  readonly minor: number;
  readonly total_memory: number;
  readonly multi_processor_count: number;
  readonly is_integrated: boolean;
  readonly is_multi_gpu_board: boolean;
  readonly max_threads_per_multi_processor: number;
  readonly max_threads_per_block: number;
  readonly regs_per_multiprocessor: number;
  readonly warp_size: number;
  readonly shared_memory_per_block: number;
  readonly shared_memory_per_multiprocessor: number;
  readonly shared_memory_per_block_optin: number;
  readonly L2_cache_size: number;
  readonly clock_rate: number;
  readonly memory_clock_rate: number;
  readonly memory_bus_width: number;
  readonly pci_bus_id: number;
  readonly pci_device_id: number;
  readonly pci_domain_id: number;
  /** The UUID in the format of `nvidia-smi`, without `GPU-`. */
  readonly uuid: string;
}

/** The attributes in the order of native/operators/cuda_driver.h. */
const ATTRIBUTES = [
  'major',
  'minor',
  'multi_processor_count',
  'is_integrated',
  'is_multi_gpu_board',
  'max_threads_per_multi_processor',
  'max_threads_per_block',
  'regs_per_multiprocessor',
  'warp_size',
  'shared_memory_per_block',
  'shared_memory_per_multiprocessor',
  'shared_memory_per_block_optin',
  'L2_cache_size',
  'clock_rate',
  'memory_clock_rate',
  'memory_bus_width',
  'pci_bus_id',
  'pci_device_id',
  'pci_domain_id',
] as const;

/**
 * Returns the properties of a device.
 *
 * See https://docs.pytorch.org/docs/stable/generated/torch.cuda.get_device_properties.html
 *
 * @throws TorchError (AssertionError) if the device does not exist
 */
export function get_device_properties(device?: CudaDevice | null): DeviceProperties {
  start();
  const index = existing(indexOf(device), 'Invalid device id');
  const { name, total_memory, attributes, uuid } = native.cuda_device_properties(index);
  const values = Object.fromEntries(
    ATTRIBUTES.map((attribute, at) => {
      const value = attributes[at]!;
      return [attribute, attribute.startsWith('is_') ? value !== 0 : value];
    }),
  );
  const properties = { name, total_memory, ...values, uuid: uuidText(uuid) };
  return properties as unknown as DeviceProperties;
}

function existing(index: number, problem: string): number {
  if (index >= 0 && index < device_count()) return index;
  throw createError('AssertionError', problem);
}

function uuidText(bytes: readonly number[]): string {
  const digits = Buffer.from(bytes).toString('hex');
  return digits.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
}

/** Returns the name of a device, such as `NVIDIA H100 80GB HBM3`. */
export function get_device_name(device?: CudaDevice | null): string {
  return get_device_properties(device).name;
}

/** Returns the compute capability of a device: its major and minor number. */
export function get_device_capability(device?: CudaDevice | null): [major: number, minor: number] {
  const { major, minor } = get_device_properties(device);
  return [major, minor];
}

/** Returns whether one device can read the memory of another. */
export function can_device_access_peer(device: CudaDevice, peer_device: CudaDevice): boolean {
  start();
  const index = existing(indexOf(device), 'Invalid device id');
  const peer = existing(indexOf(peer_device, false), 'Invalid peer device id');
  return native.cuda_can_access_peer(index, peer);
}

/** Returns whether the current device has TF32 hardware, which starts at compute capability 8.0. */
export const is_tf32_supported = (): boolean => is_bf16_supported(false);

/**
 * Returns whether the current device computes in bfloat16. With emulation, all do; in hardware, those from compute
 * capability 8.0.
 */
export function is_bf16_supported(including_emulation = true): boolean {
  if (typeof including_emulation !== 'boolean') {
    throw createError(
      'TypeError',
      `is_bf16_supported(): including_emulation must be a boolean, got ${describe(including_emulation)}`,
    );
  }
  if (!is_available()) return false;
  return including_emulation || get_device_capability()[0] >= 8;
}
