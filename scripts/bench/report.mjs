// Writes docs/figures/benchmarks.md: the report of a run.
import { PEERS, TORCH_SIDES } from './sides.mjs';
import { overall } from './summary.mjs';

const DIRECTIONS = [
  [false, 'forward'],
  [true, 'forward+backward'],
];

/** @param {object} run the contents of docs/figures/benchmarks.json */
export function reportOf(run) {
  return [
    '# Benchmarks',
    introduction(run),
    '![Time of each size and direction as a multiple of Python’s](benchmarks.svg)',
    '## Targets',
    table(
      ['', 'target', 'measured', ''],
      run.targets.map(({ what, target, measured, met }) => [
        what,
        target,
        measured,
        met ? 'met' : '**missed**',
      ]),
    ),
    "## Against Python's time",
    summary(run.cases),
    ...losses(run.cases),
    '## JavaScript peers',
    peers(run.cases),
    ...memory(run.memory),
    ...latency(run),
    ...soaked(run.soak),
    METHOD,
  ].join('\n\n');
}

function introduction({ machine, threads, load, sides, minutes }) {
  const versions = Object.entries(sides)
    .map(([name, { version, threads }]) => `${name} ${version} (${threads})`)
    .join(', ');
  return [
    `Made by \`npm run bench\` on ${machine.date}, in ${minutes} minutes. ${machine.cpu}, ${machine.cores} cores, ` +
      `${machine.memory}, ${machine.system}, Node ${machine.node}, libtorch ${machine.libtorch}, ${threads} threads.`,
    `Load average before and after: ${load.before} and ${load.after}. A run itself makes about as much load as it has ` +
      'threads. If the load is much higher, other programs used the machine, and the figures are less certain.',
    `Versions (threads): ${versions}.`,
  ].join('\n\n');
}

export function table(header, rows) {
  const line = (cells) => `| ${cells.join(' | ')} |`;
  return [line(header), line(header.map((_, i) => (i ? '--:' : '---'))), ...rows.map(line)].join(
    '\n',
  );
}

function summary(cases) {
  const sides = TORCH_SIDES.filter((side) => side !== 'Python');
  const rows = [];
  for (const size of new Set(cases.map((row) => row.size))) {
    for (const [backward, direction] of DIRECTIONS) {
      const results = sides.map((side) => overall(cases, { size, backward, side }));
      if (results[0]) {
        const { shape } = cases.find((row) => row.size === size);
        const { loss, ratio } = results[0].worst;
        rows.push([
          `${shape.join('×')} ${direction}, ${results[0].losses} losses`,
          ...results.map((result) => result?.mean.toFixed(2) ?? ''),
          `${ratio.toFixed(2)} (${loss})`,
        ]);
      }
    }
  }
  return table(['geometric mean', ...sides, "addon's worst loss"], rows);
}

function losses(cases) {
  return [...new Set(cases.map((row) => row.size))].flatMap((size) => {
    const rows = cases.filter((row) => row.size === size);
    return [
      `### ${rows[0].shape.join('×')}`,
      'Microseconds of a call; in brackets, as a multiple of Python’s time.',
      table(
        ['', ...TORCH_SIDES],
        rows.map(({ loss, backward, microseconds, toPython }) => [
          `${loss} ${backward ? 'forward+backward' : 'forward'}`,
          ...TORCH_SIDES.map((side) => cell(microseconds[side], toPython[side])),
        ]),
      ),
    ];
  });
}

function cell(microseconds, ratio) {
  if (microseconds === undefined) {
    return '–';
  }
  const time = microseconds < 100 ? microseconds.toFixed(1) : microseconds.toFixed(0);
  return ratio === undefined ? time : `${time} (${ratio.toFixed(2)})`;
}

function peers(cases) {
  const rows = cases.filter(({ toPython }) => PEERS.some((peer) => toPython[peer] !== undefined));
  if (rows.length === 0) {
    return 'The JavaScript peers could not be installed.';
  }
  const sides = ['addon', ...PEERS];
  return [
    'The losses that the libraries have, or that are a short expression of what they have (`jax.mjs` and ' +
      '`tensorflow.mjs` in `scripts/bench/sides`). Under Node they use one thread each. At 1024×1000 one loss of each ' +
      'kind is timed. Microseconds of a call; in brackets, as a multiple of Python’s time.',
    table(
      ['', ...sides],
      rows.map(({ loss, shape, backward, microseconds, toPython }) => [
        `${loss} ${shape.join('×')} ${backward ? 'forward+backward' : 'forward'}`,
        ...sides.map((side) => cell(microseconds[side], toPython[side])),
      ]),
    ),
  ].join('\n\n');
}

function memory(loops) {
  if (!loops) {
    return [];
  }
  return [
    '## Memory',
    'Loops that never yield to the event loop and never dispose. Growth is that of the peak of resident memory, in MB. ' +
      'The last column is the time as a multiple of the time of the same loop with `dispose()`.',
    table(
      [
        'loop',
        'other live heap, MB',
        'growth',
        'growth with dispose',
        'seconds',
        'time / with dispose',
      ],
      loops.map(({ loop, times, heap, growth, growthDisposing, seconds, ratio }) => [
        `${times.toLocaleString('en')} × ${loop}`,
        heap,
        growth.toFixed(0),
        growthDisposing.toFixed(0),
        seconds.toFixed(2),
        ratio.toFixed(2),
      ]),
    ),
  ];
}

function latency({ eventLoop, loading }) {
  const paragraphs = ['## Event loop and loading'];
  if (eventLoop?.busy) {
    const { callers, calls, millisecondsPerCall, idle, busy } = eventLoop;
    const late = ({ p50, p99, max }) =>
      [p50, p99, max].map((milliseconds) => milliseconds.toFixed(1));
    paragraphs.push(
      `${callers} callers compute cross entropies of 2048×32000 with \`forwardAsync\` (${calls} calls, ` +
        `${millisecondsPerCall.toFixed(0)} ms each). Meanwhile a timer is late by this many milliseconds:`,
      table(
        ['', 'median', 'p99', 'most'],
        [
          ['idle', ...late(idle)],
          ['under load', ...late(busy)],
        ],
      ),
    );
  }
  if (loading) {
    paragraphs.push(
      `\`require('torch-losses')\` takes ${loading.require.toFixed(2)} s, \`import torch\` ` +
        `${loading.import.toFixed(2)} s; the ratio is ${loading.ratio.toFixed(2)}. The files were cached.`,
    );
  }
  return paragraphs;
}

function soaked(soak) {
  if (!soak) {
    return [];
  }
  const { date, minutes, growth, samples } = soak;
  const shown = samples.filter((_, i) => i === samples.length - 1 || i % 10 === 0);
  return [
    '## A training loop over time',
    `\`npm run bench -- --soak ${minutes}\` on ${date}: forward, backward and SGD of a small network, in a loop that never ` +
      `yields to the event loop and never disposes. After the first ten seconds, resident memory grew by ${growth} MB.`,
    table(
      ['seconds', 'steps', 'resident, MB'],
      shown.map(({ seconds, steps, megabytes }) => [seconds, steps, megabytes]),
    ),
  ];
}

const METHOD = `## How it is measured

[Benchmarking](../development/benchmarking.md) explains the sides, the method and the commands. Times are medians over
rounds, and ratios are medians of the rounds' ratios. forward+backward ends with dropping the gradients. Except on the
side "addon, disposing", nothing is disposed, so the collection of garbage is part of the time. The side "own kernels" is the
addon with TORCH_LOSSES_KERNELS=on; everywhere else libtorch computes.
`;
