/** Fetches the data of one step from a dataset. Source: torch/utils/data/_utils/fetch.py. */
import type { IterableStyle, MapStyle } from '../dataset';
import { isIterableStyle, isThenable } from '../protocol';

/** How to fetch. */
export interface Fetching {
  readonly dataset: unknown;
  /** Whether an index is the indices of a batch. */
  readonly auto_collation: boolean;
  readonly collate_fn: (samples: never) => unknown;
  readonly drop_last: boolean;
}

/** Returned when an iterable dataset has no more data. */
export const END = Symbol('end of the dataset');

/** Fetches from a dataset. An iterable dataset ignores the values of indices. */
export interface Fetcher {
  /** Returns the data for an index or the indices of a batch, or END. */
  fetch(index: unknown): Promise<unknown>;
  /** Passes over the data for an index. */
  skip(index: unknown): Promise<typeof END | undefined>;
  /** Ends the iteration of the dataset. */
  close(): Promise<void>;
}

export const fetcherOf = (fetching: Fetching): Fetcher =>
  isIterableStyle(fetching.dataset) ? iterableFetcher(fetching) : mapFetcher(fetching);

function mapFetcher({ dataset, auto_collation, collate_fn }: Fetching): Fetcher {
  const source = dataset as MapStyle<unknown>;
  const samplesAt = async (indices: readonly number[]): Promise<readonly unknown[]> => {
    if (typeof source.__getitems__ === 'function') return source.__getitems__(indices);
    const samples: unknown[] = [];
    // One after another, so that samples draw random numbers in order.
    for (const index of indices) {
      const sample = source.at(index);
      samples.push(isThenable(sample) ? await sample : sample);
    }
    return samples;
  };
  return {
    fetch: async (index) => {
      const samples = auto_collation ? samplesAt(index as number[]) : source.at(index as number);
      return collate_fn((await samples) as never);
    },
    skip: async () => undefined,
    close: async () => {},
  };
}

function iterableFetcher({ dataset, auto_collation, collate_fn, drop_last }: Fetching): Fetcher {
  const source = dataset as IterableStyle<unknown>;
  const iterator =
    Symbol.asyncIterator in source ? source[Symbol.asyncIterator]() : source[Symbol.iterator]();
  let isEnded = false;

  /** Returns the next samples, fewer if the dataset ends. */
  const take = async (count: number): Promise<unknown[]> => {
    const samples: unknown[] = [];
    while (!isEnded && samples.length < count) {
      const { value, done } = await iterator.next();
      if (done) isEnded = true;
      else samples.push(value);
    }
    return samples;
  };
  /** Returns the samples for an index, or END. */
  const samplesFor = async (index: unknown): Promise<unknown[] | typeof END> => {
    const wanted = auto_collation ? (index as unknown[]).length : 1;
    const samples = await take(wanted);
    const isTooFew = samples.length === 0 || (drop_last && samples.length < wanted);
    return isTooFew ? END : samples;
  };
  return {
    fetch: async (index) => {
      const samples = await samplesFor(index);
      if (samples === END) return END;
      return collate_fn((auto_collation ? samples : samples[0]) as never);
    },
    skip: async (index) => ((await samplesFor(index)) === END ? END : undefined),
    close: async () => {
      if (isEnded) return;
      isEnded = true;
      await iterator.return?.();
    },
  };
}
