/** `torch.distributed.Work`. Source: torch/csrc/distributed/c10d/Work.hpp. */
import { runtimeError, typeError, valueError } from '../bindings/errors';
import { NUMBER, nullable, Signature } from '../dispatch/signature';
import type { Tensor } from '../tensor/tensor';

const WAIT = new Signature('wait', {
  timeout: nullable(NUMBER),
});

/** Only this package makes works. */
const SECRET = Symbol('Work');

/**
 * A collective that goes on, as `async_op: true` returns it.
 *
 * See https://docs.pytorch.org/docs/stable/distributed.html#torch.distributed.Work
 */
export class Work {
  readonly #done: Promise<unknown>;
  readonly #outputs: readonly Tensor[];
  #state: 'running' | 'success' | 'failure' = 'running';
  #error: unknown;
  #sourceRank = -1;

  /** @internal */
  constructor(done: Promise<unknown>, outputs: readonly Tensor[], secret: typeof SECRET) {
    if (secret !== SECRET) throw typeError('Work: no constructor defined');
    this.#outputs = outputs;
    this.#done = done.then(
      (value) => {
        this.#state = 'success';
        if (value instanceof Work) this.#sourceRank = value.#sourceRank;
      },
      (error: unknown) => {
        this.#state = 'failure';
        this.#error = error;
        throw error;
      },
    );
    // A work that nobody waits for fails silently, as in Python.
    this.#done.catch(() => {});
  }

  /** @internal */
  static _of(done: Promise<unknown>, outputs: readonly Tensor[] = []): Work {
    return new Work(done, outputs, SECRET);
  }

  /** @internal Returns the work of a collective that has ended. */
  static _ended(sourceRank: unknown): Work {
    const work = Work._of(Promise.resolve());
    work.#state = 'success';
    if (typeof sourceRank === 'number') work.#sourceRank = sourceRank;
    return work;
  }

  /**
   * Waits until the collective has ended.
   *
   * @param timeout - milliseconds. Default: null, the time-out of the group
   * @returns true
   * @throws TorchError (RuntimeError) if the collective failed, or if the time is over
   */
  wait(timeout?: number | null | { timeout?: number | null }): Promise<boolean>;
  async wait(...args: unknown[]): Promise<boolean> {
    const { timeout } = WAIT.read(args);
    if (timeout === null || Number(timeout) <= 0) {
      await this.#done;
      return true;
    }
    let timer: NodeJS.Timeout | undefined;
    const over = new Promise<never>((_, reject) => {
      const late = (): void => reject(runtimeError('Operation timed out!'));
      timer = setTimeout(late, Math.min(Number(timeout), 2 ** 31 - 1));
    });
    try {
      await Promise.race([this.#done, over]);
    } finally {
      clearTimeout(timer);
    }
    return true;
  }

  /** Whether the collective has ended. It is said when the event loop turns. */
  is_completed(): boolean {
    return this.#state !== 'running';
  }

  /** Whether the collective has ended without an error. */
  is_success(): boolean {
    return this.#state === 'success';
  }

  /** Returns the error with which the collective ended, or null. */
  exception(): unknown {
    return this.#error ?? null;
  }

  /** Does nothing: a collective of CPU tensors needs no synchronization after `wait`. */
  synchronize(): void {}

  /** Returns a promise of the tensors that the collective writes. */
  async get_future(): Promise<readonly Tensor[]> {
    await this.#done;
    return this.#outputs;
  }

  /**
   * Returns the tensors that the collective has written.
   *
   * @throws TorchError (RuntimeError) if it has not ended
   */
  result(): readonly Tensor[] {
    if (!this.is_completed()) {
      throw runtimeError(
        'Work needs to be completed before calling result(). Should call wait() before result().',
      );
    }
    return this.#outputs;
  }

  /**
   * Returns the sender's rank in the group, of a message that was received from any rank.
   *
   * @throws RangeError (ValueError) if this is no such message, or has not been received
   */
  source_rank(): number {
    if (this.#sourceRank < 0) throw valueError('no message was received from any rank');
    return this.#sourceRank;
  }
}
