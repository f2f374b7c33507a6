/** The same numbers in other places. */
import type { Evidence } from './evidence';

/** Two dimensions are swapped. */
export function transposition({ python, ours }: Evidence): string | undefined {
  const { shape, numbers } = python;
  for (let a = 0; a < shape.length; a++) {
    for (let b = a + 1; b < shape.length; b++) {
      if (shape[a]! < 2 || shape[b]! < 2) continue;
      const swapped = swap(numbers, shape, a, b);
      if (swapped.every((value, i) => Object.is(value, ours.numbers[i]))) {
        return `The numbers are Python's with dimensions ${a} and ${b} swapped.`;
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

/** Along a dimension, everything stands one place further. */
export function shift({ python, ours }: Evidence): string | undefined {
  const { shape, numbers: x } = python;
  const y = ours.numbers;
  for (const [dimension, size] of shape.entries()) {
    const inner = shape.slice(dimension + 1).reduce((n, length) => n * length, 1);
    if (size < 3) continue;
    for (const by of [1, -1]) {
      const isShifted = y.every((value, i) => {
        const to = (Math.floor(i / inner) % size) + by;
        return to < 0 || to >= size || Object.is(value, x[i + by * inner]);
      });
      if (isShifted && new Set(x).size > 2) {
        return `The numbers are Python's shifted by one along dimension ${dimension}: index i has Python's of i ${by > 0 ? '+' : '-'} 1.`;
      }
    }
  }
  return undefined;
}

/** The rows are Python's in another order. */
export function permutation({ python, ours }: Evidence): string | undefined {
  const rows = python.shape[0] ?? 0;
  if (rows < 2 || rows > LARGEST) return undefined;
  const [x, y] = [rowsOf(python.numbers, rows), rowsOf(ours.numbers, rows)];
  if (new Set(x).size < 2 || String([...x].sort()) !== String([...y].sort())) return undefined;
  const moved = y.findIndex((row, i) => row !== x[i]);
  return `The rows are Python's in another order: row ${moved} is Python's row ${x.indexOf(y[moved]!)}.`;
}

const LARGEST = 2 ** 16;

function rowsOf(numbers: Float64Array, rows: number): string[] {
  const width = numbers.length / rows;
  return Array.from({ length: rows }, (_, row) =>
    numbers.subarray(row * width, (row + 1) * width).join(' '),
  );
}
