/** Holds tensors against a recorded run, one at a time, and reports on all. */
import type { DType } from '../../../tensor/dtype_table';
import type { Tensor } from '../../../tensor/tensor';
import { diagnose, gradientText, otherShape } from './diagnosis';
import { type Difference, differenceOf, type RunTolerance } from './difference';
import { bytesOf, elementsOf } from './elements';
import type { Evidence, Given } from './evidence';
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
export interface Tolerances extends RunTolerance {
  tolerances?: Readonly<Record<string, RunTolerance>> | undefined;
}

/** As many bytes as are held against each other at a time. */
const CHUNK = 2 ** 24;

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
      const elements = elementsOf(bytesOf(ours), ours.dtype, ours.shape);
      const text = otherShape(this.#elements(entry), elements);
      if (text) report.diagnoses.push(text);
    } else if (!this.#isEqual(entry, ours)) {
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

  #isEqual(entry: RunEntry, ours: Tensor): boolean {
    const key = keyOf(entry);
    const { dtype, size } = this.file.describe(key);
    const flat = ours.detach().reshape([-1]);
    try {
      for (let offset = 0; offset < size; offset += CHUNK) {
        const length = Math.min(CHUNK, size - offset);
        const part = flat.narrow(0, offset / dtype.itemsize, length / dtype.itemsize);
        const isSame = Buffer.compare(bytesOf(part), this.file.bytes(key, offset, length)) === 0;
        part.dispose();
        if (!isSame) return false;
      }
      return true;
    } finally {
      flat.dispose();
    }
  }

  #measure(entry: RunEntry, ours: Tensor, report: TensorReport): void {
    const python = this.#elements(entry);
    const own = elementsOf(bytesOf(ours), ours.dtype, ours.shape);
    const { rtol, atol, ulps, tolerances = {} } = this.tolerances;
    const named = tolerances[labelOf(entry)];
    const isTold = [rtol, atol, ulps].some((value) => value !== undefined);
    const tolerance = named ?? (isTold ? { rtol, atol, ulps } : undefined);
    report.difference = differenceOf(python, own, tolerance) ?? null;
    report.verdict = report.difference?.isClose ? 'close' : 'different';
    if (report.verdict === 'different') {
      report.diagnoses.push(...diagnose(this.#evidence(entry, python, own)));
    }
  }

  #gradient(entry: RunEntry, ours: Tensor | undefined, report: TensorReport): void {
    const values = [...this.#results].filter(
      ([{ kind, step }]) => step === entry.step && (kind === 'record' || kind === 'output'),
    );
    if (values.length === 0 || values.some(([, { verdict }]) => verdict === 'different')) return;
    const numbers = ours && elementsOf(bytesOf(ours), ours.dtype, ours.shape).numbers;
    const isExplained = numbers?.some((value) => value !== 0) && report.diagnoses.length > 0;
    if (!isExplained) report.diagnoses.unshift(gradientText(numbers));
  }

  #elements(entry: RunEntry): ReturnType<typeof elementsOf> {
    const key = keyOf(entry);
    const { dtype, shape, size } = this.file.describe(key);
    return elementsOf(this.file.bytes(key, 0, size), dtype, shape);
  }

  #evidence(of: RunEntry, python: Evidence['python'], ours: Evidence['ours']): Evidence {
    const given = new Map<string, Given>();
    for (const entry of this.file.index.entries) {
      if (entry === of || entry.step > of.step) break;
      const { kind, name, step } = entry;
      const isSource =
        kind === 'input' || kind === 'state' || kind === 'record' || kind === 'output';
      if (!isSource || (step < of.step && kind !== 'input' && kind !== 'state')) continue;
      const { dtype, shape } = this.file.describe(keyOf(entry));
      let numbers: Float64Array | undefined;
      given.set(`${kind} ${name}`, {
        name,
        kind,
        dtype: String(dtype),
        shape,
        tensor: () => this.file.laidOut(entry),
        numbers: () => (numbers ??= this.#elements(entry).numbers),
      });
    }
    const options = Object.values(this.file.options).filter((one) => typeof one === 'number');
    return { python, ours, given: [...given.values()], options };
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
