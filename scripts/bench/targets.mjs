// Checks a run against the targets of the addon.
import { PEERS } from './sides.mjs';
import { overall } from './summary.mjs';

/**
 * @param {object} run a run as in report.mjs
 * @returns {{ what: string, target: string, measured: string, met: boolean }[]} the targets with the measured values
 */
export function checkTargets({ cases, memory, eventLoop, loading }) {
  return [
    ...means(cases, 'tiny', false, 1.15, 'toLoop'),
    ...means(cases, 'small', false, 1.15, 'toLoop'),
    ...means(cases, 'small', true, 1, 'toLoop'),
    ...means(cases, 'large', false, 1.03, 'toLoop'),
    ...means(cases, 'large', true, 0.9, 'toLoop'),
    ...worst(cases, 'small', 1.05),
    ...worst(cases, 'large', 1.05),
    ...peers(cases),
    ...loops(memory ?? []),
    ...(eventLoop?.busy
      ? [limit('event loop under 16 callers: p99, ms', eventLoop.busy.p99, 10, 1)]
      : []),
    ...(loading ? [limit('`require` against `import torch`', loading.ratio, 0.25)] : []),
  ];
}

function limit(what, measured, most, digits = 2) {
  return { what, target: `≤ ${most}`, measured: measured.toFixed(digits), met: measured <= most };
}

function means(cases, size, backward, most, to = 'toPython') {
  const result = overall(cases, { size, backward, side: 'addon', to });
  if (!result) {
    return [];
  }
  const against = to === 'toPython' ? "Python's time" : "the C++ loop's time";
  const title = `${titleOf(cases, size, backward)}, of ${against}, geometric mean`;
  return [limit(title, result.mean, most)];
}

function worst(cases, size, most) {
  return [false, true].flatMap((backward) => {
    const result = overall(cases, { size, backward, side: 'addon' });
    if (!result) {
      return [];
    }
    const title = `${titleOf(cases, size, backward)}, of Python's time, worst loss`;
    return [limit(`${title} (${result.worst.loss})`, result.worst.ratio, most)];
  });
}

function titleOf(cases, size, backward) {
  const { shape } = cases.find((row) => row.size === size);
  return `${shape.join('×')} ${backward ? 'forward+backward' : 'forward'}`;
}

function peers(cases) {
  return cases
    .filter(({ size }) => size === 'tiny')
    .flatMap(({ microseconds, backward }) => {
      const others = PEERS.filter((name) => microseconds[name] !== undefined);
      if (others.length === 0) {
        return [];
      }
      const fastest = others.reduce((a, b) => (microseconds[a] < microseconds[b] ? a : b));
      const direction = backward ? 'forward+backward' : 'forward';
      const title = `4×4 MSELoss ${direction}, of the fastest JavaScript peer's time (${fastest})`;
      return ['addon', 'own kernels'].map((side) =>
        limit(`${side}: ${title}`, microseconds[side] / microseconds[fastest], 1),
      );
    });
}

function loops(memory) {
  return memory.flatMap(({ loop, times, heap, growth, ratio }) => {
    const title = `${times.toLocaleString('en')} × ${loop}${heap ? `, beside ${heap} MB of live heap` : ''}`;
    return [
      limit(`${title}: growth, MB`, growth, 300, 0),
      limit(`${title}: time, of that with dispose`, ratio, 1.5),
    ];
  });
}
