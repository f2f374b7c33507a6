/**
 * Counts of numbers in buckets, from which histograms and quantiles are made. The buckets are the same for all numbers,
 * so that counts can be added. A bucket has the numbers whose float32 begins with the same 16 bits: its ends differ by
 * less than 0.8%.
 */

const float = new Float32Array(1);
const bits = new Uint32Array(float.buffer);
/** Buckets from here have positive numbers. Below, they are in the order of their numbers, too. */
const ZERO = 0x8000;
/** The first 16 bits of infinity. */
const INFINITE = 0x7f80;

/** Returns the float32 that begins with 16 bits and ends with zeros. */
function beginningWith(start: number): number {
  bits[0] = start << 16;
  return float[0]!;
}

/** Returns the ends of a bucket. */
function endsOf(bucket: number): [low: number, high: number] {
  const start = bucket >= ZERO ? bucket - ZERO : ZERO - 1 - bucket;
  const ends = [beginningWith(start), beginningWith(start + 1)] as const;
  return bucket >= ZERO ? [...ends] : [-ends[1], -ends[0]];
}

/** Pairs of numbers: how far a bucket is after the one before it, and its count. */
export type BucketState = readonly number[];

export class Buckets {
  /** The finite numbers. */
  count = 0;
  least = Number.POSITIVE_INFINITY;
  greatest = Number.NEGATIVE_INFINITY;
  readonly #counts = new Float64Array(2 * ZERO);

  add(values: Float32Array | Float64Array): void {
    const singles = values instanceof Float32Array ? values : Float32Array.from(values);
    const starts = new Uint32Array(singles.buffer, singles.byteOffset, singles.length);
    for (let i = 0; i < singles.length; i++) {
      const start = starts[i]! >>> 16;
      const size = start & 0x7fff;
      if (size >= INFINITE) continue;
      this.#counts[start < ZERO ? ZERO + size : ZERO - 1 - size]!++;
      this.count++;
      const value = values[i]!;
      if (value < this.least) this.least = value;
      if (value > this.greatest) this.greatest = value;
    }
  }

  get state(): BucketState {
    const state: number[] = [];
    let before = 0;
    for (const [bucket, count] of this.#counts.entries()) {
      if (count === 0) continue;
      state.push(bucket - before, count);
      before = bucket;
    }
    return state;
  }

  addState(state: BucketState, least: number, greatest: number): void {
    let bucket = 0;
    for (let i = 0; i < state.length; i += 2) {
      bucket += state[i]!;
      this.#counts[bucket]! += state[i + 1]!;
      this.count += state[i + 1]!;
    }
    this.least = Math.min(this.least, least);
    this.greatest = Math.max(this.greatest, greatest);
  }

  /** Returns a quantile as numpy does, of numbers that are less than 0.8% off. NaN if there are none. */
  quantile(share: number): number {
    if (this.count === 0) return Number.NaN;
    const rank = share * (this.count - 1);
    const below = this.#ranked(Math.floor(rank));
    const above = this.#ranked(Math.ceil(rank));
    return below + (above - below) * (rank % 1);
  }

  /** Returns about the number of a rank, from 0. The first and the last are exact. */
  #ranked(rank: number): number {
    if (rank <= 0) return this.least;
    let below = 0;
    for (const { low, high, count } of this.#filled()) {
      if (rank < below + count && rank < this.count - 1) {
        return low + ((high - low) * (rank - below + 0.5)) / count;
      }
      below += count;
    }
    return this.greatest;
  }

  /** Returns about how many numbers are in each of `bins` equal parts of a range. */
  histogram(from: number, to: number, bins: number): number[] {
    const counts = new Array<number>(bins).fill(0);
    const width = (to - from) / bins;
    const binOf = (value: number): number =>
      Math.max(0, Math.min(bins - 1, Math.floor((value - from) / width) || 0));
    for (const { low, high, count } of this.#filled()) {
      const [start, end] = [Math.max(low, from), Math.min(high, to)];
      if (start > end) continue;
      const [first, last] = [binOf(start), binOf(end)];
      for (let bin = first; bin <= last; bin++) {
        const left = Math.max(start, from + bin * width);
        const right = bin === last ? end : from + (bin + 1) * width;
        counts[bin]! += high > low ? (count * (right - left)) / (high - low) : count;
      }
    }
    return counts;
  }

  /** Yields the buckets that have numbers. Their ends are no further out than the least and the greatest number. */
  *#filled(): Generator<{ low: number; high: number; count: number }> {
    for (const [bucket, count] of this.#counts.entries()) {
      if (count === 0) continue;
      const [low, high] = endsOf(bucket);
      yield { low: Math.max(low, this.least), high: Math.min(high, this.greatest), count };
    }
  }
}
