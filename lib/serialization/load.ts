/** `torch.load`, with the rules of Python's `weights_only=True`. Source: torch/serialization.py. */
import { types } from 'node:util';
import { runtimeError, typeError, valueError } from '../bindings/errors';
import { describe, fail, isOptions } from '../dispatch/arguments';
import {
  ANYTHING,
  BOOL,
  option,
  optional,
  orNull,
  required,
  Signature,
  TENSOR,
} from '../dispatch/signature';
import { to } from '../nn/ops';
import { Device, type DeviceLike, device, deviceName, hasAccelerator } from '../tensor/device';
import { uint8 } from '../tensor/dtype';
import type { Tensor } from '../tensor/tensor';
import { Archive } from './archive';
import { nameOf, unpickle, unpicklingError } from './pickle/unpickler';
import { Tuple } from './pickle/values';
import { Reader } from './reader';
import { globalNamed, Storage, StorageClass } from './rebuild';
import { load_file } from './safetensors';

/**
 * Returns where to put a storage: itself, or a copy of it on another device. Null or undefined stands for the device on
 * which it was.
 *
 * @param storage - its bytes on the CPU, as a tensor of uint8. Tensors that share memory have one storage
 * @param location - the name of the device on which it was
 */
// biome-ignore lint/suspicious/noConfusingVoidType: a function that returns nothing fits too
export type Relocate = (storage: Tensor, location: string) => Tensor | null | undefined | void;

/** Where to put tensors: one device for all, other devices by the names of those in the file, or a function. */
export type MapLocation = DeviceLike | Readonly<Record<string, DeviceLike>> | Relocate;

export interface LoadOptions {
  map_location?: MapLocation | null | undefined;
  weights_only?: true | null | undefined;
  mmap?: boolean | null | undefined;
}

export const LOAD = new Signature('load', {
  f: required<unknown>(ANYTHING),
  map_location: optional<unknown>(ANYTHING, null),
  pickle_module: optional<unknown>(ANYTHING, null),
  weights_only: option<boolean | null>(orNull(BOOL), null),
  mmap: option<boolean | null>(orNull(BOOL), null),
});

/**
 * Returns the object in a file that `torch.save` wrote, in Python or here. Nothing in the file is executed: it may have
 * tensors, numbers, texts, booleans, None, bytes, dtypes, devices, and lists, tuples, sets and dictionaries of them, as
 * with Python's `weights_only=True`. Anything else is refused by its name.
 *
 * A dict becomes a plain object if its keys are texts, or integers in ascending order, and a Map otherwise. An OrderedDict,
 * such as a state dict, becomes a Map. A tuple becomes a frozen array, bytes a Uint8Array, a complex number `{ re, im }`,
 * an integer beyond 2⁵³ a bigint. Tensors that shared memory share it again.
 *
 * See https://docs.pytorch.org/docs/stable/generated/torch.load.html
 *
 * ```ts
 * model.load_state_dict(torch.load('model.pt') as Map<string, Tensor>);
 * ```
 *
 * @param f - a path, or the file's bytes
 * @param options.map_location - the device of all tensors, devices by the names of those in the file, or a function that
 *   gets each storage and the name of its device. Default: the devices on which they were
 * @param options.mmap - maps the file into memory, so that only what is read takes memory. The file must not be shortened
 *   while its tensors are alive; what is written to them does not reach the file. Default: false
 * @throws TorchError (UnpicklingError) for an object that is not allowed; RangeError (ValueError) if the file is damaged;
 *   TorchError (RuntimeError) if it is of another format; the error of `fs` if it cannot be read
 */
export function load<T = unknown>(
  f: string | Uint8Array,
  map_location?: MapLocation | null | LoadOptions,
  pickle_module?: null | LoadOptions,
  options?: LoadOptions,
): T;
export function load(...args: unknown[]): unknown {
  const { f, map_location, pickle_module, weights_only, mmap } = LOAD.read(args);
  const path = typeof f === 'string' ? f : undefined;
  if (path === undefined && !types.isUint8Array(f)) {
    throw fail(LOAD, `argument 'f' must be a path or a Uint8Array, got ${describe(f)}`);
  }
  const locate = locator(map_location);
  if (weights_only === false) throw fail(LOAD, UNSAFE);
  if (pickle_module !== null) {
    throw runtimeError('Can not safely load weights when explicit pickle_module is specified');
  }
  if (path?.endsWith('.safetensors')) return loadSafetensors(path, map_location);
  if (path === undefined) {
    if (mmap) throw valueError('f must be a file path in order to use the mmap argument');
    return read(Reader.of(f as Uint8Array), false, locate);
  }
  return Reader.with(path, (reader) => read(reader, mmap === true, locate));
}

const UNSAFE =
  "argument 'weights_only' must be true: a pickle of other objects runs Python code. Save the model's state_dict " +
  'in Python, or export it by torch.jit';

function loadSafetensors(path: string, location: unknown): Map<string, Tensor> {
  const kind = isOptions(location) ? 'dict' : typeof location === 'function' ? 'callable' : null;
  if (kind !== null) {
    throw runtimeError(
      `Loading safetensors file with ${kind} map_location is not supported. Use a device string or torch.device instead.`,
    );
  }
  return load_file(path, location === null ? 'cpu' : (location as DeviceLike));
}

function read(reader: Reader, maps: boolean, locate: Locate): unknown {
  const archive = new Archive(reader, maps);
  const storages = new Map<string, Tensor>();
  const persistent = (id: unknown): Storage => {
    const [kind, type, key, location, size] = id instanceof Tuple ? id.items : [];
    if (kind !== 'storage') {
      throw unpicklingError(
        `Only persistent_load of storage is allowed, but got ${nameOf(kind ?? id)}`,
      );
    }
    const isWhole =
      type instanceof StorageClass &&
      typeof key === 'string' &&
      typeof location === 'string' &&
      Number.isSafeInteger(size);
    if (!isWhole) throw unpicklingError('A storage lacks its class, key, location or size');
    let bytes = storages.get(key);
    if (!bytes) {
      bytes = locate(archive.storage(key, (size as number) * type.dtype.itemsize), location);
      storages.set(key, bytes);
    }
    return new Storage(bytes, type.dtype);
  };
  return unpickle(archive.pickle(), { global: globalNamed, persistent });
}

// --- devices ----------------------------------------------------------------------------------------------------------

/** Moves a storage that was on the device of this name. */
type Locate = (storage: Tensor, location: string) => Tensor;

/** Moves a storage to its device. */
const moved = (storage: Tensor, target: Device): Tensor =>
  target.name === 'cpu' ? storage : to(storage, { device: target });

const restored: Locate = (storage, location) => moved(storage, available(location));

function locator(location: unknown): Locate {
  if (location === null) return restored;
  if (isDevice(location)) {
    const target = device(location);
    return (storage) => moved(storage, target);
  }
  if (typeof location === 'function') {
    return (storage, name) => relocated(location as Relocate, storage, name);
  }
  if (isOptions(location) && Object.values(location).every(isDevice)) {
    const targets = location as Record<string, DeviceLike>;
    return (storage, name) =>
      Object.hasOwn(targets, name)
        ? moved(storage, device(targets[name]!))
        : restored(storage, name);
  }
  throw fail(
    LOAD,
    `argument 'map_location' must be a device, its name or number, an object of these, or a function, got ${describe(location)}`,
  );
}

function relocated(relocate: Relocate, storage: Tensor, location: string): Tensor {
  const result = relocate(storage, location) ?? null;
  if (result === null) return restored(storage, location);
  const isStorage =
    TENSOR.accepts(result) && result.dtype === uint8 && result.numel() === storage.numel();
  if (isStorage && result.is_contiguous()) return result;
  throw typeError(
    `load(): map_location must return the storage, the same bytes on another device, or null; got ${describe(result)}`,
  );
}

const isDevice = (value: unknown): value is DeviceLike =>
  value instanceof Device || typeof value === 'string' || Number.isSafeInteger(value);

function available(name: string): Device {
  if (name.startsWith('cuda') && !hasAccelerator()) throw runtimeError(NO_CUDA);
  return device(deviceName(name));
}

const NO_CUDA =
  'Attempting to deserialize object on a CUDA device but torch.cuda.is_available() is False. If you are running on ' +
  "a CPU-only machine, please use torch.load with map_location=torch.device('cpu') to map your storages to the CPU.";
