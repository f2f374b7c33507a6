// Writes docs/figures/memory-figures.md: the results of `npm run bench -- --memory` as tables.
import { table } from './report.mjs';

const STYLES = { plain: 'no', dispose: 'yes' };
const time = (milliseconds) =>
  milliseconds < 0.1 ? `${(milliseconds * 1000).toFixed(1)} µs` : `${milliseconds.toFixed(2)} ms`;

/** @param {object} run the contents of docs/figures/memory-figures.json */
export function upkeepReportOf({ machine, threads, load, allocator, upkeep }) {
  return `# Memory in figures

Made by \`npm run bench -- --memory\` on ${machine.date}. ${machine.cpu}, ${machine.cores} cores, ${machine.memory}, \
${machine.system}, Node ${machine.node}, libtorch ${machine.libtorch}, ${threads} threads. Load average before and \
after: ${load.before} and ${load.after}. If that is above the number of cores, other programs used the machine, and only \
the ratios are reliable.

Each figure comes from a process that runs only its loop, for half a second. The two sides of a ratio take turns. A time
is the median over the rounds, and a ratio is the median of the rounds' ratios. A growth is the largest of all rounds: the
peak of the resident memory minus the resident memory at the start of the loop.

## The caching allocator beside libtorch's own

A ratio below 1 means that the caching allocator is faster than libtorch's own, which uses glibc
(\`TORCH_LOSSES_ALLOCATOR=system\`).

${table(
  ['step', 'disposed', 'ratio', 'caching', 'growth', 'system', 'growth'],
  allocator.map(({ loop, style, own, system, ratio }) => [
    loop,
    STYLES[style],
    ratio.toFixed(2),
    time(own.milliseconds),
    `${own.growth.toFixed(0)} MB`,
    time(system.milliseconds),
    `${system.growth.toFixed(0)} MB`,
  ]),
)}

## The cost of memory management beside other live objects

The time of a step while other objects are alive, as a multiple of the time of the same step without them.

${table(
  ['step', 'other live objects', 'disposed', 'ratio', 'with them', 'without them'],
  upkeep.map(({ loop, beside, style, with: with_, without, ratio }) => [
    loop,
    beside,
    STYLES[style],
    ratio.toFixed(2),
    time(with_.milliseconds),
    time(without.milliseconds),
  ]),
)}
`;
}
