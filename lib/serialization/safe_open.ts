/** `safetensors.safe_open`: reads single tensors of a file, and parts of them. */
import { attributeError, typeError, valueError } from '../bindings/errors';
import { describe, fail } from '../dispatch/arguments';
import { DEVICE, optional, required, Signature, STRING } from '../dispatch/signature';
import { to } from '../nn/ops';
import { type Device, type DeviceLike, device } from '../tensor/device';
import type { Index } from '../tensor/indexing';
import type { Tensor } from '../tensor/tensor';
import { mapFile, viewOf } from './mapping';
import { damaged, Reader } from './reader';
import { type Entry, headerOf, NAMES } from './safetensors_header';

const SAFE_OPEN = new Signature('safe_open', {
  filename: required(STRING),
  framework: optional<string>(STRING, 'pt'),
  device: optional<DeviceLike>(DEVICE, 'cpu'),
});
const FRAMEWORKS = ['pt', 'torch', 'pytorch'];

export interface SafeOpenOptions {
  framework?: 'pt' | 'torch' | 'pytorch' | undefined;
  device?: DeviceLike | undefined;
}

/**
 * An open file in the safetensors format. Opening reads the header only; the file is mapped into memory, so a tensor takes
 * memory only for the parts that are read.
 *
 * What is written to a tensor on the CPU stays in memory and does not reach the file. The file must not be shortened while
 * its tensors are alive.
 *
 * See https://huggingface.co/docs/safetensors
 *
 * ```ts
 * using file = safetensors.safe_open('model.safetensors');
 * const rows = file.get_slice('embedding.weight').index(slice(0, 10));
 * ```
 */
export class SafeOpen {
  /** The device of the tensors. */
  readonly device: Device;
  readonly #path: string;
  readonly #entries: ReadonlyMap<string, Entry>;
  readonly #metadata: ReadonlyMap<string, string>;
  readonly #start: number;
  #bytes: Tensor | undefined;

  /** @internal Use {@link safe_open}. */
  constructor(...args: unknown[]) {
    const { filename, framework, device: target } = SAFE_OPEN.read(args);
    if (!FRAMEWORKS.includes(framework)) {
      throw fail(SAFE_OPEN, `argument 'framework' must be 'pt', got ${describe(framework)}`);
    }
    this.device = device(target);
    this.#path = filename;
    const { header, bytes } = Reader.with(filename, (reader) => ({
      header: headerOf(reader),
      bytes: mapFile(filename, reader.size),
    }));
    this.#entries = new Map(header.entries.map((entry) => [entry.name, entry]));
    this.#metadata = header.metadata;
    this.#start = header.start;
    this.#bytes = bytes;
  }

  /** Returns the names of the tensors, in the order of the header. */
  keys(): string[] {
    return [...this.#entries.keys()];
  }

  /** Returns the names of the tensors, in the order of their bytes in the file. */
  offset_keys(): string[] {
    return [...this.#entries.values()].sort((a, b) => a.from - b.from).map(({ name }) => name);
  }

  /** Returns the texts that were saved with the tensors, or null if there are none. */
  metadata(): Record<string, string> | null {
    return this.#metadata.size > 0 ? Object.fromEntries(this.#metadata) : null;
  }

  /** @throws TypeError (AttributeError) if there is no tensor of this name */
  get_tensor(name: string): Tensor {
    const tensor = this.#view(this.#entry('get_tensor', name));
    return this.device.name === 'cpu' ? tensor : to(tensor, { device: this.device });
  }

  /**
   * Returns a tensor of which only the indexed part is read.
   *
   * @throws TypeError (AttributeError) if there is no tensor of this name
   */
  get_slice(name: string): SafeSlice {
    const entry = this.#entry('get_slice', name);
    return new SafeSlice(entry, this.device, () => this.#view(entry));
  }

  /** Closes the file. Tensors that were read stay valid. */
  close(): void {
    this.#bytes?.dispose();
    this.#bytes = undefined;
  }

  [Symbol.dispose](): void {
    this.close();
  }

  #entry(method: string, name: unknown): Entry {
    if (typeof name !== 'string') {
      throw typeError(`${method}(): argument 'name' must be a string, got ${describe(name)}`);
    }
    const entry = this.#entries.get(name);
    if (!entry) throw attributeError(`${method}(): the file does not contain tensor ${name}`);
    return entry;
  }

  #view({ name, dtype, shape, from, to: end }: Entry): Tensor {
    if (!this.#bytes) throw valueError(`${this.#path}: the file is closed`);
    const part = this.#bytes.narrow(0, this.#start + from, end - from);
    return viewOf(part, dtype, { shape }, (problem) =>
      damaged(this.#path, `tensor ${JSON.stringify(name)} ${problem}`),
    );
  }
}

/** A tensor of an open file, which is read where it is indexed. */
export class SafeSlice {
  readonly #entry: Entry;
  readonly #device: Device;
  readonly #view: () => Tensor;

  /** @internal */
  constructor(entry: Entry, target: Device, view: () => Tensor) {
    this.#entry = entry;
    this.#device = target;
    this.#view = view;
  }

  get_shape(): number[] {
    return [...this.#entry.shape];
  }

  /** Returns the format's name of the dtype: `F32`. */
  get_dtype(): string {
    return NAMES.get(this.#entry.dtype)!;
  }

  /** Returns a part of the tensor. Takes what {@link Tensor.index} takes: Python's `slice[0:10]` is `index(slice(0, 10))`. */
  index(...indices: Index[]): Tensor {
    const part = this.#view().index(...indices);
    return this.#device.name === 'cpu' ? part : to(part, { device: this.#device });
  }
}

/**
 * Opens a file. Nothing but its header is read until tensors are asked for.
 *
 * @param framework - `'pt'`, as in Python
 * @param device - the device of the tensors. Default: the CPU
 * @throws RangeError (ValueError) if the file is damaged or not a safetensors file; the error of `fs` if it does not exist
 */
export function safe_open(
  filename: string,
  framework?: SafeOpenOptions['framework'] | SafeOpenOptions,
  device?: DeviceLike | SafeOpenOptions,
): SafeOpen;
export function safe_open(...args: unknown[]): SafeOpen {
  return new SafeOpen(...args);
}
