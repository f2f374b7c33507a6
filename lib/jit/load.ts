/** `torch.jit.load` and `torch.jit.save`. Source: torch/jit/_serialization.py. */
import { statSync } from 'node:fs';
import { types } from 'node:util';
import { typeError, valueError } from '../bindings/errors';
import { handleOf } from '../bindings/handle';
import { native } from '../bindings/native';
import { wrap } from '../bindings/wrap';
import { describe, fail } from '../dispatch/arguments';
import { ANYTHING, DEVICE, nullable, required, Signature, STRING } from '../dispatch/signature';
import { adviceOn, contentsOf } from '../serialization/contents';
import { copyPart } from '../serialization/mapping';
import { Reader } from '../serialization/reader';
import { type DeviceLike, device } from '../tensor/device';
import { ScriptModule, SECRET } from './script_module';

export const LOAD = new Signature('load', {
  f: required<unknown>(ANYTHING),
  map_location: nullable(DEVICE),
});
export const SAVE = new Signature('save', { m: required<unknown>(ANYTHING), f: required(STRING) });

/**
 * Returns the module in a file that Python's `torch.jit.save` or `ScriptModule.save` wrote. TorchScript is a language of its
 * own: the file's program runs in libtorch and can compute on tensors only.
 *
 * See https://docs.pytorch.org/docs/stable/generated/torch.jit.load.html
 *
 * ```ts
 * const model = torch.jit.load('model.pt').eval();
 * const scores = model(images);
 * ```
 *
 * @param f - a path, or the file's bytes
 * @param map_location - the device of the parameters and buffers. Default: the devices on which they were
 * @throws RangeError (ValueError) if there is no such file; TorchError (RuntimeError) if it is damaged or of another format
 */
// biome-ignore lint/suspicious/noExplicitAny: as of Module
export function load<Args extends unknown[] = any[], Result = any>(
  f: string | Uint8Array,
  map_location?: DeviceLike | null | { map_location?: DeviceLike | null },
): ScriptModule<Args, Result>;
export function load(...args: unknown[]): ScriptModule {
  const { f, map_location } = LOAD.read(args);
  const target = map_location === null ? null : device(map_location).name;
  if (typeof f === 'string') {
    checkFile(f);
    return new ScriptModule(wrap(native.script_load(f, target)), SECRET);
  }
  if (!types.isUint8Array(f)) {
    throw fail(LOAD, `argument 'f' must be a path or a Uint8Array, got ${describe(f)}`);
  }
  const reader = Reader.of(f);
  checkContents(reader);
  const bytes = copyPart(reader, 0, reader.size, 'the file');
  return new ScriptModule(wrap(native.script_load_bytes(handleOf(bytes)!, target)), SECRET);
}

function checkFile(path: string): void {
  const status = statSync(path, { throwIfNoEntry: false });
  if (!status) throw valueError(`The provided filename ${path} does not exist`);
  if (status.isDirectory()) throw valueError(`The provided filename ${path} is a directory`);
  Reader.with(path, checkContents);
}

function checkContents(reader: Reader): void {
  const contents = contentsOf(reader);
  if (contents === 'torchscript' || contents === 'zip') return;
  throw valueError(`${reader.path} ${adviceOn(reader) ?? 'is no TorchScript file'}`);
}

/**
 * Writes a module to a file that Python's `torch.jit.load` reads.
 *
 * @throws TypeError unless `m` is a ScriptModule; TorchError (RuntimeError) if the file cannot be written
 */
export function save(m: ScriptModule, f: string): void;
export function save(...args: unknown[]): void {
  const { m, f } = SAVE.read(args);
  if (!(m instanceof ScriptModule)) {
    throw typeError(`save(): argument 'm' must be a ScriptModule, got ${describe(m)}`);
  }
  m.save(f);
}
