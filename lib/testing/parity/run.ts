/** Runs every loss in Python and here on the same inputs, and compares the outcomes. */

import { recordWarnings } from '../../bindings/warnings';
import * as torch from '../../torch';
import type { Tolerances } from '../tolerances';
import { describeCall, runCall } from './call';
import {
  type BuildDifference,
  buildDifferences,
  kernelsOn,
  type Machine,
  machine,
  type OurEnvironment,
  ourEnvironment,
} from './environment';
import { type LossCase, LossCases, type Maker } from './generate';
import type { DType } from './inputs';
import { LOSSES, type LossRow, nameOf } from './losses';
import { Oracle, OracleError, type PythonEnvironment } from './oracle';
import {
  type Difference,
  differences,
  differentWarnings,
  type Outcome,
  outcomeOf,
} from './outcome';
import { Statistics, summarise } from './statistics';

export interface ParityOptions {
  /** The path of the Python interpreter. */
  python: string;
  seed: number;
  /** The number of cases in all. Default: every combination once. */
  cases?: number;
  /** The names of functions or classes. Default: all losses that both have. */
  losses?: readonly string[];
  dtypes: readonly DType[];
  /** The devices of the inputs. Default: cpu, and cuda if both have it. */
  devices?: readonly string[];
  /** The device in Python. Default: the same device. */
  pythonDevice?: string;
  /** The tolerance for numbers. Default: none, numbers must be equal. */
  tolerance?: Tolerances;
  /** Called from time to time. */
  onProgress?(done: number, total: number, loss: string): void;
}

/** The options of a run, with the devices filled in. */
export type Settings = Omit<ParityOptions, 'onProgress' | 'devices'> & {
  devices: readonly string[];
};

/** A case whose outcomes differ. */
export interface Failure {
  loss: string;
  /** The number of the case among the loss's cases. Together with the seed, it identifies the case. */
  case: number;
  device: string;
  dtype: string;
  call: string;
  verdict: 'close' | 'different';
  differences: readonly string[];
}

/** The result of a run, which is the JSON report. In JSON, infinite numbers are the string `Infinity`. */
export interface ParityReport {
  verdict: 'equal' | 'close' | 'different';
  date: string;
  seconds: number;
  settings: Settings;
  machine: Machine;
  python: PythonEnvironment;
  ours: OurEnvironment;
  build_differences: readonly BuildDifference[];
  /** The part of `seconds` without the start of Python. */
  comparing_seconds: number;
  /** Losses that this Python does not have. */
  missing: readonly string[];
  total: Statistics['total'];
  by: Statistics['by'];
  /** All cases that differ. */
  failures: readonly Failure[];
}

/**
 * The number of calls in a frame, and the number of frames that are sent ahead, so that neither process waits for the
 * other.
 */
const BATCH = 64;
const AHEAD = 4;
/** The number of calls after which the event loop reads input, so that Python is not blocked by a full pipe. */
const CALLS_PER_TURN = 8;

/** A row, a device, and the number of cases to run. */
interface Portion {
  row: LossRow;
  device: string;
  seed: number;
  grid: number;
  wanted: number;
}

/**
 * Runs the cases and returns the report.
 *
 * @throws OracleError if Python does not start, has no torch, or ends; RangeError for an unknown loss
 */
export async function runParity(options: ParityOptions): Promise<ParityReport> {
  const started = Date.now();
  const ours = ourEnvironment();
  const oracle = await Oracle.start(options.python, ours.threads);
  try {
    const python = await oracle.about();
    const settings = settingsFor(options, python);
    const rows = chosen(options.losses);
    const present = await presentIn(oracle, rows);
    const run = new Run(settings, divide(present, settings), options.onProgress);
    const begun = Date.now();
    await run.all(oracle);
    const { total, by } = run.statistics;
    return {
      verdict: total.different ? 'different' : total.close ? 'close' : 'equal',
      date: new Date(started).toISOString(),
      seconds: (Date.now() - started) / 1000,
      comparing_seconds: (Date.now() - begun) / 1000,
      settings,
      machine: machine(),
      python,
      ours: { ...ours, kernels: kernelsOn() },
      build_differences: buildDifferences(python, ours),
      missing: rows.filter((row) => !present.includes(row)).map(nameOf),
      total,
      by,
      failures: run.failures,
    };
  } finally {
    oracle.stop();
  }
}

function settingsFor(
  { onProgress: _, ...options }: ParityOptions,
  python: PythonEnvironment,
): Settings {
  const { devices = [], pythonDevice } = options;
  const bothHaveCuda = torch.cuda.is_available() && python.gpus.length > 0;
  const defaults = bothHaveCuda && !pythonDevice ? ['cpu', 'cuda'] : ['cpu'];
  const wanted = devices.length ? devices : defaults;
  const missing = firstMissing(wanted, torch.cuda.device_count());
  if (missing) throw new OracleError(`there is no CUDA device here, which ${missing} needs`);
  const lacking = firstMissing(pythonDevice ? [pythonDevice] : wanted, python.gpus.length);
  if (lacking) throw new OracleError(`this Python's torch has no CUDA device ${lacking}`);
  return { ...options, devices: wanted };
}

/** Returns the first device, such as `cuda:1`, that does not exist if there are `count` CUDA devices. */
function firstMissing(devices: readonly string[], count: number): string | undefined {
  return devices.find((device) => device !== 'cpu' && Number(device.split(':')[1] ?? 0) >= count);
}

const namesOf = ({ functional, module }: LossRow): string[] =>
  [functional, module].filter((name) => name !== undefined);

/** The names that {@link ParityOptions.losses} accepts: first functions, then classes. */
export const LOSS_NAMES: readonly string[] = [
  ...new Set([...LOSSES.map(nameOf), ...LOSSES.flatMap(namesOf)]),
];

function chosen(names: readonly string[] | undefined): readonly LossRow[] {
  if (!names?.length) return LOSSES;
  const unknown = names.find((name) => !LOSS_NAMES.includes(name));
  if (unknown !== undefined) throw new RangeError(`There is no loss ${JSON.stringify(unknown)}`);
  return LOSSES.filter((row) => namesOf(row).some((name) => names.includes(name)));
}

async function presentIn(oracle: Oracle, rows: readonly LossRow[]): Promise<readonly LossRow[]> {
  const questions = rows.map(({ functional, module }) =>
    functional ? `hasattr(F, '${functional}')` : `hasattr(nn, '${module}')`,
  );
  const answers = await oracle.ask('', questions);
  return rows.filter((_, i) => answers[i] === true);
}

/** Returns the cases of a row. On a GPU, without those that would end all work in the process. */
function casesOf(
  row: LossRow,
  seed: number,
  device: string,
  { dtypes, pythonDevice = device }: Settings,
): LossCases {
  const isGuarded = device === 'cpu' && pythonDevice === 'cpu';
  return new LossCases(row, seed, dtypes, undefined, isGuarded);
}

/**
 * Returns the number of cases for each row and device. By default, every combination once; if a number is given, a part
 * of them, or all of them and random cases.
 */
function divide(rows: readonly LossRow[], settings: Settings): Portion[] {
  const { devices, seed, cases } = settings;
  const portions = devices.flatMap((device) =>
    rows.map((row) => {
      const own = seed + LOSSES.indexOf(row);
      const grid = count(casesOf(row, own, device, settings).grid());
      return { row, device, seed: own, grid };
    }),
  );
  const grids = portions.map(({ grid }) => grid);
  const more = (cases ?? 0) - grids.reduce((sum, grid) => sum + grid, 0);
  const random = shares(Math.max(0, more), Array(portions.length).fill(1));
  const part = cases !== undefined && more < 0 ? shares(cases, grids) : grids;
  return portions.map((portion, i) => ({ ...portion, wanted: part[i]! + random[i]! }));
}

/** Divides a number in proportion to weights. Returns integers whose sum is the number. */
function shares(number: number, weights: readonly number[]): number[] {
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  let [weight, given] = [0, 0];
  return weights.map((own) => {
    weight += own;
    const share = Math.round((number * weight) / total) - given;
    given += share;
    return share;
  });
}

function count(items: Iterable<unknown>): number {
  let found = 0;
  for (const _ of items) found++;
  return found;
}

class Run {
  readonly statistics = new Statistics();
  readonly failures: Failure[] = [];
  private readonly total: number;

  constructor(
    private readonly settings: Settings,
    private readonly portions: readonly Portion[],
    private readonly onProgress: ParityOptions['onProgress'],
  ) {
    this.total = portions.reduce((sum, { wanted }) => sum + wanted, 0);
  }

  async all(oracle: Oracle): Promise<void> {
    const underWay: [Numbered[], Promise<Outcome[]>][] = [];
    const finish = async (): Promise<void> => {
      const [cases, answers] = underWay.shift()!;
      await this.compare(cases, await answers);
    };
    for (const batch of batches(this.cases())) {
      const calls = batch.map(({ case: { call } }) => {
        const device = this.settings.pythonDevice;
        return device ? { ...call, device } : call;
      });
      const answers = oracle.run(calls);
      answers.catch(() => undefined); // The promise is awaited later.
      underWay.push([batch, answers]);
      if (underWay.length > AHEAD) await finish();
    }
    while (underWay.length) await finish();
  }

  private *cases(): Generator<Numbered> {
    for (const { row, device, seed, grid, wanted } of this.portions) {
      const source = casesOf(row, seed, device, this.settings);
      let number = 0;
      const numbered = (make: Maker): Numbered => {
        const made = make();
        const call = device === 'cpu' ? made.call : { ...made.call, device };
        return { number, case: { ...made, call } };
      };
      for (const make of source.grid()) {
        // If only a part is wanted, takes cases at even intervals.
        const taken =
          Math.floor(((number + 1) * wanted) / grid) > Math.floor((number * wanted) / grid);
        if (taken) yield numbered(make);
        number++;
      }
      for (const make of source.random(wanted - grid)) {
        yield numbered(make);
        number++;
      }
    }
  }

  private async compare(cases: readonly Numbered[], answers: readonly Outcome[]): Promise<void> {
    for (const [i, python] of answers.entries()) {
      if (i % CALLS_PER_TURN === 0) await nextTurn();
      const { number, case: made } = cases[i]!;
      const found = compareWith(python, made);
      const comparison = summarise(found, python, this.settings.tolerance);
      this.statistics.add(made, comparison);
      if (comparison.verdict !== 'equal') {
        this.failures.push({
          loss: made.loss,
          case: number,
          device: made.call.device ?? 'cpu',
          dtype: made.dtype,
          call: describeCall(made.call),
          verdict: comparison.verdict,
          differences: found.map(({ text }) => text),
        });
      }
    }
    this.onProgress?.(this.statistics.total.cases, this.total, cases.at(-1)!.case.loss);
  }
}

/** Runs a case in JavaScript, and returns the differences from Python's outcome. */
function compareWith(python: Outcome, { call }: LossCase): Difference[] {
  const { value: raw, warnings } = recordWarnings(() => runCall(call));
  const ours = outcomeOf(raw, warnings);
  return [...differences(python, ours), ...differentWarnings(python, ours)];
}

interface Numbered {
  number: number;
  case: LossCase;
}

function* batches<T>(items: Iterable<T>): Generator<T[]> {
  let batch: T[] = [];
  for (const item of items) {
    batch.push(item);
    if (batch.length === BATCH) {
      yield batch;
      batch = [];
    }
  }
  if (batch.length) yield batch;
}

const nextTurn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
