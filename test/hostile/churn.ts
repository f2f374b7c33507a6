/**
 * Workers started in great number, in a process of their own: half of them end by themselves, half are
 * terminated in the middle of a call. Prints what is left of them, as JSON.
 */
import { readdirSync } from 'node:fs';
import path from 'node:path';
import { Worker } from 'node:worker_threads';

export interface Churn {
  readonly workers: number;
  readonly terminated: number;
  /** Growth of the resident memory from the first fifth to the end. */
  readonly megabytes: number;
  /** Threads of the process: before, and after all workers ended. */
  readonly threads: readonly [before: number, after: number];
  /** Exit codes that are neither 0, of those that ended, nor 1, of those terminated. */
  readonly wrong: readonly number[];
}

const MB = 2 ** 20;
const AT_ONCE = 3;

/** What a worker is in the middle of when it is terminated; sent as its data. */
const LIVES: Readonly<Record<string, string>> = {
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
  const LIVES = ${JSON.stringify(LIVES)};
  eval(LIVES[workerData]);`;

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
  const kinds = Object.keys(LIVES);
  const wrong: number[] = [];
  let started = 0;
  let terminated = 0;
  let early = 0;
  const before = threadCount();
  const many = async (): Promise<void> => {
    while (started < workers) {
      const number = started++;
      if (number === Math.ceil(workers / 5)) early = process.memoryUsage.rss();
      // As many that end as that are terminated.
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

/** The file that runs as a program: with the number of workers as its argument. */
export const CHURN = path.join(__dirname, 'churn.js');

if (require.main === module) {
  process.chdir(path.join(__dirname, '..', '..'));
  main(Number(process.argv[2]));
}
