/** Where the bytes of an output go. */
import { type FileHandle, open, rename } from 'node:fs/promises';

import { valueError } from '../../bindings/errors';
import { exists, folderOf, partialOf, STANDARD_OUTPUT, syncFolder, writeAt } from '../output';

export interface Sink {
  /** Writes the beginning, which may be missing in the file of a run that was killed, and sets the length. */
  begin(head: Uint8Array, length: number): Promise<void>;
  put(bytes: Uint8Array, position: number): Promise<void>;
  /** Makes durable what was put. */
  sync(): Promise<void>;
  /** Ends an output that is whole. */
  finish(): Promise<void>;
  close(): Promise<void>;
}

/** Opens the unfinished file of a path, or makes it. */
export async function openSink(path: string): Promise<Sink> {
  if (path === STANDARD_OUTPUT) return new StandardOutput();
  const file = await open(partialOf(path), exists(partialOf(path)) ? 'r+' : 'w');
  return new PartialFile(path, file);
}

/** A file that gets its name when it is whole. */
class PartialFile implements Sink {
  constructor(
    private readonly path: string,
    private readonly file: FileHandle,
  ) {}

  async begin(head: Uint8Array, length: number): Promise<void> {
    await this.put(head, 0);
    await this.file.truncate(length);
    await this.file.datasync();
    await syncFolder(folderOf(this.path));
  }

  put(bytes: Uint8Array, position: number): Promise<void> {
    return writeAt(this.file, bytes, position);
  }

  sync(): Promise<void> {
    return this.file.datasync();
  }

  async finish(): Promise<void> {
    try {
      await this.file.sync();
    } finally {
      await this.file.close();
    }
    await rename(partialOf(this.path), this.path);
    await syncFolder(folderOf(this.path));
  }

  async close(): Promise<void> {
    await this.file.close();
  }
}

class StandardOutput implements Sink {
  #length = 0;

  begin(head: Uint8Array): Promise<void> {
    return this.put(head, 0);
  }

  async put(bytes: Uint8Array, position: number): Promise<void> {
    if (position !== this.#length) {
      throw valueError('evaluate(): standard output takes rows in their order only');
    }
    this.#length += bytes.length;
    const { stdout } = process;
    await new Promise<void>((resolve, reject) => {
      // An error is an event, too, after the call.
      stdout.once('error', reject);
      stdout.write(bytes, (error) => {
        if (error) return;
        stdout.off('error', reject);
        resolve();
      });
    });
  }

  async sync(): Promise<void> {}
  async finish(): Promise<void> {}
  async close(): Promise<void> {}
}
