/** Measures how far a tensor is from the expected one. */
import { tidy } from '../../memory/tidy';
import type { Tensor } from '../../tensor/tensor';
import { bitsOf, bitsText, realOf } from './bits';
import { Counts, type Grid } from './counts';
import { distancesOf } from './distances';
import { countOf, type Side } from './side';

/** The tolerance. Without any of these options, all bits must be equal. */
export interface Allowance {
  /** `atol + rtol * abs(expected)`, as in `torch.isclose` with `equal_nan`. Default: 0. */
  rtol?: number | undefined;
  atol?: number | undefined;
  /** The number of representable numbers that may lie between them. With it, NaN equals NaN, and 0 equals -0. */
  ulps?: number | undefined;
}

/** The difference of two tensors. A complex element counts as two numbers, in a last dimension of 2. */
export interface Difference {
  /** The number of elements whose bits differ, and the number of all elements. */
  different: number;
  count: number;
  /**
   * The distances of the elements that differ. A distance is infinite if only one side is infinite or NaN. For more
   * than a million elements, the median is that of a sample at even intervals.
   */
  ulps: { greatest: number; median: number };
  relative: { greatest: number; median: number };
  /** The index of the element with the largest distance in ulps, with the values and bits of both sides. */
  at: readonly number[];
  values: readonly [expected: string, actual: string];
  bits: readonly [expected: string, actual: string];
  /** Names the indices of a dimension, such as rows or channels, outside of which nothing differs. */
  where: readonly string[];
  /**
   * The number of differing elements by their distance: 0 ulps (NaN and NaN, 0 and -0), 1 ulp, 2 to 3, 4 to 7, … The
   * last number counts infinite distances.
   */
  histogram: readonly number[];
  /** The greatest distance in each cell of a grid over the tensor. */
  grid: Grid;
  isClose: boolean;
}

/** The number of elements that are compared at a time. */
const CHUNK = 2 ** 20;

/** Measures the difference of two tensors of one dtype and shape. Returns undefined if all bits are equal. */
export function differenceOf(
  expected: Side,
  actual: Side,
  allowance?: Allowance,
): Difference | undefined {
  const { dtype } = expected;
  const parts = dtype.is_complex ? 2 : 1;
  const counts = new Counts(dtype.is_complex ? [...expected.shape, 2] : expected.shape);
  const count = countOf(expected);
  let isClose = allowance !== undefined;
  let furthest: Furthest | undefined;
  for (let from = 0; from < count; from += CHUNK) {
    const length = Math.min(CHUNK, count - from);
    const add = (i: number, ulps: number, x: number, y: number): boolean => {
      isClose &&= isWithin(x, y, ulps, allowance!);
      return counts.add(from * parts + i, ulps, relativeOf(x, y));
    };
    furthest =
      tidy(() => compare(expected.part(from, length), actual.part(from, length), add)) ?? furthest;
  }
  return furthest && { ...counts.summary(), ...furthest, isClose };
}

type Furthest = Pick<Difference, 'values' | 'bits'>;
/** Adds an element that differs. Returns whether its distance is the largest so far. */
type Add = (i: number, ulps: number, x: number, y: number) => boolean;

/**
 * Adds the differing elements of a part. Returns the element whose distance is the largest of all parts so far, or
 * undefined if an earlier part has it.
 */
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
