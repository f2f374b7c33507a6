/** Compares tensors with a recorded run, one at a time, and reports on all. */
import type { Tensor } from '../../../tensor/tensor';
import { gradientText } from '../../diagnosis';
import { capital, type Given, type Words, wordsOf } from '../../diagnosis/evidence';
import type { Allowance } from '../../difference/difference';
import { type Elements, elementsOf } from '../../difference/elements';
import { sideOf } from '../../difference/side';
import type { Sides } from './environments';
import { type Kind, keyOf, type RunEntry } from './run';
import type { RunFile } from './run_file';
import {
  compareTensors,
  labelOf,
  type TensorReport,
  tensorReport,
  type Verdict,
  worstOf,
} from './tensor_report';

export interface RunReport {
  verdict: Verdict;
  path: string;
  /** The reports, in the order of the recording. */
  results: readonly TensorReport[];
  /** The first result that differs, and the last one before it that is equal. */
  first: string | null;
  last: string | null;
  /** The results that were computed in another order than in the recording. */
  problems: readonly string[];
  /**
   * The differences between the two environments, because of which equal bits are not guaranteed, and Python's
   * warnings.
   */
  notes: readonly string[];
  sides: Sides;
}

/** The tolerance of all tensors, and those of some by name. */
export interface Tolerances extends Allowance {
  tolerances?: Readonly<Record<string, Allowance>> | undefined;
}

const COMPARED: ReadonlySet<Kind> = new Set(['record', 'output', 'grad', 'final']);

/** The number of differing tensors for which losses are computed. Later tensors mostly differ because these do. */
const MOST_RECOMPUTED = 16;

/** Returns the tolerance of a tensor. Without one, all bits must be equal. */
export function allowanceOf(
  { rtol, atol, ulps, tolerances = {} }: Tolerances,
  name: string,
): Allowance | undefined {
  const isTold = [rtol, atol, ulps].some((value) => value !== undefined);
  return tolerances[name] ?? (isTold ? { rtol, atol, ulps } : undefined);
}

export class Comparison {
  readonly #results = new Map<RunEntry, TensorReport>();
  /** The names of results that the recording does not have. */
  readonly #surplus: TensorReport[] = [];
  readonly #problems: string[] = [];
  readonly #places: ReadonlyMap<RunEntry, number>;
  readonly #words: Words;
  #latest: RunEntry | undefined;
  #different = 0;

  constructor(
    readonly file: RunFile,
    private readonly tolerances: Tolerances,
  ) {
    this.#words = wordsOf(file.index.language);
    this.#places = new Map(file.index.entries.map((entry, place) => [entry, place]));
  }

  has(entry: RunEntry): boolean {
    return this.#results.has(entry);
  }

  /** Compares a tensor with that of an entry. Undefined means that the program did not compute it. */
  compare(entry: RunEntry, ours: Tensor | undefined): void {
    this.#noteOrder(entry);
    const recorded = this.file.side(keyOf(entry));
    const report = ours
      ? compareTensors(
          entry,
          recorded,
          sideOf(ours),
          allowanceOf(this.tolerances, labelOf(entry)),
          {
            given: () => this.#given(entry),
            options: this.file.options,
            recomputes: this.#different < MOST_RECOMPUTED,
            words: this.#words,
          },
        )
      : tensorReport(
          entry,
          recorded,
          `${capital(this.#words.noun)} has it, and here there is none`,
        );
    this.#results.set(entry, report);
    if (report.verdict === 'different') this.#different++;
    if (report.verdict === 'different' && entry.kind === 'grad')
      this.#gradient(entry, ours, report);
  }

  /** Adds the name of a result that the recording does not have. */
  surplus(entry: Pick<RunEntry, 'kind' | 'name' | 'step'>, ours: Tensor): void {
    const problem = `${capital(this.#words.noun)} has none, and here there is one`;
    this.#surplus.push(tensorReport(entry, ours, problem));
  }

  finish(sides: Sides, notes: readonly string[]): RunReport {
    for (const entry of this.file.index.entries) {
      if (!COMPARED.has(entry.kind) || this.has(entry)) continue;
      const problem = 'was recorded and never checked';
      this.#results.set(entry, tensorReport(entry, this.file.describe(keyOf(entry)), problem));
    }
    const recorded = [...this.#results]
      .sort(([a], [b]) => this.#places.get(a)! - this.#places.get(b)!)
      .map(([, report]) => report);
    const results = [...recorded, ...this.#surplus];
    const verdict = worstOf(results.map((result) => result.verdict));
    return {
      verdict: this.#problems.length ? 'different' : verdict,
      path: this.file.path,
      results,
      ...firstAndLast(results),
      problems: this.#problems,
      notes,
      sides,
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

  #gradient(entry: RunEntry, ours: Tensor | undefined, report: TensorReport): void {
    const values = [...this.#results].filter(
      ([{ kind, step }]) => step === entry.step && (kind === 'record' || kind === 'output'),
    );
    if (values.length === 0 || values.some(([, { verdict }]) => verdict === 'different')) return;
    const isZero = !ours?.ne(0).any().item();
    const isExplained = !isZero && report.diagnoses.length > 0;
    if (!isExplained) report.diagnoses.unshift(gradientText(isZero));
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
        numbers: () => (elements ??= elementsOf(this.file.side(keyOf(entry)))).numbers,
      });
    }
    return [...given.values()];
  }
}

/** Returns the names of the first result that differs, and of the last one before it that is equal. */
export function firstAndLast(results: readonly TensorReport[]): Pick<RunReport, 'first' | 'last'> {
  const first = results.findIndex(({ verdict }) => verdict === 'different');
  const show = (at: number): string | null => {
    const result = results[at];
    return result ? `${result.name} (step ${result.step})` : null;
  };
  return { first: show(first), last: first > 0 ? show(first - 1) : null };
}
