/** Random number generators. */
import { types } from 'node:util';

import { bind, type Callee, describe } from './arguments';
import { Device, type DeviceLike, device as deviceOf } from './device';
import { typeError, valueError } from './errors';
import { handleOf } from './handle';
import { type NativeGenerator, native } from './native';
import { isInt } from './scalar';
import type { Tensor } from './tensor';
import { wrap } from './wrap';

const MAX_SEED = 2n ** 64n;

/**
 * A seed as its 64 bits: Python takes negative ones too, and wraps them around.
 *
 * @throws TypeError for anything but an integer, RangeError (ValueError) for one that 64 bits cannot hold
 */
export function seedBits(seed: unknown): bigint {
  if (!isInt(seed))
    throw typeError(`manual_seed(): seed must be an integer, got ${describe(seed)}`);
  const value = BigInt(seed as number | bigint);
  if (value >= MAX_SEED || value < -(MAX_SEED / 2n)) {
    throw valueError(`manual_seed(): seed must fit 64 bits, got ${value}`);
  }
  return BigInt.asIntN(64, value);
}

const GENERATOR: Callee = { name: 'Generator', parameters: [{ name: 'device' }] };

/**
 * A source of random numbers for the functions that take `{ generator }`.
 *
 * See https://docs.pytorch.org/docs/stable/generated/torch.Generator.html
 */
export class Generator {
  /** @internal */
  readonly native: NativeGenerator;

  constructor(device?: DeviceLike);
  constructor(options: { device?: DeviceLike });
  /** @internal */
  constructor(made: NativeGenerator);
  constructor(...args: unknown[]) {
    if (types.isExternal(args[0])) {
      this.native = args[0] as unknown as NativeGenerator;
      return;
    }
    const [device = 'cpu'] = bind(GENERATOR, args);
    this.native = native.new_generator(String(deviceOf(device as DeviceLike)));
  }

  get device(): Device {
    return new Device(native.generator_device(this.native));
  }

  /** Sets the seed; returns this. */
  manual_seed(seed: number | bigint): this {
    native.generator_manual_seed(this.native, seedBits(seed));
    return this;
  }

  /** The seed last set. A bigint where a number cannot hold it. */
  initial_seed(): number | bigint {
    return native.generator_initial_seed(this.native);
  }

  /** Sets a seed that the system's random source gives, and returns it. */
  seed(): number | bigint {
    return native.generator_seed(this.native);
  }

  /** The state, a tensor of bytes. */
  get_state(): Tensor {
    return wrap(native.generator_get_state(this.native));
  }

  set_state(state: Tensor): this {
    const handle = handleOf(state);
    if (!handle) throw typeError('Generator.set_state(): state must be a Tensor');
    native.generator_set_state(this.native, handle);
    return this;
  }
}

let shared: Generator | undefined;

/** The generator of the CPU that functions use where none is given: one for the process. */
export function defaultGenerator(): Generator {
  shared ??= new Generator(native.default_generator());
  return shared;
}

/**
 * Seeds the default generators of all devices, of the whole process; the sequences are Python's.
 *
 * See https://docs.pytorch.org/docs/stable/generated/torch.manual_seed.html
 */
export function manual_seed(seed: number | bigint): Generator {
  native.manual_seed(seedBits(seed));
  return defaultGenerator();
}

/** The seed of the CPU's default generator. */
export const initial_seed = (): number | bigint => defaultGenerator().initial_seed();
