/** What must compile of torch.utils, and what must not. */
import torch, { nn, optim, type Tensor } from 'torch-losses';

const { DataLoader, Dataset, IterableDataset, random_split, Subset, TensorDataset } =
  torch.utils.data;

const pairs = new TensorDataset(torch.ones(4, 2), torch.ones(4));
const sample: [Tensor, Tensor] = pairs.at(0);

class Texts extends Dataset<{ text: string; size: number; tags: string[] }> {
  override get length(): number {
    return 3;
  }
  override async at(_index: number): Promise<{ text: string; size: number; tags: string[] }> {
    return { text: '', size: 1, tags: [] };
  }
}

class Lines extends IterableDataset<[string, number]> {
  override async *[Symbol.asyncIterator](): AsyncGenerator<[string, number]> {
    yield ['', 1];
  }
}

export async function batches(): Promise<void> {
  for await (const [x, y] of new DataLoader(pairs, { batch_size: 2, shuffle: true })) {
    const both: Tensor = x.add(y);
    both.dispose();
  }
  for await (const { text, size, tags } of new DataLoader(new Texts(), 2)) {
    const typed: [string[], Tensor, string[][]] = [text, size, tags];
    void typed;
  }
  for await (const [line, number] of new DataLoader(new Lines(), 2, { drop_last: true })) {
    const typed: [string[], Tensor] = [line, number];
    void typed;
  }
  for await (const { text, size } of new DataLoader(new Texts(), { batch_size: null })) {
    const typed: [string, number] = [text, size];
    void typed;
  }
  const counted = new DataLoader(new Texts(), { collate_fn: (samples) => samples.length });
  for await (const count of counted) count.toFixed();
  for await (const text of new DataLoader(['a', 'b'], 2, true)) text.join();
  const [train] = random_split(pairs, [3, 1], { generator: new torch.Generator() });
  for await (const [x, y] of new DataLoader(train!)) x.add(y);
  const url = new URL('file:///data.js');
  for await (const { size } of new DataLoader<Texts>(url, { num_workers: 2 })) size.sum();
  const loader: torch.utils.data.DataLoader<typeof pairs> = new DataLoader(pairs);
  const length: number = loader.length;
  void length;
  // @ts-expect-error the dataset is not callable with a string index
  pairs.at('0');
  // @ts-expect-error an unknown option
  new DataLoader(pairs, { batchSize: 2 });
  // @ts-expect-error a worker's function is an export of its module
  new DataLoader(url, { num_workers: 1, worker_init_fn: () => 1 });
  // @ts-expect-error no indices
  new Subset(pairs);
}

export function others(): void {
  const model = new nn.Linear(2, 1);
  const optimizer = new optim.AdamW(model.parameters());
  const scheduler = new optim.lr_scheduler.StepLR(optimizer, 2);
  const loader = new DataLoader(pairs);
  const { Checkpointer } = torch.utils.checkpointing;
  const objects = { model, optimizer, scheduler, loader, scaler: new torch.amp.GradScaler() };
  const checkpointer = new Checkpointer<{ epoch: number }>('checkpoints', objects, { keepLast: 2 });
  const epoch: number = checkpointer.restore()?.epoch ?? 0;
  checkpointer.save({ epoch });
  checkpointer.onSignal(() => ({ epoch }), 'SIGUSR2').remove();
  // @ts-expect-error values of another type
  checkpointer.save({ step: 1 });
  // @ts-expect-error no state
  new Checkpointer('checkpoints', { epoch: 3 });

  const writer = new torch.utils.tensorboard.SummaryWriter('runs/1', { flush_secs: 10 });
  writer.add_scalar('loss', sample[0], 1, 12.5);
  writer.add_scalar('loss', 1, { global_step: 1, new_style: true });
  writer.add_scalars('both', { a: 1, b: sample[0] }, 1);
  writer.add_histogram('weights', sample[0], 1, { bins: 8, max_bins: 4 });
  writer.add_histogram('weights', sample[0], 1, [0, 1, 2]);
  writer.add_image('image', sample[0], { dataformats: 'HWC' });
  writer.add_hparams({ lr: 0.1, name: 'sgd' }, { loss: 1 }, { run_name: 'a' });
  // @ts-expect-error a scalar is no string
  writer.add_scalar('loss', '1');
}
