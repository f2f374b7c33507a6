// Draws docs/figures/benchmarks.svg: the time of every loss as a multiple of Python's, by size and direction.
import { overall } from './summary.mjs';

const WIDTH = 760;
const LEFT = 240;
const RIGHT = 30;
const TOP = 64;
const ROW = 44;
const TICKS = [0.125, 0.25, 0.5, 1, 2];

/** @param {object[]} cases the result of `condense` in summary.mjs */
export function chartOf(cases) {
  const rows = rowsOf(cases);
  const height = TOP + rows.length * ROW + 24;
  const bottom = TOP + rows.length * ROW;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" role="img" aria-label="Time against Python's">`,
    STYLE,
    '<text class="title" x="10" y="22">Time of a call as a multiple of Python’s (logarithmic; less is better)</text>',
    legend(),
    ...TICKS.map(
      (tick) =>
        `<line class="${tick === 1 ? 'python' : 'grid'}" x1="${x(tick)}" x2="${x(tick)}" y1="${TOP}" y2="${bottom}"/>` +
        `<text class="tick" x="${x(tick)}" y="${bottom + 16}">${tick}</text>`,
    ),
    ...rows.map((row, index) => drawn(row, TOP + index * ROW + ROW / 2)),
    '</svg>',
    '',
  ].join('\n');
}

function rowsOf(cases) {
  const sizes = [...new Set(cases.map(({ size }) => size))];
  return sizes.flatMap((size) =>
    [false, true].flatMap((backward) => {
      const mean = (side) => overall(cases, { size, backward, side })?.mean;
      const ours = cases.filter((row) => row.size === size && row.backward === backward);
      if (mean('addon') === undefined) {
        return [];
      }
      return {
        title: `${ours[0].shape.join('×')} ${backward ? 'forward+backward' : 'forward'}`,
        losses: ours.map(({ loss, toPython }) => ({ loss, ratio: toPython.addon })),
        addon: mean('addon'),
        loop: mean('C++ loop'),
      };
    }),
  );
}

function drawn({ title, losses, addon, loop }, y) {
  return [
    `<text class="label" x="${LEFT - 12}" y="${y + 4}">${title}</text>`,
    `<rect class="bar" x="${LEFT}" y="${y - 11}" width="${x(addon) - LEFT}" height="22" rx="2"/>`,
    ...losses.map(
      ({ loss, ratio }) =>
        `<circle class="loss" cx="${x(ratio)}" cy="${y}" r="3"><title>${loss} ${ratio}</title></circle>`,
    ),
    `<line class="loop" x1="${x(loop)}" x2="${x(loop)}" y1="${y - 15}" y2="${y + 15}"/>`,
    `<text class="value" x="${LEFT + 6}" y="${y + 4}">${addon.toFixed(2)}</text>`,
  ].join('\n');
}

function legend() {
  return [
    `<rect class="bar" x="${LEFT}" y="36" width="18" height="12" rx="2"/>`,
    `<text class="key" x="${LEFT + 24}" y="46">addon, geometric mean</text>`,
    `<circle class="loss" cx="${LEFT + 206}" cy="42" r="3"/>`,
    `<text class="key" x="${LEFT + 214}" y="46">one loss</text>`,
    `<line class="loop" x1="${LEFT + 296}" x2="${LEFT + 296}" y1="34" y2="50"/>`,
    `<text class="key" x="${LEFT + 304}" y="46">C++ loop</text>`,
    `<line class="python" x1="${LEFT + 386}" x2="${LEFT + 386}" y1="34" y2="50"/>`,
    `<text class="key" x="${LEFT + 394}" y="46">Python</text>`,
  ].join('\n');
}

/** Returns the position of a ratio on a logarithmic scale. A ratio beyond the scale is drawn at its end. */
function x(ratio) {
  const [from, to] = [Math.log(TICKS[0] / 1.5), Math.log(TICKS.at(-1))];
  const position = (Math.log(ratio) - from) / (to - from);
  const within = Math.min(1, Math.max(0, position));
  return Number((LEFT + within * (WIDTH - LEFT - RIGHT)).toFixed(1));
}

const STYLE = `<style>
  text { font: 13px system-ui, sans-serif; fill: #1f2328; }
  .title { font-size: 15px; font-weight: 600; }
  .label { text-anchor: end; }
  .tick { text-anchor: middle; font-size: 11px; }
  .value { font-weight: 600; }
  .bar { fill: #8ec5ff; }
  .loss { fill: #0550ae; fill-opacity: 0.55; }
  .loop { stroke: #bc4c00; stroke-width: 2.5; }
  .python { stroke: #1f2328; stroke-width: 1.5; }
  .grid { stroke: #8c959f; stroke-width: 0.5; stroke-dasharray: 3 3; }
  @media (prefers-color-scheme: dark) {
    text { fill: #e6edf3; }
    .bar { fill: #1f4f80; }
    .loss { fill: #a5d6ff; }
    .loop { stroke: #ffa657; }
    .python { stroke: #e6edf3; }
  }
</style>`;
