// The addon's side of ../training.mjs: steps of a training. It answers with processor time.
import torch, { nn, optim } from 'torch-losses';

import { makeCnn } from './cnn.mjs';
import { serve } from './serve.mjs';

const STEPS = {
  cnn() {
    const model = makeCnn();
    const input = torch.randn(64, 1, 8, 8);
    return training(model, () => model(input), torch.randint(0, 10, [64]));
  },
  lstm() {
    const model = new nn.ModuleList([new nn.LSTM(64, 128), new nn.Linear(128, 10)]);
    const [lstm, head] = model;
    const input = torch.randn(50, 32, 64);
    const forward = () => head(lstm(input)[0].select(0, -1));
    return training(model, forward, torch.randint(0, 10, [32]));
  },
  adamw() {
    const parameters = Array.from({ length: 20 }, () => new nn.Parameter(torch.randn(100_000)));
    for (const parameter of parameters) parameter.grad = torch.randn(100_000);
    const optimizer = new optim.AdamW(parameters);
    return () => optimizer.step();
  },
};

function training(model, forward, target) {
  const criterion = new nn.CrossEntropyLoss();
  const optimizer = new optim.AdamW(model.parameters(), { lr: 0.001 });
  return () => {
    optimizer.zero_grad();
    const loss = criterion(forward(), target);
    loss.backward();
    optimizer.step();
    return loss;
  };
}

torch.set_num_threads(1);
const clock = () => {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1e6;
};
serve(
  { version: torch.__version__ },
  ({ prepare: name }) => {
    torch.manual_seed(0);
    const step = STEPS[name]();
    return { step, value: step()?.item() ?? 0 };
  },
  { clock },
);
