/** Formats the report as one self-contained HTML file. */

import { escaped, figures, legend, page, section, table } from '../../../utils/html/page';
import { thousands, ulpsText } from '../../difference/text';
import type { Failure, ParityReport } from '../run';
import type { Grouping } from '../statistics';
import { casesChart, gridChart } from './charts';
import { buildText, rateText, reproduceText, sidesTable, verdictOf, verdictText } from './text';

/** The groupings that are shown as tables, in order. */
const TABLES: readonly (readonly [Grouping, string])[] = [
  ['loss', 'By loss'],
  ['dtype', 'By dtype'],
  ['reduction', 'By reduction'],
  ['option', 'By option'],
  ['device', 'By device'],
  ['layout', 'By memory layout of the input'],
  ['form', 'Functions and classes'],
];

export function htmlReport(report: ParityReport): string {
  const { verdict, date } = report;
  const head = {
    command: 'parity',
    title: verdictText(report),
    verdict,
    date,
    lead: `${buildText(report)}.`,
  };
  return page(head, [
    totals(report),
    section('Cases', `${kinds(report)}${casesChart(report)}`),
    section('Worst distance, in ulps', `<p>${ULP}</p>${gridChart(report)}`),
    failures(report),
    section('The two sides', sides(report)),
    ...TABLES.map(([grouping, heading]) => section(heading, groups(report, grouping))),
    section(
      'Again',
      `<p>The same cases, on the same machine:</p><pre>${escaped(reproduceText(report))}</pre>`,
    ),
  ]);
}

const ULP =
  'An ulp is one step from a number to the next that the dtype has; 0 is the same number. Of each loss in each ' +
  'dtype of the input, the worst element of all values and gradients.';

function totals(report: ParityReport): string {
  const { total, settings } = report;
  const shown: (readonly [string, string])[] = [
    [thousands(total.cases), 'cases'],
    [thousands(total.equal), 'equal bit for bit'],
    [thousands(total.refused), 'of these refused with the same error'],
    [thousands(total.warned), 'of these with the same warnings'],
    ...(settings.tolerance ? [[thousands(total.close), 'within the tolerance'] as const] : []),
    [thousands(total.different), 'different'],
    [ulpsText(total.ulps.value), 'ulps, worst value'],
    [ulpsText(total.ulps.gradient), 'ulps, worst gradient'],
    [rateText(report), 'cases a second'],
  ];
  return figures(shown);
}

function kinds({ settings }: ParityReport): string {
  return legend([
    ['equal', 'equal'],
    ['refused', 'both refuse, with the same error'],
    ...(settings.tolerance ? [['close', 'within the tolerance'] as const] : []),
    ['different', 'different'],
  ]);
}

function sides(report: ParityReport): string {
  const { machine } = report;
  const rows = sidesTable(report).map(([what, python, ours]) => [what, python, ours].map(escaped));
  return (
    table(['', 'Python', 'torch-losses'], rows, 'text') +
    `<p>${escaped(`${machine.cpu}, ${machine.cores} cores, ${machine.memory_gb} GB, ${machine.system}.`)}</p>` +
    (report.missing.length
      ? `<p>Losses that this Python does not have: ${escaped(report.missing.join(', '))}.</p>`
      : '')
  );
}

function groups({ by }: ParityReport, grouping: Grouping): string {
  const rows = Object.entries(by[grouping]).map(([name, counts]) => [
    `<i class="${verdictOf(counts)}"></i>${escaped(name)}`,
    thousands(counts.cases),
    thousands(counts.equal),
    thousands(counts.refused),
    thousands(counts.close),
    thousands(counts.different),
    ulpsText(counts.ulps.value),
    ulpsText(counts.ulps.gradient),
  ]);
  const head = [
    '',
    'cases',
    'equal',
    'refused',
    'close',
    'different',
    'ulps, value',
    'ulps, gradient',
  ];
  return table(head, rows);
}

function failures({ failures: found }: ParityReport): string {
  if (!found.length) return '';
  return section('Where they differ', found.map(failure).join(''));
}

function failure({ loss, case: number, device, call, verdict, differences }: Failure): string {
  return (
    `<details><summary><i class="${verdict}"></i><code>${escaped(call)}</code></summary>` +
    `<p>${escaped(loss)} case ${number} on ${escaped(device)}</p>` +
    `<pre>${escaped(differences.join('\n'))}</pre></details>`
  );
}
