// Trains a CNN on handwritten digits. Stopped by SIGTERM and started again, it continues where it was.
import torch, { nn, optim } from 'torch-losses';

import { loadDigits } from '../digits/data.js';

const { DataLoader, TensorDataset, random_split } = torch.utils.data;
const EPOCHS = 3;
const folder = process.argv[2] ?? 'runs/cnn';

torch.manual_seed(0);
const { images, classes } = loadDigits();
const digits = new TensorDataset(images.reshape(-1, 1, 8, 8), classes);
const [train, test] = random_split(digits, [0.8, 0.2]);
const loader = new DataLoader(train!, { batch_size: 64, shuffle: true });
const test_loader = new DataLoader(test!, { batch_size: 64 });

const model = new nn.Sequential(
  new nn.Conv2d(1, 16, 3, { padding: 1 }),
  new nn.BatchNorm2d(16),
  new nn.ReLU(),
  new nn.MaxPool2d(2),
  new nn.Conv2d(16, 32, 3, { padding: 1 }),
  new nn.BatchNorm2d(32),
  new nn.ReLU(),
  new nn.MaxPool2d(2),
  new nn.Flatten(),
  new nn.Dropout(0.25),
  new nn.Linear(128, 10),
);
const criterion = new nn.CrossEntropyLoss();
const optimizer = new optim.AdamW(model.parameters(), { lr: 0.001 });
const scheduler = new optim.lr_scheduler.OneCycleLR(optimizer, {
  max_lr: 0.01,
  epochs: EPOCHS,
  steps_per_epoch: loader.length,
});

const writer = new torch.utils.tensorboard.SummaryWriter(folder);
const checkpointer = new torch.utils.checkpointing.Checkpointer<{ epoch: number; total: number }>(
  folder,
  { model, optimizer, scheduler, loader },
);
let { epoch, total } = checkpointer.restore() ?? { epoch: 0, total: 0 };
checkpointer.onSignal(() => ({ epoch, total }));

for (; epoch < EPOCHS; epoch++) {
  for await (const [input, target] of loader) {
    optimizer.zero_grad();
    const loss = criterion(model(input), target);
    loss.backward();
    optimizer.step();
    scheduler.step();
    writer.add_scalar('loss', loss, scheduler.last_epoch);
    total += loss.item();
  }
  console.log(`epoch ${epoch + 1}: loss ${(total / loader.length).toFixed(4)}`);
  total = 0;
  checkpointer.save({ epoch: epoch + 1, total });
}

model.eval();
let correct = 0;
for await (const [input, target] of test_loader) {
  correct += torch.no_grad(() => model(input).argmax(1).eq(target).sum().item());
}
console.log(`test accuracy ${((100 * correct) / test!.length).toFixed(1)} %`);
torch.save(model.state_dict(), `${folder}/weights.pt`);
writer.close();
