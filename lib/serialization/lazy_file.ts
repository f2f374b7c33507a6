/** Reading single tensors of a safetensors file, so that the others take no memory. */
import type { DType } from '../tensor/dtype';
import type { Tensor } from '../tensor/tensor';
import { damaged, Reader } from './reader';
import { type Entry, headerOf } from './safetensors_header';
import { tensorOf } from './tensors';

/** An open file whose tensors are read when they are asked for. */
export class LazyFile {
  readonly #reader: Reader;
  readonly #entries: ReadonlyMap<string, Entry>;
  readonly #start: number;
  readonly metadata: ReadonlyMap<string, string>;

  constructor(readonly path: string) {
    this.#reader = Reader.open(path);
    try {
      const { entries, metadata, start } = headerOf(this.#reader);
      this.#entries = new Map(entries.map((entry) => [entry.name, entry]));
      this.#start = start;
      this.metadata = metadata;
    } catch (error) {
      this.#reader.close();
      throw error;
    }
  }

  has(name: string): boolean {
    return this.#entries.has(name);
  }

  /** @throws RangeError (ValueError) if there is no such tensor */
  describe(name: string): { dtype: DType; shape: readonly number[]; size: number } {
    const { dtype, shape, from, to } = this.#entry(name);
    return { dtype, shape, size: to - from };
  }

  /** A part of a tensor's bytes. */
  bytes(name: string, offset: number, length: number): Uint8Array {
    const { from } = this.#entry(name);
    return this.#reader.read(this.#start + from + offset, length, `tensor ${JSON.stringify(name)}`);
  }

  tensor(name: string): Tensor {
    const { dtype, shape, from, to } = this.#entry(name);
    const what = `tensor ${JSON.stringify(name)}`;
    return tensorOf(this.bytes(name, 0, to - from), dtype, shape, { path: this.path, what });
  }

  close(): void {
    this.#reader.close();
  }

  #entry(name: string): Entry {
    const entry = this.#entries.get(name);
    if (entry) return entry;
    throw damaged(this.path, `has no tensor ${JSON.stringify(name)}`);
  }
}
