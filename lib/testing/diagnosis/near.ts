/** Compares numbers with a tolerance for rounding. */
import type { DType } from '../../tensor/dtype_table';

const EPS: Readonly<Record<string, number>> = {
  float64: 2 ** -52,
  complex128: 2 ** -52,
  float32: 2 ** -23,
  complex64: 2 ** -23,
  float16: 2 ** -10,
  bfloat16: 2 ** -7,
};

/** Returns the distance from 1 to the next number of a dtype, or undefined for integers. */
export const epsOf = ({ name }: DType): number | undefined => EPS[name];

/** The number of operations whose rounding is tolerated. */
const ROUNDINGS = 8;

export function isNear(x: number, y: number, eps: number): boolean {
  if (Object.is(x, y) || x === y) return true;
  if (!Number.isFinite(x) || !Number.isFinite(y)) return false;
  return Math.abs(x - y) <= ROUNDINGS * eps * Math.max(Math.abs(x), Math.abs(y));
}

/** Returns whether there are at least this many different numbers. */
export function hasSeveral(numbers: Float64Array, wanted: number): boolean {
  const found = new Set<number>();
  for (const number of numbers) if (found.add(number).size >= wanted) return true;
  return false;
}
