/** Finds a constant ratio between the two sides, and a number that explains it. */
import type { Evidence, Given, Words } from './evidence';
import { epsOf, isNear } from './near';

export function ratio({ expected, actual, words, given }: Evidence): string | undefined {
  const eps = epsOf(expected.dtype);
  const [x, y] = [expected.numbers, actual.numbers];
  if (eps === undefined || x.length === 0) return undefined;
  let at = 0;
  for (let i = 1; i < x.length; i++) if (Math.abs(x[i]!) > Math.abs(x[at]!)) at = i;
  const factor = y[at]! / x[at]!;
  const isFactor = Number.isFinite(factor) && factor !== 0 && factor !== -1;
  if (!isFactor || Math.abs(factor - 1) < 64 * eps) return undefined;
  if (!x.every((value, i) => isNear(value * factor, y[i]!, eps))) return undefined;
  const causes = causesOf(given).filter(
    ({ value }) => value > 0 && (isNear(value, factor, eps) || isNear(value, 1 / factor, eps)),
  );
  // Two numbers always have a ratio. It is only reported if it has a name, or if other numbers have it too.
  const isShared = x.some((value) => value !== 0 && Math.abs(value) !== Math.abs(x[at]!));
  if (!causes.length && !isShared) return undefined;
  const isTimes = causes.length ? isNear(causes[0]!.value, factor, eps) : Math.abs(factor) > 1;
  const shown = Number((isTimes ? factor : 1 / factor).toPrecision(7));
  const name = causes[0] ? `, which is ${causes[0].name}` : '';
  const why = causes[0] ? `: ${(isTimes ? causes[0].times : causes[0].divided)(words)}` : '';
  return `Every number is ${words.possessive} ${isTimes ? 'times' : 'divided by'} ${shown}${name}${why}.`;
}

interface Cause {
  value: number;
  name: string;
  /** What it means if the factor is this value, or 1 over it. */
  times(words: Words): string;
  divided(words: Words): string;
}

const SUM: Pick<Cause, 'times' | 'divided'> = {
  times: ({ noun }) => `a sum where ${noun} has a mean`,
  divided: ({ noun }) => `a mean where ${noun} has a sum`,
};
const COUNTED: typeof SUM = {
  times: ({ noun }) => `the mean is over fewer elements than in ${noun}`,
  divided: ({ noun }) => `the mean is over more elements than in ${noun}`,
};

/** Returns numbers by which a reduction may have divided. */
function causesOf(given: readonly Given[]): Cause[] {
  const sizes = given.flatMap(({ name, shape }) => [
    ...shape.map((value, i) => ({
      value,
      name: `the size of dimension ${i} of ${quoted(name)}`,
      ...SUM,
    })),
    { value: product(shape), name: `the number of elements of ${quoted(name)}`, ...SUM },
  ]);
  return [
    ...given.flatMap((target) => countsOf(target)),
    ...given.flatMap((one) => sumsOf(one, given)),
    ...sizes,
  ]
    .filter(({ value }) => Math.abs(value) !== 1 && Number.isFinite(value))
    .sort((a, b) => Number(b.times === SUM.times) - Number(a.times === SUM.times));
}

/** Returns the number of targets that are not ignored. */
function countsOf({ name, dtype, shape, numbers }: Given): Cause[] {
  if (!/int64$/.test(dtype) || product(shape) > LARGEST) return [];
  const target = numbers();
  const values = [...new Set(target)].slice(0, MOST_VALUES);
  return values.flatMap((ignored) => {
    const count = target.reduce((sum, value) => sum + (value === ignored ? 0 : 1), 0);
    const words = `elements of ${quoted(name)} that are not ${ignored}`;
    return [
      { value: count, name: `the number of the ${words}`, ...SUM },
      { value: target.length / count, name: `all over the ${words}`, ...COUNTED },
    ];
  });
}

/** Returns the sum of a weight, and the sum of the weights of the target classes. */
function sumsOf({ name, dtype, shape, numbers }: Given, given: readonly Given[]): Cause[] {
  if (shape.length !== 1 || !/float/.test(dtype) || shape[0]! > LARGEST) return [];
  const weights = numbers();
  const sum = weights.reduce((total, weight) => total + weight, 0);
  const sums = [{ value: sum, name: `the sum of ${quoted(name)}`, ...SUM }];
  const ofTargets = given.flatMap((target) => {
    const isTarget = target.dtype.endsWith('int64') && product(target.shape) <= LARGEST;
    const classes = isTarget ? target.numbers() : new Float64Array();
    const used = classes.filter((at) => at >= 0);
    if (used.length === 0 || !used.every((at) => at < weights.length)) return [];
    const total = used.reduce((all, at) => all + weights[at]!, 0);
    const words = `the sum of ${quoted(name)} at ${quoted(target.name)}`;
    const number = `the number of elements of ${quoted(target.name)} over ${words}`;
    const over: typeof SUM = {
      times: () => 'the mean is divided by the sum of the weights',
      divided: ({ noun }) =>
        `the mean is divided by the number of elements, where ${noun} divides by the sum of the weights`,
    };
    return [
      { value: total, name: words, ...SUM },
      { value: classes.length / total, name: number, ...over },
    ];
  });
  return [...sums, ...ofTargets];
}

const LARGEST = 2 ** 20;
const MOST_VALUES = 64;
const quoted = (name: string): string => JSON.stringify(name);
const product = (shape: readonly number[]): number => shape.reduce((n, size) => n * size, 1);
