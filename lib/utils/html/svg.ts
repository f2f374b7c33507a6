/** Parts of charts, as SVG. Colors are classes of the style sheet, so they follow the theme. */
import { escaped } from './page';

/** The width of a chart that is as wide as the page. */
export const WIDTH = 920;

export const svg = (
  height: number,
  label: string,
  parts: readonly string[],
  width = WIDTH,
): string =>
  `<svg viewBox="0 0 ${width} ${height}" role="img" aria-label="${escaped(label)}">${parts.join('')}</svg>`;

export const text = (x: number, y: number, content: string, kind = ''): string =>
  `<text x="${rounded(x)}" y="${rounded(y)}" class="${kind}">${escaped(content)}</text>`;

export const rectangle = (
  { x, y, width, height }: { x: number; y: number; width: number; height: number },
  kind: string,
  title: string,
): string =>
  `<rect x="${x.toFixed(1)}" y="${rounded(y)}" width="${Math.max(0, width).toFixed(1)}" height="${rounded(height)}" rx="2" ` +
  `class="${kind}"><title>${escaped(title)}</title></rect>`;

export const line = (
  from: readonly [number, number],
  to: readonly [number, number],
  kind = '',
): string =>
  `<line x1="${rounded(from[0])}" y1="${rounded(from[1])}" x2="${rounded(to[0])}" y2="${rounded(to[1])}" class="${kind}"/>`;

const rounded = (value: number): number => Math.round(value * 10) / 10;
