// Summarizes times: for each size and direction, every side compared with Python and the C++ loop.
import { SIZES } from './cases.mjs';
import { geometricMean, median } from './statistics.mjs';
import { ratio } from './timing.mjs';

/**
 * Returns a run's times in the form that is saved: microseconds per call, and ratios.
 *
 * @param {Awaited<ReturnType<import('./timing.mjs').timeCases>>} timings
 */
export function condense(timings) {
  return timings.map((timing) => {
    const { loss, size, backward, notes } = timing;
    const names = Object.keys(timing.seconds);
    const perSide = (value) => Object.fromEntries(names.map((name) => [name, value(name)]));
    return {
      loss,
      size,
      shape: SIZES[size],
      backward,
      microseconds: perSide((name) => rounded(median(timing.seconds[name]) * 1e6)),
      toPython: perSide((name) => rounded(ratio(timing, name, 'Python'))),
      toLoop: perSide((name) => rounded(ratio(timing, name, 'C++ loop'))),
      notes,
    };
  });
}

/** Returns the geometric mean and the worst loss of a side's ratio to another, for the cases of a size. */
export function overall(cases, { size, backward, side, to = 'toPython' }) {
  const rows = cases.filter(
    (row) => row.size === size && row.backward === backward && row[to][side] !== undefined,
  );
  if (rows.length === 0) {
    return undefined;
  }
  const worst = rows.reduce((a, b) => (a[to][side] > b[to][side] ? a : b));
  return {
    mean: geometricMean(rows.map((row) => row[to][side])),
    losses: rows.length,
    worst: { loss: worst.loss, ratio: worst[to][side] },
  };
}

function rounded(value) {
  return value === undefined ? undefined : Number(value.toPrecision(4));
}
