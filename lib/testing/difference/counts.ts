/** Counts the differing elements of a tensor, in memory that does not grow with the tensor. */
import { placeOf } from './place';
import { Sample } from './sample';

/** A grid over the rows and columns of a tensor. Its columns are parts of the last dimension. */
export interface Grid {
  rows: number;
  columns: number;
  /** The greatest distance in each cell, row by row. -1 if nothing in the cell differs. */
  greatest: number[];
}

const MOST_ROWS = 24;
const MOST_COLUMNS = 32;
/** The largest dimension whose indices are counted. */
const LARGEST_DIMENSION = 2 ** 22;
const MOST_NAMED = 8;

export class Counts {
  readonly #count: number;
  readonly #ulps = new Sample();
  readonly #relative = new Sample();
  readonly #histogram: number[] = [];
  readonly #dimensions: readonly Dimension[];
  readonly #grid: Grid;
  readonly #rows: number;
  readonly #columns: number;
  #different = 0;
  #infinite = 0;
  #worst = -1;
  #at = 0;

  constructor(private readonly shape: readonly number[]) {
    this.#count = shape.reduce((product, size) => product * size, 1);
    this.#columns = Math.max(1, shape.at(-1) ?? 1);
    this.#rows = Math.max(1, this.#count / this.#columns);
    const [rows, columns] = [
      Math.min(this.#rows, MOST_ROWS),
      Math.min(this.#columns, MOST_COLUMNS),
    ];
    this.#grid = { rows, columns, greatest: new Array<number>(rows * columns).fill(-1) };
    this.#dimensions = shape
      .map((size, i) => ({
        dimension: i,
        size,
        inner: shape.slice(i + 1).reduce((product, length) => product * length, 1),
      }))
      .filter(({ size }) => size <= LARGEST_DIMENSION)
      .map((dimension) => ({ ...dimension, seen: new Uint8Array(dimension.size) }));
  }

  /** Adds an element that differs. Returns whether its distance is the largest so far. */
  add(i: number, ulps: number, relative: number): boolean {
    this.#different++;
    this.#ulps.add(ulps);
    this.#relative.add(relative);
    if (ulps === Infinity) this.#infinite++;
    else {
      const bucket = ulps < 1 ? 0 : Math.floor(Math.log2(ulps)) + 1;
      this.#histogram[bucket] = (this.#histogram[bucket] ?? 0) + 1;
    }
    for (const { inner, size, seen } of this.#dimensions) seen[Math.floor(i / inner) % size] = 1;
    const { rows, columns, greatest } = this.#grid;
    const row = Math.floor((Math.floor(i / this.#columns) * rows) / this.#rows);
    const cell = row * columns + Math.floor(((i % this.#columns) * columns) / this.#columns);
    if (ulps > greatest[cell]!) greatest[cell] = ulps;
    if (ulps <= this.#worst) return false;
    this.#worst = ulps;
    this.#at = i;
    return true;
  }

  summary() {
    const histogram = Array.from(this.#histogram, (count) => count ?? 0);
    return {
      different: this.#different,
      count: this.#count,
      ulps: this.#ulps.summary(),
      relative: this.#relative.summary(),
      at: placeOf(this.#at, this.shape),
      where: this.#dimensions.flatMap((dimension) => this.#standingOut(dimension)),
      histogram: [...histogram, this.#infinite],
      grid: this.#grid,
    };
  }

  /**
   * Names the indices of a dimension outside of which nothing differs, if there are few of them and most of their
   * elements differ.
   */
  #standingOut({ dimension, size, seen }: Dimension): string[] {
    const at = seen.reduce((sum, one) => sum + one, 0);
    const isDense = this.#different >= (at * this.#count) / size / 2;
    if (this.#different < 2 || at > size / 2 || !isDense) return [];
    const named: number[] = [];
    for (let i = seen.indexOf(1); i >= 0 && named.length < MOST_NAMED; i = seen.indexOf(1, i + 1))
      named.push(i);
    const rest = at > named.length ? ', …' : '';
    return [
      `only at ${at} of ${size} indices of dimension ${dimension}: ${named.join(', ')}${rest}`,
    ];
  }
}

interface Dimension {
  dimension: number;
  size: number;
  /** The number of elements at one index. */
  inner: number;
  /** 1 for each index where an element differs. */
  seen: Uint8Array;
}
