// The time of collectives and of training steps in two processes, beside the same in two processes of Python.
import { mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';

import { ROOT } from '../lib/checkout.mjs';
import { describeMachine, load } from './machine.mjs';
import { Side } from './side.mjs';
import { median } from './statistics.mjs';

/** The calls of a turn. */
const CASES = {
  'all_reduce of 4 KB': 400,
  'all_reduce of 4 MB': 20,
  'all_reduce of 100 MB': 1,
  'DDP step of the CNN': 30,
};
const ROUNDS = 15;
/** The largest share of Python's time. A message of 4 KB has none: most of it is waking threads. */
const TARGET = 1.1;
const hasTarget = (name) => name !== 'all_reduce of 4 KB';

/** Prints the times, and whether the targets are met. */
export async function runDistributedBenchmarks(libtorch, { only }) {
  process.env.OMP_WAIT_POLICY ??= 'PASSIVE';
  const folder = mkdtempSync(path.join(os.tmpdir(), 'torch-losses-bench-'));
  const { date, cpu, node } = describeMachine(libtorch);
  console.log(`${date}, ${cpu}, Node ${node}, libtorch ${libtorch.version}, load ${load()}`);
  const pairs = [];
  try {
    pairs.push(await Pair.start('addon', process.execPath, 'distributed.mjs', folder));
    pairs.push(await Pair.start('Python', libtorch.python, 'distributed.py', folder));
    for (const [name, calls] of Object.entries(CASES)) {
      if (!only || name.includes(only)) await compare(pairs, name, calls);
    }
  } finally {
    for (const pair of pairs) pair.stop();
    rmSync(folder, { recursive: true });
  }
}

async function compare(pairs, name, calls) {
  const values = [];
  for (const pair of pairs) values.push(await pair.prepare(name));
  if (values[0] !== values[1]) throw new Error(`${name}: the results differ: ${values}`);
  const times = [[], []];
  for (let round = -2; round < ROUNDS; round++) {
    const order = round % 2 === 0 ? [0, 1] : [1, 0];
    for (const i of order) {
      const seconds = await pairs[i].run(calls);
      if (round >= 0) times[i].push((seconds / calls) * 1000);
    }
  }
  const [ours, pythons] = times.map(median);
  const ratio = ours / pythons;
  const verdict = !hasTarget(name) ? '      ' : ratio <= TARGET ? 'met   ' : 'MISSED';
  console.log(
    `${verdict} ${name}: ${ours.toFixed(3)} ms, Python ${pythons.toFixed(3)} ms, ` +
      `ratio ${ratio.toFixed(2)}${hasTarget(name) ? `, target ${TARGET}` : ''}, load ${load()}`,
  );
}

/** Two processes that are in one group, with a thread each, as torchrun starts them. */
class Pair {
  #ranks;

  static async start(name, command, program, folder) {
    const pair = new Pair();
    const file = path.join(ROOT, 'scripts', 'bench', 'sides', program);
    const env = { INIT_METHOD: `file://${folder}/${name}`, WORLD_SIZE: '2', OMP_NUM_THREADS: '1' };
    pair.#ranks = await Promise.all(
      ['0', '1'].map((RANK) =>
        Side.start({ name: `${name}, rank ${RANK}`, command, args: [file], env: { ...env, RANK } }),
      ),
    );
    return pair;
  }

  async prepare(name) {
    const [{ value }] = await Promise.all(this.#ranks.map((rank) => rank.prepare(name)));
    return value;
  }

  /** Returns the seconds of the process that takes longer. */
  async run(calls) {
    return Math.max(...(await Promise.all(this.#ranks.map((rank) => rank.run(calls)))));
  }

  stop() {
    for (const rank of this.#ranks ?? []) rank.stop();
  }
}
