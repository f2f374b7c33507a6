/** The worker threads of a loader, as the loader sees them. */
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';

import { get_num_threads, set_num_threads } from '../../../backends/process';
import { runtimeError } from '../../../bindings/errors';
import type { Reply, Task, WorkerData } from './messages';

/** A reply, and the number of the worker that sent it. */
export interface Received extends Reply {
  readonly worker: number;
}

/** Python's MP_STATUS_CHECK_INTERVAL in milliseconds: the time that a worker has to end by itself. */
const PATIENCE = 5000;

/** Starts workers, sends them tasks, and collects their replies. */
export class Pool {
  readonly #workers: Worker[];
  readonly #exits: Promise<unknown>[];
  readonly #replies: Received[] = [];
  #failure: Error | undefined;
  #wake: (() => void) | undefined;
  #ending: Promise<void> | undefined;

  constructor(data: readonly WorkerData[]) {
    const threads = get_num_threads();
    this.#workers = data.map((workerData) => {
      const name = `data worker ${workerData.id}`;
      return new Worker(path.join(__dirname, 'thread.js'), { workerData, name });
    });
    this.#exits = this.#workers.map((worker, id) => this.#watch(worker, id, threads));
  }

  #watch(worker: Worker, id: number, threads: number): Promise<unknown> {
    const { threadId } = worker;
    const fail = (cause?: unknown): void => {
      if (this.#ending) return;
      const error = runtimeError(
        `DataLoader worker (thread id(s) ${threadId}) exited unexpectedly`,
      );
      this.#failure ??= Object.assign(error, cause === undefined ? {} : { cause });
      this.#wake?.();
    };
    let isReady = false;
    worker.on('message', (reply: Reply) => {
      // A worker sets its own number of threads, and libtorch takes it for that of new threads.
      if (!isReady) set_num_threads(threads);
      isReady = true;
      this.#replies.push({ ...reply, worker: id });
      this.#wake?.();
    });
    worker.on('error', fail);
    const exit = new Promise<void>((resolve) => {
      worker.on('exit', () => {
        fail();
        resolve();
      });
    });
    worker.unref(); // the process may end while nobody waits for a batch
    return exit;
  }

  send(worker: number, task: Task): void {
    this.#workers[worker]!.postMessage(task);
  }

  /**
   * Returns the next reply of any worker.
   *
   * @param timeout - in seconds; 0 is for ever
   * @throws TorchError (RuntimeError) if a worker ended, or none replied in time
   */
  async receive(timeout: number): Promise<Received> {
    if (this.#replies.length === 0 && !this.#failure) await this.#wait(timeout);
    if (this.#replies.length > 0) return this.#replies.shift()!;
    throw this.#failure ?? runtimeError(`DataLoader timed out after ${timeout} seconds`);
  }

  async #wait(timeout: number): Promise<void> {
    for (const worker of this.#workers) worker.ref();
    let timer: NodeJS.Timeout | undefined;
    await new Promise<void>((resolve) => {
      this.#wake = resolve;
      if (timeout > 0) timer = setTimeout(resolve, timeout * 1000);
    });
    clearTimeout(timer);
    this.#wake = undefined;
    for (const worker of this.#workers) worker.unref();
  }

  /** Returns the replies that nobody received. */
  takeReplies(): Received[] {
    return this.#replies.splice(0);
  }

  /** Ends the workers, those that are busy after some seconds. */
  end(): Promise<void> {
    this.#ending ??= this.#end();
    return this.#ending;
  }

  async #end(): Promise<void> {
    for (const worker of this.#workers) worker.postMessage('end' satisfies Task);
    const patience = new AbortController();
    const tooLong = delay(PATIENCE, undefined, { signal: patience.signal }).catch(() => {});
    await Promise.race([Promise.all(this.#exits), tooLong]);
    patience.abort();
    await Promise.all(this.#workers.map((worker) => worker.terminate()));
  }
}
