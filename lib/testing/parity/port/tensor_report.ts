/** The report on one tensor. */
import { diagnose, otherShape } from '../../diagnosis';
import { capital, type Given, PYTHON, type Words } from '../../diagnosis/evidence';
import { type Allowance, type Difference, differenceOf } from '../../difference/difference';
import { elementsOf } from '../../difference/elements';
import type { Side } from '../../difference/side';
import type { Kind, RunEntry } from './run';

export type Verdict = 'equal' | 'close' | 'different';

export interface TensorReport {
  /**
   * The name that the program gave it. The name of a gradient begins with `grad.`, and that of a final state with
   * `final.`.
   */
  name: string;
  kind: Kind;
  step: number;
  dtype: string;
  shape: readonly number[];
  verdict: Verdict;
  /** The difference of the elements, if both sides have the same dtype and shape. */
  difference: Difference | null;
  /** Another problem: the tensor is missing on one side, or its dtype or shape differs. */
  problem: string | null;
  /** The possible causes, the most specific one first. */
  diagnoses: string[];
}

type Entry = Pick<RunEntry, 'kind' | 'name' | 'step'>;

export const labelOf = ({ kind, name }: Pick<RunEntry, 'kind' | 'name'>): string =>
  kind === 'grad' || kind === 'final' ? `${kind}.${name}` : name;

const describe = ({ dtype, shape }: Pick<Side, 'dtype' | 'shape'>): string =>
  `${dtype}[${shape.join(', ')}]`;

/** Returns the report on a tensor that is equal, or has a problem. */
export function tensorReport(
  entry: Entry,
  { dtype, shape }: Pick<Side, 'dtype' | 'shape'>,
  problem: string | null = null,
): TensorReport {
  const { kind, step } = entry;
  const verdict = problem === null ? 'equal' : 'different';
  const base = { name: labelOf(entry), kind, step, dtype: String(dtype), shape };
  return { ...base, verdict, difference: null, problem, diagnoses: [] };
}

/** The data for a diagnosis, in addition to the two tensors. */
export interface Context {
  given(): readonly Given[];
  options: Readonly<Record<string, unknown>>;
  recomputes: boolean;
  /** What texts call the side that was recorded. Default: Python. */
  words?: Words;
}

/** Compares a tensor with the one that was recorded. */
export function compareTensors(
  entry: Entry,
  recorded: Side,
  ours: Side,
  allowance: Allowance | undefined,
  { given, options, recomputes, words = PYTHON }: Context,
): TensorReport {
  const [theirs, own] = [describe(recorded), describe(ours)];
  if (theirs !== own) {
    const problem = `${capital(words.noun)} has ${theirs}, here it is ${own}`;
    const report = tensorReport(entry, recorded, problem);
    const text = otherShape(elementsOf(recorded), elementsOf(ours));
    return text === undefined ? report : { ...report, diagnoses: [text] };
  }
  const equal = tensorReport(entry, recorded);
  const difference = differenceOf(recorded, ours, allowance);
  if (!difference) return equal;
  if (difference.isClose) return { ...equal, verdict: 'close', difference };
  const diagnoses = diagnose({
    expected: elementsOf(recorded),
    actual: elementsOf(ours),
    words,
    given: given(),
    options: Object.values(options).filter((option) => typeof option === 'number'),
    recomputes,
  });
  return { ...equal, verdict: 'different', difference, diagnoses };
}

export const worstOf = (verdicts: Iterable<Verdict>): Verdict => {
  const found = new Set(verdicts);
  return (['different', 'close'] as const).find((verdict) => found.has(verdict)) ?? 'equal';
};
