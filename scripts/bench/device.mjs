// The benchmarks on a GPU: the addon and Python, every loss, forward and backward.
import { execFileSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';

import { BUILD, ROOT } from '../lib/checkout.mjs';
import { SIZES } from './cases.mjs';
import { describeMachine } from './machine.mjs';
import { startDeviceSides, TORCH_SIDES } from './sides.mjs';
import { median } from './statistics.mjs';
import { ratio, timeCases } from './timing.mjs';

const [ADDON, , PYTHON] = TORCH_SIDES;
/** The largest share of Python's time that forward and backward may take, by size. */
const TARGETS = { small: 0.7, large: 1.02 };

/**
 * Times all cases on a device, and writes docs/figures/benchmarks-cuda.{md,json}. For a partial run, writes to a folder
 * that git ignores.
 *
 * @returns the exit code, which is 0 also if there is no such device (a message says so)
 */
export async function runDeviceBenchmarks(libtorch, device, { quick, only }) {
  const missing = await whyMissing(device);
  if (missing) {
    console.log(`SKIPPED: benchmarks on ${device}: ${missing}`);
    return 0;
  }
  process.env.OMP_WAIT_POLICY ??= 'PASSIVE';
  const sides = await startDeviceSides(libtorch, os.availableParallelism(), device);
  const run = { machine: describeMachine(libtorch), gpu: describeGpu() };
  try {
    const cases = await timeCases({ torch: sides, peers: [] }, { quick, only });
    run.cases = cases.map(({ loss, size, backward, seconds, notes }) => ({
      loss,
      size,
      backward,
      microseconds: Object.fromEntries(
        Object.entries(seconds).map(([name, times]) => [
          name,
          Number((median(times) * 1e6).toPrecision(3)),
        ]),
      ),
      ratio: ratio({ seconds }, ADDON, PYTHON),
      notes,
    }));
  } finally {
    for (const side of sides) {
      side.stop();
    }
  }
  run.targets = Object.entries(TARGETS).map(([size, target]) => measure(run.cases, size, target));
  publish(run, quick || only ? path.join(BUILD, 'bench') : path.join(ROOT, 'docs', 'figures'));
  return 0;
}

async function whyMissing(device) {
  const { default: torch } = await import('torch-losses');
  const index = Number(device.split(':')[1] ?? 0);
  return torch.cuda.device_count() > index
    ? undefined
    : `libtorch ${torch.__version__} finds ${torch.cuda.device_count()} CUDA devices`;
}

function describeGpu() {
  try {
    const query = ['--query-gpu=name,driver_version,memory.total', '--format=csv,noheader'];
    return execFileSync('nvidia-smi', query, { encoding: 'utf8' }).trim().split('\n');
  } catch {
    return [];
  }
}

// Returns the median over the losses of the ratio to Python's time.
function measure(cases, size, target) {
  const ratios = cases
    .filter((timed) => timed.size === size && timed.backward && timed.ratio !== undefined)
    .map((timed) => timed.ratio);
  const measured = ratios.length > 0 ? Number(median(ratios).toFixed(3)) : undefined;
  return { size, target, measured, met: measured !== undefined && measured <= target };
}

function publish(run, folder) {
  for (const { size, target, measured, met } of run.targets) {
    console.log(
      `${met ? 'met   ' : 'MISSED'} ${size} forward+backward: ${measured ?? 'not measured'} of Python's time, target ${target}`,
    );
  }
  mkdirSync(folder, { recursive: true });
  const file = path.join(folder, 'benchmarks-cuda');
  writeFileSync(`${file}.json`, `${JSON.stringify(run, undefined, 2)}\n`);
  writeFileSync(`${file}.md`, reportOf(run));
  console.log(`written to ${path.relative(ROOT, file)}.{md,json}`);
}

function reportOf({ machine, gpu, cases, targets }) {
  const rows = cases.map(({ loss, size, backward, microseconds, ratio: times, notes }) => {
    const shown = [ADDON, PYTHON].map((name) => microseconds[name] ?? notes[name] ?? '');
    return [
      loss,
      SIZES[size].join('×'),
      backward ? 'forward+backward' : 'forward',
      ...shown,
      times?.toFixed(2) ?? '',
    ];
  });
  const table = [
    ['loss', 'size', 'pass', 'addon, µs', 'Python, µs', 'ratio'],
    Array(6).fill('---'),
  ];
  return [
    '# Benchmarks on CUDA',
    '',
    `${Object.entries(machine)
      .map(([name, value]) => `${name}: ${value}`)
      .join('; ')}; GPU: ${gpu.join('; ') || 'unknown'}.`,
    'Written by `npm run bench -- --device=cuda`; times of a call, medians of turns in which both ran side by side.',
    '',
    ...targets.map(
      ({ size, target, measured, met }) =>
        `- ${size} forward+backward: ${measured ?? 'not measured'} of Python's time, target ${target}: ${met ? 'met' : 'missed'}`,
    ),
    '',
    ...[...table, ...rows].map((row) => `| ${row.join(' | ')} |`),
    '',
  ].join('\n');
}
