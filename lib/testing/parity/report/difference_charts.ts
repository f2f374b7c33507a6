/** Charts of the distances in a tensor: a map of their places, and a histogram. */
import { escaped } from '../../../utils/html/page';
import type { Difference } from '../../difference/difference';
import { thousands, ulpsText } from '../../difference/text';

/** The distances in ulps up to which each level of colour reaches. */
const LEVELS = [0, 1, 16, 256, 2 ** 16, 2 ** 24, Infinity];
const WIDTH = 420;
const HEIGHT = 200;
const LARGEST_CELL = 28;

/** Returns the greatest distance in each part of a tensor, as a heat map. */
export function heatMap({ grid }: Difference, shape: readonly number[]): string {
  const { rows, columns, greatest } = grid;
  const [width, height] = [
    Math.min(LARGEST_CELL, WIDTH / columns),
    Math.min(LARGEST_CELL, HEIGHT / rows),
  ];
  const paths = LEVELS.map((_, level) => {
    const cells = greatest.map((ulps) => ulps >= 0 && levelOf(ulps) === level);
    const data = pathOf(cells, columns);
    return data && `<path class="heat-${level}" d="${data}"/>`;
  });
  const seen = LEVELS.filter((_, level) => paths[level]);
  const keys = seen.map((most) => {
    const level = LEVELS.indexOf(most);
    const least = LEVELS[level - 1];
    const what = most === Infinity ? `more than ${ulpsText(least!)}` : ulpsText(most);
    return `<i class="heat-${level}"></i>${level > 1 && most !== Infinity ? 'up to ' : ''}${what}`;
  });
  const isExact = rows * columns === shape.reduce((product, size) => product * size, 1);
  const what = isExact ? 'each element' : 'the greatest in each part';
  return (
    `<figure><figcaption>Ulps, ${what} of [${shape.join(', ')}]; columns are the last dimension</figcaption>` +
    `<svg class="heat" viewBox="0 0 ${columns} ${rows}" preserveAspectRatio="none" role="img" aria-label="Heat map of ulps" ` +
    `style="width:${Math.round(width * columns)}px;height:${Math.round(height * rows)}px">` +
    `<rect class="ground" width="${columns}" height="${rows}"/>${paths.join('')}</svg>` +
    `<p class="legend"><i class="ground"></i>equal${keys.join('')}</p></figure>`
  );
}

const levelOf = (ulps: number): number => LEVELS.findIndex((most) => ulps <= most);

/** Returns a path around the cells that are set. Neighbours in a row become one rectangle. */
function pathOf(cells: readonly boolean[], columns: number): string {
  let path = '';
  for (let i = 0; i < cells.length; i++) {
    if (!cells[i]) continue;
    const start = i;
    while (cells[i + 1] && (i + 1) % columns !== 0) i++;
    const width = i - start + 1;
    path += `M${start % columns} ${Math.floor(start / columns)}h${width}v1h-${width}z`;
  }
  return path;
}

/** Returns a histogram of distances in ulps: 0, 1, 2 to 3, 4 to 7, …, infinite. */
export function histogram({ histogram: counts, different }: Difference): string {
  const from = counts.findIndex((count) => count > 0);
  const to = counts.length - [...counts].reverse().findIndex((count) => count > 0);
  const shown = counts.slice(from, to);
  const most = Math.max(...shown);
  const width = Math.min(56, WIDTH / shown.length);
  const every = Math.ceil(shown.length / 8);
  const [top, bottom] = [18, HEIGHT - 36];
  const bars = shown.map((count, i) => {
    const name = nameOf(from + i, counts.length - 1);
    const height = (count / most) * (bottom - top);
    const x = i * width;
    const label = `<text class="head" x="${(x + width / 2).toFixed(1)}" y="${bottom + 16}">${name}</text>`;
    return (
      `<rect class="bar" x="${(x + 1).toFixed(1)}" y="${(bottom - height).toFixed(1)}" width="${(width - 2).toFixed(1)}" ` +
      `height="${height.toFixed(1)}"><title>${escaped(`${thousands(count)} elements: ${name} ulps`)}</title></rect>` +
      (i % every === 0 ? label : '')
    );
  });
  const axis = `<text class="head start" x="0" y="${HEIGHT - 4}">ulps; highest bar: ${thousands(most)}</text>`;
  return (
    `<figure><figcaption>How far off the elements are that differ: ${thousands(different)}</figcaption>` +
    `<svg class="bars" viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" aria-label="Histogram of ulps">${bars.join('')}${axis}</svg></figure>`
  );
}

function nameOf(bucket: number, last: number): string {
  if (bucket === last) return '∞';
  if (bucket < 2) return String(bucket);
  return bucket < 11 ? `${2 ** (bucket - 1)}+` : `2^${bucket - 1}+`;
}
