/** Formats the report on a run as text. */
import { wordsOf } from '../../diagnosis/evidence';
import { differenceLines, thousands } from '../../difference/text';
import type { RunReport } from './comparison';
import type { TensorReport } from './tensor_report';

export interface TextStyles {
  bold(text: string): string;
  dim(text: string): string;
  good(text: string): string;
  bad(text: string): string;
  warning(text: string): string;
}

const same = (text: string): string => text;
export const PLAIN: TextStyles = { bold: same, dim: same, good: same, bad: same, warning: same };

/** The number of differences that are shown in full. The report as JSON has all. */
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
  const between = betweenText(report);
  const { noun } = wordsOf(report.sides.recorded.language);
  return [
    `${marks[report.verdict]} ${bold(report.path)}: ${VERDICTS[report.verdict]}, ${thousands(equal)} of ${thousands(results.length)} tensors equal`,
    ...(between ? [`  ${between}`] : []),
    ...report.problems.map((problem) => `  ${problem}`),
    ...shown
      .slice(0, MOST_SHOWN)
      .flatMap((result) => [
        `${marks[result.verdict]} ${result.name}, step ${result.step}: ${resultText(result)}`,
        ...detailsOf(result, noun).map((text) => `    ${text}`),
        ...result.diagnoses.map((text) => `    ${bold(text)}`),
      ]),
    ...(rest > 0 ? [`  … and ${rest} more: --html, --json-file and --junit list them`] : []),
    ...report.notes.map((note) => warning(`  ${note}`)),
  ].join('\n');
}

/** Names the tensors between which the cause lies. Empty if all are equal. */
export function betweenText({ first, last }: RunReport): string {
  if (!first) return '';
  return last
    ? `The first that differs is ${first}; the last before it that does not is ${last}: the cause lies between.`
    : `The first that differs is ${first}; nothing before it was compared.`;
}

/** Describes the problem of a tensor. */
export function resultText({ dtype, shape, problem, difference }: TensorReport): string {
  if (problem) return problem;
  if (!difference) return `${dtype}[${shape.join(', ')}]: equal`;
  const { different, count } = difference;
  return `${dtype}[${shape.join(', ')}]: ${thousands(different)} of ${thousands(count)} elements differ`;
}

const detailsOf = ({ difference }: TensorReport, recorder: string): string[] =>
  difference ? differenceLines(difference, [recorder, 'here']) : [];
