/** One pass of a loader over its dataset, in the thread of the loader. Source: torch/utils/data/dataloader.py. */
import { setImmediate as turn } from 'node:timers/promises';

import { is_available } from '../../accelerator';
import { assertionError } from '../../bindings/errors';
import { warn } from '../../bindings/warnings';
import type { Generator } from '../../random/generator';
import { END, type Fetcher, type Fetching, fetcherOf } from './_utils/fetch';
import { pin_memory } from './_utils/pin_memory';
import type { Position } from './position';
import { drawSeed } from './sampler';

/** What an iteration needs of its loader. */
export interface Loading extends Fetching {
  readonly num_workers: number;
  readonly prefetch_factor: number | null;
  readonly persistent_workers: boolean;
  readonly pin_memory: boolean;
  readonly pin_memory_device: string;
  readonly timeout: number;
  readonly in_order: boolean;
  readonly generator: Generator | null;
  /** The samplers' indices. */
  readonly indices: Iterable<unknown>;
  /** The URL of the module of the dataset. */
  readonly module: string | null;
  /** The length that an iterable dataset gave when the loader was asked for its own. */
  readonly reportedLength: number | null;
  /** Called between batches. */
  atBoundary(): void;
}

/** The longest time in milliseconds without a turn of the event loop, for signals, timers and servers. */
const LONGEST_BUSY = 10;
let lastTurn = performance.now();

async function letOthersRun(): Promise<void> {
  if (performance.now() - lastTurn < LONGEST_BUSY) return;
  await turn();
  lastTurn = performance.now();
}

/** One pass over a dataset: what is common to passes with and without workers. */
export abstract class Iteration<Batch> implements AsyncIterableIterator<Batch> {
  num_yielded = 0;
  isFinished = false;
  protected readonly base_seed: bigint;
  protected readonly pins: boolean;
  /** Indices that were drawn from the sampler before they are used. */
  readonly #drawn: IteratorResult<unknown>[] = [];
  #sampler: Iterator<unknown>;
  #batches: AsyncGenerator<Batch>;

  /** @param ahead - the number of indices that are taken before the first batch is */
  constructor(
    readonly loading: Loading,
    protected resumed: Position | null,
    ahead: number,
  ) {
    this.pins = loading.pin_memory && is_available();
    if (loading.pin_memory) this.#warnAboutPinning();
    this.#sampler = loading.indices[Symbol.iterator]();
    this.base_seed = drawSeed(loading.generator);
    this.#batches = this.#run();
    this.#resume(ahead);
  }

  #warnAboutPinning(): void {
    const { pin_memory_device } = this.loading;
    if (pin_memory_device) {
      warn(
        'pin_memory_device is deprecated, the current accelerator will be used as the device,ignore ' +
          `pin_memory_device='${pin_memory_device}'.`,
        'UserWarning',
        'user',
      );
    }
    if (this.pins) return;
    warn(
      "'pin_memory' argument is set as true but no accelerator is found, then device pinned memory won't be used.",
      'UserWarning',
      'user',
    );
  }

  /** Draws the indices of batches that were yielded before, and those that were taken ahead of them. */
  #resume(ahead: number): void {
    if (!this.resumed) return;
    this.num_yielded = this.resumed.num_yielded;
    for (let count = this.num_yielded + ahead; count > 0; count--) {
      this.#drawn.push(this.#sampler.next());
    }
  }

  /** Begins another pass with the same workers. */
  restart(): void {
    this.#sampler = this.loading.indices[Symbol.iterator]();
    this.#drawn.length = 0;
    this.#batches = this.#run();
    this.resumed = null;
    this.num_yielded = 0;
    this.isFinished = false;
  }

  /** Returns the next index, or END. */
  protected nextIndex(): unknown {
    const { value, done } = this.#drawn.shift() ?? this.#sampler.next();
    return done ? END : value;
  }

  /** Returns the next batch, or END. */
  protected abstract _next(): Promise<unknown>;
  /** Ends what was started. It may be called more than once. */
  protected abstract _close(): Promise<void>;

  async *#run(): AsyncGenerator<Batch> {
    try {
      for (;;) {
        const batch = await this.#counted();
        if (batch === END) break;
        yield batch as Batch;
      }
    } finally {
      this.isFinished = true;
      await this._close();
    }
  }

  async #counted(): Promise<unknown> {
    this.loading.atBoundary();
    await letOthersRun();
    const batch = await this._next();
    if (batch === END) return END;
    this.num_yielded++;
    const { reportedLength, num_workers, dataset } = this.loading;
    if (reportedLength !== null && this.num_yielded > reportedLength) {
      warn(
        `Length of IterableDataset ${dataset} was reported to be ${reportedLength}(when accessing len(dataloader)), ` +
          `but ${this.num_yielded} samples have been fetched. ${num_workers > 0 ? UNEVEN : ''}`,
        'UserWarning',
        'user',
      );
    }
    return batch;
  }

  next(): Promise<IteratorResult<Batch>> {
    return this.#batches.next();
  }

  async return(): Promise<IteratorResult<Batch>> {
    await this.#batches.return(undefined);
    this.isFinished = true;
    await this._close(); // where no batch was asked for
    return { done: true, value: undefined };
  }

  [Symbol.asyncIterator](): this {
    return this;
  }
}

const UNEVEN =
  'For multiprocessing data-loading, this could be caused by not properly configuring the IterableDataset replica at ' +
  'each worker. Please see https://pytorch.org/docs/stable/data.html#torch.utils.data.IterableDataset for examples.';

/** A pass without workers. */
export class SingleIteration<Batch> extends Iteration<Batch> {
  readonly #fetcher: Fetcher;
  #toSkip: number;

  constructor(loading: Loading, resumed: Position | null) {
    super(loading, resumed, 0);
    if (loading.timeout !== 0) {
      throw assertionError('_SingleProcessDataLoaderIter requires timeout == 0');
    }
    this.#fetcher = fetcherOf(loading);
    this.#toSkip = this.num_yielded;
  }

  protected async _next(): Promise<unknown> {
    for (; this.#toSkip > 0; this.#toSkip--) {
      const index = this.nextIndex();
      if (index === END || (await this.#fetcher.skip(index)) === END) return END;
    }
    const index = this.nextIndex();
    if (index === END) return END;
    const batch = await this.#fetcher.fetch(index);
    return this.pins && batch !== END ? pin_memory(batch) : batch;
  }

  protected _close(): Promise<void> {
    return this.#fetcher.close();
  }
}
