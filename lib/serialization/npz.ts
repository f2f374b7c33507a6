/** Archives of numpy arrays: `.npz`, a zip of `.npy` files. */
import type { Tensor } from '../tensor/tensor';
import { copyPart } from './mapping';
import { headerOf, LONGEST_HEAD, tensorOf, textOf } from './npy';
import { damaged, Reader } from './reader';
import { type ZipEntry, zipEntries } from './zip';

const SUFFIX = '.npy';

/** An open archive. Arrays are read when they are asked for. */
export class NpzReader {
  readonly #entries = new Map<string, ZipEntry>();

  /** @throws RangeError (ValueError) if the file is damaged or not an `.npz` */
  constructor(readonly reader: Reader) {
    for (const [entry, content] of zipEntries(reader)) {
      if (!entry.endsWith(SUFFIX)) {
        throw damaged(reader.path, `array ${JSON.stringify(entry)} is no .npy file`);
      }
      this.#entries.set(entry.slice(0, -SUFFIX.length), content);
    }
  }

  /** The names of the arrays. */
  names(): string[] {
    return [...this.#entries.keys()];
  }

  /** Returns an array, or undefined if there is none of this name. */
  tensor(name: string): Tensor | undefined {
    const entry = this.#entries.get(name);
    if (!entry) return undefined;
    const { stored, size, checksum } = entry;
    const what = `array ${JSON.stringify(entry.name)}`;
    const wrong = (problem: string): Error => damaged(this.reader.path, `${what} ${problem}`);
    // A stored entry is copied from the file in parts, since it may be larger than JavaScript's largest buffer.
    const source = stored === undefined ? Reader.of(entry.read()) : this.reader;
    const from = stored ?? 0;
    const header = headerOf(source.read(from, Math.min(size, LONGEST_HEAD), what), size, wrong);
    const bytes = copyPart(source, from, size, what, stored === undefined ? 0 : checksum);
    return tensorOf(header, bytes, wrong);
  }

  /** Returns the text of an entry that is one text, and undefined for any other. */
  text(name: string): string | undefined {
    const entry = this.#entries.get(name);
    if (!entry) return undefined;
    const what = `array ${JSON.stringify(entry.name)}`;
    return textOf(entry.read(), (problem) => damaged(this.reader.path, `${what} ${problem}`));
  }
}

/** The contents of an archive: numbers and strings. */
interface NpzContents {
  tensors: Map<string, Tensor>;
  texts: Map<string, string>;
}

/**
 * Reads an archive.
 *
 * @throws RangeError (ValueError) if the file is damaged, is not an `.npz`, or contains neither numbers nor strings
 */
export function readNpz(filename: string): NpzContents {
  return Reader.with(filename, (reader) => {
    const file: NpzContents = { tensors: new Map(), texts: new Map() };
    const archive = new NpzReader(reader);
    for (const name of archive.names()) {
      const text = archive.text(name);
      if (text === undefined) file.tensors.set(name, archive.tensor(name)!);
      else file.texts.set(name, text);
    }
    return file;
  });
}
