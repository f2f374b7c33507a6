/** Processes that end at difficult moments must not crash, and must end at once. */
import { expect } from 'chai';

import { runProgram } from './processes';

/** Makes the worker thread busy for a while, with more calls waiting. */
const BUSY = `
  const big = torch.ones(700, 700);
  const work = () => Array.from({ length: 20 }, () => torch.ops.aten.mm.async(big, big));`;

const IN_DISTANCE = (what: string): string => `
  const x = torch.ones(2, 3, { requires_grad: true });
  F.triplet_margin_with_distance_loss(x, x, x, { distance_function: (a, b) => {
    ${what};
    return a.sub(b).abs().sum(1);
  } });`;

const IN_WORKER = (worker: string, main: string): string => `
  const { Worker } = require('node:worker_threads');
  const code = "const torch = require('torch-losses');" + ${JSON.stringify(worker)};
  const worker = new Worker(code, { eval: true });
  ${main}`;

const PROGRAMS: Record<string, readonly [program: string, how: number, output?: string]> = {
  'process.exit with asynchronous work running and waiting': [
    `${BUSY} work(); setTimeout(() => process.exit(7), 20);`,
    7,
  ],
  'process.exit at once after asynchronous work began': [`${BUSY} work(); process.exit(7);`, 7],
  'process.exit when a result arrives': [`${BUSY} work()[3].then(() => process.exit(7));`, 7],
  'an uncaught error with asynchronous work running': [
    `${BUSY} work(); setTimeout(() => { throw new Error('uncaught'); }, 20);`,
    1,
  ],
  'an unhandled rejection of a call': [
    `${BUSY} work(); torch.ops.aten.mm.async(big, torch.ones(3));`,
    1,
  ],
  'the end of the program with asynchronous work waiting: it is done first': [
    `${BUSY} Promise.all(work()).then((all) => console.log(all.length));`,
    0,
    '20',
  ],
  'process.exit in a distance function': [IN_DISTANCE('process.exit(7)'), 7],
  'an uncaught error in a distance function': [IN_DISTANCE(`throw new Error('uncaught')`), 1],
  'process.exit in a warning handler': [
    `process.on('warning', () => process.exit(7));
     F.mse_loss(torch.ones(2, 3), torch.ones(3)); setTimeout(() => {}, 1000);`,
    7,
  ],
  'process.exit in place of process.emitWarning': [
    `process.emitWarning = () => process.exit(7); F.mse_loss(torch.ones(2, 3), torch.ones(3));`,
    7,
  ],
  'process.exit in an exit handler that computes': [
    `process.on('exit', () => { torch.ones(3).sum().backward; process.exitCode = 7; });`,
    7,
  ],
  'asynchronous work begun in an exit handler': [
    `${BUSY} process.on('exit', () => { work(); process.exitCode = 7; });`,
    7,
  ],
  'asynchronous work begun in beforeExit': [
    `${BUSY} process.once('beforeExit', () => Promise.all(work()).then(() => console.log('done')));`,
    0,
    'done',
  ],
  'process.exit with a running worker': [
    IN_WORKER(
      `for (;;) torch.ones(100, 100, { requires_grad: true }).mul(2).sum().backward();`,
      `worker.on('online', () => setTimeout(() => process.exit(7), 300));`,
    ),
    7,
  ],
  'process.exit with a worker that has asynchronous work': [
    IN_WORKER(
      `const big = torch.ones(700, 700); for (let i = 0; i < 20; i++) torch.ops.aten.mm.async(big, big);
       require('node:worker_threads').parentPort.postMessage(1);`,
      `worker.on('message', () => process.exit(7));`,
    ),
    7,
  ],
  'process.exit in a worker, in a distance function': [
    IN_WORKER(
      `const x = torch.ones(2, 3);
       torch.nn.functional.triplet_margin_with_distance_loss(x, x, x, { distance_function: () => process.exit(5) });`,
      `worker.on('exit', (code) => { console.log(code); });`,
    ),
    0,
    '5',
  ],
  'process.abort replaced by nothing: live graphs at the end': [
    `globalThis.kept = Array.from({ length: 1000 }, () => torch.ones(10, { requires_grad: true }).exp());`,
    0,
  ],
};

describe('a process ends', () => {
  for (const [moment, [program, how, output = '']] of Object.entries(PROGRAMS)) {
    it(moment, async () => {
      const ended = await runProgram(program);
      expect(ended.how, ended.errors).to.equal(how);
      expect(ended.output).to.equal(output);
    }).timeout(90_000);
  }

  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    it(`by ${signal} in asynchronous work`, async () => {
      const ended = await runProgram(`${BUSY} work(); console.log('ready');`, {
        onOutput: (kill) => kill(signal),
      });
      expect(ended.how, ended.errors).to.equal(signal);
    }).timeout(90_000);
  }
});
