/** Where a tensor is: `cpu`, `cuda:0`. */
import { inspect } from 'node:util';

import { typeError } from './errors';
import { native } from './native';

/** A device, or its name: `'cpu'`, `'cuda'`, `'cuda:1'`. */
export type DeviceLike = Device | string;

/**
 * A device.
 *
 * See https://docs.pytorch.org/docs/stable/tensor_attributes.html#torch.device
 */
export class Device {
  /** `cpu`, `cuda`, `meta`, … */
  readonly type: string;
  /** Its number, or null where none is said. */
  readonly index: number | null;

  /** @internal Use {@link device}. */
  constructor(name: string) {
    const [type, index] = name.split(':');
    this.type = type!;
    this.index = index === undefined ? null : Number(index);
    Object.freeze(this);
  }

  /** The name that factories take: `cuda:0`. */
  get name(): string {
    return this.index === null ? this.type : `${this.type}:${this.index}`;
  }

  equals(other: DeviceLike): boolean {
    return String(other) === this.name;
  }

  /** `cuda:0`, as Python's `str` gives it. */
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

/**
 * `torch.device('cuda:0')`, `torch.device('cuda', 0)`.
 *
 * @throws TorchError (RuntimeError) for a name that no device has
 */
export function device(type: DeviceLike, index?: number): Device {
  if (type instanceof Device) return type;
  if (typeof type !== 'string')
    throw typeError(`device(): type must be a string, got ${typeof type}`);
  return new Device(native.parse_device(index === undefined ? type : `${type}:${index}`));
}
