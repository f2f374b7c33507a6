// Fine-tunes a TorchScript model that pretrain.py exported: it knows five digits and learns all ten from 200 images.
import torch, { nn, optim, type Tensor } from 'torch-losses';

import { loadDigits } from '../digits/data.js';

const { DataLoader, TensorDataset, random_split } = torch.utils.data;
const folder = process.argv[2] ?? 'runs/finetune';

torch.manual_seed(0);
const { images, classes } = loadDigits();
const digits = new TensorDataset(images.reshape(-1, 1, 8, 8), classes);
const [few, rest] = random_split(digits, [200, 1597]);
const loader = new DataLoader(few!, { batch_size: 50, shuffle: true });

const pretrained = torch.jit.load<[images: Tensor], Tensor>(`${folder}/pretrained.pt`);
const features = pretrained.get_submodule('features');
const head = new nn.Linear(128, 10);
const model = new nn.Sequential(features, head).train();
const criterion = new nn.CrossEntropyLoss({ label_smoothing: 0.1 });
const optimizer = new optim.AdamW(
  [{ params: features.parameters(), lr: 0.001 }, { params: head.parameters() }],
  { lr: 0.01 },
);

for (let epoch = 1; epoch <= 10; epoch++) {
  let total = 0;
  for await (const [input, target] of loader) {
    optimizer.zero_grad();
    const loss = criterion(model(input), target);
    loss.backward();
    optimizer.step();
    total += loss.item();
  }
  console.log(`epoch ${epoch}: loss ${(total / loader.length).toFixed(4)}`);
}

model.eval();
let correct = 0;
for await (const [input, target] of new DataLoader(rest!, { batch_size: 100 })) {
  correct += torch.no_grad(() => model(input).argmax(1).eq(target).sum().item());
}
console.log(`test accuracy ${((100 * correct) / rest!.length).toFixed(1)} %`);
torch.save(model.state_dict(), `${folder}/weights.pt`);
