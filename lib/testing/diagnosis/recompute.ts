/** Diagnoses that apply a function to one side, or compute a loss of the inputs again. */

import { native } from '../../bindings/native';
import { wrap } from '../../bindings/wrap';
import * as F from '../../nn/functional';
import { withoutGrad } from '../../nn/ops';
import * as dtypes from '../../tensor/dtype';
import type { Tensor } from '../../tensor/tensor';
import { bytesOf, type Elements, MOST_ELEMENTS } from '../difference/elements';
import { capital, type Evidence, type Given } from './evidence';
import { epsOf, hasSeveral, isNear } from './near';

const FUNCTIONS: readonly [name: string, apply: (x: Tensor) => Tensor][] = [
  ['exp', (x) => x.exp()],
  ['log', (x) => x.log()],
  ['log of the negative', (x) => x.neg().log()],
  ['sigmoid', (x) => x.sigmoid()],
  ['softmax', (x) => x.softmax(-1)],
  ['log_softmax', (x) => x.log_softmax(-1)],
];

/** Finds a function of one side that gives the other: it was applied once too often, or is missing. */
export function functionOfOther({ expected, actual, words }: Evidence): string | undefined {
  const eps = epsOf(expected.dtype);
  if (!eps || expected.dtype.is_complex || !expected.shape.length) return undefined;
  if (!hasSeveral(expected.numbers, 2) || !hasSeveral(actual.numbers, 2)) return undefined;
  const [x, y] = [tensorOf(expected), tensorOf(actual)];
  const equals = (from: Tensor, to: Elements, apply: (x: Tensor) => Tensor): boolean => {
    const result = apply(from).toTypedArray() as Float64Array;
    return result.every(
      (value, i) =>
        Number.isFinite(value) &&
        (isNear(value, to.numbers[i]!, eps) || Math.abs(value - to.numbers[i]!) < eps * 4),
    );
  };
  return withoutGrad(() => {
    for (const [name, apply] of FUNCTIONS) {
      if (equals(x, actual, apply))
        return `The numbers are ${name} of ${words.possessive}: it is applied once too often.`;
      if (equals(y, expected, apply))
        return `${capital(words.possessive)} numbers are ${name} of these: it is missing.`;
    }
    return undefined;
  });
}

const tensorOf = ({ numbers, shape }: Elements): Tensor =>
  wrap(native.tensor_from_bytes(new Uint8Array(numbers.buffer), dtypes.float64.code, shape));

type Arguments = [label: string, value: () => Tensor];

/** Finds a loss of recorded inputs that gives the bits of both sides with different options. */
export function otherOptions(evidence: Evidence): string | undefined {
  const { expected, actual, words } = evidence;
  if (!evidence.recomputes || expected.dtype.is_complex || !epsOf(expected.dtype)) return undefined;
  return withoutGrad(() => {
    let [theirs, own]: [string | undefined, string | undefined] = [undefined, undefined];
    for (const [label, value] of candidates(evidence)) {
      const result = attempt(value);
      const isOne =
        result &&
        result.dtype === expected.dtype &&
        String(result.shape) === String(expected.shape);
      if (!isOne) continue;
      const bytes = bytesOf(result);
      if (!theirs && Buffer.compare(bytes, expected.bytes) === 0) theirs = label;
      if (!own && Buffer.compare(bytes, actual.bytes) === 0) own = label;
      if (theirs && own)
        return `${capital(words.possessive)} bits are those of ${theirs}, these of ${own}.`;
    }
    return undefined;
  });
}

function attempt(compute: () => Tensor): Tensor | undefined {
  try {
    return compute();
  } catch {
    return undefined;
  }
}

const isFloat = ({ dtype }: Given): boolean => /float/.test(dtype);
const size = ({ shape }: Given): number => shape.reduce((n, length) => n * length, 1);

/** The number of the latest inputs, parameters and results that are tried. */
const LATEST = 8;
const LATEST_TARGETS = 2;

function* candidates({ expected, given, options }: Evidence): Generator<Arguments> {
  const reductions = expected.shape.length === 0 ? ['mean', 'sum'] : ['none'];
  const fitting = given.filter((one) => size(one) <= MOST_ELEMENTS);
  const of = (isThat: (one: Given) => boolean): Given[] => fitting.filter(isThat).slice(-LATEST);
  const [inputs, states] = [of(({ kind }) => kind === 'input'), of(({ kind }) => kind === 'state')];
  const computed = of(({ kind }) => kind === 'record' || kind === 'output');
  const targets = [...inputs, ...computed.slice(-LATEST_TARGETS)];
  const firsts = [...inputs, ...computed];
  for (const input of firsts.filter((one) => isFloat(one) && one.shape.length > 0)) {
    const made = new Map<string, Tensor>();
    const read = (of: Given): Tensor =>
      made.get(of.name) ?? made.set(of.name, of.tensor().detach()).get(of.name)!;
    for (const target of targets) {
      if (target === input) continue;
      const isClasses =
        target.dtype.endsWith('int64') && target.shape.length === 1 && input.shape.length === 2;
      if (isClasses && target.shape[0] === input.shape[0]) {
        const weights = [...inputs, ...states].filter(
          (one) => isFloat(one) && one.shape.length === 1 && one.shape[0] === input.shape[1],
        );
        yield* crossEntropies(input, target, weights, options, reductions, read);
      } else if (isFloat(target) && String(target.shape) === String(input.shape)) {
        yield* binaries(input, target, reductions, read);
      }
    }
  }
}

type Read = (of: Given) => Tensor;
const BEFORE: readonly [name: string, apply: (x: Tensor) => Tensor][] = [
  ['', (x) => x],
  ['softmax', (x) => x.softmax(1)],
  ['log', (x) => x.log()],
];

function* crossEntropies(
  input: Given,
  target: Given,
  weights: readonly Given[],
  options: readonly number[],
  reductions: readonly string[],
  read: Read,
): Generator<Arguments> {
  const smoothings = new Set([0, ...options.filter((option) => option > 0 && option < 1), 0.1]);
  const values = [...new Set(target.numbers())];
  const ignored = new Set([
    -100,
    ...options.filter((one) => values.includes(one)),
    ...values.filter((one) => one < 0),
  ]);
  for (const [before, apply] of BEFORE) {
    for (const weight of [undefined, ...weights]) {
      for (const label_smoothing of smoothings) {
        for (const ignore_index of ignored) {
          for (const reduction of reductions) {
            const shown = [
              before ? `${before}(${input.name})` : input.name,
              target.name,
              ...(weight ? [`weight=${weight.name}`] : []),
              ...(smoothings.size > 1 ? [`label_smoothing=${label_smoothing}`] : []),
              ...(ignored.size > 1 ? [`ignore_index=${ignore_index}`] : []),
              ...(reduction === 'none' ? [] : [`reduction=${reduction}`]),
            ];
            yield [
              `cross_entropy(${shown.join(', ')})`,
              () =>
                F.cross_entropy(apply(read(input)), read(target), {
                  ...(weight && { weight: read(weight) }),
                  label_smoothing,
                  ignore_index,
                  reduction: reduction as 'mean',
                }),
            ];
          }
        }
      }
    }
  }
}

function* binaries(
  input: Given,
  target: Given,
  reductions: readonly string[],
  read: Read,
): Generator<Arguments> {
  const { name } = input;
  const [x, t] = [(): Tensor => read(input), (): Tensor => read(target)];
  for (const reduction of reductions as 'mean'[]) {
    const end = `${target.name}${reduction === ('none' as string) ? '' : `, reduction=${reduction}`})`;
    yield [`mse_loss(${name}, ${end}`, () => F.mse_loss(x(), t(), { reduction })];
    yield [`l1_loss(${name}, ${end}`, () => F.l1_loss(x(), t(), { reduction })];
    yield [
      `binary_cross_entropy_with_logits(${name}, ${end}`,
      () => F.binary_cross_entropy_with_logits(x(), t(), { reduction }),
    ];
    yield [
      `binary_cross_entropy_with_logits(sigmoid(${name}), ${end}`,
      () => F.binary_cross_entropy_with_logits(x().sigmoid(), t(), { reduction }),
    ];
    yield [
      `binary_cross_entropy(sigmoid(${name}), ${end}`,
      () => F.binary_cross_entropy(x().sigmoid(), t(), { reduction }),
    ];
    yield [
      `binary_cross_entropy(${name}, ${end}`,
      () => F.binary_cross_entropy(x(), t(), { reduction }),
    ];
  }
}
