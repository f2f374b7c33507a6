// The addon's side of ../distributed.mjs: one of two processes.
import { createInterface } from 'node:readline';
import torch, { nn, optim } from 'torch-losses';

import { makeCnn } from './cnn.mjs';

const { distributed: dist } = torch;
const { INIT_METHOD, RANK, WORLD_SIZE } = process.env;

function allReduce(bytes) {
  const tensor = torch.full([bytes / 4], 0, { dtype: torch.float32 });
  return async () => {
    await dist.all_reduce(tensor);
    return tensor;
  };
}

async function training() {
  torch.manual_seed(0);
  const cnn = makeCnn();
  const [input, target] = [torch.randn(32, 1, 8, 8), torch.randint(0, 10, [32])];
  const criterion = new nn.CrossEntropyLoss();
  const optimizer = new optim.AdamW(cnn.parameters(), { lr: 0.001 });
  const model = await nn.parallel.DistributedDataParallel.create(cnn);
  const total = torch.zeros(1);
  return async () => {
    optimizer.zero_grad();
    const loss = criterion(await model(input), target);
    await loss.backwardAsync();
    optimizer.step();
    total.add_(loss.detach());
    return total;
  };
}

const STEPS = {
  'all_reduce of 4 KB': () => allReduce(4_000),
  'all_reduce of 4 MB': () => allReduce(4_000_000),
  'all_reduce of 100 MB': () => allReduce(100_000_000),
  'DDP step of the CNN': training,
};

const answer = (object) => console.log(JSON.stringify(object));

await dist.init_process_group('gloo', INIT_METHOD, {
  rank: Number(RANK),
  world_size: Number(WORLD_SIZE),
});
answer({ version: torch.__version__ });
let step;
for await (const line of createInterface({ input: process.stdin })) {
  const request = JSON.parse(line);
  if (request.prepare) {
    step = await STEPS[request.prepare]();
    answer({ value: (await step()).sum().item() });
  } else {
    await dist.barrier();
    const start = performance.now();
    for (let call = 0; call < request.run; call++) await step();
    answer({ seconds: (performance.now() - start) / 1000 });
  }
}
