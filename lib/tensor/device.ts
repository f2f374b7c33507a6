/** Devices, such as `cpu` and `cuda:0`. */
import { inspect } from 'node:util';
import { runtimeError, typeError } from '../bindings/errors';
import { isCudaBuild } from '../bindings/libtorch/build';
import { libtorch, native } from '../bindings/native';
import { describe } from '../dispatch/arguments';

/** A device, its name (`'cpu'`, `'cuda'`, `'cuda:1'`), or the index of a CUDA device. */
export type DeviceLike = Device | string | number;

/**
 * A device on which tensors live.
 *
 * See https://docs.pytorch.org/docs/stable/tensor_attributes.html#torch.device
 */
export class Device {
  /** `cpu`, `cuda`, `meta`, … */
  readonly type: string;
  /** The device's index, or null if the name has none. */
  readonly index: number | null;

  /** @internal Use {@link device}. */
  constructor(name: string) {
    if (typeof name !== 'string') {
      throw typeError(`Device(): name must be a string, got ${describe(name)}`);
    }
    const [type, index] = name.split(':');
    this.type = type!;
    this.index = index === undefined ? null : Number(index);
    Object.freeze(this);
  }

  /** The name as factories take it: `cuda:0`. */
  get name(): string {
    return this.index === null ? this.type : `${this.type}:${this.index}`;
  }

  equals(other: DeviceLike): boolean {
    return (other instanceof Device || typeof other === 'string') && String(other) === this.name;
  }

  /** Returns the name, like Python's `str(device)`: `cuda:0`. */
  toString(): string {
    return this.name;
  }

  toJSON(): string {
    return this.name;
  }

  [inspect.custom](): string {
    const index = this.index === null ? '' : `, index=${this.index}`;
    return `device(type='${this.type}'${index})`;
  }
}

const isBuiltForCuda = isCudaBuild(libtorch);

/** Returns whether libtorch was built for a device other than the CPU. */
export const hasAccelerator = (): boolean => isBuiltForCuda;

export const NO_ACCELERATOR = 'Cannot access accelerator device when none is available.';

/**
 * Returns the name of a device, which the native side takes.
 *
 * @throws TorchError (RuntimeError) for an index without an accelerator, and for a negative index
 */
export function deviceName(device: DeviceLike): string {
  if (typeof device !== 'number') return String(device);
  if (device < 0) throw runtimeError(NEGATIVE);
  if (!hasAccelerator()) throw runtimeError(NO_ACCELERATOR);
  return `cuda:${device}`;
}

const NEGATIVE = 'Device index must not be negative';

/**
 * Returns a device: `torch.device('cuda:0')`, `torch.device('cuda', 0)`, `torch.device(0)`.
 *
 * @throws TorchError (RuntimeError) if no device has this name
 */
export function device(type: DeviceLike, index?: number): Device {
  if (type instanceof Device) return type;
  if (typeof type === 'string' && index !== undefined) {
    if (!Number.isSafeInteger(index)) {
      throw typeError(`device(): index must be an integer, got ${describe(index)}`);
    }
    if (index < 0) throw runtimeError(NEGATIVE);
    return new Device(native.parse_device(`${type}:${index}`));
  }
  if (typeof type !== 'string' && !Number.isSafeInteger(type)) {
    throw typeError(`device(): type must be a string or an integer, got ${describe(type)}`);
  }
  return new Device(native.parse_device(deviceName(type)));
}
