/** Random number generators. */

import { typeError, valueError } from '../bindings/errors';
import { tensorHandle } from '../bindings/handle';
import { type NativeGenerator, native } from '../bindings/native';
import { wrap } from '../bindings/wrap';
import { bind, type Callee, describe } from '../dispatch/arguments';
import { Device, type DeviceLike, device as deviceOf } from '../tensor/device';
import { isInt } from '../tensor/scalar';
import type { Tensor } from '../tensor/tensor';

const MAX_SEED = 2n ** 64n;

/**
 * Returns a seed as an unsigned 64-bit integer. Negative seeds wrap around, as in Python.
 *
 * @throws TypeError unless it is an integer; RangeError (ValueError) if it does not fit into 64 bits
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

const SET_STATE: Callee = { name: 'Generator.set_state', parameters: [] };

const GENERATOR: Callee = { name: 'Generator', parameters: [{ name: 'device' }] };

/** A generator that exists on the native side. */
class ExistingGenerator {
  constructor(readonly native: NativeGenerator) {}
}

/**
 * A source of random numbers, for functions that take `{ generator }`.
 *
 * See https://docs.pytorch.org/docs/stable/generated/torch.Generator.html
 */
export class Generator {
  /** @internal */
  readonly native: NativeGenerator;

  constructor(device?: DeviceLike);
  constructor(options: { device?: DeviceLike });
  /** @internal */
  constructor(made: ExistingGenerator);
  constructor(...args: unknown[]) {
    if (args[0] instanceof ExistingGenerator) {
      this.native = args[0].native;
      return;
    }
    const [device = 'cpu'] = bind(GENERATOR, args);
    this.native = native.new_generator(String(deviceOf(device as DeviceLike)));
  }

  get device(): Device {
    return new Device(native.generator_device(this.native));
  }

  /** Sets the seed. Returns this. */
  manual_seed(seed: number | bigint): this {
    native.generator_manual_seed(this.native, seedBits(seed));
    return this;
  }

  /** Returns the seed that was set last. It is a bigint if a number cannot hold it. */
  initial_seed(): number | bigint {
    return native.generator_initial_seed(this.native);
  }

  /** Sets a seed from the system's random source. Returns it. */
  seed(): number | bigint {
    return native.generator_seed(this.native);
  }

  /** Returns the state as a tensor of bytes. */
  get_state(): Tensor {
    return wrap(native.generator_get_state(this.native));
  }

  set_state(state: Tensor): this {
    tensorHandle(state, SET_STATE, 'state');
    // libtorch reads the bytes with instructions that crash if a view of them is not aligned.
    const aligned = tensorHandle(state.clone(), SET_STATE, 'state');
    native.generator_set_state(this.native, aligned);
    return this;
  }

  /** Returns another generator that continues the same sequence. */
  clone_state(): Generator {
    return new Generator(new ExistingGenerator(native.generator_clone_state(this.native)));
  }

  /**
   * Returns the offset in the sequence of a CUDA generator.
   *
   * @throws TorchError (RuntimeError) for a CPU generator, which has no offset
   */
  get_offset(): number | bigint {
    return native.generator_get_offset(this.native);
  }

  /** Sets the offset in the sequence of a CUDA generator. It must be a multiple of 4. */
  set_offset(offset: number | bigint): this {
    if (!isInt(offset) || offset < 0) {
      throw typeError(
        `Generator.set_offset(): offset must be an integer, at least 0, got ${describe(offset)}`,
      );
    }
    native.generator_set_offset(this.native, offset);
    return this;
  }
}

/** Returns a device's default generator, which the whole process shares. */
export const defaultGeneratorOf = (device: string): Generator =>
  new Generator(new ExistingGenerator(native.default_generator(device)));

/** The CPU's default generator, which the whole process shares. */
export const default_generator = defaultGeneratorOf('cpu');

/**
 * Seeds the default generators of all devices, for the whole process. The sequences equal Python's.
 *
 * See https://docs.pytorch.org/docs/stable/generated/torch.manual_seed.html
 */
export function manual_seed(seed: number | bigint): Generator {
  native.manual_seed(seedBits(seed));
  return default_generator;
}

/** Returns the seed of the CPU's default generator. */
export const initial_seed = (): number | bigint => default_generator.initial_seed();

/**
 * Seeds the default generators of all devices with a number from the system's random source. Returns that number.
 *
 * See https://docs.pytorch.org/docs/stable/generated/torch.seed.html
 */
export function seed(): number | bigint {
  const chosen = default_generator.seed();
  native.manual_seed(seedBits(chosen));
  return chosen;
}

/**
 * Returns the state of the CPU's default generator as a tensor of bytes.
 *
 * See https://docs.pytorch.org/docs/stable/generated/torch.get_rng_state.html
 */
export const get_rng_state = (): Tensor => default_generator.get_state();

/**
 * Restores a state of the CPU's default generator. The state may come from Python.
 *
 * See https://docs.pytorch.org/docs/stable/generated/torch.set_rng_state.html
 */
export function set_rng_state(new_state: Tensor): void {
  tensorHandle(new_state, { name: 'set_rng_state', parameters: [] }, 'new_state');
  default_generator.set_state(new_state);
}
