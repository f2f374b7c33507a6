// What each own kernel gains over libtorch: `node scripts/bench/kernels.mjs`. Both compute in turn, in
// many short rounds of one process and one thread. What counts is the processor's time, so that other
// work on the machine matters little. Prints the medians, and the median of the rounds' ratios.
import os from 'node:os';

import torch, { nn } from 'torch-losses';

import { median } from './statistics.mjs';

const F = nn.functional;
const { kernels } = torch.backends;
const SIZES = [
  [4, 4, 2000],
  [32, 10, 2000],
  [1024, 1000, 10],
];
const ROUNDS = 15;

torch.set_num_threads(1);
torch.manual_seed(1);
console.log(
  `load ${os.loadavg()[0].toFixed(1)}, ${os.cpus()[0].model}, libtorch ${torch.__version__}`,
);
for (const [rows, columns, calls] of SIZES) {
  for (const backward of [false, true]) {
    for (const [name, compute] of Object.entries(losses(rows, columns, backward))) {
      const step = () => {
        const loss = compute();
        if (backward) loss.backward();
        loss.dispose();
      };
      const [own, libtorch] = rounds(step, name, calls);
      const ratio = median(own.map((time, i) => libtorch[i] / time));
      console.log(
        `${rows}×${columns} ${backward ? 'forward+backward' : 'forward'} ${name}: ` +
          `${median(libtorch).toFixed(1)} µs, own kernel ${median(own).toFixed(1)} µs, ${ratio.toFixed(2)} times faster`,
      );
    }
  }
}

function losses(rows, columns, requires_grad) {
  const input = torch.randn([rows, columns], { requires_grad });
  const target = torch.randn(rows, columns);
  const classes = torch.randint(0, columns, [rows]);
  const ofElements = ['huber_loss', 'l1_loss', 'mse_loss', 'smooth_l1_loss'];
  return {
    cross_entropy: () => F.cross_entropy(input, classes),
    ...Object.fromEntries(ofElements.map((name) => [name, () => F[name](input, target)])),
  };
}

/** Microseconds of a call in each round, with the kernel and without. */
function rounds(step, name, calls) {
  const times = [[], []];
  for (let round = -1; round < ROUNDS; round++) {
    for (const [i, enabled] of [[name], false].entries()) {
      kernels.enabled = enabled;
      step();
      const { user, system } = process.cpuUsage();
      for (let call = 0; call < calls; call++) step();
      const end = process.cpuUsage();
      if (round >= 0) times[i].push((end.user + end.system - user - system) / calls);
    }
  }
  return times;
}
