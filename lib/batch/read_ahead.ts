/** Reads the inputs of chunks ahead, into memory that is used again. */
import type { Tensor } from '../tensor/tensor';
import type { Column } from './inputs';
import type { Chunk } from './plan';
import type { Inputs } from './rows';

/** The inputs of so many chunks are in memory: those of one are computed, and those of the next are read. */
const CHUNKS = 2;

export class ReadAhead<T> {
  /** The memory of each column, for each of the chunks. */
  readonly #memory: readonly (readonly SharedArrayBuffer[])[];
  /** What is being read, or was read and not taken. */
  readonly #reads: Promise<T>[] = [];
  #started = 0;

  /** @param prepare - does what follows reading */
  constructor(
    private readonly columns: readonly Column[],
    private readonly chunks: readonly Chunk[],
    private readonly prepare: (chunk: Chunk, inputs: Inputs) => T,
  ) {
    const rows = chunks.reduce((most, { from, to }) => Math.max(most, to - from), 0);
    this.#memory = Array.from({ length: Math.min(CHUNKS, chunks.length) }, () =>
      columns.map(({ rowBytes }) => new SharedArrayBuffer(rows * rowBytes)),
    );
    for (const _memory of this.#memory) this.more();
  }

  /** Returns what the next chunk has. */
  take(): Promise<T> {
    return this.#reads.shift()!;
  }

  /** Reads one more chunk, into the memory of the oldest, which is no longer used. */
  more(): void {
    const chunk = this.chunks[this.#started];
    if (!chunk) return;
    const read = this.#read(chunk, this.#memory[this.#started++ % CHUNKS]!);
    read.catch(() => {}); // reported when it is taken
    this.#reads.push(read);
  }

  async #read(chunk: Chunk, memory: readonly SharedArrayBuffer[]): Promise<T> {
    const { from, to } = chunk;
    const reads = this.columns.map(
      async (column, i): Promise<[string, Tensor]> => [
        column.input,
        await column.load(from, to, memory[i]!),
      ],
    );
    // All are waited for, so that nothing writes to the memory after an error.
    await Promise.allSettled(reads);
    return this.prepare(chunk, Object.fromEntries(await Promise.all(reads)));
  }

  /** Waits for what is being read. */
  async close(): Promise<void> {
    await Promise.allSettled(this.#reads);
  }
}
