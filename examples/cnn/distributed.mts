// Trains the CNN in several processes. If one is killed, torchrun starts all again, and they continue after the last epoch.
import torch, { nn, optim, type Tensor } from 'torch-losses';

import { loadDigits } from '../digits/data.js';

const { distributed: dist } = torch;
const { DataLoader, DistributedSampler, TensorDataset, random_split } = torch.utils.data;
const EPOCHS = 3;
const folder = process.argv[2] ?? 'runs/cnn_distributed';

await dist.init_process_group('gloo');
const [rank, size] = [dist.get_rank(), dist.get_world_size()];

torch.manual_seed(0);
const { images, classes } = loadDigits();
const digits = new TensorDataset(images.reshape(-1, 1, 8, 8), classes);
const [train, test] = random_split(digits, [0.8, 0.2]);
const sampler = new DistributedSampler(train!);
const loader = new DataLoader(train!, { batch_size: 32, sampler });
const test_loader = new DataLoader(test!, { batch_size: 64 });

const cnn = new nn.Sequential(
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
const optimizer = new optim.AdamW(cnn.parameters(), { lr: 0.001 });
const scheduler = new optim.lr_scheduler.OneCycleLR(optimizer, {
  max_lr: 0.01,
  epochs: EPOCHS,
  steps_per_epoch: loader.length,
});

// The first process saves what all have in common, and the random generator of each.
torch.manual_seed(rank);
const checkpointer = new torch.utils.checkpointing.Checkpointer<{
  epoch: number;
  generators: Tensor[];
}>(folder, { cnn, optimizer, scheduler });
const saved = checkpointer.restore();
if (saved) torch.set_rng_state(saved.generators[rank]!);
const model = await nn.parallel.DistributedDataParallel.create(cnn);

for (let epoch = saved?.epoch ?? 0; epoch < EPOCHS; epoch++) {
  sampler.set_epoch(epoch);
  const total = torch.zeros(1);
  for await (const [input, target] of loader) {
    optimizer.zero_grad();
    const loss = criterion(await model(input), target);
    await loss.backwardAsync();
    optimizer.step();
    scheduler.step();
    total.add_(loss.detach());
  }
  await dist.all_reduce(total);
  const generators = Array.from({ length: size }, () => torch.empty_like(torch.get_rng_state()));
  await dist.all_gather(generators, torch.get_rng_state());
  if (rank === 0) {
    console.log(`epoch ${epoch + 1}: loss ${(total.item() / size / loader.length).toFixed(4)}`);
    checkpointer.save({ epoch: epoch + 1, generators });
  }
}

if (rank === 0) {
  cnn.eval();
  let correct = 0;
  for await (const [input, target] of test_loader) {
    correct += torch.no_grad(() => cnn(input).argmax(1).eq(target).sum().item());
  }
  console.log(`test accuracy ${((100 * correct) / test!.length).toFixed(1)} %`);
  torch.save(cnn.state_dict(), `${folder}/weights.pt`);
}
await dist.destroy_process_group();
