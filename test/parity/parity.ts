/** Runs programs in both languages, and compares the outcomes. */
import { expect } from 'chai';
import torch from 'torch-losses';

import { CHECKOUT_SETUP, pythonOf } from '../../dist/bindings/libtorch/setups';
import { Oracle } from '../../dist/testing/parity/oracle';
import { differences, type Outcome, outcomeOf } from '../../dist/testing/parity/outcome';
import { everSeen, warningDifferences, withWarnings } from '../support/warnings';
import { type Call, describeCall, type Raw, runCall, type Sample } from './case';

/** The number of calls in a frame: large enough that waiting for Python costs nothing. */
const BATCH = 100;
const SHOWN = 6;
const NO_CLASSES: ReadonlySet<string> = new Set();

/** The Python interpreter whose torch the addon uses. */
export const PYTHON = process.env['TORCH_LOSSES_PYTHON'] ?? pythonOf(CHECKOUT_SETUP);

/** The Python process of this run, with the same torch and number of threads. The first call starts it. */
let oracle: Promise<Oracle> | undefined;
const theOracle = (): Promise<Oracle> => (oracle ??= startOracle());

async function startOracle(): Promise<Oracle> {
  const threads = torch.get_num_threads();
  try {
    const started = await Oracle.start(PYTHON, threads);
    const about = await started.about();
    if (about.torch !== torch.__version__ || about.threads !== threads) {
      started.stop();
      throw new Error(
        `Python has torch ${about.torch} with ${about.threads} threads, ` +
          `the addon ${torch.__version__} with ${threads}: their bits cannot be compared`,
      );
    }
    return started;
  } catch (error) {
    const advice = 'Set TORCH_LOSSES_PYTHON to a Python that has the torch the addon uses.';
    throw new Error(`Parity needs Python at ${PYTHON}: ${(error as Error).message}\n${advice}`);
  }
}

before('start Python', async function () {
  this.timeout(120_000);
  await theOracle();
});
after('stop Python', async () => {
  (await oracle?.catch(() => undefined))?.stop();
});

/** Returns the differences between Python's outcome and ours. */
export type Differ = typeof differences;

interface Comparing {
  /** Whether the warning is reported for a line of torch. */
  fromModule: boolean;
  ownTexts?: ReadonlySet<string> | undefined;
  isMistyped?: boolean | undefined;
  differ?: Differ | undefined;
}

async function compare(
  python: Outcome,
  run: () => Raw | Promise<Raw>,
  { fromModule, ownTexts, isMistyped, differ = differences }: Comparing,
): Promise<string[]> {
  const seenBefore = new Set(everSeen);
  const { value: raw, warnings } = await withWarnings(run);
  if (isMistyped && isTypeError(raw.error)) return [];
  return [
    ...differ(python, outcomeOf(raw, warnings), ownTexts).map(({ text }) => text),
    ...warningDifferences(python.warnings, warnings, seenBefore, fromModule),
  ];
}

/** Returns whether an error is a TypeError of torch, not of the JavaScript engine. */
const isTypeError = (error: Error | null): boolean =>
  (error as { pythonType?: string } | null)?.pythonType === 'TypeError';

/**
 * Compares calls with Python. Fails with their number and the first differences.
 *
 * @param differOf - returns the comparison for a call. Default: exact
 */
export async function expectParity(
  calls: readonly Call[],
  differOf?: (call: Call) => Differ,
): Promise<void> {
  expect(calls, 'a test without cases').not.to.have.length(0);
  const oracle = await theOracle();
  const failures: string[] = [];
  const batches: Promise<Outcome[]>[] = [];
  for (let i = 0; i < calls.length; i += BATCH) batches.push(oracle.run(calls.slice(i, i + BATCH)));
  for (const [b, batch] of batches.entries()) {
    for (const [i, python] of (await batch).entries()) {
      const call = calls[b * BATCH + i]!;
      const found = await compare(python, () => runCall(call), {
        ownTexts: call.wordsTypeErrors ? NO_CLASSES : undefined,
        fromModule: call.forward !== undefined || call.warnsOnce === true,
        isMistyped: call.isMistyped,
        differ: differOf?.(call),
      });
      if (found.length) failures.push(`${describeCall(call)}\n    ${found.join('\n    ')}`);
    }
  }
  report(failures, calls.length);
}

function report(failures: readonly string[], total: number): void {
  if (!failures.length) return;
  const shown = process.env['PARITY_SHOW'] ? Number(process.env['PARITY_SHOW']) : SHOWN;
  const rest = failures.length > shown ? `\n  … and ${failures.length - shown} more` : '';
  expect.fail(
    `${failures.length} of ${total} cases differ from Python:\n  ` +
      failures.slice(0, shown).join('\n  ') +
      rest,
  );
}

/** Returns the results of a Python program, in the order of `outputs`. */
type Port = () => readonly unknown[] | Promise<readonly unknown[]>;

/** Compares a Python program with its ports: one, or a synchronous and an asynchronous one. */
export async function expectSample(sample: Sample, ...ports: readonly Port[]): Promise<void> {
  const oracle = await theOracle();
  const [python] = await oracle.run([sample]);
  for (const [index, port] of ports.entries()) {
    const run = async (): Promise<Raw> => {
      try {
        return { stage: 'call', error: null, result: await port() };
      } catch (error) {
        return { stage: 'call', error: error as Error };
      }
    };
    const found = await compare(python!, run, { fromModule: true });
    const which = ports.length > 1 ? ` in form ${index + 1} of ${ports.length}` : '';
    if (found.length) expect.fail(`differs from Python${which}:\n    ${found.join('\n    ')}`);
  }
}

/** Returns the values of Python expressions, for tests with their own comparison. */
export async function askPython(source: string, outputs: readonly string[]): Promise<unknown[]> {
  return (await theOracle()).ask(source, outputs);
}

/** Returns the result of a call, or its error, as text. TEXT_OF defines the same as `text_of` in Python. */
export const textOf = (run: () => unknown): string => {
  try {
    return String(run());
  } catch (error) {
    const { pythonType, message } = error as { pythonType?: string; message: string };
    return `${pythonType}: ${message}`;
  }
};

export const TEXT_OF = `
def text_of(run):
    try:
        return str(run())
    except Exception as error:
        return f'{type(error).__name__}: {error}'
`;
