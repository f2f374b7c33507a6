/**
 * Reads and writes files in the safetensors format, with the function names of the Python package `safetensors.torch`.
 *
 * Files are checked strictly: sizes, offsets and shapes that contradict each other or the file are errors. Nothing in a
 * file is executed. See https://huggingface.co/docs/safetensors
 */

import { types } from 'node:util';
import { typeError } from '../bindings/errors';
import { isTensor } from '../bindings/handle';
import { describe } from '../dispatch/arguments';
import { DEVICE, optional, required, Signature, STRING } from '../dispatch/signature';
import type { DeviceLike } from '../tensor/device';
import type { Tensor } from '../tensor/tensor';
import { SafeOpen } from './safe_open';
import { headBytes, METADATA, NAMES } from './safetensors_header';
import { bytesOf, FileWriter } from './writer';

/** The contents of a file. */
interface SafetensorsFile {
  tensors: Map<string, Tensor>;
  metadata: Map<string, string>;
}

/** Tensors by name. */
export type NamedTensors = ReadonlyMap<string, Tensor> | Readonly<Record<string, Tensor>>;

/**
 * Returns the tensors in a file by name. The result can be passed to `load_state_dict`.
 *
 * On the CPU, the file is mapped into memory: a tensor takes memory only for the parts that are read, and what is written to
 * it does not reach the file. The file must not be shortened while its tensors are alive; replace it by renaming another.
 *
 * @param device - the device of the tensors. Default: the CPU
 * @throws RangeError (ValueError) if the file is damaged or not a safetensors file; the error of `fs` if it does not
 *   exist
 */
export function load_file(
  filename: string,
  device?: DeviceLike | { device?: DeviceLike },
): Map<string, Tensor>;
export function load_file(...args: unknown[]): Map<string, Tensor> {
  const { filename, device } = LOAD_FILE.read(args);
  return read(filename, device).tensors;
}

const LOAD_FILE = new Signature('load_file', {
  filename: required(STRING),
  device: optional<DeviceLike>(DEVICE, 'cpu'),
});

/** Returns the tensors and strings in a file. @internal */
export function read(filename: string, device: DeviceLike = 'cpu'): SafetensorsFile {
  const file = new SafeOpen(filename, { device });
  try {
    const tensors = new Map(file.keys().map((name) => [name, file.get_tensor(name)]));
    return { tensors, metadata: new Map(Object.entries(file.metadata() ?? {})) };
  } finally {
    file.close();
  }
}

/**
 * Writes tensors to a file.
 *
 * @param tensors - tensors by name: an object or a Map, such as the result of `state_dict()`
 * @param metadata - strings to save with them
 * @throws TypeError for other arguments; the error of `fs` if the file cannot be written
 */
export function save_file(
  tensors: NamedTensors,
  filename: string,
  metadata?: Readonly<Record<string, string>>,
): void {
  const named = namedTensors(tensors);
  checkFilename('save_file', filename);
  let end = 0;
  const header: Record<string, unknown> = Object.create(null);
  if (metadata) header[METADATA] = checkedMetadata(metadata);
  for (const [name, tensor] of named) {
    const dtype = NAMES.get(tensor.dtype);
    if (!dtype)
      throw typeError(
        `save_file(): the format has no ${tensor.dtype}, which ${JSON.stringify(name)} is of`,
      );
    const from = end;
    end += tensor.numel() * tensor.dtype.itemsize;
    header[name] = { dtype, shape: tensor.shape, data_offsets: [from, end] };
  }
  FileWriter.with(filename, (file) => {
    file.write(headBytes(header));
    for (const tensor of named.values()) {
      for (const part of bytesOf(tensor)) file.write(part);
    }
  });
}

function checkFilename(name: string, filename: unknown): void {
  if (typeof filename === 'string') return;
  throw typeError(`${name}(): argument 'filename' must be a string, got ${describe(filename)}`);
}

function namedTensors(tensors: unknown): Map<string, Tensor> {
  if (typeof tensors !== 'object' || tensors === null || isTensor(tensors)) {
    throw typeError(
      `save_file(): argument 'tensors' must be an object or Map of tensors, got ${describe(tensors)}`,
    );
  }
  const named = new Map<string, Tensor>();
  for (const [name, tensor] of types.isMap(tensors) ? tensors : Object.entries(tensors)) {
    if (typeof name !== 'string' || name === METADATA) {
      throw typeError(`save_file(): ${describe(name)} cannot be the name of a tensor`);
    }
    if (!isTensor(tensor)) {
      throw typeError(
        `save_file(): ${JSON.stringify(name)} must be a Tensor, got ${describe(tensor)}`,
      );
    }
    named.set(name, tensor);
  }
  return named;
}

function checkedMetadata(metadata: unknown): object {
  const isTexts =
    typeof metadata === 'object' &&
    metadata !== null &&
    Object.values(metadata).every((text) => typeof text === 'string');
  if (isTexts) return metadata;
  throw typeError(
    `save_file(): argument 'metadata' must be an object of strings, got ${describe(metadata)}`,
  );
}
