/** Finds the greatest of many numbers, and their median, in limited memory. */
const MOST = 2 ** 20;

/** Keeps up to MOST numbers. If there are more, keeps every second, every fourth, … of them. */
export class Sample {
  #kept: number[] = [];
  #interval = 1;
  #count = 0;
  #greatest = 0;

  add(number: number): void {
    if (number > this.#greatest) this.#greatest = number;
    if (this.#count++ % this.#interval !== 0) return;
    this.#kept.push(number);
    if (this.#kept.length < MOST) return;
    this.#kept = this.#kept.filter((_, i) => i % 2 === 0);
    this.#interval *= 2;
  }

  summary(): { greatest: number; median: number } {
    return { greatest: this.#greatest, median: medianOf(Float64Array.from(this.#kept)) };
  }
}

/** Returns the median. For an even count, this is the lower of the two numbers in the middle. */
export const medianOf = (numbers: Float64Array): number =>
  Float64Array.from(numbers).sort()[Math.floor((numbers.length - 1) / 2)]!;

export const greatestOf = (numbers: Float64Array): number =>
  numbers.reduce((most, number) => Math.max(most, number), 0);
