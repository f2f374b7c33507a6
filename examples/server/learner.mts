// The worker thread that trains. It learns the samples that the server posts, and sends the weights back. It saves a
// checkpoint when it is told to stop, and continues from it.
import { on } from 'node:events';
import { parentPort, workerData } from 'node:worker_threads';
import torch, { nn, optim, type Tensor } from 'torch-losses';

import { createModel, type Samples, type Update } from './model.js';

const STEPS = 50; // for each batch of samples that arrives
const BATCH_SIZE = 64;
const REMEMBERED = 10_000; // samples

torch.set_num_threads(1); // leaves the other cores to the server
torch.manual_seed(0);
const model = createModel();
const criterion = new nn.CrossEntropyLoss();
const optimizer = new optim.AdamW(model.parameters(), { lr: 1e-3 });

/** What is saved beside the model and the optimizer. */
type Values = { steps: number; images: Tensor; classes: Tensor };
const { Checkpointer } = torch.utils.checkpointing;
const checkpointer = new Checkpointer<Values>(workerData, { model, optimizer });
let { steps, images, classes } = checkpointer.restore() ?? {
  steps: 0,
  images: torch.empty(0, 64),
  classes: torch.empty(0, { dtype: torch.long }),
};
let learned = 0;

function learn(samples: Samples): void {
  images = torch
    .cat([images, torch.tensor(samples.images, { dtype: torch.float32 })])
    .index(torch.slice(-REMEMBERED, null));
  classes = torch
    .cat([classes, torch.tensor(samples.classes)])
    .index(torch.slice(-REMEMBERED, null));
  for (let step = 0; step < STEPS; step++) {
    const rows = torch.randint(classes.numel(), [BATCH_SIZE]);
    optimizer.zero_grad();
    criterion(model(images.index(rows)), classes.index(rows)).backward();
    optimizer.step();
  }
  steps += STEPS;
  learned += samples.classes.length;
}

/** Sends a copy of the weights. The thread that receives it has the same memory. */
function publish(): void {
  const weights = nn.utils.parameters_to_vector(model.parameters()).detach().share();
  parentPort!.postMessage({ weights, learned, steps } satisfies Update);
}

const messages = on(parentPort!, 'message');
publish();
for await (const [message] of messages) {
  if (message === 'stop') break;
  learn(message);
  publish();
}
checkpointer.save({ steps, images, classes });
