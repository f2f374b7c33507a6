// docs/figures/memory-figures.md: what `npm run bench -- --memory` measured, in tables.
import { table } from './report.mjs';

const STYLES = { plain: 'no', dispose: 'yes' };
const time = (milliseconds) =>
  milliseconds < 0.1 ? `${(milliseconds * 1000).toFixed(1)} µs` : `${milliseconds.toFixed(2)} ms`;

/** @param {object} run what is in docs/figures/memory-figures.json */
export function upkeepReportOf({ machine, threads, load, allocator, upkeep }) {
  return `# Memory in figures

Made by \`npm run bench -- --memory\` on ${machine.date}. ${machine.cpu}, ${machine.cores} cores, ${machine.memory}, \
${machine.system}, Node ${machine.node}, libtorch ${machine.libtorch}, ${threads} threads. Load average before and \
after: ${load.before} and ${load.after}; where that is above the number of cores, others used the machine, and only the \
ratios mean something.

Each figure is of a process that does nothing but its loop, for half a second; the two sides of a ratio take turns. A time is
the median of the rounds, a ratio the median of the rounds' ratios, a growth the most of all rounds: by how much the
resident memory exceeded, at its peak, that at the loop's start.

## The caching allocator beside libtorch's own

A ratio below 1 means that the caching allocator is faster than glibc's under libtorch's own
(\`TORCH_LOSSES_ALLOCATOR=system\`).

${table(
  ['a step', 'disposed', 'caching', 'growth', 'system', 'growth', 'ratio'],
  allocator.map(({ loop, style, own, system, ratio }) => [
    loop,
    STYLES[style],
    time(own.milliseconds),
    `${own.growth.toFixed(0)} MB`,
    time(system.milliseconds),
    `${system.growth.toFixed(0)} MB`,
    ratio.toFixed(2),
  ]),
)}

## What looking after memory costs beside other live things

The time of a step beside them, as a multiple of the same step's time without them.

${table(
  ['a step', 'beside', 'disposed', 'beside them', 'without', 'ratio'],
  upkeep.map(({ loop, beside, style, with: with_, without, ratio }) => [
    loop,
    beside,
    STYLES[style],
    time(with_.milliseconds),
    time(without.milliseconds),
    ratio.toFixed(2),
  ]),
)}
`;
}
