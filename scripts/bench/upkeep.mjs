// `npm run bench -- --memory`: measures when the CPU allocator helps, and what memory management costs if there is
// nothing to free. The figures are ratios of processes that take turns.
import { load } from './machine.mjs';
import { runProgram } from './program.mjs';
import { median } from './statistics.mjs';

const ROUNDS = 3;

const ALLOCATED = [
  'losses of 8×8',
  'losses of 1000×1000',
  'results of 1 MB',
  'results of 16 MB',
  'forward+backward of 1000×1000',
  'matrix products of 512×512',
  'results of 4 MB, all kept',
];
const LOOKED_AFTER = ['losses of 8×8', 'results of 1 MB', 'forward+backward of 1000×1000'];
const OTHERS = { handles: '100,000 live tensors', heap: '450 MB of other live JavaScript heap' };

export async function measureUpkeep() {
  const before = load();
  const allocator = [];
  for (const loop of ALLOCATED) {
    for (const style of ['plain', 'dispose']) {
      allocator.push({ loop, style, ...(await compareAllocators(loop, style)) });
      console.log(JSON.stringify(allocator.at(-1)));
    }
  }
  const upkeep = [];
  for (const loop of LOOKED_AFTER) {
    for (const [key, beside] of Object.entries(OTHERS)) {
      for (const style of ['plain', 'dispose']) {
        upkeep.push({ loop, beside, style, ...(await compareBeside(loop, style, key)) });
        console.log(JSON.stringify(upkeep.at(-1)));
      }
    }
  }
  return { allocator, upkeep, load: { before, after: load() } };
}

async function compareAllocators(loop, style) {
  const [own, system] = await alternate(
    () => runWith('', loop, style, 'nothing'),
    () => runWith('system', loop, style, 'nothing'),
  );
  return { own: condensed(own), system: condensed(system), ratio: ratioOf(own, system) };
}

async function compareBeside(loop, style, beside) {
  const [with_, without] = await alternate(
    () => runWith('', loop, style, beside),
    () => runWith('', loop, style, 'nothing'),
  );
  return { with: condensed(with_), without: condensed(without), ratio: ratioOf(with_, without) };
}

async function alternate(first, second) {
  const runs = [[], []];
  for (let round = 0; round < ROUNDS; round++) {
    const order = round % 2 ? [1, 0] : [0, 1];
    for (const side of order) {
      runs[side].push(await [first, second][side]());
    }
  }
  return runs;
}

async function runWith(allocator, ...args) {
  process.env.TORCH_LOSSES_ALLOCATOR = allocator;
  try {
    return await runProgram('upkeep.mjs', ...args);
  } finally {
    delete process.env.TORCH_LOSSES_ALLOCATOR;
  }
}

const condensed = (runs) => ({
  milliseconds: median(runs.map(({ milliseconds }) => milliseconds)),
  growth: Math.max(...runs.map(({ growth }) => growth)),
});

const ratioOf = (runs, others) =>
  median(runs.map(({ milliseconds }, round) => milliseconds / others[round].milliseconds));
