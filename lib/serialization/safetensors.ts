/**
 * Reads and writes files in the safetensors format, with the function names of the Python package `safetensors.torch`.
 *
 * Files are checked strictly: sizes, offsets and shapes that contradict each other or the file are errors. Nothing in a
 * file is executed. See https://huggingface.co/docs/safetensors
 */

import { closeSync, openSync, writeSync } from 'node:fs';
import { types } from 'node:util';
import { typeError } from '../bindings/errors';
import { isTensor } from '../bindings/handle';
import { describe } from '../dispatch/arguments';
import type { DType } from '../tensor/dtype';
import * as dtypes from '../tensor/dtype';
import type { Tensor } from '../tensor/tensor';
import { damaged, dataView, elementsOf, Reader, size64 } from './reader';
import { tensorOf } from './tensors';

/** The names of dtypes in the format. */
const DTYPES: ReadonlyMap<string, DType> = new Map([
  ['BOOL', dtypes.bool],
  ['U8', dtypes.uint8],
  ['I8', dtypes.int8],
  ['F8_E5M2', dtypes.float8_e5m2],
  ['F8_E4M3', dtypes.float8_e4m3fn],
  ['F8_E8M0', dtypes.float8_e8m0fnu],
  ['I16', dtypes.int16],
  ['U16', dtypes.uint16],
  ['F16', dtypes.float16],
  ['BF16', dtypes.bfloat16],
  ['I32', dtypes.int32],
  ['U32', dtypes.uint32],
  ['F32', dtypes.float32],
  ['C64', dtypes.complex64],
  ['F64', dtypes.float64],
  ['I64', dtypes.int64],
  ['U64', dtypes.uint64],
]);
const NAMES: ReadonlyMap<DType, string> = new Map(
  [...DTYPES].map(([name, dtype]) => [dtype, name]),
);

/** The key of the strings in a header. */
const METADATA = '__metadata__';
const HEAD = 8;
/** The largest header that the format allows, in bytes. */
const LARGEST_HEADER = 100_000_000;
const ALIGNMENT = 8;

/** The contents of a file. */
export interface SafetensorsFile {
  tensors: Map<string, Tensor>;
  metadata: Map<string, string>;
}

/** Tensors by name. */
export type NamedTensors = ReadonlyMap<string, Tensor> | Readonly<Record<string, Tensor>>;

/**
 * Returns the tensors in a file by name, on the CPU. The result can be passed to `load_state_dict`.
 *
 * @throws RangeError (ValueError) if the file is damaged or not a safetensors file; the error of `fs` if it does not
 *   exist
 */
export function load_file(filename: string): Map<string, Tensor> {
  return read(filename).tensors;
}

/** Returns the tensors and strings in a file. @internal */
export function read(filename: string): SafetensorsFile {
  checkFilename('load_file', filename);
  return Reader.with(filename, (reader) => {
    const { entries, metadata, start } = headerOf(reader);
    const tensors = new Map<string, Tensor>();
    for (const { name, dtype, shape, from, to } of entries) {
      const what = `tensor ${JSON.stringify(name)}`;
      const bytes = reader.read(start + from, to - from, what);
      tensors.set(name, tensorOf(bytes, dtype, shape, { path: filename, what }));
    }
    return { tensors, metadata };
  });
}

interface Entry {
  name: string;
  dtype: DType;
  shape: number[];
  /** The offsets of its bytes from the end of the header. */
  from: number;
  to: number;
}

interface Header {
  entries: Entry[];
  metadata: Map<string, string>;
  /** The offset of the data in the file. */
  start: number;
}

function headerOf(reader: Reader): Header {
  const { path, size } = reader;
  const length = size64(dataView(reader.read(0, HEAD, "the header's length")), 0);
  if (length > LARGEST_HEADER) {
    throw damaged(path, `is no safetensors file: its header would be ${length} bytes long`);
  }
  const start = HEAD + length;
  const header = parsed(reader.read(HEAD, length, 'the header'), path);
  const metadata = new Map<string, string>();
  const entries: Entry[] = [];
  for (const [name, value] of Object.entries(header)) {
    if (name === METADATA) for (const pair of texts(value, path)) metadata.set(...pair);
    else entries.push(entryOf(name, value, path));
  }
  checkLayout(entries, size - start, path);
  return { entries, metadata, start };
}

function parsed(bytes: Uint8Array, path: string): object {
  try {
    const value: unknown = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value;
  } catch {}
  throw damaged(path, 'is no safetensors file: its header is no JSON object');
}

function texts(value: unknown, path: string): [string, string][] {
  const pairs = Object.entries(value ?? {});
  if (typeof value === 'object' && pairs.every(([, text]) => typeof text === 'string')) {
    return pairs as [string, string][];
  }
  throw damaged(path, `has ${METADATA} that is no object of strings`);
}

function entryOf(name: string, value: unknown, path: string): Entry {
  const wrong = (problem: string): Error =>
    damaged(path, `tensor ${JSON.stringify(name)} ${problem}`);
  const { dtype: dtypeName, shape, data_offsets } = (value ?? {}) as Record<string, unknown>;
  const dtype = DTYPES.get(dtypeName as string);
  if (!dtype) throw wrong(`has the dtype ${JSON.stringify(dtypeName)}, which is not known`);
  const elements = elementsOf(shape);
  if (elements === undefined) throw wrong(`has the shape ${JSON.stringify(shape)}, which is none`);
  const [from, to] = Array.isArray(data_offsets) && data_offsets.length === 2 ? data_offsets : [];
  const areOffsets = [from, to].every((at) => Number.isSafeInteger(at) && at >= 0) && from <= to;
  if (!areOffsets) throw wrong(`has data_offsets ${JSON.stringify(data_offsets)}, which are none`);
  const bytes = elements * dtype.itemsize;
  if (to - from !== bytes) {
    throw wrong(`of shape [${shape}] and ${dtype} takes ${bytes} bytes, and has ${to - from}`);
  }
  return { name, dtype, shape: shape as number[], from, to };
}

// Every byte of the data must belong to exactly one tensor, so that nothing overlaps and nothing is hidden.
function checkLayout(entries: readonly Entry[], size: number, path: string): void {
  let end = 0;
  for (const { name, from, to } of [...entries].sort((a, b) => a.from - b.from || a.to - b.to)) {
    if (from !== end) {
      const problem = from < end ? 'overlaps another' : `leaves a gap of ${from - end} bytes`;
      throw damaged(path, `tensor ${JSON.stringify(name)} ${problem}`);
    }
    end = to;
  }
  if (end !== size) {
    throw damaged(
      path,
      `is truncated or damaged: its tensors take ${end} bytes, and there are ${size}`,
    );
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
  const text = Buffer.from(JSON.stringify(header));
  const length = Math.ceil(text.length / ALIGNMENT) * ALIGNMENT;
  const head = Buffer.alloc(HEAD + length, ' ');
  head.writeBigUInt64LE(BigInt(length), 0);
  text.copy(head, HEAD);

  const descriptor = openSync(filename, 'w');
  try {
    writeAll(descriptor, head);
    for (const tensor of named.values()) {
      const array = tensor.detach().toTypedArray();
      writeAll(descriptor, new Uint8Array(array.buffer, array.byteOffset, array.byteLength));
    }
  } finally {
    closeSync(descriptor);
  }
}

function checkFilename(name: string, filename: unknown): void {
  if (typeof filename === 'string') return;
  throw typeError(`${name}(): argument 'filename' must be a string, got ${describe(filename)}`);
}

function writeAll(descriptor: number, bytes: Uint8Array): void {
  for (let done = 0; done < bytes.length; ) {
    done += writeSync(descriptor, bytes, done, Math.min(bytes.length - done, LARGEST_WRITE));
  }
}

const LARGEST_WRITE = 2 ** 30;

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
