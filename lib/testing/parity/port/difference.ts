/** How far a tensor of the port is from the recorded one. */
import { type Elements, position, ulpsBetween, wordsOf } from './elements';

/** How much a number may be off. Without any of these, all bits must be equal. */
export interface RunTolerance {
  /** `atol + rtol * abs(python)`, as in `torch.isclose` with `equal_nan`. Default: 0. */
  rtol?: number | undefined;
  atol?: number | undefined;
  /** Or as many representable numbers. NaN then equals NaN, and 0 equals -0. */
  ulps?: number | undefined;
}

export interface Difference {
  /** The elements whose bits differ, and how many there are in all. */
  different: number;
  count: number;
  /** Distances of the elements that differ. Infinite where one side alone is infinite or NaN. */
  ulps: { greatest: number; median: number };
  relative: { greatest: number; median: number };
  /** Where the element is that is furthest off in ulps, with both sides' values and bits. */
  at: readonly number[];
  values: readonly [python: string, ours: string];
  bits: readonly [python: string, ours: string];
  /** The rows or channels that alone differ. */
  where: readonly string[];
  isClose: boolean;
}

/** Returns undefined if all bits are equal. Both sides have one dtype and shape. */
export function differenceOf(
  python: Elements,
  ours: Elements,
  tolerance: RunTolerance | undefined,
): Difference | undefined {
  const [x, y] = [python.numbers, ours.numbers];
  const [a, b] = [wordsOf(python), wordsOf(ours)];
  const ulps = ulpsBetween(python, ours);
  const different: number[] = [];
  // Unequal numbers have unequal bits; words are read only where bits alone may differ.
  for (let i = 0; i < x.length; i++) {
    if (isExactly(x[i]!, y[i]!, python) ? false : a(i) !== b(i)) different.push(i);
  }
  if (different.length === 0) return undefined;
  const distances = Float64Array.from(different, ulps);
  const relatives = Float64Array.from(different, (i) => relativeOf(x[i]!, y[i]!));
  const worst = different[distances.indexOf(greatestOf(distances))]!;
  const width = (8 * python.dtype.itemsize) / (python.dtype.is_complex ? 2 : 1) / 4;
  const bits = (word: bigint): string => `0x${word.toString(16).padStart(width, '0')}`;
  return {
    different: different.length,
    count: x.length,
    ulps: { greatest: greatestOf(distances), median: medianOf(distances) },
    relative: { greatest: greatestOf(relatives), median: medianOf(relatives) },
    at: position(worst, python.shape),
    values: [numberText(x[worst]!), numberText(y[worst]!)],
    bits: [bits(a(worst)), bits(b(worst))],
    where: standingOut(different, python.shape),
    isClose:
      tolerance !== undefined &&
      different.every((i, at) => isWithin(x[i]!, y[i]!, distances[at]!, tolerance)),
  };
}

// Numbers of 64-bit integers are rounded, and NaNs have many bits.
const isExactly = (x: number, y: number, { dtype }: Elements): boolean =>
  Object.is(x, y) &&
  !Number.isNaN(x) &&
  (dtype.is_floating_point || dtype.is_complex || Math.abs(x) < Number.MAX_SAFE_INTEGER);

function isWithin(x: number, y: number, ulps: number, tolerance: RunTolerance): boolean {
  if (x === y || (Number.isNaN(x) && Number.isNaN(y))) return true;
  if (tolerance.ulps !== undefined && ulps <= tolerance.ulps) return true;
  const allowed = (tolerance.atol ?? 0) + (tolerance.rtol ?? 0) * Math.abs(x);
  return Number.isFinite(x) && Math.abs(y - x) <= allowed;
}

const numberText = (number: number): string => (Object.is(number, -0) ? '-0' : String(number));

export function relativeOf(x: number, y: number): number {
  if (x === y || (Number.isNaN(x) && Number.isNaN(y))) return 0;
  if (!Number.isFinite(x) || !Number.isFinite(y)) return Infinity;
  return Math.abs(y - x) / Math.max(Math.abs(x), Math.abs(y));
}

export const greatestOf = (numbers: Float64Array): number =>
  numbers.reduce((most, number) => Math.max(most, number), 0);

export const medianOf = (numbers: Float64Array): number =>
  Float64Array.from(numbers).sort()[Math.floor((numbers.length - 1) / 2)]!;

const MOST_NAMED = 8;

/** Names the indices of a dimension outside of which nothing differs, if they are few and most of them differs. */
function standingOut(different: readonly number[], shape: readonly number[]): string[] {
  const count = shape.reduce((product, size) => product * size, 1);
  const found: string[] = [];
  let inner = 1;
  for (let dimension = shape.length - 1; dimension >= 0; dimension--) {
    const size = shape[dimension]!;
    const stride = inner;
    const at = new Set(different.map((i) => Math.floor(i / stride) % size));
    const isDense = different.length >= (at.size * count) / size / 2;
    if (different.length > 1 && at.size <= size / 2 && isDense) {
      const named = [...at].sort((a, b) => a - b).slice(0, MOST_NAMED);
      const rest = at.size > named.length ? ', …' : '';
      found.push(
        `only at ${at.size} of ${size} indices of dimension ${dimension}: ${named.join(', ')}${rest}`,
      );
    }
    inner *= size;
  }
  return found.reverse();
}
