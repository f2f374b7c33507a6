// Trains a classifier on handwritten digits, then shows every loss on a sample of its own.
import torch, { nn, optim, type Tensor } from 'torch-losses';

import { type Digits, loadDigits } from './data';
import { type Sample, samples } from './losses';

const EPOCHS = 20;
const BATCH_SIZE = 32;
const TEST_SIZE = 360;

torch.manual_seed(0);
const { train, test } = splitAtRandom(loadDigits());
const model = new nn.Sequential(new nn.Linear(64, 64), new nn.ReLU(), new nn.Linear(64, 10));
const criterion = new nn.CrossEntropyLoss();
const optimizer = new optim.SGD(model.parameters(), { lr: 0.1, momentum: 0.9 });

console.log(model);
console.log(
  `\n${train.classes.numel()} digits to learn from, ${TEST_SIZE} to test with; ${criterion}\n`,
);
const started = performance.now();
for (let epoch = 1; epoch <= EPOCHS; epoch++) {
  const loss = trainOneEpoch();
  console.log(`epoch ${String(epoch).padStart(2)}   loss ${loss.toFixed(4)}  ${bar(loss)}`);
}
const seconds = ((performance.now() - started) / 1000).toFixed(1);
console.log(`\ntest accuracy ${(100 * accuracy()).toFixed(1)} %, after ${seconds} s of training\n`);
showLosses();

function splitAtRandom({ images, classes }: Digits): { train: Digits; test: Digits } {
  const order = torch.randperm(classes.numel());
  const part = (rows: Tensor): Digits => ({
    images: images.index_select(0, rows),
    classes: classes.index_select(0, rows),
  });
  const trainSize = classes.numel() - TEST_SIZE;
  return {
    train: part(order.narrow(0, 0, trainSize)),
    test: part(order.narrow(0, trainSize, TEST_SIZE)),
  };
}

/** Goes once through the training digits, in random batches; returns the mean loss of the batches. */
function trainOneEpoch(): number {
  const batches = torch.randperm(train.classes.numel()).split(BATCH_SIZE);
  let total = 0;
  for (const rows of batches) {
    optimizer.zero_grad();
    const scores = model(train.images.index_select(0, rows));
    const loss = criterion(scores, train.classes.index_select(0, rows));
    loss.backward();
    optimizer.step();
    total += Number(loss);
  }
  return total / batches.length;
}

/** Returns the share of the test digits whose class has the highest score. */
function accuracy(): number {
  return torch.no_grad(() => {
    const predicted = model(test.images).argmax(1);
    return Number(predicted.eq(test.classes).sum()) / TEST_SIZE;
  });
}

function bar(value: number): string {
  return '█'.repeat(Math.ceil(value * 40));
}

/** Prints a table of the losses: the value of each on its sample, and the norm of its gradient. */
function showLosses(): void {
  console.log(`${'loss'.padEnd(32)}${'value'.padStart(12)}${'‖gradient‖'.padStart(14)}`);
  for (const [name, sample] of Object.entries(samples)) {
    torch.manual_seed(0);
    console.log(`${name.padEnd(32)}${resultsOf(sample)}`);
  }
}

function resultsOf(sample: () => Sample): string {
  try {
    const { loss, input } = sample();
    loss.backward();
    const value = Number(loss).toFixed(6);
    const norm = Number(input.grad?.norm()).toFixed(6);
    return `${value.padStart(12)}${norm.padStart(14)}`;
  } catch (error) {
    // An older libtorch does not have every loss.
    const { pythonType, message } = error as { pythonType?: string; message: string };
    if (pythonType === 'AttributeError') return `  ${message}`;
    throw error;
  }
}
