/** Threads that decode tables into shared memory, so that the caller's thread stays free. */
import os from 'node:os';
import path from 'node:path';
import { Worker } from 'node:worker_threads';

import type { Reply, Task } from './messages';
import { RowProblem } from './problem';

/** More threads do not make a job faster: the losses are computed on all cores, too. */
const MOST_THREADS = 8;
/** The memory that JavaScript's objects of a thread may take, in MiB. */
const HEAP = 512;

interface Waiting {
  resolve(result: unknown): void;
  reject(error: Error): void;
}

class Thread {
  readonly #worker: Worker;
  readonly #waiting = new Map<number, Waiting>();
  #next = 0;

  constructor() {
    this.#worker = new Worker(path.join(__dirname, 'thread.js'), {
      name: 'table decoder',
      resourceLimits: { maxOldGenerationSizeMb: HEAP },
    });
    this.#worker.on('message', (reply: Reply) => this.#settle(reply));
    this.#worker.on('error', (error) => this.#fail(error));
    this.#worker.on('exit', () => this.#fail(new Error('the thread that decodes it ended')));
    this.#worker.unref();
  }

  get tasks(): number {
    return this.#waiting.size;
  }

  run(task: Task): Promise<unknown> {
    const id = this.#next++;
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, { resolve, reject });
      this.#worker.ref();
      this.#worker.postMessage({ id, task });
    });
  }

  #settle({ id, result, problem }: Reply): void {
    const { resolve, reject } = this.#waiting.get(id)!;
    this.#waiting.delete(id);
    if (this.#waiting.size === 0) this.#worker.unref();
    if (problem) reject(new RowProblem(problem.message, problem.row));
    else resolve(result);
  }

  #fail(error: Error): void {
    for (const { reject } of this.#waiting.values()) reject(error);
    this.#waiting.clear();
  }

  async end(): Promise<void> {
    await this.#worker.terminate();
  }
}

/** The threads of a job. They start when they are needed. */
export class Decoders {
  readonly size = Math.min(os.availableParallelism(), MOST_THREADS);
  readonly #threads: (Thread | undefined)[] = Array.from({ length: this.size });

  /**
   * Runs a task in the thread that has the least to do.
   *
   * @param owner - a number. All tasks with the same number run in the same thread, in order
   * @throws RowProblem if the table is wrong
   */
  run<T>(task: Task, owner?: number): Promise<T> {
    const index = owner === undefined ? this.#idlest() : owner % this.size;
    const thread = (this.#threads[index] ??= new Thread());
    return thread.run(task) as Promise<T>;
  }

  #idlest(): number {
    // A thread that runs already is preferred to one that would have to start.
    const loads = this.#threads.map((thread) => (thread ? thread.tasks : 0.5));
    return loads.indexOf(Math.min(...loads));
  }

  async close(): Promise<void> {
    await Promise.all(this.#threads.map((thread) => thread?.end()));
    this.#threads.fill(undefined);
  }
}
