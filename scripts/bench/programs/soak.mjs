// Runs a training loop that never yields to the event loop and never disposes: `soak.mjs MINUTES`. Prints JSON lines
// with its resident memory: every second at first, then 60 times over the rest.
import { writeSync } from 'node:fs';

import torch from 'torch-losses';

const { nn } = torch;
const [batch, features, classes] = [256, 256, 100];

const model = new nn.Sequential(
  new nn.Linear(features, 512),
  new nn.ReLU(),
  new nn.Linear(512, classes),
);
const criterion = new nn.CrossEntropyLoss({ label_smoothing: 0.1 });
const optimizer = new torch.optim.SGD(model.parameters(), { lr: 0.01, momentum: 0.9 });

const length = Number(process.argv[2]) * 60;
const start = performance.now();
let steps = 0;
let next = 0;
for (let seconds = 0; seconds < length; seconds = (performance.now() - start) / 1000) {
  if (seconds >= next) {
    report(seconds);
    next = seconds + (seconds < 10 ? 1 : Math.max(1, length / 60));
  }
  optimizer.zero_grad();
  const loss = criterion(model(torch.randn(batch, features)), torch.randint(classes, [batch]));
  loss.backward();
  optimizer.step();
  steps++;
}
report(length);

function report(seconds) {
  const megabytes = Math.round(process.memoryUsage.rss() / 2 ** 20);
  writeSync(1, `${JSON.stringify({ seconds: Math.round(seconds), steps, megabytes })}\n`);
}
