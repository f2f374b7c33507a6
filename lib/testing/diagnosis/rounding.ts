/** Diagnoses of differences that are as small as rounding errors. */
import { relativeOf } from '../difference/difference';
import { greatestOf, medianOf } from '../difference/sample';
import type { Evidence } from './evidence';
import { epsOf } from './near';

const NARROW = [
  { dtype: 'float32', eps: 2 ** -23 },
  { dtype: 'float16', eps: 2 ** -10 },
  { dtype: 'bfloat16', eps: 2 ** -7 },
];
/** The number of differences from which a bias can be seen. */
const ENOUGH = 8;

/** Finds a narrower dtype to which the numbers were converted in between. */
export function rounding({ expected, actual, words }: Evidence): string | undefined {
  const own = epsOf(expected.dtype);
  if (own === undefined) return undefined;
  const [x, y] = [expected.numbers, actual.numbers];
  const relatives = Float64Array.from(x, (value, i) => relativeOf(value, y[i]!));
  const narrower = NARROW.filter(({ eps }) => eps > own * 4);
  const exact = narrower.find(
    ({ dtype, eps }) =>
      greatestOf(relatives) <= eps &&
      y.every((value) => isOf(dtype, value)) &&
      !x.every((value) => isOf(dtype, value)),
  );
  if (exact) {
    return `Every number here is one of ${exact.dtype}, and ${words.possessive} are not: it was rounded to ${exact.dtype} on the way.`;
  }
  const median = medianOf(relatives);
  const near = narrower.find(
    ({ eps }) => median > eps / 64 && median < eps * 2 && greatestOf(relatives) < eps * 64,
  );
  if (!near || x.length < ENOUGH || !isUnbiased(x, y)) return undefined;
  return `The differences are as large as those of rounding to ${near.dtype}, without a bias: something was rounded to ${near.dtype} on the way.`;
}

export function summation({ expected, actual, given }: Evidence): string | undefined {
  const eps = epsOf(expected.dtype);
  if (eps === undefined) return undefined;
  const [x, y] = [expected.numbers, actual.numbers];
  const terms = Math.max(
    x.length,
    ...given.map(({ shape }) => shape.reduce((n, size) => n * size, 1)),
  );
  // The error of a sum grows with the square root of the number of terms.
  const allowed = eps * (4 + 2 * Math.sqrt(terms));
  const scale = greatestOf(x.map(Math.abs));
  const isSmall = x.every((value, i) => {
    if (Object.is(value, y[i])) return true;
    const distance = Math.abs(value - y[i]!);
    return distance <= allowed * Math.abs(value) || distance <= 4 * eps * scale;
  });
  if (!isSmall || !(x.length < ENOUGH || isUnbiased(x, y))) return undefined;
  return 'All differences are of the size of rounding, without a bias: sums are added in another order, or an operator is composed of others.';
}

function isUnbiased(x: Float64Array, y: Float64Array): boolean {
  let [sum, size] = [0, 0];
  for (let i = 0; i < x.length; i++) {
    if (Object.is(x[i], y[i])) continue;
    sum += y[i]! - x[i]!;
    size += Math.abs(y[i]! - x[i]!);
  }
  return Math.abs(sum) < 0.6 * size;
}

function isOf(dtype: string, value: number): boolean {
  if (!Number.isFinite(value) || Math.fround(value) !== value) return !Number.isFinite(value);
  const word = new Uint32Array(new Float32Array([value]).buffer)[0]!;
  if (dtype === 'float32') return true;
  if (dtype === 'bfloat16') return (word & 0xffff) === 0;
  return (word & 0x1fff) === 0 && Math.abs(value) <= 65504 && Math.abs(value) >= 2 ** -14;
}
