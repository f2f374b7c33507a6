/** Formats the result of a user's case for a terminal. */
import { thousands } from '../../difference/text';
import { PLAIN, runText, type TextStyles } from '../port/text';
import type { CaseReport } from '../run_case';

export function caseText(report: CaseReport, styles: TextStyles = PLAIN): string {
  const { bold, dim } = styles;
  const equal = report.results.filter(({ verdict }) => verdict === 'equal');
  return [
    bold(report.loss),
    ...Object.entries(report.arguments).map(([name, value]) => dim(`  ${name} = ${value}`)),
    ...equal.map(({ name, dtype, shape }) => {
      const count = shape.reduce((product, size) => product * size, 1);
      const what = `${dtype}[${shape.join(', ')}]`;
      return `${styles.good('✓')} ${name}, ${what}: all ${thousands(count)} elements equal`;
    }),
    runText(report, styles),
  ].join('\n');
}
