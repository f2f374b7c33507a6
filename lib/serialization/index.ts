/** `torch.load` and `torch.save`. What they need is loaded at the first call. */
import type { LoadOptions, MapLocation } from './load';

export type { LoadOptions, MapLocation } from './load';

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
 * @param options.map_location - the device of all tensors, or devices by the names of those in the file. Default: the
 *   devices on which they were
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
  return (require('./load') as typeof import('./load')).load(args);
}

/**
 * Writes an object to a file that Python's `torch.load` reads by default.
 *
 * A Map becomes an OrderedDict, a plain object a dict, an array a list, a frozen array a tuple, a Uint8Array bytes. A key
 * of a plain object that is an integer becomes an int. A number is an int if it is a safe integer and not -0, else a float;
 * `torch.asFloat` makes it a float. Tensors that share memory share a storage in the file.
 *
 * See https://docs.pytorch.org/docs/stable/generated/torch.save.html
 *
 * ```ts
 * torch.save({ model: model.state_dict(), optimizer: optimizer.state_dict(), epoch: 3 }, 'checkpoint.pt');
 * ```
 *
 * @param f - the path of the file
 * @throws TypeError that names the place of a value that cannot be saved; TorchError (RuntimeError) if tensors view the same
 *   memory as different dtypes; the error of `fs` if the file cannot be written
 */
export function save(obj: unknown, f: string, options?: { pickle_protocol?: 2 }): void;
export function save(obj: unknown, ...args: unknown[]): void {
  (require('./save') as typeof import('./save')).save(obj, args);
}
