// Runs the benchmarks: starts the sides, measures, and writes the report.
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';

import { BUILD, ROOT } from '../lib/checkout.mjs';
import { chartOf } from './chart.mjs';
import { measureEventLoop, measureLoading } from './latency.mjs';
import { describeMachine, load } from './machine.mjs';
import { measureMemory } from './memory.mjs';
import { reportOf } from './report.mjs';
import { startSides } from './sides.mjs';
import { soak } from './soak.mjs';
import { condense } from './summary.mjs';
import { checkTargets } from './targets.mjs';
import { timeCases } from './timing.mjs';
import { measureUpkeep } from './upkeep.mjs';
import { upkeepReportOf } from './upkeep_report.mjs';

const FIGURES = path.join(ROOT, 'docs', 'figures');
const UNPUBLISHED = path.join(BUILD, 'bench');
const SOAK = path.join(FIGURES, 'soak.json');

/**
 * Measures everything, prints it, and writes the report to docs/figures/. For a partial run, writes to a folder that
 * git ignores.
 *
 * @param {{ directory: string, version: string, python?: string }} libtorch
 * @param {{ quick: boolean, only?: string, threads?: number }} options
 */
export async function runBenchmarks(
  libtorch,
  { quick, only, threads = os.availableParallelism() },
) {
  // On a machine with other load, a thread that spins while it waits takes the core from the thread it waits for. That
  // costs 10 ms a call on all sides.
  process.env.OMP_WAIT_POLICY ??= 'PASSIVE';
  const sides = await startSides(libtorch, threads);
  const start = performance.now();
  const before = load();
  const all = [...sides.torch, ...sides.peers];
  const run = {
    machine: describeMachine(libtorch),
    threads,
    sides: Object.fromEntries(all.map(({ name, about }) => [name, about])),
  };
  try {
    run.cases = condense(await timeCases(sides, { quick, only }));
  } finally {
    for (const side of all) {
      side.stop();
    }
  }
  if (!only) {
    run.memory = await measureMemory({ quick });
    run.eventLoop = await measureEventLoop({ quick });
    run.loading = libtorch.python && (await measureLoading(libtorch, { quick }));
  }
  run.soak = existsSync(SOAK) ? JSON.parse(readFileSync(SOAK, 'utf8')) : undefined;
  run.load = { before, after: load() };
  run.minutes = Number(((performance.now() - start) / 60_000).toFixed(1));
  run.targets = checkTargets(run);
  publish(run, quick || only ? UNPUBLISHED : FIGURES);
}

function publish(run, folder) {
  for (const { what, target, measured, met } of run.targets) {
    console.log(`${met ? 'met   ' : 'MISSED'} ${what}: ${measured}, target ${target}`);
  }
  mkdirSync(folder, { recursive: true });
  writeFileSync(path.join(folder, 'benchmarks.json'), `${JSON.stringify(run, undefined, 2)}\n`);
  writeFileSync(path.join(folder, 'benchmarks.md'), reportOf(run));
  writeFileSync(path.join(folder, 'benchmarks.svg'), chartOf(run.cases));
  console.log(
    `${run.minutes} minutes; written to ${path.relative(ROOT, folder)}/benchmarks.{md,json,svg}`,
  );
}

/** Measures the allocator and the cost of memory management, and writes docs/figures/memory-figures.md. */
export async function runUpkeep(libtorch, { threads = os.availableParallelism() }) {
  process.env.OMP_NUM_THREADS = String(threads);
  process.env.OMP_WAIT_POLICY ??= 'PASSIVE';
  const run = { machine: describeMachine(libtorch), threads, ...(await measureUpkeep()) };
  mkdirSync(FIGURES, { recursive: true });
  const file = path.join(FIGURES, 'memory-figures');
  writeFileSync(`${file}.json`, `${JSON.stringify(run, undefined, 2)}\n`);
  writeFileSync(`${file}.md`, upkeepReportOf(run));
}

/** Runs the training loop for some minutes. The next report shows the result. */
export async function runSoak(libtorch, minutes) {
  const { date } = describeMachine(libtorch);
  const result = await soak(minutes);
  mkdirSync(FIGURES, { recursive: true });
  writeFileSync(SOAK, `${JSON.stringify({ date, ...result }, undefined, 2)}\n`);
}
