// Embeds handwritten digits so that equal ones are near: triplets with hard negatives, and a distance in TypeScript.
import { mkdirSync } from 'node:fs';
import torch, { nn, optim, type Tensor } from 'torch-losses';

import { type Digits, loadDigits } from '../digits/data.js';

const F = nn.functional;
const EPOCHS = 5;
const BATCH_SIZE = 100;
const TEST_SIZE = 600;
const folder = process.argv[2] ?? 'runs/embeddings';

/** Returns the distance: 1 minus the cosine of the angle. It broadcasts, and autograd follows it. */
const distance = (a: Tensor, b: Tensor) => F.cosine_similarity(a, b, { dim: -1 }).neg().add(1);

/** Returns the distances between all rows: (n, n). A row is infinitely far from itself. */
const distances = (rows: Tensor) =>
  distance(rows.unsqueeze(1), rows.unsqueeze(0)).fill_diagonal_(Infinity);

/** Finds for each row the nearest row of its class, and the nearest of another one: the hardest negative. */
function mine(embedded: Tensor, classes: Tensor): [positives: Tensor, negatives: Tensor] {
  const all = distances(embedded.detach());
  const same = classes.unsqueeze(1).eq(classes);
  return [
    all.masked_fill(same.logical_not(), Infinity).argmin(1),
    all.masked_fill(same, Infinity).argmin(1),
  ];
}

/** Returns the share of rows whose nearest other row is of their class. */
function recallAt1(rows: Tensor, classes: Tensor): number {
  const nearest = distances(rows).argmin(1);
  return classes.index(nearest).eq(classes).float().mean().item();
}

function report(when: string): void {
  const recall = recallAt1(
    torch.no_grad(() => model(test.images)),
    test.classes,
  );
  console.log(`${when}  recall@1 ${(100 * recall).toFixed(2)} %`);
}

torch.set_num_threads(1); // the tensors are small: one thread is fastest
torch.manual_seed(0);
const { images, classes } = loadDigits();
const order = torch.randperm(classes.numel());
const part = (rows: Tensor): Digits => ({
  images: images.index(rows),
  classes: classes.index(rows),
});
const test = part(order.index(torch.slice(TEST_SIZE)));
const train = part(order.index(torch.slice(TEST_SIZE, null)));

const model = new nn.Sequential(new nn.Linear(64, 64), new nn.ReLU(), new nn.Linear(64, 8));
const criterion = new nn.TripletMarginWithDistanceLoss({
  distance_function: distance,
  margin: 0.3,
});
const optimizer = new optim.Adam(model.parameters(), { lr: 0.01 });

report('untrained');
for (let epoch = 1; epoch <= EPOCHS; epoch++) {
  for (const rows of torch.randperm(train.classes.numel()).split(BATCH_SIZE)) {
    const embedded = model(train.images.index(rows));
    const [positives, negatives] = mine(embedded, train.classes.index(rows));
    optimizer.zero_grad();
    criterion(embedded, embedded.index(positives), embedded.index(negatives)).backward();
    optimizer.step();
  }
  report(`epoch ${epoch}  `);
}
mkdirSync(folder, { recursive: true });
torch.save(model.state_dict(), `${folder}/weights.pt`);
