/** How fast a job was, and what limited it. */
import { line, rectangle, svg, text, WIDTH } from '../../utils/html/svg';
import type { Timing } from '../totals';
import { countText, percentText, secondsText, ticksOf } from './text';

/** Where the time of a job went, in seconds. `other` is what the program did that used it. */
export interface Times {
  readonly seconds: number;
  readonly rows: number;
  readonly shares: Readonly<Record<Limit, number>>;
}

export type Limit = 'reading' | 'computing' | 'writing' | 'other';

/** A part of the time, and the rows that it took. */
interface Span {
  readonly from: number;
  readonly to: number;
  readonly rows: number;
}

/** Returns the spans of a machine's chunks. The time between two runs is left out. */
function spansOf(timings: readonly Timing[]): Span[] {
  let before = 0;
  let start = 0;
  return timings.map(({ at, rows }) => {
    const seconds = at / 1000;
    if (seconds < before) {
      start += before;
      before = 0;
    }
    const span = { from: start + before, to: start + seconds, rows };
    before = seconds;
    return span;
  });
}

export function timesOf(timings: readonly Timing[]): Times {
  const sum = (of: 'reading' | 'computing' | 'writing' | 'rows'): number =>
    timings.reduce((total, timing) => total + timing[of], 0);
  const seconds = spansOf(timings).at(-1)?.to ?? 0;
  const shares = {
    reading: sum('reading') / 1000,
    computing: sum('computing') / 1000,
    writing: sum('writing') / 1000,
  };
  const used = shares.reading + shares.computing + shares.writing;
  return { seconds, rows: sum('rows'), shares: { ...shares, other: Math.max(0, seconds - used) } };
}

/** Returns what each kind of time was, for a device. */
export const namesOf = (device: string): Readonly<Record<Limit, string>> => ({
  reading: 'waiting for inputs to be read (disk)',
  computing: `computing (${device === 'cpu' ? 'CPU' : 'GPU'})`,
  writing: 'waiting for results to be written (disk)',
  other: 'between chunks',
});

/** Returns the kind of time that took the most. */
export const limitOf = ({ shares }: Times): Limit =>
  (Object.keys(shares) as Limit[]).reduce((most, each) =>
    shares[each] > shares[most] ? each : most,
  );

/** Returns a bar with the shares of the time. */
export function limitChart({ shares, seconds }: Times, device: string): string {
  const names = namesOf(device);
  let x = 0;
  const bars = (Object.keys(shares) as Limit[]).map((kind) => {
    const share = shares[kind] / (seconds || 1);
    const title = `${names[kind]}: ${percentText(share)}, ${secondsText(shares[kind])}`;
    const bar = rectangle({ x, y: 0, width: share * WIDTH, height: 26 }, kind, title);
    x += share * WIDTH;
    return bar;
  });
  return svg(26, 'Where the time went', bars);
}

const INTERVALS = 80;

/** Returns the rows per second over the time, of all machines together. */
export function speedChart(machines: readonly (readonly Timing[])[], rowBytes: number): string {
  const spans = machines.flatMap(spansOf);
  const seconds = Math.max(...spans.map(({ to }) => to), Number.MIN_VALUE);
  const count = Math.max(1, Math.min(INTERVALS, Math.floor(spans.length / machines.length / 2)));
  const width = seconds / count;
  const rates = Array.from({ length: count }, (_, i) => {
    const [start, end] = [i * width, (i + 1) * width];
    let rows = 0;
    for (const { from, to, rows: of } of spans) {
      const common = Math.min(to, end) - Math.max(from, start);
      if (common > 0) rows += (of * common) / (to - from);
    }
    return rows / width;
  });
  const most = Math.max(...rates);
  const [left, top, bottom] = [80, 10, 170];
  const x = (at: number): number => left + (at / seconds) * (WIDTH - left);
  const y = (rate: number): number => bottom - (rate / (most || 1)) * (bottom - top);
  const points = rates.flatMap((rate, i) => [
    `${x(i * width).toFixed(1)},${y(rate).toFixed(1)}`,
    `${x((i + 1) * width).toFixed(1)},${y(rate).toFixed(1)}`,
  ]);
  const ticks = ticksOf(0, seconds, 8).map((at) =>
    text(Math.min(x(at), WIDTH - 20), bottom + 17, secondsText(at), 'tick'),
  );
  const levels = ticksOf(0, most, 4).flatMap((rate) => [
    line([left, y(rate)], [WIDTH, y(rate)], 'axis'),
    text(left - 8, y(rate) + 4, `${countText(rate)}/s`, 'end'),
  ]);
  const rate = `${countText((most * rowBytes) / 1e6)} MB/s at most`;
  return svg(bottom + 24, `Rows per second over time, ${rate}`, [
    ...levels,
    `<polygon class="area" points="${x(0).toFixed(1)},${bottom} ${points.join(' ')} ${x(seconds).toFixed(1)},${bottom}"/>`,
    `<polyline class="curve" points="${points.join(' ')}"/>`,
    ...ticks,
  ]);
}
