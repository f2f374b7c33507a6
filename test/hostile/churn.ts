/**
 * Starts many workers in one process. Half of them end by themselves, half are terminated in the middle of a call.
 * Prints the remaining threads and memory as JSON.
 */
import { readdirSync } from 'node:fs';
import path from 'node:path';
import { Worker } from 'node:worker_threads';

export interface Churn {
  readonly workers: number;
  readonly terminated: number;
  /** The growth of resident memory from the first fifth of the workers to the end. */
  readonly megabytes: number;
  /** The threads of the process before the workers, and after all of them ended. */
  readonly threads: readonly [before: number, after: number];
  /** Wrong exit codes. A worker that ends has 0, a terminated one has 1. */
  readonly wrong: readonly number[];
}

const MB = 2 ** 20;
const AT_ONCE = 3;

/** The programs of workers, by name. Each runs a call during which it is terminated. */
const PROGRAMS: Readonly<Record<string, string>> = {
  ends: `
    const x = torch.randn(32, 10, { requires_grad: true });
    for (let step = 0; step < 20; step++) F.cross_entropy(x, torch.zeros(32).long()).backward();
    parentPort.postMessage(x.grad.sum().item());`,
  'ends with asynchronous work waiting': `
    const x = torch.ones(200, 200);
    for (let call = 0; call < 5; call++) torch.ops.aten.mm.async(x, x).catch(() => {});
    torch.ops.aten.mm.async(x, x).then(() => parentPort.postMessage(1));`,
  'forward and backward': `
    const x = torch.randn(64, 10, { requires_grad: true });
    parentPort.postMessage(0);
    for (;;) F.cross_entropy(x, torch.zeros(64).long()).backward();`,
  'asynchronous work': `
    const x = torch.ones(300, 300);
    parentPort.postMessage(0);
    const again = () => torch.ops.aten.mm.async(x, x).then(again);
    for (let call = 0; call < 10; call++) again();`,
  'a distance function': `
    const x = torch.ones(4, 4, { requires_grad: true });
    parentPort.postMessage(0);
    for (;;) {
      F.triplet_margin_with_distance_loss(x, x, x, {
        distance_function: (a, b) => { for (let i = 0; i < 50; i++) a.sub(b); return a.sub(b).sum(1); },
      }).backward();
    }`,
  'throwing errors': `
    const x = torch.ones(4, 4);
    parentPort.postMessage(0);
    for (;;) { try { F.nll_loss(x, x); } catch {} }`,
  'much garbage': `
    parentPort.postMessage(0);
    for (;;) torch.empty(100, 100).add(1);`,
  'loading the package': 'parentPort.postMessage(0);',
};

const PROGRAM = `
  const { parentPort, workerData } = require('node:worker_threads');
  if (workerData.startsWith('loading')) parentPort.postMessage(0);
  const torch = require('torch-losses');
  const F = torch.nn.functional;
  const PROGRAMS = ${JSON.stringify(PROGRAMS)};
  eval(PROGRAMS[workerData]);`;

const threadCount = (): number => readdirSync('/proc/self/task').length;

async function live(kind: string, milliseconds: number): Promise<number> {
  const worker = new Worker(PROGRAM, { eval: true, workerData: kind });
  const exit = new Promise<number>((resolve) => {
    worker.on('exit', resolve);
  });
  worker.on('error', (error) => console.error(error));
  if (!kind.startsWith('ends')) {
    await new Promise((resolve) => worker.once('message', resolve));
    await new Promise((resolve) => setTimeout(resolve, milliseconds));
    await worker.terminate();
  }
  return exit;
}

async function main(workers: number): Promise<void> {
  const kinds = Object.keys(PROGRAMS);
  const wrong: number[] = [];
  let started = 0;
  let terminated = 0;
  let early = 0;
  const before = threadCount();
  const many = async (): Promise<void> => {
    while (started < workers) {
      const number = started++;
      if (number === Math.ceil(workers / 5)) early = process.memoryUsage.rss();
      // As many workers end as are terminated.
      const kind =
        kinds[number % 2 === 0 ? (number / 2) % 2 : 2 + (((number - 1) / 2) % (kinds.length - 2))]!;
      const ends = kind.startsWith('ends');
      const code = await live(kind, (number * 7) % 40);
      if (!ends) terminated++;
      if (code !== (ends ? 0 : 1) && !(kind.startsWith('loading') && code === 0)) wrong.push(code);
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, many));
  for (let turn = 0; turn < 5; turn++) {
    globalThis.gc?.();
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  const megabytes = (process.memoryUsage.rss() - early) / MB;
  const report: Churn = { workers, terminated, megabytes, threads: [before, threadCount()], wrong };
  console.log(JSON.stringify(report));
}

/** The path of this file's program, which takes the number of workers as its argument. */
export const CHURN = path.join(__dirname, 'churn.js');

if (require.main === module) {
  process.chdir(path.join(__dirname, '..', '..'));
  main(Number(process.argv[2]));
}
