/**
 * Keeps other runs from writing the same output.
 *
 * On one machine, the lock is the name of a socket, which the system ends with the process, however that ends. For
 * machines that share a disk there is a file beside the output, too. It says whose it is, and its owner changes it every
 * few seconds. A run that finds such a file watches it: if it changes, the owner is alive; if it stays the same for long,
 * the owner has ended without removing it.
 */
import { createHash, randomUUID } from 'node:crypto';
import {
  readFileSync,
  readlinkSync,
  realpathSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { createServer, type Server } from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

import { BatchError, writing } from './error';

/** What the file says. */
interface Owner {
  readonly host: string;
  readonly pid: number;
  /** When the run began. */
  readonly since: string;
  /** The boot of the machine and its network namespace, in which names of sockets are known. */
  readonly machine: string;
  /** Tells this run from all others. */
  readonly run: string;
}

/** In milliseconds. */
export interface Times {
  /** How often the owner changes the file. */
  readonly beat: number;
  /** How long the file of an owner that is alive may stay the same. */
  readonly silence: number;
  /** How often another run looks at it. */
  readonly poll: number;
}

const TIMES: Times = { beat: 5000, silence: 30_000, poll: 500 };

export class Lock {
  readonly #owner: Owner = {
    host: os.hostname(),
    pid: process.pid,
    since: new Date().toISOString(),
    machine: machine(),
    run: randomUUID(),
  };
  #beats = 0;
  #timer: NodeJS.Timeout | undefined;

  private constructor(
    private readonly output: string,
    private readonly file: string,
    private readonly server: Server,
    private readonly times: Times,
  ) {}

  /**
   * @param output - what messages call the output
   * @param file - the file of the lock
   * @throws BatchError if another run has the lock, or the file cannot be written
   */
  static async take(
    output: string,
    file: string,
    signal?: AbortSignal,
    times = TIMES,
  ): Promise<Lock> {
    const lock = new Lock(output, file, await listen(output, file), times);
    try {
      await writing(file, undefined, () => lock.#take(signal));
    } catch (error) {
      lock.server.close();
      throw error;
    }
    lock.#timer = setInterval(() => lock.#beat(), times.beat).unref();
    return lock;
  }

  async #take(signal: AbortSignal | undefined): Promise<void> {
    while (!this.#make()) {
      const found = read(this.file);
      if (found === undefined) continue;
      const other = ownerIn(found);
      // If the owner were alive, the name of the socket would be taken.
      if (other?.machine === this.#owner.machine) {
        this.#write('w');
        return;
      }
      if ((await this.#watch(found, other, signal)) && (await this.#replace(signal))) return;
    }
  }

  /** Makes the file. Returns false if there is one. */
  #make(): boolean {
    try {
      this.#write('wx');
      return true;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
      throw error;
    }
  }

  /** Returns true if the file stays as it is, and false if it is removed. */
  async #watch(
    found: string,
    owner: Owner | undefined,
    signal: AbortSignal | undefined,
  ): Promise<boolean> {
    const { silence, poll } = this.times;
    process.emitWarning(
      `${this.file} says that ${nameOf(owner)} writes ${this.output}. Waiting ${silence / 1000} s for a sign of life. ` +
        'If it has ended, remove the file to go on at once.',
      'BatchWarning',
    );
    for (let waited = 0; waited < silence; waited += poll) {
      await sleep(poll, undefined, { signal });
      const now = read(this.file);
      if (now === undefined) return false;
      if (now !== found) throw this.#busy(ownerIn(now));
    }
    return true;
  }

  /** Puts an own file in the place of another. Returns false if another run did so, too. */
  async #replace(signal: AbortSignal | undefined): Promise<boolean> {
    const own = `${this.file}.${this.#owner.run}`;
    writeFileSync(own, this.#text);
    renameSync(own, this.file);
    await sleep(this.times.poll, undefined, { signal });
    return this.#isOwn;
  }

  get #text(): string {
    return `${JSON.stringify({ ...this.#owner, beats: this.#beats })}\n`;
  }

  #write(flag: 'w' | 'wx'): void {
    writeFileSync(this.file, this.#text, { flag });
  }

  get #isOwn(): boolean {
    return ownerIn(read(this.file))?.run === this.#owner.run;
  }

  #beat(): void {
    try {
      if (!this.#isOwn) return;
      this.#beats++;
      this.#write('w');
    } catch {
      // The disk may be back when the next chunk is written.
    }
  }

  /** @throws BatchError if another run has taken the lock, because this one gave no sign of life */
  check(): void {
    const now = read(this.file);
    const owner = ownerIn(now);
    if (owner?.run === this.#owner.run) return;
    if (now !== undefined) throw this.#busy(owner);
    throw new BatchError(
      'busy',
      `${this.file} was removed, so that another run may write ${this.output}`,
      this.output,
    );
  }

  #busy(owner: Owner | undefined): BatchError {
    const who = nameOf(owner);
    return new BatchError('busy', `Another run writes ${this.output}: ${who}`, this.output);
  }

  release(): void {
    clearInterval(this.#timer);
    try {
      if (this.#isOwn) rmSync(this.file, { force: true });
    } catch {
      // What is left is the file of a run that has ended.
    }
    this.server.close();
  }
}

/** Takes the name of a socket. */
async function listen(output: string, file: string): Promise<Server> {
  const absolute = path.resolve(file);
  const real = path.join(realpathSync(path.dirname(absolute)), path.basename(absolute));
  const server = createServer();
  await new Promise<void>((resolve, reject) => {
    server.once('error', (cause: NodeJS.ErrnoException) => {
      if (cause.code !== 'EADDRINUSE') reject(cause);
      else reject(new BatchError('busy', `Another run writes ${output}`, output));
    });
    const name = createHash('sha256').update(real).digest('hex');
    server.listen(`\0torch-losses-batch-${name}`, resolve);
  });
  return server.unref();
}

function machine(): string {
  const boot = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
  return `${boot} ${readlinkSync('/proc/self/ns/net')}`;
}

/** Returns the text of a file, or undefined if there is none. */
function read(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

/** Returns what a file says, or undefined for one that is not whole, or of another program. */
function ownerIn(text: string | undefined): Owner | undefined {
  try {
    return (JSON.parse(text ?? '') as Owner | null) ?? undefined;
  } catch {
    return undefined;
  }
}

const nameOf = (owner: Owner | undefined): string =>
  owner ? `process ${owner.pid} on ${owner.host}, since ${owner.since}` : 'another run';
