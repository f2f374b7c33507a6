/** Numbers as a report shows them. */

/** Formats with five significant digits: `2.3026`, `0.00012346`, `1.2346e+9`. */
export function numberText(value: number): string {
  if (!Number.isFinite(value)) return Number.isNaN(value) ? 'NaN' : value > 0 ? '∞' : '−∞';
  const size = Math.abs(value);
  const text =
    size !== 0 && (size < 1e-4 || size >= 1e7)
      ? value.toExponential(3)
      : String(Number(value.toPrecision(5)));
  return text.replace('-', '−').replace('e−', 'e-');
}

/** Formats a count with separators: `26,415`. */
export const countText = (count: number): string => Math.round(count).toLocaleString('en');

export const percentText = (share: number): string => `${(share * 100).toFixed(1)}%`;

/** Formats a duration: `0.4 s`, `72 s`, `3 h 05 min`. */
export function secondsText(seconds: number): string {
  if (seconds < 10) return `${Number(seconds.toPrecision(2))} s`;
  if (seconds < 300) return `${Math.round(seconds)} s`;
  const minutes = Math.round(seconds / 60);
  if (minutes < 120) return `${minutes} min`;
  return `${Math.floor(minutes / 60)} h ${String(minutes % 60).padStart(2, '0')} min`;
}

/** Returns round numbers within a range, about `count` of them. */
export function ticksOf(from: number, to: number, count: number): number[] {
  const rough = (to - from) / count;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = power * ([1, 2, 5].find((factor) => factor * power >= rough) ?? 10);
  const first = Math.ceil(from / step);
  const ticks: number[] = [];
  for (let i = first; i * step <= to; i++) ticks.push(Number((i * step).toPrecision(12)));
  return ticks;
}
