/** Implements `parity` for files: cases with --case, runs with --port or --in-python. */
import type { RunReport, Tolerances } from '../testing/parity/port/comparison';
import type { FileResult } from '../testing/parity/report/files';
import type { CaseReport } from '../testing/parity/run_case';
import { expand } from '../utils/glob';
import { CommandError, EXIT, UsageError } from './errors';
import { defaultPython, integer, nonNegative, save } from './parity_values';
import type { Terminal } from './terminal';

interface Given {
  readonly [option: string]: string | boolean | readonly string[] | undefined;
  readonly case: readonly string[];
  readonly run: readonly string[];
  readonly port: string | undefined;
  readonly 'in-python': string | undefined;
  readonly rtol: readonly string[];
  readonly atol: readonly string[];
  readonly ulps: readonly string[];
  readonly python: string | undefined;
  readonly threads: string | undefined;
  readonly 'json-file': string | undefined;
  readonly html: string | undefined;
  readonly junit: string | undefined;
}

/** Compares every file, even after one has failed. The exit status is the worst of all. */
export async function compareFiles(
  values: Given,
  operands: readonly string[],
  terminal: Terminal,
): Promise<number> {
  const { compare, textOf } = await comparerOf(values, terminal);
  const patterns = [...values.case, ...values.run, ...operands];
  const { files, unmatched } = expand(patterns);
  if (unmatched.length) throw new CommandError(`There is no file ${unmatched.join(', ')}`);
  if (!files.length) throw new UsageError('--run must name a file that was recorded');
  const results: FileResult[] = [];
  for (const path of files) {
    const report = compare(path);
    results.push(
      await report.then(
        (report) => ({ path, report }),
        (error: Error) => ({ path, error: error?.message ?? String(error) }),
      ),
    );
  }
  await write(results, values, terminal, textOf);
  for (const result of results) {
    if ('error' in result) terminal.note(`${result.path} cannot be run: ${result.error}`);
  }
  const { verdictOfFiles } = await import('../testing/parity/report/files.js');
  const verdict = verdictOfFiles(results);
  if (verdict === 'unrun') return EXIT.unrun;
  return verdict === 'different' ? EXIT.failure : EXIT.success;
}

async function write(
  results: readonly FileResult[],
  files: Given,
  terminal: Terminal,
  textOf: Comparer['textOf'],
): Promise<void> {
  const { jsonReport } = await import('../testing/parity/report/json.js');
  const reports = results.map((result) => ('error' in result ? result : result.report));
  const json = jsonReport(reports.length === 1 ? reports[0]! : reports);
  if (files['json-file'] !== undefined) {
    save(files['json-file'], `${JSON.stringify(json, null, 2)}\n`);
  }
  if (files.html !== undefined) {
    const { filesPage } = await import('../testing/parity/report/files_page.js');
    save(files.html, filesPage(results, new Date().toISOString()));
  }
  if (files.junit !== undefined) {
    const { filesJunit } = await import('../testing/parity/report/junit.js');
    save(files.junit, filesJunit(results));
  }
  terminal.result(json, () => textOfAll(results, terminal, textOf));
}

/** The function that compares a file, and the one that formats its report. */
interface Comparer {
  compare(path: string): Promise<RunReport | CaseReport>;
  textOf(report: RunReport | CaseReport): string;
}

type Mode = '--case' | '--port' | '--in-python';

/** The options that files do not have, and those that only some modes have. */
const OF_LOSSES = ['loss', 'dtype', 'device', 'python-device', 'cases', 'seed'];
const REFUSED: Readonly<Record<Mode, readonly string[]>> = {
  '--case': [...OF_LOSSES, 'python', 'run'],
  '--port': [...OF_LOSSES, 'python'],
  '--in-python': [...OF_LOSSES, 'threads', 'kernels'],
};

function modeOf(values: Given): Mode {
  const modes: [Mode, boolean][] = [
    ['--case', values.case.length > 0],
    ['--port', values.port !== undefined],
    ['--in-python', values['in-python'] !== undefined],
  ];
  const given = modes.filter(([, isGiven]) => isGiven).map(([mode]) => mode);
  if (given.length > 1) throw new UsageError(`${given.join(' and ')} exclude each other`);
  if (given.length === 0) throw new UsageError('--run needs a program: --port or --in-python');
  const mode = given[0]!;
  const useless = REFUSED[mode].find((name) => {
    const value = values[name];
    return Array.isArray(value) ? value.length > 0 : value !== undefined && value !== false;
  });
  if (useless) throw new UsageError(`--${useless} is not for ${mode}`);
  return mode;
}

async function comparerOf(values: Given, terminal: Terminal): Promise<Comparer> {
  const mode = modeOf(values);
  const threads = integer(values.threads, '--threads', 1);
  const tolerances = tolerancesOf(values);
  // Set before libtorch is loaded: a waiting thread must not spin, because other processes use the cores.
  process.env['OMP_WAIT_POLICY'] ??= 'PASSIVE';
  const { default: torch } = await import('../index.js');
  if (values['kernels']) torch.backends.kernels.enabled = true;
  if (mode === '--case') {
    const { runCase } = await import('../testing/parity/run_case.js');
    const { caseText } = await import('../testing/parity/report/case.js');
    return {
      compare: async (path) => runCase(path, { ...tolerances, threads }),
      textOf: (report) => caseText(report as CaseReport, terminal.styles),
    };
  }
  const { runText } = await import('../testing/parity/port/text.js');
  const textOf = (report: RunReport): string => runText(report, terminal.styles);
  if (mode === '--port') {
    const { loadPort } = await import('../testing/parity/port/load_port.js');
    const { reportOn } = await import('../testing/parity/port/replay.js');
    const program = await loadPort(values.port!).catch((error: Error) => {
      throw new CommandError(`The port cannot be loaded: ${error?.message ?? error}`);
    });
    return { textOf, compare: (path) => reportOn(path, program, { ...tolerances, threads }) };
  }
  const program = values['in-python']!;
  if (!/^.+:[^:]+$/.test(program)) {
    throw new UsageError(`--in-python must be MODULE:FUNCTION, but got ${JSON.stringify(program)}`);
  }
  const { compareInPython } = await import('../testing/parity/port/in_python.js');
  const python = values.python ?? (await defaultPython());
  return { textOf, compare: (path) => compareInPython(path, program, { python, tolerances }) };
}

/** Reads tolerances: `NUMBER` for all tensors, `NAME=NUMBER` for one. */
function tolerancesOf(values: Given): Tolerances {
  const all: Record<string, number> = {};
  const named: Record<string, Record<string, number>> = {};
  for (const kind of ['rtol', 'atol', 'ulps'] as const) {
    for (const text of values[kind]) {
      const at = text.lastIndexOf('=');
      const value = nonNegative(text.slice(at + 1), `--${kind}`);
      if (at < 0) all[kind] = value;
      else (named[text.slice(0, at)] ??= {})[kind] = value;
    }
  }
  return { ...all, ...(Object.keys(named).length && { tolerances: named }) };
}

function textOfAll(
  results: readonly FileResult[],
  { styles }: Terminal,
  textOf: Comparer['textOf'],
): string {
  const texts = results.map((result) =>
    'error' in result
      ? `${styles.bad('✗')} ${result.path}: could not be run`
      : textOf(result.report),
  );
  if (results.length === 1) return texts[0]!;
  const count = (wanted: (result: FileResult) => boolean): number => results.filter(wanted).length;
  const unrun = count((result) => 'error' in result);
  const differ = count((result) => 'report' in result && result.report.verdict === 'different');
  const rest = results.length - unrun - differ;
  return `${texts.join('\n')}\n\n${rest} of ${results.length} files equal or close, ${differ} differ, ${unrun} could not be run`;
}
