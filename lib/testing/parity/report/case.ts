/** Formats the result of a user's case for a terminal. */
import type { Styles } from '../../../cli/terminal';
import { thousands, ulpsText } from '../../difference/text';
import type { CaseReport, CaseResult } from '../run_case';

export function caseText(report: CaseReport, styles: Styles): string {
  const { bold, dim, good, bad, warning } = styles;
  const marks = { equal: good('✓'), close: warning('≈'), different: bad('✗') };
  const verdicts = {
    equal: 'Equal to Python bit for bit',
    close: 'Within the tolerance of Python',
    different: 'Not equal to Python',
  };
  const width = Math.max(...report.results.map(({ name }) => name.length));
  return [
    bold(report.loss),
    ...Object.entries(report.arguments).map(([name, value]) => dim(`  ${name} = ${value}`)),
    '',
    ...report.results.map(
      (result) => `${marks[result.verdict]} ${result.name.padEnd(width)}  ${resultText(result)}`,
    ),
    '',
    `${marks[report.verdict]} ${bold(verdicts[report.verdict])}`,
    ...report.notes.map((note) => warning(`  ${note}`)),
  ].join('\n');
}

function resultText(result: CaseResult): string {
  const { verdict, dtype, shape, different, count, ulps, at, python, ours } = result;
  const what = `${dtype}[${shape.join(', ')}]`;
  if (verdict === 'equal') return `${what}: all ${thousands(count)} elements equal`;
  if (!Number.isFinite(ulps) && python.startsWith('torch.')) {
    return `Python has ${python}, here it is ${ours}`;
  }
  return (
    `${what}: ${thousands(different)} of ${thousands(count)} elements differ, by at most ${ulpsText(ulps)} ulps` +
    `${at.length ? ` at [${at.join(', ')}]` : ''}: Python ${python}, here ${ours}`
  );
}
