/** The charts of the distribution: histogram, classes, calibration. */
import { line, rectangle, svg, text, WIDTH } from '../../utils/html/svg';
import type { Buckets } from '../buckets';
import { BINS, type Bin, type ClassCounts } from '../statistics';
import { countText, numberText, percentText, ticksOf } from './text';

const HISTOGRAM_BINS = 80;
/** What is left out at each end of a histogram whose range is much longer otherwise. */
const TAIL = 0.005;

export interface HistogramRange {
  readonly from: number;
  readonly to: number;
}

/** Returns the range that a histogram shows: all numbers, or those without the tails. */
export function rangeOf(buckets: Buckets): HistogramRange {
  const { least, greatest } = buckets;
  const [low, high] = [buckets.quantile(TAIL), buckets.quantile(1 - TAIL)];
  const isShort = greatest - least <= 1.5 * (high - low);
  const [from, to] = isShort ? [least, greatest] : [low, high];
  if (to > from) return { from, to };
  const around = Math.abs(from) / 10 || 0.5;
  return { from: from - around, to: to + around };
}

/** Returns how many values are in which range, with the median and the mean marked. Tails may be left out. */
export function histogramChart(buckets: Buckets, what: string, mean: number): string {
  const range = rangeOf(buckets);
  const counts = buckets.histogram(range.from, range.to, HISTOGRAM_BINS);
  const [top, bottom] = [34, 220];
  const most = Math.max(...counts, 1);
  const x = (value: number): number => ((value - range.from) / (range.to - range.from)) * WIDTH;
  const width = WIDTH / HISTOGRAM_BINS;
  const bars = counts.map((count, i) => {
    const height = (count / most) * (bottom - top);
    const low = range.from + ((range.to - range.from) * i) / HISTOGRAM_BINS;
    const high = range.from + ((range.to - range.from) * (i + 1)) / HISTOGRAM_BINS;
    const title = `${numberText(low)} to ${numberText(high)}: about ${countText(count)}`;
    return rectangle(
      { x: i * width + 0.5, y: bottom - height, width: width - 1, height },
      'bars',
      title,
    );
  });
  const marks = (
    [
      ['median', buckets.quantile(0.5), 12],
      ['mean', mean, 26],
    ] as const
  )
    .filter(([, value]) => value >= range.from && value <= range.to)
    .flatMap(([name, value, y]) => [
      line([x(value), y + 3], [x(value), bottom], 'mark'),
      text(clamped(x(value), 60), y, `${name} ${numberText(value)}`, 'name'),
    ]);
  const ticks = ticksOf(range.from, range.to, 10).flatMap((value) => [
    line([x(value), bottom], [x(value), bottom + 4], 'axis'),
    text(clamped(x(value), 24), bottom + 17, numberText(value), 'tick'),
  ]);
  return svg(bottom + 24, `Histogram of ${what}`, [
    ...bars,
    line([0, bottom], [WIDTH, bottom], 'axis'),
    ...ticks,
    ...marks,
  ]);
}

/** Keeps a text in the chart. */
const clamped = (x: number, half: number): number => Math.max(half, Math.min(WIDTH - half, x));

const ROW = 22;
const LABEL = 90;
/** A chart has so many classes. */
export const MOST_CLASSES = 20;

/** Returns the means of classes as bars, the highest first. */
export function classesChart(classes: readonly (readonly [number, ClassCounts])[]): string {
  const means = classes.map(([, { count, sum }]) => sum / count);
  const [low, high] = [Math.min(0, ...means), Math.max(0, ...means)];
  const scale = (WIDTH - LABEL - 260) / (high - low || 1);
  const zero = LABEL - low * scale;
  const rows = classes.flatMap(([name, { count, correct }], i) => {
    const mean = means[i]!;
    const y = i * ROW;
    const width = Math.abs(mean) * scale;
    const right = correct === null ? '' : `, ${percentText(correct / count)} predicted`;
    const note = `${numberText(mean)} (${countText(count)} losses${right})`;
    const x = mean < 0 ? zero - width : zero;
    return [
      text(LABEL - 10, y + 15, `class ${name}`, 'label'),
      rectangle({ x, y: y + 4, width, height: ROW - 8 }, 'bars', `class ${name}: ${note}`),
      text(Math.max(x + width, zero) + 8, y + 15, note, 'begin'),
    ];
  });
  return svg(classes.length * ROW, 'Mean of each class', rows);
}

const SQUARE = 340;

/** Returns what came true of predictions, by their probability. On the diagonal, it is as often as predicted. */
export function calibrationChart(bins: readonly Bin[]): string {
  const [left, top, side] = [36, 8, SQUARE - 56];
  const x = (share: number): number => left + share * side;
  const y = (share: number): number => top + (1 - share) * side;
  const bars = bins.flatMap(({ count, confidence, outcome }, i) => {
    if (count === 0) return [];
    const came = outcome / count;
    const title =
      `${countText(count)} predictions of ${percentText(confidence / count)} on average: ` +
      `${percentText(came)} came true`;
    const width = side / BINS - 1;
    return [
      rectangle({ x: x(i / BINS) + 0.5, y: y(came), width, height: came * side }, 'bars', title),
    ];
  });
  const ticks = [0, 0.25, 0.5, 0.75, 1].flatMap((share) => [
    text(x(share), top + side + 16, percentText(share).replace('.0', ''), 'tick'),
    text(left - 6, y(share) + 4, percentText(share).replace('.0', ''), 'end'),
  ]);
  return svg(
    SQUARE - 20,
    'Calibration',
    [
      ...bars,
      line([x(0), y(0)], [x(1), y(0)], 'axis'),
      line([x(0), y(0)], [x(0), y(1)], 'axis'),
      line([x(0), y(0)], [x(1), y(1)], 'diagonal'),
      ...ticks,
    ],
    SQUARE,
  );
}

/** Returns how many predictions are of which probability. */
export function confidenceChart(bins: readonly Bin[]): string {
  const [left, top, side] = [36, 8, SQUARE - 56];
  const most = Math.max(...bins.map(({ count }) => count), 1);
  const bars = bins.map(({ count }, i) => {
    const height = (count / most) * side;
    const title = `${percentText(i / BINS)} to ${percentText((i + 1) / BINS)}: ${countText(count)}`;
    const x = left + (i / BINS) * side + 0.5;
    return rectangle({ x, y: top + side - height, width: side / BINS - 1, height }, 'bars', title);
  });
  const ticks = [0, 0.25, 0.5, 0.75, 1].map((share) =>
    text(left + share * side, top + side + 16, percentText(share).replace('.0', ''), 'tick'),
  );
  return svg(
    SQUARE - 20,
    'Probabilities',
    [...bars, line([left, top + side], [left + side, top + side], 'axis'), ...ticks],
    SQUARE,
  );
}
