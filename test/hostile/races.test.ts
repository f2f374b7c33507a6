/**
 * Class indices in memory that another thread keeps changing: a loss must use the value that it checked. Each index is
 * out of range for moments, so a call either throws or returns, but must not read out of bounds.
 */
import { expect } from 'chai';

import { runProgram } from './processes';

const [ROWS, CLASSES, STEPS, LABELS] = [256, 40, 9, 3];

interface Race {
  /** The number of class indices that the loss reads. */
  readonly labels: number;
  /** A loss of `x` and `labels`, as source. */
  readonly loss: string;
  /** The number of calls, several times as many as crashed before the fix. */
  readonly calls: number;
}

const lengths = `Array(${ROWS}).fill(${STEPS}), Array(${ROWS}).fill(${LABELS})`;
const RACES: Record<string, Race> = {
  cross_entropy: { labels: ROWS, loss: 'F.cross_entropy(x, labels)', calls: 3000 },
  multi_margin_loss: { labels: ROWS, loss: 'F.multi_margin_loss(x, labels)', calls: 6000 },
  multilabel_margin_loss: {
    labels: ROWS * CLASSES,
    loss: `F.multilabel_margin_loss(x, labels.view(${ROWS}, ${CLASSES}))`,
    calls: 800,
  },
  'multilabel_margin_loss of few rows, by libtorch': {
    labels: 3 * CLASSES,
    loss: `F.multilabel_margin_loss(x.index(torch.slice(0, 3)), labels.view(3, ${CLASSES}))`,
    calls: 3000,
  },
  ctc_loss: {
    labels: ROWS * LABELS,
    loss: `F.ctc_loss(steps, labels.view(${ROWS}, ${LABELS}), ${lengths})`,
    calls: 150,
  },
  'ctc_loss of other strides, by libtorch': {
    labels: ROWS * LABELS,
    loss: `F.ctc_loss(steps.transpose(1, 2).contiguous().transpose(1, 2), labels.view(${ROWS}, ${LABELS}), ${lengths})`,
    calls: 150,
  },
  'torch.ops.aten.ctc_loss': {
    labels: ROWS * LABELS,
    loss: `torch.ops.aten.ctc_loss(steps, labels.view(${ROWS}, ${LABELS}), ${lengths})`,
    calls: 150,
  },
};

/**
 * The program of the other thread. It sets the high word of one index after the other, which makes it 2⁴⁰ for a moment.
 */
const WRITER = `
  const words = new Int32Array(require('node:worker_threads').workerData);
  for (let i = 1; ; i = (i + 14) % words.length) {
    words[i] = 256;
    words[i] = 0;
  }
`;

/** Runs the races, and prints the name of each. */
const PROGRAM = `
  const { once } = require('node:events');
  const { Worker } = require('node:worker_threads');
  const x = torch.randn(${ROWS}, ${CLASSES}, { requires_grad: true });
  const steps = torch.randn(${STEPS}, ${ROWS}, ${CLASSES}).log_softmax(2).requires_grad_();

  async function run(name, count, calls, lossOf) {
    console.log(name);
    const memory = new SharedArrayBuffer(8 * count);
    const labels = torch.frombuffer(memory, { dtype: torch.long });
    const worker = new Worker(${JSON.stringify(WRITER)}, { eval: true, workerData: memory });
    await once(worker, 'online');
    for (let call = 0; call < calls; call++) {
      try {
        const loss = lossOf(labels);
        loss.backward({ retain_graph: true });
        loss.backward({ retain_graph: true, inputs: [x, steps] }); // by libtorch's engine
      } catch (error) {
        if (!/out of (range|bounds)/.test(error.message)) throw error;
      }
    }
    await worker.terminate();
  }

  (async () => {
    ${Object.entries(RACES)
      .map(
        ([name, { labels, loss, calls }]) =>
          `await run(${JSON.stringify(name)}, ${labels}, ${calls}, (labels) => ${loss});`,
      )
      .join('\n')}
  })();
`;

describe('labels that another thread writes to all the time', () => {
  it(`are those that were checked: ${Object.keys(RACES).join('; ')}`, async () => {
    const { output, errors, how } = await runProgram(PROGRAM);
    expect(how, `${output}\n${errors}`).to.equal(0);
    expect(output.split('\n')).to.deep.equal(Object.keys(RACES));
  }).timeout(60_000);
});
