/** One pass of a loader with workers. Source: _MultiProcessingDataLoaderIter of torch/utils/data/dataloader.py. */
import { assertionError } from '../../bindings/errors';
import { END } from './_utils/fetch';
import { discard, receivedError, unpacked } from './_utils/messages';
import { pin_memory } from './_utils/pin_memory';
import { Pool, type Received } from './_utils/pool';
import { Iteration, type Loading } from './iterators';
import type { Position } from './position';

/** A task that was sent. */
interface Sent {
  readonly worker: number;
  reply?: Received;
}

/** Ends the workers of an iteration that nobody refers to any more. */
const abandoned = new FinalizationRegistry<Pool>((pool) => void pool.end());

/** A pass with workers. With persistent workers, it is restarted for each further pass. */
export class WorkerIteration<Batch> extends Iteration<Batch> {
  /** The state of each worker's generator after its last batch. */
  readonly worker_states: (Uint8Array | null)[];
  readonly #pool: Pool;
  #epoch = 0;
  #sent = new Map<number, Sent>();
  #nextToSend = 0;
  #nextToReceive = 0;
  #outstanding = 0;
  #isActive: boolean[] = [];
  #tasksOf: number[] = [];
  #turn = 0;

  constructor(loading: Loading, resumed: Position | null) {
    const { num_workers, prefetch_factor, auto_collation, drop_last } = loading;
    if (!prefetch_factor) {
      throw assertionError(
        'prefetch_factor must be greater than 0 for MultiProcessingDataLoaderIter',
      );
    }
    super(loading, resumed, prefetch_factor * num_workers);
    this.worker_states = Array.from({ length: num_workers }, () => null);
    this.#pool = new Pool(
      this.worker_states.map((_, id) => ({
        url: loading.module!,
        id,
        num_workers,
        seed: this.base_seed + BigInt(id),
        auto_collation,
        drop_last,
      })),
    );
    abandoned.register(this, this.#pool);
    this.#begin();
  }

  /** Begins another pass with the same workers. What is left of the last one is dropped. */
  override restart(): void {
    super.restart();
    this.#epoch++;
    for (let worker = 0; worker < this.loading.num_workers; worker++) {
      this.#pool.send(worker, { epoch: this.#epoch });
    }
    this.#begin();
  }

  #begin(): void {
    const { num_workers, prefetch_factor } = this.loading;
    this.#sent = new Map();
    this.#nextToSend = this.#nextToReceive = this.#outstanding = this.#turn = 0;
    this.#isActive = Array.from({ length: num_workers }, () => true);
    this.#tasksOf = Array.from({ length: num_workers }, () => 0);
    for (let count = prefetch_factor! * num_workers; count > 0; count--) this.#sendTask();
  }

  /** Sends the next index to the next worker that has not ended. */
  #sendTask(): void {
    const index = this.nextIndex();
    if (index === END) return;
    const worker = this.#nextWorker();
    if (worker < 0) return;
    const number = this.#nextToSend++;
    const { resumed } = this;
    const skipped = resumed?.num_yielded ?? 0;
    const state = resumed?.worker_states[worker];
    const isFirst = state && number >= skipped && !this.#resumedWorkers.has(worker);
    if (isFirst) this.#resumedWorkers.add(worker);
    this.#pool.send(worker, {
      epoch: this.#epoch,
      number,
      index,
      isDone: number < skipped,
      rng_state: isFirst ? (state.toTypedArray() as Uint8Array) : null,
    });
    this.#sent.set(number, { worker });
    this.#tasksOf[worker]! += 1;
    this.#outstanding++;
  }

  /** The workers that have the state of their generators again. */
  readonly #resumedWorkers = new Set<number>();

  #nextWorker(): number {
    const { num_workers, in_order, prefetch_factor } = this.loading;
    const active = this.#isActive.filter(Boolean).length;
    const most = Math.floor((prefetch_factor! * num_workers) / active);
    for (let tries = 0; tries < num_workers; tries++) {
      const worker = this.#turn++ % num_workers;
      if (!this.#isActive[worker]) continue;
      if (in_order || this.#tasksOf[worker]! < most) return worker;
    }
    return -1;
  }

  protected async _next(): Promise<unknown> {
    const skipped = this.resumed?.num_yielded ?? 0;
    for (;;) {
      const reply = await this.#reply();
      if (reply === END) return END;
      const data = this.#process(reply);
      if (reply.number < skipped) continue;
      return this.pins ? pin_memory(data) : data;
    }
  }

  /** Returns the next reply in order, or END. */
  async #reply(): Promise<Received | typeof END> {
    for (;;) {
      const sent = this.#oldest();
      if (!sent) return END;
      if (sent.reply) return this.#taken(this.#nextToReceive);
      const reply = await this.#pool.receive(this.loading.timeout);
      if (reply.epoch !== this.#epoch) {
        drop(reply);
        continue;
      }
      this.#outstanding--;
      const { number, worker } = reply;
      if (reply.result === 'end of the dataset') {
        this.#isActive[worker] = false;
        this.#sendTask();
        continue;
      }
      this.#sent.get(number)!.reply = reply;
      if (!this.loading.in_order) return this.#taken(number);
    }
  }

  /** Returns the oldest task that has or will have a reply, or undefined. */
  #oldest(): Sent | undefined {
    for (; this.#nextToReceive < this.#nextToSend; this.#nextToReceive++) {
      const sent = this.#sent.get(this.#nextToReceive);
      if (!sent) continue;
      if (sent.reply || this.#isActive[sent.worker]) return sent;
      this.#sent.delete(this.#nextToReceive);
    }
    return undefined;
  }

  #taken(number: number): Received {
    const { reply } = this.#sent.get(number)!;
    this.#sent.delete(number);
    if (number === this.#nextToReceive) this.#nextToReceive++;
    return reply!;
  }

  #process({ worker, result, rng_state }: Received): unknown {
    this.#tasksOf[worker]! -= 1;
    this.#sendTask();
    this.worker_states[worker] = rng_state;
    if (typeof result === 'string') return END;
    if ('error' in result) throw receivedError(worker, result.error);
    return unpacked(result.data);
  }

  protected async _close(): Promise<void> {
    if (this.loading.persistent_workers) return;
    await this.end();
  }

  /** Ends the workers, and frees the batches that nobody took. */
  async end(): Promise<void> {
    await this.#pool.end();
    this.#pool.takeReplies().forEach(drop);
    for (const { reply } of this.#sent.values()) if (reply) drop(reply);
    this.#sent.clear();
  }
}

/** Frees the tensors of a reply. */
function drop({ result }: Received): void {
  if (typeof result === 'object' && 'data' in result) discard(result.data);
}
