/** Batch jobs on a GPU: the bits of one call there, copied from pinned memory. */
import { expect } from 'chai';
import torch, { nn, type Tensor } from 'torch-losses';
import { evaluate } from 'torch-losses/batch';

import { temporaryFolder } from '../support/folder';
import { describeCuda } from './gpu';

const { cuda } = torch;
const { numpy } = torch.utils;
const F = nn.functional;
const ROWS = 3000;
const CLASSES = 40;

/** Returns tensors that leave no memory on the device. */
function filled(): Tensor[] {
  const tensors: Tensor[] = [];
  for (let size = 2 ** Math.floor(Math.log2(cuda.mem_get_info()[0])); size >= 512; size /= 2) {
    try {
      for (;;) tensors.push(torch.empty(size, { dtype: torch.uint8, device: 'cuda' }));
    } catch (error) {
      expect(error).to.include({ code: 'ERR_TORCH_OUT_OF_MEMORY' });
    }
  }
  return tensors;
}

describeCuda('batch jobs', () => {
  const file = temporaryFolder();
  let input: Tensor;
  let target: Tensor;
  let files: Record<'input' | 'target', string>;

  before(() => {
    torch.manual_seed(3);
    input = torch.randn(ROWS, CLASSES);
    target = torch.randint(0, CLASSES, [ROWS]);
    files = { input: file('x.npy'), target: file('y.npy') };
    numpy.save(files.input, input);
    numpy.save(files.target, target);
  });

  it('give the losses and gradients of one call', async () => {
    const weight = torch.rand(CLASSES);
    const loss = new nn.CrossEntropyLoss({ weight, ignore_index: 3 });
    const [out, gradOut] = [file('losses.npy'), file('gradients.npy')];
    const options = { out, gradOut, device: 'cuda', memory: 1_000_000, report: file('page.html') };
    let steps = 0;
    const job = evaluate(loss, files, options);
    for await (const _step of job) steps++;
    expect(steps).to.be.at.least(4);
    const there = input.cuda().requires_grad_();
    const losses = F.cross_entropy(there, target.cuda(), {
      weight: weight.cuda(),
      ignore_index: 3,
      reduction: 'none',
    });
    losses.backward(torch.ones_like(losses));
    expect(torch.equal(numpy.load(out) as Tensor, losses.detach().cpu())).to.equal(true);
    expect(torch.equal(numpy.load(gradOut) as Tensor, there.grad!.cpu())).to.equal(true);
    expect(cuda.host_memory_stats()['allocated_bytes.peak']).to.be.greaterThan(0);
    const { mean } = await job.summary();
    const whole = await evaluate(loss, files, { device: 'cuda' }).summary();
    expect(mean).to.equal(whole.mean);
  });

  it('say how to make chunks that fit on the device', async () => {
    const others = filled();
    try {
      const error = await evaluate(new nn.CrossEntropyLoss(), files, { device: 'cuda' })
        .summary()
        .catch((caught) => caught);
      expect(error).to.include({ code: 'ERR_TORCH_VALUE' });
      expect(error.message).to.match(
        /^evaluate\(\): 3000 rows do not fit on cuda: give a 'memory' of less than \d+ bytes/,
      );
      expect(error.cause).to.include({ code: 'ERR_TORCH_OUT_OF_MEMORY' });
    } finally {
      for (const other of others) other.dispose();
      cuda.empty_cache();
    }
  });

  it('skip rows, and name those that are refused', async () => {
    const bad = target.clone();
    bad.index_put_([torch.tensor([7, 2000])], torch.tensor(CLASSES));
    numpy.save(file('bad.npy'), bad);
    const named = { ...files, target: file('bad.npy') };
    cuda.set_check_targets(true);
    try {
      const loss = new nn.CrossEntropyLoss();
      const options = { device: 'cuda', memory: 1_000_000 };
      const summary = await evaluate(loss, named, { ...options, onError: 'skip' }).summary();
      expect(summary).to.include({ skipped: 2, losses: ROWS - 2 });
      const error = await evaluate(loss, named, options)
        .summary()
        .catch((caught) => caught);
      expect(error.message).to.include('refuses row 7 of');
    } finally {
      cuda.set_check_targets(false);
    }
  });
});
