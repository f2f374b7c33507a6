/**
 * Says why a tensor may differ from the expected one. A diagnosis is a relation between the numbers of both sides. It
 * is only reported if the numbers were found to have this relation.
 */

import { type Elements, MOST_ELEMENTS } from '../difference/elements';
import { thousands } from '../difference/text';
import { type Evidence, PYTHON, type Words } from './evidence';
import { epsOf, isNear } from './near';
import { permutation, shift, transposition } from './order';
import { ratio } from './ratio';
import { functionOfOther, otherOptions } from './recompute';
import { rounding, summation } from './rounding';

/** Returns the diagnoses in words, the most specific one first. Both sides must have the same shape. */
export function diagnose(evidence: Evidence): string[] {
  const { isWhole, numbers } = evidence.expected;
  const specific = (isWhole ? SPECIFIC : OF_ELEMENTS)
    .map((look) => look(evidence))
    .filter((text) => text !== undefined);
  const rest = (): (string | undefined)[] => [rounding(evidence) ?? summation(evidence)];
  const found = specific.length ? specific : rest().filter((text) => text !== undefined);
  if (isWhole) return found;
  return found.map((text) => `Of the first ${thousands(numbers.length)} elements: ${text}`);
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
/** The diagnoses that also hold if only the first rows were read. */
const OF_ELEMENTS = [sign, ratio, shift, functionOfOther];

function sign({ expected, actual }: Evidence): string | undefined {
  const [x, y] = [expected.numbers, actual.numbers];
  if (!x.some((value) => value !== 0) || !x.every((value, i) => value === -y[i]!)) return undefined;
  return 'The sign is the opposite everywhere.';
}

/** Finds an integer or boolean input that has one value exactly in the rows that differ. */
function givenValue({ expected, actual, given }: Evidence): string | undefined {
  const [x, y] = [expected.numbers, actual.numbers];
  for (const { name, dtype, shape, numbers } of given) {
    const isKey = /^(torch\.)?(u?int\d+|bool)$/.test(dtype);
    const fits = shape.length > 0 && shape.every((size, i) => size === expected.shape[i]);
    if (!isKey || !fits) continue;
    if (shape.reduce((n, size) => n * size, 1) > MOST_ELEMENTS) continue;
    const keys = numbers();
    const inner = x.length / keys.length;
    if (keys.length < 2 || !Number.isInteger(inner)) continue;
    const rows = new Set<number>();
    for (let i = 0; i < x.length; i++) if (!Object.is(x[i], y[i])) rows.add(Math.floor(i / inner));
    const [first] = rows;
    const value = keys[first!]!;
    const all = keys.reduce((count, key) => count + (key === value ? 1 : 0), 0);
    const isThat = all === rows.size && [...rows].every((row) => keys[row] === value);
    // A single row with a class index may be chance.
    if (!isThat || all === keys.length || (all < 2 && value >= 0)) continue;
    return `The elements that differ are those where ${JSON.stringify(name)} is ${
      dtype.endsWith('bool') ? Boolean(value) : value
    }: is that value ignored or masked on one side alone?`;
  }
  return undefined;
}

/** Returns the diagnosis if a gradient differs and no value does. */
export const gradientText = (isZero: boolean): string =>
  isZero
    ? 'The values of this step are equal and no gradient arrives here: is a branch detached?'
    : 'The values of this step are equal and the gradient is not: is a branch detached, or a tensor changed in place?';

/** Returns the diagnosis if the elements are equal in another shape or dtype. */
export function otherShape(
  expected: Elements,
  actual: Elements,
  words: Words = PYTHON,
): string | undefined {
  const [x, y] = [expected, actual];
  if (!x.isWhole || !y.isWhole) return undefined;
  const isReversed =
    x.shape.length === y.shape.length &&
    String([...x.shape].sort()) === String([...y.shape].sort()) &&
    String(x.shape) !== String(y.shape);
  if (isReversed) {
    const text = transposition({
      expected,
      actual,
      words,
      given: [],
      options: [],
      recomputes: false,
    });
    if (text) return text;
  }
  if (x.numbers.length !== y.numbers.length) return undefined;
  const eps = Math.max(epsOf(x.dtype) ?? 0, epsOf(y.dtype) ?? 0);
  const same = x.numbers.every((value, i) => isNear(value, y.numbers[i]!, eps));
  if (!same) return undefined;
  if (String(x.shape) !== String(y.shape))
    return 'The numbers are the same in the same order: only the shape is another.';
  return x.numbers.some((value, i) => !Object.is(value, y.numbers[i]))
    ? 'The numbers are the same but for rounding: only the dtype is another.'
    : 'The numbers are the same: only the dtype is another.';
}
