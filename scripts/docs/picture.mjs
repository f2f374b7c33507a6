// Draws a loss's picture: two SVG charts inside the page, with the colors of the page's theme (site.css).
const [WIDTH, HEIGHT] = [360, 230];
const [LEFT, RIGHT, TOP, BOTTOM] = [44, 8, 26, 26];

/** @param {object} picture a result of curves.mjs */
export function figureOf(name, picture) {
  const { axis, curves, limits } = picture;
  const charts = ['loss', 'gradient'].map((what) => chart(name, what, picture, limits?.[what]));
  const keys = curves
    .filter(({ label }) => label)
    .map(
      ({ label }, index) =>
        `<span class="key"><svg viewBox="0 0 30 8" aria-hidden="true"><line class="curve curve-${index + 1}" x1="0" x2="30" y1="4" y2="4"/></svg>${label}</span>`,
    );
  return [
    '<figure class="loss-picture">',
    `<div class="charts">${charts.join('')}</div>`,
    `<figcaption><span>Horizontal: ${axis}.</span>${keys.join('')}</figcaption>`,
    '</figure>',
  ].join('\n');
}

function chart(name, what, { from, to, curves }, limits) {
  const [low, high] = limits ?? rangeOf(curves.flatMap((curve) => curve[what]));
  const x = (value) => round(LEFT + ((value - from) / (to - from)) * (WIDTH - LEFT - RIGHT));
  const y = (value) =>
    round(HEIGHT - BOTTOM - ((value - low) / (high - low)) * (HEIGHT - TOP - BOTTOM));
  const grid = [
    ...ticks(from, to).map(
      (tick) =>
        `<line class="grid" x1="${x(tick)}" x2="${x(tick)}" y1="${TOP}" y2="${HEIGHT - BOTTOM}"/>` +
        `<text class="tick" x="${x(tick)}" y="${HEIGHT - 8}" text-anchor="middle">${numeral(tick)}</text>`,
    ),
    ...ticks(low, high).map(
      (tick) =>
        `<line class="${tick === 0 ? 'zero' : 'grid'}" x1="${LEFT}" x2="${WIDTH - RIGHT}" y1="${y(tick)}" y2="${y(tick)}"/>` +
        `<text class="tick" x="${LEFT - 6}" y="${y(tick) + 4}" text-anchor="end">${numeral(tick)}</text>`,
    ),
  ];
  const clip = `${name}-${what}`;
  const paths = curves.map(
    (curve, index) =>
      `<path class="curve curve-${index + 1}" d="${pathOf(curve.x, curve[what], high - low, x, y)}"/>`,
  );
  return [
    `<svg viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" aria-label="The ${what} of ${name}">`,
    `<clipPath id="${clip}"><rect x="${LEFT}" y="${TOP - 1}" width="${WIDTH - LEFT - RIGHT}" height="${HEIGHT - TOP - BOTTOM + 2}"/></clipPath>`,
    `<text class="title" x="${LEFT}" y="16">${what}</text>`,
    ...grid,
    `<g clip-path="url(#${clip})">${paths.join('')}</g>`,
    '</svg>',
  ].join('');
}

/**
 * Returns a path through the points. It is interrupted where the curve jumps: where a step is much larger than its
 * neighbors.
 */
function pathOf(xs, ys, range, x, y) {
  const step = (i) => Math.abs((ys[i] ?? ys.at(-1)) - (ys[i - 1] ?? ys[0]));
  const jumps = (i) =>
    i > 0 && step(i) > range / 12 && step(i) > 6 * Math.max(step(i - 1), step(i + 1));
  return xs.map((value, i) => `${i === 0 || jumps(i) ? 'M' : 'L'}${x(value)} ${y(ys[i])}`).join('');
}

/** Returns a range that contains all values and zero, with a margin. */
function rangeOf(values) {
  const [low, high] = [Math.min(0, ...values), Math.max(0, ...values)];
  const room = (high - low) * 0.06;
  return [low && low - room, high && high + room];
}

function ticks(low, high) {
  const rough = (high - low) / 5;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].find((factor) => factor * power >= rough) * power;
  const first = Math.ceil(low / step - 1e-9);
  const count = Math.floor(high / step + 1e-9) - first + 1;
  return Array.from({ length: count }, (_, i) => Number(((first + i) * step).toPrecision(6)));
}

const numeral = (value) => String(value).replace('-', '−');
const round = (value) => Number(value.toFixed(1));
