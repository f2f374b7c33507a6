import { writeFileSync } from 'node:fs';

import type { DType } from '../../testing/parity/inputs';
import type { ParityReport } from '../../testing/parity/run';
import type { CaseReport } from '../../testing/parity/run_case';
import type { Tolerance } from '../../testing/parity/ulps';
import { defineCommand } from '../command';
import { CommandError, EXIT, UsageError } from '../errors';
import type { Progress } from '../progress';
import type { Terminal } from '../terminal';

/** Compares every loss with the user's Python, or a case of the user's own with Python's answer. */
export const parity = defineCommand({
  name: 'parity',
  summary: 'Compare every loss with Python on this machine, bit for bit',
  description:
    '  Runs every loss, option, reduction and dtype on the same seeded inputs here and in Python. Compares values,\n' +
    '  gradients, errors and warnings. With --case, runs a case that Python saved instead.\n' +
    '  The exit status is 0 if all are equal (or within --rtol and --atol), else 1.',
  options: {
    python: {
      type: 'string',
      value: 'FILE',
      description: 'The Python to compare with (default: the one whose torch is in use)',
    },
    loss: {
      type: 'string',
      multiple: true,
      value: 'NAME',
      description: 'Compare only this loss; may be repeated',
    },
    dtype: {
      type: 'string',
      multiple: true,
      value: 'NAME',
      description: 'Compare only this dtype; may be repeated',
    },
    device: {
      type: 'string',
      multiple: true,
      value: 'NAME',
      description: 'The device; may be repeated (default: cpu, and cuda if there is one)',
    },
    'python-device': {
      type: 'string',
      value: 'NAME',
      description: "Python's device, if it is not the same",
    },
    seed: { type: 'string', value: 'NUMBER', default: '0', description: 'The seed of the inputs' },
    cases: {
      type: 'string',
      value: 'NUMBER',
      description: 'The number of cases (default: each combination once)',
    },
    threads: {
      type: 'string',
      value: 'NUMBER',
      description: "The number of threads, here and in Python (default: libtorch's own)",
    },
    rtol: {
      type: 'string',
      value: 'NUMBER',
      description: 'Relative tolerance, as in torch.isclose (default: 0)',
    },
    atol: {
      type: 'string',
      value: 'NUMBER',
      description: 'Absolute tolerance, as in torch.isclose (default: 0)',
    },
    kernels: {
      type: 'boolean',
      description: 'Switch on all own kernels (torch.backends.kernels)',
    },
    case: {
      type: 'string',
      value: 'FILE',
      description: 'Run a case that Python saved: .safetensors or .npz',
    },
    html: { type: 'string', value: 'FILE', description: 'Write the report as a web page' },
    'json-file': { type: 'string', value: 'FILE', description: 'Write the report as JSON' },
  },
  examples: [
    {
      command: 'npx torch-losses parity',
      does: 'Compare each combination once, with the Python whose torch is in use',
    },
    {
      command: 'npx torch-losses parity --cases 50000 --seed 7 --html parity.html',
      does: 'Add random cases, and write a report as a web page',
    },
    {
      command: 'npx torch-losses parity --python ./venv/bin/python --rtol 1e-6 --atol 1e-7',
      does: 'Compare with another version of torch, within tolerances',
    },
    {
      command: 'npx torch-losses parity --case step-1000.safetensors',
      does: 'Run a case of your own program',
    },
  ],
  async run(values, terminal) {
    const seed = integer(values.seed, '--seed', 0)!;
    const cases = integer(values.cases, '--cases', 1);
    const threads = integer(values.threads, '--threads', 1);
    const tolerance = toleranceOf(values.rtol, values.atol);
    // Two processes share the cores: a thread that waits must not spin. libtorch reads it when it is loaded.
    process.env['OMP_WAIT_POLICY'] ??= 'PASSIVE';
    const { default: torch } = await import('../../index.js');
    if (threads !== undefined) torch.set_num_threads(threads);
    if (values.kernels) torch.backends.kernels.enabled = true;

    if (values.case !== undefined)
      return compareCase(values.case, { tolerance, threads }, terminal);

    const { runParity, LOSS_NAMES } = await import('../../testing/parity/run.js');
    const { DTYPES } = await import('../../testing/parity/generate.js');
    let progress: Progress | undefined;
    const report = await runParity({
      python: values.python ?? (await defaultPython()),
      seed,
      dtypes: chosen(values.dtype, DTYPES, '--dtype') as readonly DType[],
      devices: values.device.map(deviceName),
      ...(values.loss.length && { losses: chosen(values.loss, LOSS_NAMES, '--loss') }),
      ...(cases !== undefined && { cases }),
      ...(values['python-device'] && { pythonDevice: deviceName(values['python-device']) }),
      ...(tolerance && { tolerance }),
      onProgress: (done, total, loss) => {
        progress ??= terminal.progress('Comparing with Python', total);
        progress.update(done, loss);
      },
    }).catch((error: Error) => {
      progress?.finish('failed');
      if (error.name !== 'OracleError') throw error;
      throw new CommandError(
        `Comparing with Python failed: ${error.message}`,
        'Choose another interpreter with --python, or other devices with --device and --python-device.',
      );
    });
    progress?.finish();
    await write(report, values, terminal);
    return report.verdict === 'different' ? EXIT.failure : EXIT.success;
  },
});

async function compareCase(
  file: string,
  options: { tolerance: Tolerance | undefined; threads: number | undefined },
  terminal: Terminal,
): Promise<number> {
  const { runCase } = await import('../../testing/parity/run_case.js');
  const { caseText } = await import('../../testing/parity/report/case.js');
  const { jsonReport } = await import('../../testing/parity/report/json.js');
  let report: CaseReport;
  try {
    report = runCase(file, options);
  } catch (error) {
    throw new CommandError(`The case cannot be run: ${(error as Error).message}`);
  }
  terminal.result(jsonReport(report), () => caseText(report, terminal.styles));
  return report.verdict === 'different' ? EXIT.failure : EXIT.success;
}

async function write(
  report: ParityReport,
  files: { readonly html: string | undefined; readonly 'json-file': string | undefined },
  terminal: Terminal,
): Promise<void> {
  const { terminalReport } = await import('../../testing/parity/report/terminal.js');
  const { htmlReport } = await import('../../testing/parity/report/html.js');
  const { jsonReport } = await import('../../testing/parity/report/json.js');
  const json = jsonReport(report);
  if (files.html !== undefined) save(files.html, htmlReport(report));
  if (files['json-file'] !== undefined)
    save(files['json-file'], `${JSON.stringify(json, null, 2)}\n`);
  terminal.result(json, () => terminalReport(report, terminal.styles));
}

function save(file: string, content: string): void {
  try {
    writeFileSync(file, content);
  } catch (error) {
    throw new CommandError(`${file} cannot be written: ${(error as Error).message}`);
  }
}

/** The Python whose torch is in use, else the first on PATH. */
async function defaultPython(): Promise<string> {
  const { libtorch } = await import('../../bindings/native/index.js');
  const { activePythons } = await import('../../bindings/libtorch/python.js');
  const python = libtorch.python ?? activePythons()[0];
  if (python) return python;
  throw new CommandError('There is no Python to compare with.', 'Choose one with --python FILE.');
}

function integer(text: string | undefined, option: string, least: number): number | undefined {
  if (text === undefined) return undefined;
  const value = Number(text);
  if (Number.isSafeInteger(value) && value >= least && /^\d+$/.test(text)) return value;
  throw new UsageError(
    `${option} must be an integer of at least ${least}, but got ${JSON.stringify(text)}`,
  );
}

function toleranceOf(rtol: string | undefined, atol: string | undefined): Tolerance | undefined {
  if (rtol === undefined && atol === undefined) return undefined;
  return { rtol: nonNegative(rtol ?? '0', '--rtol'), atol: nonNegative(atol ?? '0', '--atol') };
}

function nonNegative(text: string, option: string): number {
  const value = Number(text);
  if (text.trim() !== '' && Number.isFinite(value) && value >= 0) return value;
  throw new UsageError(`${option} must be a number of at least 0, but got ${JSON.stringify(text)}`);
}

function chosen(
  given: readonly string[],
  allowed: readonly string[],
  option: string,
): readonly string[] {
  const unknown = given.find((name) => !allowed.includes(name));
  if (unknown !== undefined) {
    throw new UsageError(
      `${option} must be one of ${allowed.join(', ')}, but got ${JSON.stringify(unknown)}`,
    );
  }
  return given.length ? given : allowed;
}

function deviceName(text: string): string {
  if (/^(cpu|cuda(:\d+)?)$/.test(text)) return text;
  throw new UsageError(
    `A device must be cpu, cuda or cuda:NUMBER, but got ${JSON.stringify(text)}`,
  );
}
