/** `parity` of files: cases with --case, runs with --port or --in-python. */
import type { RunReport, Tolerances } from '../testing/parity/port/comparison';
import type { CaseReport } from '../testing/parity/run_case';
import { CommandError, EXIT, UsageError } from './errors';
import { expand } from './files';
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
}

/** What came of one file. */
type FileResult =
  | { path: string; report: RunReport | CaseReport; text: string }
  | { path: string; error: string };

/** Compares every file, whatever comes of the others. The exit status is the worst. */
export async function compareFiles(
  values: Given,
  operands: readonly string[],
  terminal: Terminal,
): Promise<number> {
  const compare = await comparerOf(values, terminal);
  const patterns = [...values.case, ...values.run, ...operands];
  const { files, unmatched } = expand(patterns);
  if (unmatched.length) throw new CommandError(`There is no file ${unmatched.join(', ')}`);
  if (!files.length) throw new UsageError('--run must name a file that was recorded');
  const results: FileResult[] = [];
  for (const path of files) {
    results.push(
      await compare(path).then(
        (result) => ({ path, ...result }),
        (error: Error) => ({ path, error: error?.message ?? String(error) }),
      ),
    );
  }
  const { jsonReport } = await import('../testing/parity/report/json.js');
  const reports = results.map((result) => ('error' in result ? result : result.report));
  const json = jsonReport(reports.length === 1 ? reports[0]! : reports);
  const file = values['json-file'];
  if (file !== undefined) save(file, `${JSON.stringify(json, null, 2)}\n`);
  terminal.result(json, () => textOf(results, terminal));
  for (const result of results) {
    if ('error' in result) terminal.note(`${result.path} cannot be run: ${result.error}`);
  }
  if (results.some((result) => 'error' in result)) return EXIT.unrun;
  const isDifferent = results.some(
    (result) => 'report' in result && result.report.verdict === 'different',
  );
  return isDifferent ? EXIT.failure : EXIT.success;
}

type Compare = (path: string) => Promise<{ report: RunReport | CaseReport; text: string }>;

/** Options of the comparison of every loss, which mean nothing for files. */
const OF_LOSSES = ['loss', 'dtype', 'device', 'python-device', 'cases', 'html'];

async function comparerOf(values: Given, terminal: Terminal): Promise<Compare> {
  const { port, threads: threadsText } = values;
  const inPython = values['in-python'];
  const modes = [values.case.length > 0 && '--case', port && '--port', inPython && '--in-python'];
  const given = modes.filter((mode) => typeof mode === 'string' && mode !== '');
  if (given.length > 1) throw new UsageError(`${given.join(' and ')} exclude each other`);
  if (given.length === 0) throw new UsageError('--run needs a program: --port or --in-python');
  const useless = OF_LOSSES.find((name) => {
    const value = values[name];
    return Array.isArray(value) ? value.length > 0 : value !== undefined;
  });
  if (useless) throw new UsageError(`--${useless} is not for ${given[0]}`);
  const threads = integer(threadsText, '--threads', 1);
  const tolerances = tolerancesOf(values);
  const { default: torch } = await import('../index.js');
  if (values['kernels']) torch.backends.kernels.enabled = true;
  if (values.case.length) return caseComparer(tolerances, threads, terminal);
  const { runText } = await import('../testing/parity/port/text.js');
  const show = (report: RunReport) => ({ report, text: runText(report, terminal.styles) });
  if (port !== undefined) {
    const { loadPort } = await import('../testing/parity/port/load_port.js');
    const { reportOn } = await import('../testing/parity/port/replay.js');
    const program = await loadPort(port).catch((error: Error) => {
      throw new CommandError(`The port cannot be loaded: ${error?.message ?? error}`);
    });
    return async (path) => show(await reportOn(path, program, { ...tolerances, threads }));
  }
  if (!/^.+:[^:]+$/.test(inPython!)) {
    throw new UsageError(
      `--in-python must be MODULE:FUNCTION, but got ${JSON.stringify(inPython)}`,
    );
  }
  if (threads !== undefined) throw new UsageError('--threads is not for --in-python');
  const { compareInPython } = await import('../testing/parity/port/in_python.js');
  const python = values.python ?? (await defaultPython());
  return async (path) => show(await compareInPython(path, inPython!, { python, tolerances }));
}

async function caseComparer(
  { rtol, atol, ulps, tolerances }: Tolerances,
  threads: number | undefined,
  terminal: Terminal,
): Promise<Compare> {
  if (ulps !== undefined || tolerances) {
    throw new UsageError('--ulps and tolerances by name are for --port and --in-python');
  }
  const { runCase } = await import('../testing/parity/run_case.js');
  const { caseText } = await import('../testing/parity/report/case.js');
  const isTold = rtol !== undefined || atol !== undefined;
  const tolerance = isTold ? { rtol: rtol ?? 0, atol: atol ?? 0 } : undefined;
  return async (path) => {
    const report = runCase(path, { tolerance, threads });
    return { report, text: caseText(report, terminal.styles) };
  };
}

/** `NUMBER` is the tolerance of all tensors, and `NAME=NUMBER` that of one. */
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

function textOf(results: readonly FileResult[], { styles }: Terminal): string {
  const texts = results.map((result) =>
    'error' in result ? `${styles.bad('✗')} ${result.path}: could not be run` : result.text,
  );
  if (results.length === 1) return texts[0]!;
  const count = (wanted: (result: FileResult) => boolean): number => results.filter(wanted).length;
  const unrun = count((result) => 'error' in result);
  const differ = count((result) => 'report' in result && result.report.verdict === 'different');
  const rest = results.length - unrun - differ;
  return `${texts.join('\n')}\n\n${rest} of ${results.length} files equal or close, ${differ} differ, ${unrun} could not be run`;
}
