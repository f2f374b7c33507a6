// The time of training steps beside Python: `node scripts/bench/training.mjs`. Both compute in turn, each in its own
// process with one thread. What counts is the processor's time, that of garbage collection included, so that other work
// on the machine matters little.
import path from 'node:path';

import { ROOT } from '../lib/checkout.mjs';
import { findLibtorch } from '../lib/typescript.mjs';
import { describeMachine, load } from './machine.mjs';
import { Side } from './side.mjs';
import { median } from './statistics.mjs';

const CASES = { cnn: 40, lstm: 4, adamw: 15 }; // the steps of a turn
const ROUNDS = 15;

const libtorch = await findLibtorch();
const program = (name) => path.join(ROOT, 'scripts', 'bench', 'sides', name);
const { date, cpu, node } = describeMachine(libtorch);
console.log(`${date}, ${cpu}, Node ${node}, libtorch ${libtorch.version}, load ${load()}`);
const sides = [
  await Side.start({ name: 'addon', command: process.execPath, args: [program('training.mjs')] }),
  await Side.start({ name: 'Python', command: libtorch.python, args: [program('training.py')] }),
];
for (const [name, steps] of Object.entries(CASES)) await compare(name, steps);
for (const side of sides) side.stop();

async function compare(name, steps) {
  const losses = [];
  for (const side of sides) losses.push((await side.prepare(name)).value);
  if (losses[0] !== losses[1]) throw new Error(`${name}: the losses differ: ${losses}`);
  const times = [[], []];
  for (let round = -2; round < ROUNDS; round++) {
    for (const [i, side] of sides.entries()) {
      const seconds = await side.run(steps);
      if (round >= 0) times[i].push((seconds / steps) * 1000);
    }
  }
  const [ours, pythons] = times.map((each) => median(each).toFixed(2));
  const ratio = median(times[0].map((time, i) => time / times[1][i])).toFixed(2);
  console.log(`${name}: ${ours} ms, Python ${pythons} ms, ratio ${ratio}, load ${load()}`);
}
