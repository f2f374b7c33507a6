/** The report of a job: one page in HTML that fetches nothing and runs no script. */
import { escaped, figures, legend, page, section, table } from '../../utils/html/page';
import type { Heading } from '../journal';
import { writeFile } from '../output';
import type { ClassCounts, RankedRow, Statistics } from '../statistics';
import type { BatchSummary } from '../summary';
import type { Timing, Totals } from '../totals';
import {
  calibrationChart,
  classesChart,
  confidenceChart,
  histogramChart,
  MOST_CLASSES,
  rangeOf,
} from './charts';
import { type Limit, limitChart, limitOf, namesOf, speedChart, timesOf } from './speed';
import { STYLE } from './style';
import { countText, numberText, percentText, secondsText } from './text';

/** What a report is made of. */
export interface ReportData {
  readonly heading: Heading;
  readonly totals: Totals;
  /** The timings of each machine. */
  readonly machines: readonly (readonly Timing[])[];
}

/** Writes a report. It has its name when it is whole. */
export async function writeReport(file: string, data: ReportData): Promise<void> {
  await writeFile(file, reportPage(data, new Date().toISOString()));
}

/** What is shown: losses, or the differences of two scorings. */
interface Shown {
  readonly what: string;
  readonly statistics: Statistics;
  readonly mean: number;
}

function reportPage({ heading, totals, machines }: ReportData, date: string): string {
  const summary = totals.summary(heading.loss, heading.reduction);
  const { difference } = summary;
  const shown: Shown = difference
    ? { what: 'differences', statistics: totals.difference!.statistics!, mean: difference.mean }
    : { what: 'losses', statistics: totals.statistics!, mean: summary.mean };
  const head = {
    command: 'eval',
    title: titleOf(summary),
    verdict: summary.nan || summary.skipped || (difference?.mean ?? 0) > 0 ? 'close' : 'equal',
    date,
    lead: leadOf(heading, summary),
    style: STYLE,
  };
  return page(head, [
    numbers(summary, totals.statistics!, machines),
    distribution(shown),
    classes(shown),
    calibration(totals.statistics!),
    ...rankings(heading, shown, difference !== undefined),
    problems(summary),
    speed(machines, heading),
    section('The job', job(heading)),
  ]);
}

function titleOf({ loss, mean, rows, difference }: BatchSummary): string {
  const over = `over ${countText(rows)} rows`;
  if (!difference) return `${loss}: mean ${numberText(mean)} ${over}`;
  const { mean: change } = difference;
  const way = change < 0 ? 'lower' : change > 0 ? 'higher' : 'different';
  return `The mean is ${numberText(Math.abs(change))} ${way} ${over}`;
}

function leadOf({ loss, inputs }: Heading, { difference }: BatchSummary): string {
  const files = inputs['compare'];
  if (!difference || !files) return "Losses are those of reduction='none'; their mean is exact.";
  const [first] = files;
  const others = files.length > 1 ? ` and ${files.length - 1} more` : '';
  const now = loss === 'Scores' ? 'the input' : `this ${loss}`;
  return `Differences of ${now}, less ${first!.file}${others}.`;
}

function numbers(
  { mean, losses, nan, infinite, skipped, difference }: BatchSummary,
  { buckets, bins, classes }: Statistics,
  machines: ReportData['machines'],
): string {
  const times = machines.map(timesOf);
  const seconds = Math.max(...times.map((each) => each.seconds), 0);
  const rows = times.reduce((sum, each) => sum + each.rows, 0);
  const found = classes && accuracyOf(classes);
  return figures([
    ...(difference
      ? ([
          [numberText(difference.mean), 'mean difference'],
          [numberText(mean), 'mean now'],
          [numberText(difference.before), 'mean before'],
          [countText(difference.lower), 'losses lower'],
          [countText(difference.higher), 'losses higher'],
          [countText(difference.equal), 'losses equal'],
        ] as const)
      : ([
          [numberText(mean), 'mean'],
          [numberText(buckets.quantile(0.5)), 'median'],
          [numberText(buckets.greatest), 'highest'],
          [countText(losses), 'losses'],
        ] as const)),
    ...(found === undefined ? [] : [[percentText(found), 'classes predicted'] as const]),
    ...(bins ? [[percentText(calibrationErrorOf(bins)), 'calibration error'] as const] : []),
    ...(nan ? [[countText(nan), 'losses NaN'] as const] : []),
    ...(infinite ? [[countText(infinite), 'losses infinite'] as const] : []),
    ...(skipped ? [[countText(skipped), 'rows skipped'] as const] : []),
    [secondsText(seconds), 'time'],
    [countText(rows / (seconds || 1)), 'rows per second'],
  ]);
}

function accuracyOf(classes: ReadonlyMap<number, ClassCounts>): number | undefined {
  let [count, correct] = [0, 0];
  for (const each of classes.values()) {
    if (each.correct === null) return undefined;
    count += each.count;
    correct += each.correct;
  }
  return count ? correct / count : undefined;
}

/** Returns the expected calibration error: the mean distance of what came true from the probabilities. */
function calibrationErrorOf(bins: NonNullable<Statistics['bins']>): number {
  const count = bins.reduce((sum, bin) => sum + bin.count, 0);
  const distance = bins.reduce((sum, bin) => sum + Math.abs(bin.outcome - bin.confidence), 0);
  return count ? distance / count : Number.NaN;
}

const SHARES = [0, 0.01, 0.05, 0.25, 0.5, 0.75, 0.95, 0.99, 1];

function distribution({ what, statistics: { buckets }, mean }: Shown): string {
  if (buckets.count === 0) return section('Distribution', `<p>There are no ${what}.</p>`);
  const name = (share: number): string =>
    share === 0 ? 'lowest' : share === 1 ? 'highest' : share === 0.5 ? 'median' : `${share * 100}%`;
  return section(
    'Distribution',
    histogramChart(buckets, what, mean) +
      note(buckets, what) +
      table(SHARES.map(name), [SHARES.map((share) => numberText(buckets.quantile(share)))]) +
      '<p>Quantiles are less than 0.8% off.</p>',
  );
}

/** Says that a histogram leaves out the tails. */
function note(buckets: Statistics['buckets'], what: string): string {
  const { from, to } = rangeOf(buckets);
  const isWhole = from <= buckets.least && to >= buckets.greatest;
  return isWhole ? '' : `<p>The lowest and the highest 0.5% of the ${what} are not shown.</p>`;
}

/** A report lists so many classes. */
const MOST_LISTED = 1000;

function classes({ what, statistics }: Shown): string {
  if (!statistics.classes) return '';
  const sorted = [...statistics.classes].sort(
    ([a, one], [b, other]) => other.sum / other.count - one.sum / one.count || a - b,
  );
  const rows = sorted
    .slice(0, MOST_LISTED)
    .sort(([a], [b]) => a - b)
    .map(([name, { count, sum, correct }]) => [
      String(name),
      countText(count),
      numberText(sum / count),
      ...(correct === null ? [] : [percentText(correct / count)]),
    ]);
  const isPredicted = sorted.some(([, { correct }]) => correct !== null);
  const head = ['class', what, 'mean', ...(isPredicted ? ['predicted'] : [])];
  const most = sorted.length > MOST_CLASSES ? `, the ${MOST_CLASSES} with the highest mean` : '';
  return section(
    `By class${most}`,
    classesChart(sorted.slice(0, MOST_CLASSES)) +
      `<details><summary>${rows.length} of ${countText(sorted.length)} classes</summary>${table(head, rows)}</details>`,
  );
}

function calibration({ bins }: Statistics): string {
  if (!bins?.some(({ count }) => count > 0)) return '';
  return section(
    'Calibration',
    '<p>How often predictions came true, by their probability. On the dashed line, it is as often as predicted.</p>' +
      `<div class="pair"><figure>${calibrationChart(bins)}<figcaption>Came true, by the probability</figcaption></figure>` +
      `<figure>${confidenceChart(bins)}<figcaption>Number of predictions, by the probability</figcaption></figure></div>`,
  );
}

function rankings(heading: Heading, { statistics }: Shown, isDifference: boolean): string[] {
  const list = (title: string, rows: readonly RankedRow[]): string =>
    rows.length ? section(title, ranked(heading, rows)) : '';
  return isDifference
    ? [
        list(
          'Rows whose loss rose most',
          statistics.highest.filter(({ value }) => value > 0),
        ),
        list(
          'Rows whose loss fell most',
          statistics.lowest.filter(({ value }) => value < 0),
        ),
      ]
    : [list('Rows with the highest loss', statistics.highest)];
}

function ranked({ files }: Heading, rows: readonly RankedRow[]): string {
  const isDifference = rows.some(({ losses }) => losses);
  const head = isDifference
    ? ['file', 'row', 'now', 'before', 'difference']
    : ['file', 'row', 'loss'];
  return table(
    head,
    rows.map(({ row, value, losses }) => {
      const place = placeOf(files, row);
      return [
        escaped(place.file),
        String(place.row),
        ...(losses ?? []).map(numberText),
        numberText(value),
      ];
    }),
  );
}

/** Returns the file and row of a row of the whole input. */
function placeOf(files: Heading['files'], row: number): { file: string; row: number } {
  let left = row;
  for (const [file, rows] of files) {
    if (left < rows) return { file, row: left };
    left -= rows;
  }
  throw new RangeError(`There is no row ${row}`);
}

function problems({ nanRows, skippedRows }: BatchSummary): string {
  const rows = [
    ...skippedRows.map(({ file, row, message }) => [file, String(row), `skipped: ${message}`]),
    ...nanRows.map(({ file, row }) => [file, String(row), 'NaN']),
  ];
  if (rows.length === 0) return '';
  return section(
    'Rows without a loss',
    table(
      ['file', 'row', ''],
      rows.map((row) => row.map(escaped)),
      'text',
    ),
  );
}

function speed(machines: ReportData['machines'], { device, rowBytes }: Heading): string {
  const all = timesOf([]);
  const times = machines.map(timesOf);
  const total = times.reduce((sum, each) => {
    const shares = Object.fromEntries(
      Object.entries(each.shares).map(([kind, share]) => [kind, sum.shares[kind as Limit] + share]),
    ) as Record<Limit, number>;
    return { seconds: sum.seconds + each.seconds, rows: sum.rows + each.rows, shares };
  }, all);
  if (total.seconds === 0) return '';
  const names = namesOf(device);
  const limit = limitOf(total);
  const shares = Object.entries(total.shares).map(
    ([kind, share]) =>
      [kind, `${names[kind as Limit]} ${percentText(share / total.seconds)}`] as const,
  );
  const bytes = (total.rows * rowBytes) / Math.max(...times.map(({ seconds }) => seconds));
  const what = machines.length > 1 ? ` of ${machines.length} shards together` : '';
  return (
    section(
      'What limited it',
      `<p>Most of the time went into ${names[limit]}.</p>${limitChart(total, device)}${legend(shares)}`,
    ) +
    section(
      'Throughput over time',
      `<p>Rows per second${what}; ${countText(bytes / 1e6)} MB of inputs per second on average.</p>` +
        speedChart(machines, rowBytes) +
        (machines.length > 1 ? shardTable(times) : ''),
    )
  );
}

const shardTable = (times: readonly ReturnType<typeof timesOf>[]): string =>
  table(
    ['shard', 'rows', 'time', 'rows per second', 'limited by'],
    times.map((each, i) => [
      String(i + 1),
      countText(each.rows),
      secondsText(each.seconds),
      countText(each.rows / (each.seconds || 1)),
      limitOf(each),
    ]),
  );

const MOST_FILES = 10;

function filesText(files: Heading['inputs'][string]): string {
  const lines = files
    .slice(0, MOST_FILES)
    .map(({ file, size }) => `${file} (${countText(Number(size))} bytes)`);
  const more = files.length - lines.length;
  return [...lines, ...(more ? [`and ${countText(more)} more`] : [])].join('\n');
}

function job(heading: Heading): string {
  const { loss, options, dtypes, device, hardware, libtorch, inputs, outputs, part } = heading;
  const named = (values: Readonly<Record<string, string>>): string =>
    Object.entries(values)
      .map(([name, value]) => `${name}=${value}`)
      .join(', ');
  const rows: [string, string][] = [
    ['loss', loss],
    ['options', named(options)],
    ['dtypes', named(dtypes)],
    ['device', `${device} (${hardware})`],
    ['libtorch', libtorch],
    ...(part === '1/1' ? [] : [['shard', part] as [string, string]]),
    ...Object.entries(inputs).map(([name, files]): [string, string] => [name, filesText(files)]),
    ...Object.entries(outputs).map(([kind, { file }]): [string, string] => [kind, file]),
  ];
  const shown = rows.filter(([, value]) => value);
  return table(
    ['', ''],
    shown.map((row) => row.map((cell) => escaped(cell).replaceAll('\n', '<br>'))),
    'text',
  );
}
