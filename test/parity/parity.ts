/**
 * Runs programs here and in Python and holds the outcomes against each other.
 */
import { expect } from 'chai';
import { Tensor } from 'torch-losses';

import { differences, type Outcome, type Value } from '../support/outcome';
import { everSeen, warningDifferences, withWarnings } from '../support/warnings';
import { type Call, describeCall, type Raw, runCall, type Sample } from './case';
import { Oracle } from './oracle';

/** As many calls as travel in one frame: enough that waiting for Python costs nothing. */
const BATCH = 100;
const SHOWN = 6;
const NO_CLASSES: ReadonlySet<string> = new Set();

before('start Python', async function () {
  this.timeout(120_000);
  await Oracle.get();
});
after('stop Python', () => Oracle.stop());

function toValue(value: unknown): Value {
  if (value instanceof Tensor) {
    const array = value.detach().toTypedArray() as ArrayBufferView;
    return {
      tensor: {
        dtype: String(value.dtype),
        shape: value.shape,
        bytes: new Uint8Array(array.buffer as ArrayBuffer, array.byteOffset, array.byteLength),
        requires_grad: value.requires_grad,
        grad_fn: value.grad_fn?.name() ?? null,
      },
    };
  }
  if (typeof value === 'number' || typeof value === 'bigint') return { number: String(value) };
  if (value === null || typeof value === 'string' || typeof value === 'boolean') {
    return { plain: value };
  }
  if (typeof value === 'object' && Symbol.iterator in value) {
    return { list: [...(value as Iterable<unknown>)].map(toValue) };
  }
  if (typeof value === 'object' && 're' in value && 'im' in value) {
    return { list: [value.re, value.im].map(toValue) };
  }
  return { plain: String(value) };
}

function toOutcome(raw: Raw, warnings: Outcome['warnings']): Outcome {
  const error = raw.error && {
    type: (raw.error as { pythonType?: string }).pythonType ?? `JavaScript ${raw.error.name}`,
    message: raw.error.message,
  };
  return {
    stage: raw.stage,
    error,
    warnings,
    ...(raw.result !== undefined && { result: toValue(raw.result) }),
    ...(raw.grads && { grads: raw.grads.map(toValue) }),
    ...(raw.seconds && { seconds: raw.seconds.map(toValue) }),
  };
}

async function compare(
  python: Outcome,
  run: () => Raw,
  fromModule: boolean,
  ownTexts?: ReadonlySet<string>,
): Promise<string[]> {
  const seenBefore = new Set(everSeen);
  const { value: raw, warnings } = await withWarnings(run);
  return [
    ...differences(python, toOutcome(raw, warnings), ownTexts),
    ...warningDifferences(python.warnings, warnings, seenBefore, fromModule),
  ];
}

/** Fails with the first mismatches of many calls and their number. */
export async function expectParity(calls: readonly Call[]): Promise<void> {
  expect(calls, 'a test without cases').not.to.have.length(0);
  const oracle = await Oracle.get();
  const failures: string[] = [];
  const batches: Promise<Outcome[]>[] = [];
  for (let i = 0; i < calls.length; i += BATCH) batches.push(oracle.run(calls.slice(i, i + BATCH)));
  for (const [b, batch] of batches.entries()) {
    for (const [i, python] of (await batch).entries()) {
      const call = calls[b * BATCH + i]!;
      const ownTexts = call.wordsTypeErrors ? NO_CLASSES : undefined;
      const fromModule = call.forward !== undefined;
      const found = await compare(python, () => runCall(call), fromModule, ownTexts);
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

/** A program in Python's source and its port; the port's results come in the order of `outputs`. */
export async function expectSample(sample: Sample, port: () => readonly unknown[]): Promise<void> {
  const oracle = await Oracle.get();
  const [python] = await oracle.run([sample]);
  const run = (): Raw => {
    try {
      return { stage: 'call', error: null, result: port() };
    } catch (error) {
      return { stage: 'call', error: error as Error };
    }
  };
  const found = await compare(python!, run, true);
  if (found.length) expect.fail(`differs from Python:\n    ${found.join('\n    ')}`);
}

/** The values of Python expressions, for tests that compare them in their own way. */
export async function askPython(source: string, outputs: readonly string[]): Promise<unknown[]> {
  const [python] = await (await Oracle.get()).run([{ source, outputs }]);
  if (python!.error) throw new Error(`${python!.error.type}: ${python!.error.message}`);
  return (plainValue(python!.result!) as unknown[]).slice();
}

function plainValue(value: Value): unknown {
  if ('list' in value) return value.list.map(plainValue);
  if ('number' in value) return Number(value.number);
  return 'plain' in value ? value.plain : value.tensor;
}
