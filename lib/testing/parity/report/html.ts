/** Formats the report as one self-contained HTML file. */

import { thousands, ulpsText } from '../../difference/text';
import type { Failure, ParityReport } from '../run';
import type { Grouping } from '../statistics';
import { casesChart, escaped, gridChart } from './charts';
import { STYLE } from './style';
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
  const title = verdictText(report);
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>Parity: ${escaped(title)}</title>
<style>${STYLE}</style>
</head>
<body>
<main>
<header class="${report.verdict}">
<p class="kind">torch-losses parity, ${report.date.slice(0, 16).replace('T', ' ')} UTC</p>
<h1>${escaped(title)}</h1>
<p>${escaped(buildText(report))}.</p>
</header>
${figures(report)}
${section('Cases', `${legend(report)}${casesChart(report)}`)}
${section(
  'Worst distance, in ulps',
  '<p>An ulp is one step from a number to the next that the dtype has; 0 is the same number. Of each loss in each ' +
    'dtype of the input, the worst element of all values and gradients.</p>' +
    gridChart(report),
)}
${failures(report)}
${section('The two sides', sides(report))}
${TABLES.map(([grouping, heading]) => section(heading, groups(report, grouping))).join('\n')}
${section('Again', `<p>The same cases, on the same machine:</p><pre>${escaped(reproduceText(report))}</pre>`)}
</main>
</body>
</html>
`;
}

const section = (heading: string, content: string): string =>
  `<section><h2>${escaped(heading)}</h2>${content}</section>`;

function table(head: readonly string[], rows: readonly (readonly string[])[], kind = ''): string {
  const cells = (tag: string, row: readonly string[]): string =>
    `<tr>${row.map((cell) => `<${tag}>${cell}</${tag}>`).join('')}</tr>`;
  const body = rows.map((row) => cells('td', row)).join('');
  return `<div class="scroll"><table class="${kind}"><thead>${cells('th', head)}</thead><tbody>${body}</tbody></table></div>`;
}

function figures(report: ParityReport): string {
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
  const figure = ([number, what]: readonly [string, string]): string =>
    `<div><b>${number}</b><span>${what}</span></div>`;
  return `<section class="figures">${shown.map(figure).join('')}</section>`;
}

function legend({ settings }: ParityReport): string {
  const kinds = [
    ['equal', 'equal'],
    ['refused', 'both refuse, with the same error'],
    ...(settings.tolerance ? [['close', 'within the tolerance']] : []),
    ['different', 'different'],
  ];
  return `<p class="legend">${kinds.map(([kind, what]) => `<i class="${kind}"></i>${what}`).join('')}</p>`;
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

function failures({ failures: found, total }: ParityReport): string {
  if (!found.length) return '';
  const others = total.close + total.different - found.length;
  const more = others > 0 ? `<p>… and ${thousands(others)} more.</p>` : '';
  return section('Where they differ', found.map(failure).join('') + more);
}

function failure({ loss, case: number, device, call, verdict, differences }: Failure): string {
  return (
    `<details><summary><i class="${verdict}"></i><code>${escaped(call)}</code></summary>` +
    `<p>${escaped(loss)} case ${number} on ${escaped(device)}</p>` +
    `<pre>${escaped(differences.join('\n'))}</pre></details>`
  );
}
