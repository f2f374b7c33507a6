/** Numbers as reports show them. */

/** Formats a count with separators: `26,415`. */
export const thousands = (count: number): string => count.toLocaleString('en');

/** Formats a distance in ulps: `0`, `3`, `1.2e+6`, `∞`. */
export function ulpsText(ulps: number): string {
  if (!Number.isFinite(ulps)) return '∞';
  return ulps < 1e6 ? thousands(ulps) : ulps.toExponential(1);
}
