/** `torch.utils.numpy`: numpy's files, with the names of numpy's functions. */
import { types } from 'node:util';
import { createError, typeError, valueError } from '../bindings/errors';
import { describe, fail, isOptions } from '../dispatch/arguments';
import { ANYTHING, nullable, required, Signature, STRING, TENSOR } from '../dispatch/signature';
import { adviceOn, contentsOf } from '../serialization/contents';
import { copyPart, mapFile } from '../serialization/mapping';
import { DESCRIPTORS, headerOf, headOf, LONGEST_HEAD, tensorOf } from '../serialization/npy';
import { NpzReader } from '../serialization/npz';
import { damaged, Reader } from '../serialization/reader';
import { bytesOf, FileWriter } from '../serialization/writer';
import { ZipWriter } from '../serialization/zip_writer';
import type { Tensor } from '../tensor/tensor';

export interface LoadOptions {
  /** `'r'` and `'c'` map the file. Default: null, a copy. */
  mmap_mode?: 'r' | 'c' | null | undefined;
}

const LOAD = new Signature('load', {
  file: required<unknown>(ANYTHING),
  mmap_mode: nullable(STRING),
});
const SAVE = new Signature('save', { file: required(STRING), arr: required(TENSOR) });

/** An open `.npz` archive, like numpy's. Arrays are read when they are asked for. */
export class NpzFile implements Iterable<[name: string, array: Tensor]> {
  #archive: NpzReader | undefined;

  /** @internal Use {@link load}. */
  constructor(archive: NpzReader) {
    if (!(archive instanceof NpzReader)) throw typeError('NpzFile(): use torch.utils.numpy.load');
    this.#archive = archive;
  }

  /** The names of the arrays. */
  get files(): string[] {
    return this.#open.names();
  }

  /** Returns the names of the arrays. */
  keys(): string[] {
    return this.files;
  }

  has(name: string): boolean {
    return this.files.includes(name);
  }

  /**
   * Reads an array.
   *
   * @throws TorchError (KeyError) if there is none of this name; RangeError (ValueError) if it is damaged, or has elements
   *   that torch has not
   */
  get(name: string): Tensor {
    const tensor = this.#open.tensor(name);
    if (tensor) return tensor;
    throw createError('KeyError', `${describe(name)} is not a file in the archive`);
  }

  *[Symbol.iterator](): IterableIterator<[string, Tensor]> {
    for (const name of this.files) yield [name, this.get(name)];
  }

  /** Closes the file. Arrays that were read stay valid. */
  close(): void {
    this.#archive?.reader.close();
    this.#archive = undefined;
  }

  [Symbol.dispose](): void {
    this.close();
  }

  get #open(): NpzReader {
    if (this.#archive) return this.#archive;
    throw valueError('the file is closed');
  }
}

/**
 * Returns the array in a `.npy` file as a tensor, or an open `.npz` archive.
 *
 * Arrays of Python objects, structures, strings, dates and big-endian numbers are refused.
 *
 * See https://numpy.org/doc/stable/reference/generated/numpy.load.html
 *
 * @param file - a path, or the file's bytes
 * @param mmap_mode - `'r'` or `'c'` maps a `.npy` file into memory, so that only what is read takes memory. What is
 *   written to the tensor does not reach the file, which must not be shortened while the tensor is alive
 * @throws RangeError (ValueError) if the file is damaged or of another format; the error of `fs` if it cannot be read
 */
export function load(
  file: `${string}.npy`,
  mmap_mode?: LoadOptions['mmap_mode'] | LoadOptions,
): Tensor;
export function load(
  file: `${string}.npz`,
  mmap_mode?: LoadOptions['mmap_mode'] | LoadOptions,
): NpzFile;
export function load(
  file: string | Uint8Array,
  mmap_mode?: LoadOptions['mmap_mode'] | LoadOptions,
): Tensor | NpzFile;
export function load(...args: unknown[]): Tensor | NpzFile {
  const { file, mmap_mode } = LOAD.read(args);
  if (mmap_mode !== null && mmap_mode !== 'r' && mmap_mode !== 'c') {
    throw fail(LOAD, `argument 'mmap_mode' must be 'r', 'c' or null, got ${describe(mmap_mode)}`);
  }
  if (types.isUint8Array(file)) {
    if (mmap_mode) throw valueError('load(): only a file can be mapped, not bytes');
    return contents(Reader.of(file), false);
  }
  if (typeof file !== 'string') {
    throw fail(LOAD, `argument 'file' must be a path or a Uint8Array, got ${describe(file)}`);
  }
  const reader = Reader.open(file);
  try {
    const result = contents(reader, mmap_mode !== null);
    if (!(result instanceof NpzFile)) reader.close();
    return result;
  } catch (error) {
    reader.close();
    throw error;
  }
}

function contents(reader: Reader, maps: boolean): Tensor | NpzFile {
  const kind = contentsOf(reader);
  if (kind === 'npz' || kind === 'zip') return new NpzFile(new NpzReader(reader));
  const wrong = (problem: string): Error => damaged(reader.path, problem);
  if (kind !== 'npy') throw wrong(adviceOn(reader) ?? 'is no .npy or .npz file');
  const { path, size } = reader;
  const header = headerOf(reader.read(0, Math.min(size, LONGEST_HEAD), 'the header'), size, wrong);
  const bytes = maps ? mapFile(path, size) : copyPart(reader, 0, size, 'the array');
  return tensorOf(header, bytes, wrong);
}

// --- writing ----------------------------------------------------------------------------------------------------------

/**
 * Writes a tensor to a file that `numpy.load` reads. `.npy` is added to a name without it. The bytes are those of numpy's
 * own file of the same array.
 *
 * See https://numpy.org/doc/stable/reference/generated/numpy.save.html
 *
 * @throws TypeError for a dtype that numpy has not, such as bfloat16; the error of `fs` if the file cannot be written
 */
export function save(file: string, arr: Tensor): void;
export function save(...args: unknown[]): void {
  const { file, arr } = SAVE.read(args);
  const { head, elements } = npyOf('save', arr);
  FileWriter.with(file.endsWith('.npy') ? file : `${file}.npy`, (writer) => {
    writer.write(head);
    for (const part of bytesOf(elements)) writer.write(part);
  });
}

/**
 * Writes tensors to an archive that `numpy.load` reads. `.npz` is added to a name without it.
 *
 * See https://numpy.org/doc/stable/reference/generated/numpy.savez.html
 *
 * ```ts
 * torch.utils.numpy.savez('data.npz', { x, y });
 * ```
 *
 * @param args - tensors, which are named `arr_0`, `arr_1`, …, and one object of tensors by their names
 * @throws TypeError for a dtype that numpy has not; RangeError (ValueError) if two tensors have one name
 */
export function savez(file: string, ...args: (Tensor | Readonly<Record<string, Tensor>>)[]): void {
  writeArchive('savez', file, args, false);
}

/**
 * Writes tensors to a compressed archive. It takes the arguments of {@link savez}.
 *
 * See https://numpy.org/doc/stable/reference/generated/numpy.savez_compressed.html
 */
export function savez_compressed(
  file: string,
  ...args: (Tensor | Readonly<Record<string, Tensor>>)[]
): void {
  writeArchive('savez_compressed', file, args, true);
}

function writeArchive(
  callee: string,
  file: string,
  args: readonly unknown[],
  compresses: boolean,
): void {
  if (typeof file !== 'string') {
    throw typeError(`${callee}(): argument 'file' must be a string, got ${describe(file)}`);
  }
  const named = new Map<string, unknown>();
  const last = args.at(-1);
  const byName = isOptions(last) ? last : {};
  for (const [name, tensor] of Object.entries(byName)) named.set(name, tensor);
  for (const [index, tensor] of (isOptions(last) ? args.slice(0, -1) : args).entries()) {
    const name = `arr_${index}`;
    if (named.has(name)) throw valueError(`Cannot use un-named variables and keyword ${name}`);
    named.set(name, tensor);
  }
  const arrays = [...named].map(([name, tensor]) => {
    if (TENSOR.accepts(tensor)) return { name, ...npyOf(callee, tensor as Tensor) };
    throw typeError(
      `${callee}(): ${JSON.stringify(name)} must be a Tensor, got ${describe(tensor)}`,
    );
  });
  FileWriter.with(file.endsWith('.npz') ? file : `${file}.npz`, (writer) => {
    const zip = new ZipWriter(writer);
    for (const { name, head, elements } of arrays) {
      const size = head.length + elements.numel() * elements.dtype.itemsize;
      zip.add(`${name}.npy`, size, parts(head, elements), compresses);
    }
    zip.finish();
  });
}

function* parts(head: Buffer, elements: Tensor): Generator<Uint8Array> {
  yield head;
  yield* bytesOf(elements);
}

/** Returns what a file consists of: its head, and a tensor whose elements follow in row-major order. */
function npyOf(name: string, tensor: Tensor): { head: Buffer; elements: Tensor } {
  const descr = DESCRIPTORS.get(tensor.dtype);
  if (!descr) {
    throw typeError(
      `${name}(): numpy has no ${tensor.dtype}; convert the tensor, for example with .float()`,
    );
  }
  const detached = tensor.detach();
  const dims = detached.shape.map((_, i) => detached.ndim - 1 - i);
  const transposed = detached.permute(dims);
  const isFortran = !detached.is_contiguous() && transposed.is_contiguous();
  return {
    head: headOf(descr, isFortran, detached.shape),
    elements: isFortran ? transposed : detached,
  };
}
