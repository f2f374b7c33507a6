/** How far a tensor is from the one that is expected. */
import { tidy } from '../../memory/tidy';
import type { Tensor } from '../../tensor/tensor';
import { bitsOf, bitsText, realOf } from './bits';
import { distancesOf } from './distances';
import { countOf, type Side } from './side';
import { type Grid, Tally } from './tally';

/** How much a number may be off. Without any of these, all bits must be equal. */
export interface Allowance {
  /** `atol + rtol * abs(expected)`, as in `torch.isclose` with `equal_nan`. Default: 0. */
  rtol?: number | undefined;
  atol?: number | undefined;
  /** Or as many representable numbers. NaN then equals NaN, and 0 equals -0. */
  ulps?: number | undefined;
}

/** A complex element is two numbers here, in a last dimension of 2. */
export interface Difference {
  /** The elements whose bits differ, and how many there are in all. */
  different: number;
  count: number;
  /**
   * Distances of the elements that differ. Infinite where one side alone is infinite or NaN. The median of more than a
   * million is that of a sample at even intervals.
   */
  ulps: { greatest: number; median: number };
  relative: { greatest: number; median: number };
  /** Where the element is that is furthest off in ulps, with both sides' values and bits. */
  at: readonly number[];
  values: readonly [expected: string, actual: string];
  bits: readonly [expected: string, actual: string];
  /** The rows or channels that alone differ. */
  where: readonly string[];
  /**
   * How many elements of those that differ are how far off: 0 ulps (NaN and NaN, 0 and -0), 1 ulp, 2 and 3, 4 to 7, …
   * The last number counts those that are infinitely far.
   */
  histogram: readonly number[];
  /** The greatest distance in each cell of a grid that is laid over the tensor. */
  grid: Grid;
  isClose: boolean;
}

/** As many numbers are compared at a time. */
const CHUNK = 2 ** 20;

/** Returns undefined if all bits are equal. Both sides have one dtype and shape. */
export function differenceOf(
  expected: Side,
  actual: Side,
  allowance?: Allowance,
): Difference | undefined {
  const { dtype } = expected;
  const parts = dtype.is_complex ? 2 : 1;
  const tally = new Tally(dtype.is_complex ? [...expected.shape, 2] : expected.shape);
  const count = countOf(expected);
  let isClose = allowance !== undefined;
  let furthest: Furthest | undefined;
  for (let from = 0; from < count; from += CHUNK) {
    const length = Math.min(CHUNK, count - from);
    const add = (i: number, ulps: number, x: number, y: number): boolean => {
      isClose &&= isWithin(x, y, ulps, allowance!);
      return tally.add(from * parts + i, ulps, relativeOf(x, y));
    };
    furthest =
      tidy(() => compare(expected.part(from, length), actual.part(from, length), add)) ?? furthest;
  }
  return furthest && { ...tally.summary(), ...furthest, isClose };
}

type Furthest = Pick<Difference, 'values' | 'bits'>;
/** Takes an element that differs. Returns whether none before was further off. */
type Add = (i: number, ulps: number, x: number, y: number) => boolean;

/** Returns the element that is further off than all before, if one is. */
function compare(expected: Tensor, actual: Tensor, add: Add): Furthest | undefined {
  const [a, b] = [realOf(expected).reshape([-1]), realOf(actual).reshape([-1])];
  const changed = bitsOf(a).ne(bitsOf(b));
  if (!changed.any().item()) return undefined;
  const isChanged = changed.toTypedArray() as Uint8Array;
  const distances = distancesOf(b, a).toTypedArray() as Float64Array;
  const [x, y] = [a, b].map((side) => side.double().toTypedArray()) as [Float64Array, Float64Array];
  let worst = -1;
  for (let i = 0; i < isChanged.length; i++) {
    if (!isChanged[i]) continue;
    const areNaN = Number.isNaN(x[i]) && Number.isNaN(y[i]);
    if (add(i, areNaN ? 0 : distances[i]!, x[i]!, y[i]!)) worst = i;
  }
  if (worst < 0) return undefined;
  const bits = (side: Tensor): string => bitsText(side.narrow(0, worst, 1));
  return { values: [numberText(x[worst]!), numberText(y[worst]!)], bits: [bits(a), bits(b)] };
}

function isWithin(x: number, y: number, ulps: number, allowance: Allowance): boolean {
  if (x === y || (Number.isNaN(x) && Number.isNaN(y))) return true;
  if (allowance.ulps !== undefined && ulps <= allowance.ulps) return true;
  const allowed = (allowance.atol ?? 0) + (allowance.rtol ?? 0) * Math.abs(x);
  return Number.isFinite(x) && Math.abs(y - x) <= allowed;
}

const numberText = (number: number): string => (Object.is(number, -0) ? '-0' : String(number));

export function relativeOf(x: number, y: number): number {
  if (x === y || (Number.isNaN(x) && Number.isNaN(y))) return 0;
  if (!Number.isFinite(x) || !Number.isFinite(y)) return Infinity;
  return Math.abs(y - x) / Math.max(Math.abs(x), Math.abs(y));
}
