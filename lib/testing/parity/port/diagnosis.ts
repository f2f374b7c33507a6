/**
 * Says why a tensor of the port may differ from the recorded one. Every diagnosis is a relation that was computed on the
 * numbers themselves, and is silent where that relation does not hold.
 */

import { permutation, shift, transposition } from './diagnosis_order';
import { ratio } from './diagnosis_ratio';
import { functionOfOther, otherOptions } from './diagnosis_recompute';
import { greatestOf, medianOf, relativeOf } from './difference';
import type { Elements } from './elements';
import type { Evidence } from './evidence';
import { epsOf, isNear } from './near';

/** In words, the most specific first. Both sides have one shape. */
export function diagnose(evidence: Evidence): string[] {
  const specific = SPECIFIC.map((look) => look(evidence)).filter((text) => text !== undefined);
  if (specific.length) return specific;
  const text = rounding(evidence) ?? summation(evidence);
  return text ? [text] : [];
}

const SPECIFIC = [
  otherOptions,
  sign,
  ratio,
  givenValue,
  transposition,
  shift,
  permutation,
  functionOfOther,
];

function sign({ python, ours }: Evidence): string | undefined {
  const [x, y] = [python.numbers, ours.numbers];
  if (!x.some((value) => value !== 0) || !x.every((value, i) => value === -y[i]!)) return undefined;
  return 'The sign is the opposite everywhere.';
}

/** Rows that differ are those where an integer or boolean input has one value. */
function givenValue({ python, ours, given }: Evidence): string | undefined {
  const [x, y] = [python.numbers, ours.numbers];
  for (const { name, dtype, shape, numbers } of given) {
    const isKey = /^(torch\.)?(u?int\d+|bool)$/.test(dtype);
    const fits = shape.length > 0 && shape.every((size, i) => size === python.shape[i]);
    if (!isKey || !fits) continue;
    const keys = numbers();
    const inner = x.length / keys.length;
    if (keys.length < 2 || !Number.isInteger(inner)) continue;
    const rows = new Set<number>();
    for (let i = 0; i < x.length; i++) if (!Object.is(x[i], y[i])) rows.add(Math.floor(i / inner));
    const [first] = rows;
    const value = keys[first!]!;
    const all = keys.reduce((count, key) => count + (key === value ? 1 : 0), 0);
    const isThat = all === rows.size && [...rows].every((row) => keys[row] === value);
    // One row of an ordinary class may be chance.
    if (!isThat || all === keys.length || (all < 2 && value >= 0)) continue;
    return `The elements that differ are those where ${JSON.stringify(name)} is ${
      dtype.endsWith('bool') ? Boolean(value) : value
    }: is that value ignored or masked on one side alone?`;
  }
  return undefined;
}

const NARROW = [
  { dtype: 'float32', eps: 2 ** -23 },
  { dtype: 'float16', eps: 2 ** -10 },
  { dtype: 'bfloat16', eps: 2 ** -7 },
];
/** Fewer differences say nothing of a bias. */
const ENOUGH = 8;

/** The port's numbers went through a narrower dtype. */
function rounding({ python, ours }: Evidence): string | undefined {
  const own = epsOf(python.dtype);
  if (own === undefined) return undefined;
  const [x, y] = [python.numbers, ours.numbers];
  const relatives = Float64Array.from(x, (value, i) => relativeOf(value, y[i]!));
  const narrower = NARROW.filter(({ eps }) => eps > own * 4);
  const exact = narrower.find(
    ({ dtype, eps }) =>
      greatestOf(relatives) <= eps &&
      y.every((value) => isOf(dtype, value)) &&
      !x.every((value) => isOf(dtype, value)),
  );
  if (exact) {
    return `Every number here is one of ${exact.dtype}, and Python's are not: it was rounded to ${exact.dtype} on the way.`;
  }
  const median = medianOf(relatives);
  const near = narrower.find(
    ({ eps }) => median > eps / 64 && median < eps * 2 && greatestOf(relatives) < eps * 64,
  );
  if (!near || x.length < ENOUGH || !isUnbiased(x, y)) return undefined;
  return `The differences are as large as those of rounding to ${near.dtype}, without a bias: something was rounded to ${near.dtype} on the way.`;
}

function summation({ python, ours, given }: Evidence): string | undefined {
  const eps = epsOf(python.dtype);
  if (eps === undefined) return undefined;
  const [x, y] = [python.numbers, ours.numbers];
  const terms = Math.max(
    x.length,
    ...given.map(({ shape }) => shape.reduce((n, size) => n * size, 1)),
  );
  // Errors of sums grow as the root of the number of terms.
  const allowed = eps * (4 + 2 * Math.sqrt(terms));
  const scale = greatestOf(x.map(Math.abs));
  const isSmall = x.every((value, i) => {
    const distance = Math.abs(value - y[i]!);
    return distance <= allowed * Math.abs(value) || distance <= 4 * eps * scale;
  });
  if (!isSmall || !(x.length < ENOUGH || isUnbiased(x, y))) return undefined;
  return 'All differences are of the size of rounding, without a bias: sums are added in another order, or an operator is composed of others.';
}

function isUnbiased(x: Float64Array, y: Float64Array): boolean {
  let [sum, size] = [0, 0];
  for (let i = 0; i < x.length; i++) {
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

/** The port's gradients differ, and its values do not. */
export function gradientText(ours: Float64Array | undefined): string {
  const isZero = ours?.every((value) => value === 0) ?? true;
  return isZero
    ? 'The values of this step are equal and no gradient arrives here: is a branch detached?'
    : 'The values of this step are equal and the gradient is not: is a branch detached, or a tensor changed in place?';
}

/** The recorded elements in the port's shape or dtype. */
export function otherShape(python: Elements, ours: Elements): string | undefined {
  const [x, y] = [python, ours];
  const isReversed =
    x.shape.length === y.shape.length &&
    String([...x.shape].sort()) === String([...y.shape].sort()) &&
    String(x.shape) !== String(y.shape);
  if (isReversed) {
    const text = transposition({ python, ours, given: [], options: [] });
    if (text) return text;
  }
  if (x.numbers.length !== y.numbers.length) return undefined;
  const eps = Math.max(epsOf(x.dtype) ?? 0, epsOf(y.dtype) ?? 0);
  const same = x.numbers.every((value, i) => isNear(value, y.numbers[i]!, eps));
  if (!same) return undefined;
  return String(x.shape) === String(y.shape)
    ? 'The numbers are the same but for rounding: only the dtype is another.'
    : 'The numbers are the same in the same order: only the shape is another.';
}
