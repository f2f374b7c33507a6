/**
 * Where inputs come from: files, and standard input or a pipe. A pipe can be read once and only forwards, so it is first
 * copied to a temporary file without a name, which the system removes with the process.
 */
import { createHash, randomUUID } from 'node:crypto';
import { type BigIntStats, fstatSync, open as openFile, statSync } from 'node:fs';
import { type FileHandle, open, unlink } from 'node:fs/promises';
import { Socket } from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { addAbortSignal, type Readable } from 'node:stream';
import { promisify } from 'node:util';

import { damaged } from '../serialization/reader';
import type { Shard } from './shard';
import { Decoders } from './tables/decoders';
import type { JsonLines } from './tables/json_lines';
import type { Parquet } from './tables/parquet';

/** Names standard input. */
export const STANDARD_INPUT = '-';

/** What the content of a file depends on. */
export interface Stamp {
  readonly size: string;
  readonly modified: string;
}

export interface Source {
  /** The path to open. */
  readonly path: string;
  /** What messages and the journal call it. */
  readonly label: string;
  /** What tells this content from another. */
  readonly stamp: Stamp;
  /** What the file had when it was opened. */
  readonly opened: Stamp;
}

export const stampOf = ({ size, mtimeNs }: BigIntStats): Stamp => ({
  size: String(size),
  modified: String(mtimeNs),
});

/** The files of a job, and the threads that decode tables. */
export class Sources {
  readonly decoders = new Decoders();
  readonly tables = new Map<string, Promise<JsonLines | Parquet>>();
  readonly #sources = new Map<string, Promise<Source>>();
  readonly #copies: FileHandle[] = [];
  readonly #shards: Shard[] = [];

  /** @param signal - ends what waits for a pipe or a thread */
  constructor(private readonly signal?: AbortSignal) {
    signal?.addEventListener('abort', this.#abort, { once: true });
  }

  readonly #abort = (): void => void this.decoders.close();

  /** @throws the error of `fs`; RangeError (ValueError) for what is neither a file nor a pipe */
  open(name: string): Promise<Source> {
    const opened = this.#sources.get(name) ?? this.#open(name);
    this.#sources.set(name, opened);
    return opened;
  }

  async #open(name: string): Promise<Source> {
    const isStandard = name === STANDARD_INPUT;
    const label = isStandard ? 'standard input' : name;
    const status = isStandard ? fstatSync(0, { bigint: true }) : statSync(name, { bigint: true });
    if (status.isFile()) {
      const stamp = stampOf(status);
      return { path: isStandard ? '/proc/self/fd/0' : name, label, stamp, opened: stamp };
    }
    if (isStandard) {
      if (process.stdin.isTTY) throw damaged(label, 'is a terminal: give it a file or a pipe');
      return this.#copy(process.stdin, label);
    }
    if (!status.isFIFO()) throw damaged(name, 'is neither a file nor a pipe');
    // A FileHandle would close the descriptor when it is collected.
    const fd = await promisify(openFile)(name, 'r');
    return this.#copy(new Socket({ fd, readable: true, writable: false }), label);
  }

  /** Copies a pipe. Its content is told by a hash, so that a job can be resumed with the same content. */
  async #copy(pipe: Readable, label: string): Promise<Source> {
    const file = path.join(os.tmpdir(), `torch-losses-${randomUUID()}`);
    const copy = await open(file, 'wx+', 0o600);
    this.#copies.push(copy);
    await unlink(file);
    if (this.signal) addAbortSignal(this.signal, pipe);
    const hash = createHash('sha256');
    for await (const part of pipe) {
      hash.update(part);
      await copy.writeFile(part);
    }
    const opened = stampOf(await copy.stat({ bigint: true }));
    const stamp = { size: opened.size, modified: hash.digest('hex') };
    return { path: `/proc/self/fd/${copy.fd}`, label, stamp, opened };
  }

  /** Takes a shard whose files are closed with these. */
  add(shard: Shard): Shard {
    this.#shards.push(shard);
    return shard;
  }

  async close(): Promise<void> {
    this.signal?.removeEventListener('abort', this.#abort);
    await this.decoders.close();
    await Promise.all(this.#shards.splice(0).map((shard) => shard.release()));
    await Promise.all(this.#copies.splice(0).map((copy) => copy.close()));
  }
}
