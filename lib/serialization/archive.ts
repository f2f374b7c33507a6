/** The archive that `torch.save` writes: a zip whose records lie in one folder. */
import { runtimeError } from '../bindings/errors';
import type { Tensor } from '../tensor/tensor';
import { adviceOn, contentsOf } from './contents';
import { copyPart, mapFile } from './mapping';
import { damaged, type Reader } from './reader';
import { type ZipEntry, zipEntries } from './zip';

const PICKLE = 'data.pkl';

/** Storages begin at multiples of this, in bytes. */
export const ALIGNMENT = 64;

export class Archive {
  readonly #entries: ReadonlyMap<string, ZipEntry>;
  readonly #folder: string;
  readonly #mapped: Tensor | undefined;

  /**
   * @param maps - whether storages are the file itself, mapped
   * @throws RangeError (ValueError) if the file is damaged; TorchError (RuntimeError) if it is another kind of file
   */
  constructor(
    readonly reader: Reader,
    maps: boolean,
  ) {
    const contents = contentsOf(reader);
    if (contents === 'torchscript') throw runtimeError(TORCHSCRIPT);
    if (contents !== 'torch' && contents !== 'zip') {
      throw runtimeError(`${reader.path} ${adviceOn(reader) ?? 'is no file of torch.save'}`);
    }
    this.#entries = zipEntries(reader);
    const [first = ''] = this.#entries.keys();
    this.#folder = first.slice(0, first.indexOf('/') + 1);
    if (!this.#entries.has(`${this.#folder}${PICKLE}`)) {
      throw damaged(reader.path, `is no file of torch.save: it has no record ${PICKLE}`);
    }
    const order = this.#text('byteorder') ?? 'little';
    if (order !== 'little') throw damaged(reader.path, `is of byte order ${JSON.stringify(order)}`);
    if (maps) this.#mapped = mapFile(reader.path, reader.size);
  }

  pickle(): Uint8Array {
    return this.#entry(PICKLE).read();
  }

  /** Returns the bytes of a storage. */
  storage(key: string, size: number): Tensor {
    const name = `data/${key}`;
    const entry = this.#entry(name);
    const what = `storage ${JSON.stringify(name)}`;
    const { path } = this.reader;
    if (entry.stored === undefined) throw damaged(path, `${what} is compressed`);
    if (entry.size !== size) {
      throw damaged(path, `${what} would be ${size} bytes, and has ${entry.size}`);
    }
    if (!this.#mapped) return copyPart(this.reader, entry.stored, size, what, entry.checksum);
    const part = this.#mapped.narrow(0, entry.stored, size);
    return entry.stored % 16 === 0 ? part : part.clone();
  }

  #entry(name: string): ZipEntry {
    const entry = this.#entries.get(this.#folder + name);
    if (entry) return entry;
    throw damaged(this.reader.path, `has no record ${JSON.stringify(name)}`);
  }

  #text(name: string): string | undefined {
    const entry = this.#entries.get(this.#folder + name);
    return entry && Buffer.from(entry.read()).toString('latin1');
  }
}

const TORCHSCRIPT =
  'Cannot use ``weights_only=True`` with TorchScript archives passed to ``torch.load``. Use torch.jit.load.';
