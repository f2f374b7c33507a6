/** Holds tensors against a recorded run, one at a time, and reports on all. */
import type { DType } from '../../../tensor/dtype_table';
import type { Tensor } from '../../../tensor/tensor';
import { diagnose, gradientText, otherShape } from '../../diagnosis';
import { type Given, PYTHON } from '../../diagnosis/evidence';
import { type Allowance, type Difference, differenceOf } from '../../difference/difference';
import { type Elements, elementsOf } from '../../difference/elements';
import { type Side, sideOf } from '../../difference/side';
import { type Kind, keyOf, type RunEntry } from './run';
import type { RunFile } from './run_file';

export type Verdict = 'equal' | 'close' | 'different';

/** What came of one recorded tensor. */
export interface TensorReport {
  /** As the program named it; `grad.` or `final.` before it for a gradient and the state at the end. */
  name: string;
  kind: Kind;
  step: number;
  dtype: string;
  shape: readonly number[];
  verdict: Verdict;
  /** In what the elements differ, where both sides have the same dtype and shape. */
  difference: Difference | null;
  /** What else is wrong: nothing was compared with it, or its dtype or shape is another. */
  problem: string | null;
  /** What may be the cause, the most specific first. */
  diagnoses: string[];
}

export interface RunReport {
  verdict: Verdict;
  path: string;
  /** In the order of the recording. */
  results: readonly TensorReport[];
  /** The first result that differs, and the last before it that does not. */
  first: string | null;
  last: string | null;
  /** What was computed in another order than in the recording. */
  problems: readonly string[];
  /** In what the sides differ, so that equal bits cannot be promised; what Python warned of. */
  notes: readonly string[];
}

/** Tolerances of all tensors, and of some by name. */
export interface Tolerances extends Allowance {
  tolerances?: Readonly<Record<string, Allowance>> | undefined;
}

const COMPARED: ReadonlySet<Kind> = new Set(['record', 'output', 'grad', 'final']);

export const labelOf = ({ kind, name }: Pick<RunEntry, 'kind' | 'name'>): string =>
  kind === 'grad' || kind === 'final' ? `${kind}.${name}` : name;

export class Comparison {
  readonly #results = new Map<RunEntry, TensorReport>();
  /** Results that the recording does not have. */
  readonly #surplus: TensorReport[] = [];
  readonly #problems: string[] = [];
  readonly #places: ReadonlyMap<RunEntry, number>;
  #latest: RunEntry | undefined;

  constructor(
    readonly file: RunFile,
    private readonly tolerances: Tolerances,
  ) {
    this.#places = new Map(file.index.entries.map((entry, place) => [entry, place]));
  }

  has(entry: RunEntry): boolean {
    return this.#results.has(entry);
  }

  /** Compares a tensor with that of an entry. Without one, the program did not compute it. */
  compare(entry: RunEntry, ours: Tensor | undefined): void {
    this.#noteOrder(entry);
    const { dtype, shape } = this.file.describe(keyOf(entry));
    const report = reportOf(entry, dtype, shape);
    this.#results.set(entry, report);
    if (!ours) {
      report.problem = 'Python has it, and here there is none';
      report.verdict = 'different';
    } else if (ours.dtype !== dtype || String(ours.shape) !== String(shape)) {
      report.problem = `Python has ${dtype}[${shape.join(', ')}], here it is ${ours.dtype}[${ours.shape.join(', ')}]`;
      report.verdict = 'different';
      const text = otherShape(elementsOf(this.#side(entry)), elementsOf(sideOf(ours)));
      if (text) report.diagnoses.push(text);
    } else {
      this.#measure(entry, ours, report);
    }
    if (report.verdict === 'different' && entry.kind === 'grad')
      this.#gradient(entry, ours, report);
  }

  /** Notes a tensor that the recording does not have. */
  surplus(entry: Pick<RunEntry, 'kind' | 'name' | 'step'>, ours: Tensor): void {
    const report = reportOf(entry, ours.dtype, ours.shape);
    report.verdict = 'different';
    report.problem = 'Python has none, and here there is one';
    this.#surplus.push(report);
  }

  finish(notes: readonly string[]): RunReport {
    for (const entry of this.file.index.entries) {
      if (!COMPARED.has(entry.kind) || this.has(entry)) continue;
      const { dtype, shape } = this.file.describe(keyOf(entry));
      const report = reportOf(entry, dtype, shape);
      report.verdict = 'different';
      report.problem = 'was recorded and never checked';
      this.#results.set(entry, report);
    }
    const recorded = [...this.#results]
      .sort(([a], [b]) => this.#places.get(a)! - this.#places.get(b)!)
      .map(([, report]) => report);
    const results = [...recorded, ...this.#surplus];
    const first = results.findIndex(({ verdict }) => verdict === 'different');
    const verdicts = new Set(results.map(({ verdict }) => verdict));
    const isDifferent = verdicts.has('different') || this.#problems.length > 0;
    const show = (at: number): string | null => {
      const result = results[at];
      return result ? `${result.name} (step ${result.step})` : null;
    };
    return {
      verdict: isDifferent ? 'different' : verdicts.has('close') ? 'close' : 'equal',
      path: this.file.path,
      results,
      first: show(first),
      last: first > 0 ? show(first - 1) : null,
      problems: this.#problems,
      notes,
    };
  }

  #noteOrder(entry: RunEntry): void {
    const latest = this.#latest;
    if (latest && this.#places.get(entry)! < this.#places.get(latest)!) {
      this.#problems.push(
        `${labelOf(entry)} was checked after ${labelOf(latest)}, and recorded before it (step ${entry.step})`,
      );
    } else {
      this.#latest = entry;
    }
  }

  #measure(entry: RunEntry, ours: Tensor, report: TensorReport): void {
    const { rtol, atol, ulps, tolerances = {} } = this.tolerances;
    const isTold = [rtol, atol, ulps].some((value) => value !== undefined);
    const allowance = tolerances[labelOf(entry)] ?? (isTold ? { rtol, atol, ulps } : undefined);
    const [python, own] = [this.#side(entry), sideOf(ours)];
    const difference = differenceOf(python, own, allowance);
    if (!difference) return;
    report.difference = difference;
    report.verdict = difference.isClose ? 'close' : 'different';
    if (difference.isClose) return;
    const [expected, actual] = [elementsOf(python), elementsOf(own)];
    const options = Object.values(this.file.options).filter((one) => typeof one === 'number');
    const given = this.#given(entry);
    report.diagnoses.push(...diagnose({ expected, actual, words: PYTHON, given, options }));
  }

  #gradient(entry: RunEntry, ours: Tensor | undefined, report: TensorReport): void {
    const values = [...this.#results].filter(
      ([{ kind, step }]) => step === entry.step && (kind === 'record' || kind === 'output'),
    );
    if (values.length === 0 || values.some(([, { verdict }]) => verdict === 'different')) return;
    const isZero = !ours?.ne(0).any().item();
    const isExplained = !isZero && report.diagnoses.length > 0;
    if (!isExplained) report.diagnoses.unshift(gradientText(isZero));
  }

  #side(entry: RunEntry): Side {
    return this.file.side(keyOf(entry));
  }

  #given(of: RunEntry): Given[] {
    const given = new Map<string, Given>();
    for (const entry of this.file.index.entries) {
      if (entry === of || entry.step > of.step) break;
      const { kind, name, step } = entry;
      const isSource =
        kind === 'input' || kind === 'state' || kind === 'record' || kind === 'output';
      if (!isSource || (step < of.step && kind !== 'input' && kind !== 'state')) continue;
      const { dtype, shape } = this.file.describe(keyOf(entry));
      let elements: Elements | undefined;
      given.set(`${kind} ${name}`, {
        name,
        kind,
        dtype: String(dtype),
        shape,
        tensor: () => this.file.laidOut(entry),
        numbers: () => (elements ??= elementsOf(this.#side(entry))).numbers,
      });
    }
    return [...given.values()];
  }
}

const reportOf = (
  entry: Pick<RunEntry, 'kind' | 'name' | 'step'>,
  dtype: DType,
  shape: readonly number[],
): TensorReport => ({
  name: labelOf(entry),
  kind: entry.kind,
  step: entry.step,
  dtype: String(dtype),
  shape,
  verdict: 'equal',
  difference: null,
  problem: null,
  diagnoses: [],
});
