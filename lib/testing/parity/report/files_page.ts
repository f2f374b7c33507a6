/** Formats the results of runs and cases as one HTML file, with every difference. */
import { escaped, figures, legend, page, section, table } from '../../../utils/html/page';
import { wordsOf } from '../../diagnosis/evidence';
import { differenceLines, thousands } from '../../difference/text';
import type { RunReport } from '../port/comparison';
import { PROPERTIES, type Sides } from '../port/environments';
import type { TensorReport } from '../port/tensor_report';
import { betweenText, resultText } from '../port/text';
import { heatMap, histogram } from './difference_charts';
import { countsOf, type FileResult, titleOf, verdictOfFiles } from './files';

/** The number of differences that are unfolded at first. */
const UNFOLDED = 3;

export function filesPage(results: readonly FileResult[], date: string): string {
  const counts = countsOf(results);
  const head = {
    command: 'parity',
    title: titleOf(results),
    verdict: verdictOfFiles(results) === 'unrun' ? 'different' : verdictOfFiles(results),
    date,
    lead: 'Each tensor is compared with the one that was recorded, bit for bit unless a tolerance is given.',
  };
  return page(head, [
    figures([
      [thousands(results.length), results.length === 1 ? 'file' : 'files'],
      ...(counts.unrun ? [[thousands(counts.unrun), 'could not be run'] as const] : []),
      [thousands(counts.equal), 'tensors equal bit for bit'],
      ...(counts.close ? [[thousands(counts.close), 'within the tolerance'] as const] : []),
      [thousands(counts.different), 'different'],
    ]),
    ...results.map((result, i) =>
      'error' in result ? unrun(result.path, result.error) : fileSection(result.report, i),
    ),
  ]);
}

const unrun = (path: string, error: string): string =>
  section(path, `<p>It could not be run:</p><pre>${escaped(error)}</pre>`);

function fileSection(report: RunReport & { loss?: string }, file: number): string {
  const { results, problems, notes, sides } = report;
  const shown = [...results.entries()].filter(([, { verdict }]) => verdict !== 'equal');
  const between = betweenText(report);
  const { noun } = wordsOf(sides.recorded.language);
  return section(
    report.path,
    [
      ...(between ? [`<p>${escaped(between)}</p>`] : []),
      ...problems.map((problem) => `<p>${escaped(problem)}</p>`),
      callTable(report),
      stepsOf(report, file),
      ...shown.map(([at, result], i) => differenceOf(result, noun, `${file}-${at}`, i < UNFOLDED)),
      ...(notes.length ? [`<pre>${escaped(notes.join('\n'))}</pre>`] : []),
      '<h3>The two sides</h3>',
      sidesTable(sides),
    ].join('\n'),
  );
}

function callTable({ loss, ...report }: RunReport & { loss?: string }): string {
  if (loss === undefined) return '';
  const given = (report as { arguments?: Record<string, string> }).arguments ?? {};
  const rows = Object.entries(given).map(([name, value]) => [name, value].map(escaped));
  return table([escaped(loss), ''], rows, 'text');
}

/** Returns the tensors of each step in the order of computation, green up to the first one that differs. */
function stepsOf({ results }: RunReport, file: number): string {
  const first = results.findIndex(({ verdict }) => verdict === 'different');
  const steps = new Map<number, string[]>();
  for (const [at, result] of results.entries()) {
    const { name, verdict, step } = result;
    const isLater = first >= 0 && at > first && verdict === 'equal';
    const kinds = [verdict, ...(at === first ? ['first'] : []), ...(isLater ? ['later'] : [])];
    const label =
      verdict === 'equal' ? escaped(name) : `<a href="#${file}-${at}">${escaped(name)}</a>`;
    const chip = `<li class="${kinds.join(' ')}">${label}</li>`;
    steps.set(step, [...(steps.get(step) ?? []), chip]);
  }
  const verdicts = new Set(results.map(({ verdict }) => verdict));
  const hasLater = first >= 0 && results.slice(first).some(({ verdict }) => verdict === 'equal');
  const rows = [...steps].map(
    ([step, chips]) => `<div class="step"><b>Step ${step}</b><ol>${chips.join('')}</ol></div>`,
  );
  return `${legend([
    ['equal', 'equal'],
    ...(hasLater ? [['later', 'equal, after a difference'] as const] : []),
    ...(verdicts.has('close') ? [['close', 'within the tolerance'] as const] : []),
    ...(first >= 0 ? [['different', 'different'] as const] : []),
  ])}<div class="steps">${rows.join('')}</div>`;
}

function differenceOf(result: TensorReport, recorder: string, id: string, isOpen: boolean): string {
  const { name, step, verdict, difference, diagnoses, dtype, shape } = result;
  const lines = difference ? differenceLines(difference, [recorder, 'here']) : [];
  const shapeShown = dtype.includes('complex') ? [...shape, 2] : shape;
  return (
    `<details id="${id}"${isOpen ? ' open' : ''}><summary><i class="${verdict}"></i><code>${escaped(name)}</code>, step ${step}: ` +
    `${escaped(resultText(result))}</summary>` +
    diagnoses.map((text) => `<p class="cause">${escaped(text)}</p>`).join('') +
    (lines.length ? `<pre>${escaped(lines.join('\n'))}</pre>` : '') +
    (difference && difference.count > 1
      ? `<div class="charts">${heatMap(difference, shapeShown)}${histogram(difference)}</div>`
      : '') +
    '</details>'
  );
}

function sidesTable({ recorded, here }: Sides): string {
  const rows = Object.entries({ runtime: 'runtime', ...PROPERTIES }).map(([name, what]) => {
    const key = name as 'runtime' | keyof typeof PROPERTIES;
    const cells = [recorded[key], here[key]].map((value) =>
      escaped(String(value ?? 'not recorded')),
    );
    const isOther = key !== 'runtime' && recorded[key] !== null && recorded[key] !== here[key];
    return [isOther ? `<i class="different"></i>${what}` : what, ...cells];
  });
  const kernels = [recorded, here].map(({ kernels: on }) => escaped(on.join(', ') || 'none'));
  return table(
    ['', escaped(recorded.language), escaped(here.language)],
    [...rows, ['own kernels', ...kernels]],
    'text',
  );
}
