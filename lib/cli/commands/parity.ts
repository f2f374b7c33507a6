import { readFileSync } from 'node:fs';
import path from 'node:path';

import type { DType } from '../../testing/parity/inputs';
import type { ParityReport } from '../../testing/parity/run';
import type { Tolerances } from '../../testing/tolerances';
import { defineCommand } from '../command';
import { CommandError, EXIT, UsageError } from '../errors';
import { defaultPython, integer, nonNegative, save } from '../parity_values';
import type { Progress } from '../progress';
import type { Terminal } from '../terminal';

/** Compares every loss with the user's Python, or cases and runs of the user with Python's results. */
export const parity = defineCommand({
  name: 'parity',
  summary: 'Compare every loss with Python on this machine, bit for bit',
  description:
    '  Runs every loss, option, reduction and dtype on the same seeded inputs here and in Python. Compares values,\n' +
    '  gradients, errors and warnings. With --case, runs a case that Python saved instead. With --port and --run, runs\n' +
    '  a port of your own on what its original recorded in Python.\n' +
    '  The exit status is 0 if all are equal or within the tolerances, 1 if one differs, 2 if one could not be run.',
  errorStatus: EXIT.unrun,
  operands: { usage: '[FILE…]', least: 0, most: Infinity },
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
    seed: {
      type: 'string',
      value: 'NUMBER',
      description: 'The seed of the inputs (default: 0)',
    },
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
      multiple: true,
      value: 'NUMBER',
      description: 'Relative tolerance, as in torch.isclose; of a run, NAME=NUMBER too',
    },
    atol: {
      type: 'string',
      multiple: true,
      value: 'NUMBER',
      description: 'Absolute tolerance, as in torch.isclose; of a run, NAME=NUMBER too',
    },
    ulps: {
      type: 'string',
      multiple: true,
      value: 'NUMBER',
      description:
        'Tolerance of a run in ulps, NUMBER or NAME=NUMBER; NaN equals NaN, and 0 equals -0',
    },
    kernels: {
      type: 'boolean',
      description: 'Switch on all own kernels (torch.backends.kernels)',
    },
    case: {
      type: 'string',
      multiple: true,
      value: 'FILE',
      description:
        'Run a case that Python saved: .safetensors or .npz; may be repeated, and a glob',
    },
    port: {
      type: 'string',
      value: 'FILE',
      description: 'The port to run on --run: .js, .mjs, .cjs, or .ts if Node or tsx runs it',
    },
    run: {
      type: 'string',
      multiple: true,
      value: 'FILE',
      description: 'A recorded run; may be repeated, and a glob; operands are more runs',
    },
    'in-python': {
      type: 'string',
      value: 'MODULE:FUNCTION',
      description: 'Run this Python function on --run, which TypeScript recorded',
    },
    recorder: {
      type: 'boolean',
      description: 'Write torch_losses_run.py, which records runs in Python, to this folder',
    },
    html: { type: 'string', value: 'FILE', description: 'Write the report as a web page' },
    'json-file': { type: 'string', value: 'FILE', description: 'Write the report as JSON' },
    junit: { type: 'string', value: 'FILE', description: 'Write the report as JUnit XML, for CI' },
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
    {
      command: 'npx torch-losses parity --port ./focal.ts --run "runs/*.safetensors"',
      does: 'A port of your own code, on what record_run of --recorder recorded in Python',
    },
  ],
  async run(values, terminal, operands) {
    if (values.recorder) {
      const other = Object.entries(values).find(
        ([name, value]) => !ALONE.has(name) && isGiven(value),
      );
      if (other || operands.length) {
        throw new UsageError(`--recorder goes without ${other ? `--${other[0]}` : operands[0]}`);
      }
      return writeRecorder(terminal);
    }
    const isOfFiles = values.case.length || values.run.length || values.port || values['in-python'];
    if (isOfFiles) {
      const { compareFiles } = await import('../parity_files.js');
      return compareFiles(values, operands, terminal);
    }
    if (operands.length) throw new UsageError(`Unexpected argument ${JSON.stringify(operands[0])}`);
    if (values.ulps.length) throw new UsageError('--ulps is for --port and --in-python');
    const seed = integer(values.seed ?? '0', '--seed', 0)!;
    const cases = integer(values.cases, '--cases', 1);
    const threads = integer(values.threads, '--threads', 1);
    const tolerance = toleranceOf(values.rtol.at(-1), values.atol.at(-1));
    // Set before libtorch is loaded: the threads of two processes share the cores, so a waiting thread must not spin.
    process.env['OMP_WAIT_POLICY'] ??= 'PASSIVE';
    const { default: torch } = await import('../../index.js');
    if (threads !== undefined) torch.set_num_threads(threads);
    if (values.kernels) torch.backends.kernels.enabled = true;

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

/** The options that are allowed together with --recorder. */
const ALONE = new Set(['recorder', 'json', 'color', 'no-color', 'help']);

const isGiven = (value: unknown): boolean =>
  Array.isArray(value) ? value.length > 0 : value !== undefined && value !== false;

async function writeRecorder(terminal: Terminal): Promise<number> {
  const { RECORDER } = await import('../../testing/parity/port/recorder.js');
  const file = path.basename(RECORDER);
  save(file, readFileSync(RECORDER, 'utf8'));
  terminal.result({ file }, () => `Wrote ${file}: copy it to your Python program`);
  return EXIT.success;
}

async function write(
  report: ParityReport,
  files: Readonly<Record<'html' | 'json-file' | 'junit', string | undefined>>,
  terminal: Terminal,
): Promise<void> {
  const { terminalReport } = await import('../../testing/parity/report/terminal.js');
  const { htmlReport } = await import('../../testing/parity/report/html.js');
  const { jsonReport } = await import('../../testing/parity/report/json.js');
  const json = jsonReport(report);
  if (files.html !== undefined) save(files.html, htmlReport(report));
  if (files.junit !== undefined) {
    const { lossesJunit } = await import('../../testing/parity/report/junit.js');
    save(files.junit, lossesJunit(report));
  }
  if (files['json-file'] !== undefined)
    save(files['json-file'], `${JSON.stringify(json, null, 2)}\n`);
  terminal.result(json, () => terminalReport(report, terminal.styles));
}

function toleranceOf(rtol: string | undefined, atol: string | undefined): Tolerances | undefined {
  if (rtol === undefined && atol === undefined) return undefined;
  return { rtol: nonNegative(rtol ?? '0', '--rtol'), atol: nonNegative(atol ?? '0', '--atol') };
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
