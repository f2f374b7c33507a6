/** Describes a difference in words. */
import type { Difference } from './difference';

/** Formats a count with separators: `26,415`. */
export const thousands = (count: number): string => count.toLocaleString('en');

/** Formats a distance in ulps: `0`, `3`, `1.2e+6`, `∞`. */
export function ulpsText(ulps: number): string {
  if (!Number.isFinite(ulps)) return '∞';
  return ulps < 1e6 ? thousands(ulps) : ulps.toExponential(1);
}

const relativeText = (value: number): string =>
  Number.isFinite(value) ? value.toPrecision(2) : '∞';

/** Returns a line for each: the distances, the element that is furthest off, and the indices that differ. */
export function differenceLines(
  { ulps, relative, at, values, bits, where }: Difference,
  [expected, actual]: readonly [expected: string, actual: string],
): string[] {
  const place = at.length ? ` at [${at.join(', ')}]` : '';
  return [
    `by at most ${ulpsText(ulps.greatest)} ulps (median ${ulpsText(ulps.median)}), relative ${relativeText(relative.greatest)} (median ${relativeText(relative.median)})`,
    `furthest${place}: ${expected} ${values[0]} (${bits[0]}), ${actual} ${values[1]} (${bits[1]})`,
    ...where,
  ];
}
