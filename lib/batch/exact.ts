/**
 * Exact sums. The result does not depend on the order of the numbers, nor on how they are divided into chunks.
 *
 * A sum of numbers with one exponent is exact in a double as long as it needs no more than 53 bits. So each exponent has
 * a double of its own, a float64 is first split into two halves, and the doubles are added to an integer before they are
 * full. That integer counts units of 2^-1074, the smallest float64.
 */

/** The integer has this many bits after the point. */
const POINT = 1074;
/** The number of additions that no double overflows: 27 bits of a half, and 2^26 of them. */
const MOST_ADDITIONS = 2 ** 26;
/** Multiplied with a float64, it separates the upper 26 bits. */
const SPLITTER = 2 ** 27 + 1;
/** Above it, the product with the splitter overflows. */
const LARGEST_SPLIT = 2 ** 996;

/** What a sum consists of, as JSON. */
export interface SumState {
  /** The finite numbers' sum in units of 2^-shift, in hexadecimal digits. */
  readonly sum: string;
  readonly shift: number;
  readonly count: number;
  readonly nan: number;
  /** How many are positive and negative infinity. */
  readonly infinite: readonly [positive: number, negative: number];
}

export class ExactSum {
  /** The numbers added, those that are not finite included. */
  count = 0;
  nan = 0;
  readonly infinite: [positive: number, negative: number] = [0, 0];
  /** The sum of what the doubles no longer hold, in units of 2^-1074. */
  #total = 0n;
  /** A sum for each exponent. */
  readonly #sums = new Float64Array(2048);
  #additions = 0;

  static of(state: SumState): ExactSum {
    const sum = new ExactSum();
    const { sum: digits, shift } = state;
    const size = digits.startsWith('-') ? -BigInt(`0x${digits.slice(1)}`) : BigInt(`0x${digits}`);
    sum.#total = size << BigInt(POINT - shift);
    sum.count = state.count;
    sum.nan = state.nan;
    sum.infinite[0] = state.infinite[0];
    sum.infinite[1] = state.infinite[1];
    return sum;
  }

  add(values: Float32Array | Float64Array): void {
    if (values instanceof Float32Array) this.#addSingles(values);
    else this.#addDoubles(values);
    this.count += values.length;
  }

  #addSingles(values: Float32Array): void {
    const bits = new Uint32Array(values.buffer, values.byteOffset, values.length);
    const sums = this.#sums;
    for (let from = 0; from < values.length; from += MOST_ADDITIONS) {
      const to = Math.min(values.length, from + MOST_ADDITIONS);
      this.#flushBefore(to - from);
      for (let i = from; i < to; i++) {
        const exponent = (bits[i]! >>> 23) & 0xff;
        if (exponent === 0xff) this.#addSpecial(values[i]!);
        else sums[exponent]! += values[i]!;
      }
    }
  }

  #addDoubles(values: Float64Array): void {
    for (let from = 0; from < values.length; from += MOST_ADDITIONS / 2) {
      const to = Math.min(values.length, from + MOST_ADDITIONS / 2);
      this.#flushBefore(MOST_ADDITIONS);
      for (let i = from; i < to; i++) this.#addDouble(values[i]!);
    }
  }

  #addDouble(value: number): void {
    if (!Number.isFinite(value)) {
      this.#addSpecial(value);
      return;
    }
    if (Math.abs(value) > LARGEST_SPLIT) {
      this.#total += unitsOf(value);
      return;
    }
    const product = value * SPLITTER;
    const upper = product - (product - value);
    const lower = value - upper;
    this.#sums[exponentOf(upper)]! += upper;
    this.#sums[exponentOf(lower)]! += lower;
  }

  #addSpecial(value: number): void {
    if (Number.isNaN(value)) this.nan++;
    else this.infinite[value > 0 ? 0 : 1]++;
  }

  addSum(other: ExactSum): void {
    other.#flush();
    this.#total += other.#total;
    this.count += other.count;
    this.nan += other.nan;
    this.infinite[0] += other.infinite[0];
    this.infinite[1] += other.infinite[1];
  }

  #flushBefore(additions: number): void {
    if (this.#additions + additions > MOST_ADDITIONS) this.#flush();
    this.#additions += additions;
  }

  #flush(): void {
    for (const sum of this.#sums) if (sum !== 0) this.#total += unitsOf(sum);
    this.#sums.fill(0);
    this.#additions = 0;
  }

  get state(): SumState {
    this.#flush();
    let total = this.#total;
    let shift = POINT;
    while (total !== 0n && (total & 0xffffn) === 0n && shift >= 16) {
      total >>= 16n;
      shift -= 16;
    }
    return {
      sum: total.toString(16),
      shift: total === 0n ? 0 : shift,
      count: this.count,
      nan: this.nan,
      infinite: [...this.infinite],
    };
  }

  /** Returns the sum, rounded to the nearest float64. */
  value(): number {
    return this.over(1);
  }

  /**
   * Returns the quotient of the exact sum and the divisor, rounded once, to the nearest float64. As in torch, it is NaN
   * if a number is NaN, if infinities of both signs were added, and for 0 / 0.
   */
  over(divisor: number | ExactSum): number {
    const isNumber = typeof divisor === 'number';
    if (this.#special() !== 0 || (!isNumber && divisor.#special() !== 0)) {
      return this.#rounded() / (isNumber ? divisor : divisor.#rounded());
    }
    this.#flush();
    if (isNumber) return quotient(this.#total, BigInt(divisor) << BigInt(POINT));
    divisor.#flush();
    return quotient(this.#total, divisor.#total);
  }

  #rounded(): number {
    const special = this.#special();
    return special === 0 ? this.value() : special;
  }

  /** Returns what the sum is if not all numbers are finite, and 0 if they are. */
  #special(): number {
    const [positive, negative] = this.infinite;
    if (this.nan || (positive && negative)) return Number.NaN;
    return positive ? Number.POSITIVE_INFINITY : negative ? Number.NEGATIVE_INFINITY : 0;
  }
}

const float = new Float64Array(1);
const words = new Uint32Array(float.buffer);

function exponentOf(value: number): number {
  float[0] = value;
  return (words[1]! >>> 20) & 0x7ff;
}

/** Returns a finite number in units of 2^-1074. */
function unitsOf(value: number): bigint {
  float[0] = value;
  const high = words[1]!;
  const exponent = (high >>> 20) & 0x7ff;
  const fraction = (BigInt(high & 0xfffff) << 32n) | BigInt(words[0]!);
  const size = exponent === 0 ? fraction : (fraction | (1n << 52n)) << BigInt(exponent - 1);
  return high >>> 31 ? -size : size;
}

/** Returns the quotient of two integers, rounded to the nearest float64, ties to even. */
function quotient(numerator: bigint, denominator: bigint): number {
  if (denominator === 0n) {
    return numerator === 0n ? Number.NaN : Number(numerator > 0n ? 1 : -1) / 0;
  }
  if (numerator === 0n) return 0;
  const isNegative = numerator < 0n !== denominator < 0n;
  const over = numerator < 0n ? -numerator : numerator;
  const under = denominator < 0n ? -denominator : denominator;
  // The quotient in units of 2^-shift has 60 bits or more, but no unit is smaller than 2^-1074.
  const shift = Math.min(POINT, 64 - (bitsOf(over) - bitsOf(under)));
  const [top, bottom] =
    shift >= 0 ? [over << BigInt(shift), under] : [over, under << BigInt(-shift)];
  const whole = top / bottom;
  const rest = top % bottom;
  const size =
    whole < SMALLEST_ROUNDED
      ? scaled(Number(nearest(whole, rest, bottom)), -shift)
      : // One more bit says whether there is a remainder, so that the conversion rounds correctly.
        scaled(Number((whole << 1n) | BigInt(rest !== 0n)), -shift - 1);
  return isNegative ? -size : size;
}

/** A smaller integer is a float64. */
const SMALLEST_ROUNDED = 2n ** 53n;

function nearest(whole: bigint, rest: bigint, bottom: bigint): bigint {
  const twice = rest * 2n;
  const isUp = twice > bottom || (twice === bottom && (whole & 1n) === 1n);
  return isUp ? whole + 1n : whole;
}

/** Returns the number of bits, up to 3 too many. */
const bitsOf = (value: bigint): number => value.toString(16).length * 4;

/** Multiplies with a power of two in steps, since the power itself may not be a float64. */
function scaled(value: number, exponent: number): number {
  let size = value;
  let left = exponent;
  for (; left < -1000; left += 1000) size *= 2 ** -1000;
  for (; left > 1000; left -= 1000) size *= 2 ** 1000;
  return size * 2 ** left;
}
