/** Formats the report for a terminal. */
import type { Styles } from '../../../cli/terminal';
import { thousands, ulpsText } from '../../difference/text';
import type { ParityReport } from '../run';
import { buildText, rateText, verdictOf, verdictText } from './text';

const FAILURES_SHOWN = 5;

export function terminalReport(report: ParityReport, styles: Styles): string {
  const { bold, dim } = styles;
  const { total, seconds, settings, missing, machine } = report;
  return [
    lossTable(report, styles),
    '',
    ...failures(report, styles),
    `${mark(report.verdict, styles)} ${bold(verdictText(report))}`,
    `  ${buildText(report)}`,
    dim(
      `  ${thousands(total.refused)} cases that both sides refuse with the same error, ${thousands(total.warned)} with the same warnings; seed ${settings.seed}; ` +
        `${seconds.toFixed(1)} s, ${rateText(report)} cases a second; ${machine.cpu}`,
    ),
    ...(missing.length ? [dim(`  This Python has no ${missing.join(', ')}`)] : []),
  ].join('\n');
}

function mark(verdict: ParityReport['verdict'], { good, bad, warning }: Styles): string {
  return { equal: good('✓'), close: warning('≈'), different: bad('✗') }[verdict];
}

function lossTable({ by }: ParityReport, styles: Styles): string {
  const rows = Object.entries(by.loss).map(([loss, counts]) => [
    loss,
    thousands(counts.cases),
    thousands(counts.equal),
    thousands(counts.close + counts.different),
    ulpsText(counts.ulps.value),
    ulpsText(counts.ulps.gradient),
  ]);
  const head = ['loss', 'cases', 'equal', 'not', 'ulps, value', 'gradient'];
  const widths = head.map((title, column) =>
    Math.max(title.length, ...rows.map((row) => row[column]!.length)),
  );
  const line = (cells: readonly string[]): string =>
    cells.map((cell, i) => (i ? cell.padStart(widths[i]!) : cell.padEnd(widths[i]!))).join('  ');
  const statistics = Object.values(by.loss);
  return [
    styles.dim(`  ${line(head)}`),
    ...rows.map((row, i) => `${mark(verdictOf(statistics[i]!), styles)} ${line(row)}`),
  ].join('\n');
}

function failures({ failures: found, total }: ParityReport, { bold, dim }: Styles): string[] {
  if (!found.length) return [];
  const losses = new Set(found.map(({ loss }) => loss));
  const firsts = [...losses].map((name) => found.find(({ loss }) => loss === name)!);
  const shown = (losses.size > 1 ? firsts : found).slice(0, FAILURES_SHOWN);
  const others = total.close + total.different - shown.length;
  return [
    bold('Where they differ'),
    ...shown.flatMap(({ loss, case: number, call, differences }) => [
      `  ${call}  ${dim(`(${loss} case ${number})`)}`,
      ...differences.map((text) => `    ${text}`),
    ]),
    ...(others > 0
      ? [dim(`  … and ${thousands(others)} more: --html, --json-file and --junit list them`)]
      : []),
    '',
  ];
}
