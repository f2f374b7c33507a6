/** Diagnoses of elements that are equal in another order. */
import type { Evidence } from './evidence';
import { hasSeveral } from './near';

/** Finds two dimensions that are swapped. */
export function transposition({ expected, actual, words }: Evidence): string | undefined {
  const { shape, numbers } = expected;
  for (let a = 0; a < shape.length; a++) {
    for (let b = a + 1; b < shape.length; b++) {
      if (shape[a]! < 2 || shape[b]! < 2) continue;
      const swapped = swap(numbers, shape, a, b);
      if (swapped.every((value, i) => Object.is(value, actual.numbers[i]))) {
        return `The numbers are ${words.possessive} with dimensions ${a} and ${b} swapped.`;
      }
    }
  }
  return undefined;
}

function swap(numbers: Float64Array, shape: readonly number[], a: number, b: number): Float64Array {
  const strides = shape.map((_, i) => shape.slice(i + 1).reduce((n, size) => n * size, 1));
  const order = shape.map((_, i) => (i === a ? b : i === b ? a : i));
  const [sizes, steps] = [order.map((i) => shape[i]!), order.map((i) => strides[i]!)];
  const at = sizes.map(() => 0);
  let place = 0;
  return numbers.map(() => {
    const value = numbers[place]!;
    for (let i = sizes.length - 1; i >= 0; i--) {
      place += steps[i]!;
      if (++at[i]! < sizes[i]!) break;
      place -= steps[i]! * sizes[i]!;
      at[i] = 0;
    }
    return value;
  });
}

/** Finds a dimension along which all elements are shifted by one. */
export function shift({ expected, actual, words }: Evidence): string | undefined {
  const { shape, numbers: x } = expected;
  const y = actual.numbers;
  for (const [dimension, size] of shape.entries()) {
    const inner = shape.slice(dimension + 1).reduce((n, length) => n * length, 1);
    if (size < 3) continue;
    for (const by of [1, -1]) {
      const isShifted = y.every((value, i) => {
        const to = (Math.floor(i / inner) % size) + by;
        return to < 0 || to >= size || Object.is(value, x[i + by * inner]);
      });
      if (isShifted && hasSeveral(x, 3)) {
        return `The numbers are ${words.possessive} shifted by one along dimension ${dimension}: index i has ${words.possessive} of i ${by > 0 ? '+' : '-'} 1.`;
      }
    }
  }
  return undefined;
}

/** Finds rows that are equal in another order. */
export function permutation({ expected, actual, words }: Evidence): string | undefined {
  const rows = expected.shape[0] ?? 0;
  if (rows < 2 || expected.numbers.length > LARGEST) return undefined;
  const [x, y] = [rowsOf(expected.numbers, rows), rowsOf(actual.numbers, rows)];
  if (new Set(x).size < 2 || String([...x].sort()) !== String([...y].sort())) return undefined;
  const moved = y.findIndex((row, i) => row !== x[i]);
  return `The rows are ${words.possessive} in another order: row ${moved} is ${words.possessive} row ${x.indexOf(y[moved]!)}.`;
}

/** The largest number of elements for which rows are compared. */
const LARGEST = 2 ** 18;

function rowsOf(numbers: Float64Array, rows: number): string[] {
  const width = numbers.length / rows;
  return Array.from({ length: rows }, (_, row) =>
    numbers.subarray(row * width, (row + 1) * width).join(' '),
  );
}
