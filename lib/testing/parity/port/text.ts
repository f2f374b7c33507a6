/** What came of a run, as text. */
import { differenceLines, thousands } from '../../difference/text';
import type { RunReport, TensorReport } from './comparison';

export interface TextStyles {
  bold(text: string): string;
  dim(text: string): string;
  good(text: string): string;
  bad(text: string): string;
  warning(text: string): string;
}

const same = (text: string): string => text;
const PLAIN: TextStyles = { bold: same, dim: same, good: same, bad: same, warning: same };

/** Differences that are shown in full; the report as JSON has all. */
const MOST_SHOWN = 10;

const VERDICTS = {
  equal: 'Equal bit for bit',
  close: 'Within the tolerance',
  different: 'Not equal',
};

export function runText(report: RunReport, styles: TextStyles = PLAIN): string {
  const { bold, good, bad, warning } = styles;
  const marks = { equal: good('✓'), close: warning('≈'), different: bad('✗') };
  const { results } = report;
  const shown = results.filter(({ verdict }) => verdict !== 'equal');
  const equal = results.length - shown.length;
  const rest = shown.length - MOST_SHOWN;
  const between = report.last
    ? `The first that differs is ${report.first}; the last before it that does not is ${report.last}: the cause lies between.`
    : `The first that differs is ${report.first}; nothing before it was compared.`;
  return [
    `${marks[report.verdict]} ${bold(report.path)}: ${VERDICTS[report.verdict]}, ${thousands(equal)} of ${thousands(results.length)} tensors equal`,
    ...(report.first ? [`  ${between}`] : []),
    ...report.problems.map((problem) => `  ${problem}`),
    ...shown
      .slice(0, MOST_SHOWN)
      .flatMap((result) => [
        `${marks[result.verdict]} ${result.name}, step ${result.step}: ${resultText(result)}`,
        ...detailsOf(result).map((text) => `    ${text}`),
        ...result.diagnoses.map((text) => `    ${bold(text)}`),
      ]),
    ...(rest > 0 ? [`  … and ${rest} more, which --json-file lists`] : []),
    ...report.notes.map((note) => warning(`  ${note}`)),
  ].join('\n');
}

function resultText({ dtype, shape, problem, difference }: TensorReport): string {
  if (problem) return problem;
  const { different, count } = difference!;
  return `${dtype}[${shape.join(', ')}]: ${thousands(different)} of ${thousands(count)} elements differ`;
}

const detailsOf = ({ difference }: TensorReport): string[] =>
  difference ? differenceLines(difference, ['Python', 'here']) : [];
