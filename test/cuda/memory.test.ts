/** GPU memory: constant in loops that dispose nothing, freed when it runs out. Checks of class indices. */
import { expect } from 'chai';
import torch, { nn, type Tensor } from 'torch-losses';

import { describeCuda } from './gpu';

const { cuda } = torch;
const F = nn.functional;
const bytes = (count: number): Tensor => torch.empty(count, { dtype: torch.uint8, device: 'cuda' });

describeCuda('memory', function () {
  this.timeout(120_000);

  it('stays flat in a loop that never yields and disposes nothing', () => {
    const input = torch.randn(1024, 1024, { device: 'cuda', requires_grad: true });
    const target = torch.randn(1024, 1024, { device: 'cuda' });
    const step = (): void => {
      F.huber_loss(input, target).backward();
      input.grad = null;
    };
    for (let i = 0; i < 50; i++) step();
    cuda.reset_peak_memory_stats();
    for (let i = 0; i < 2000; i++) step();
    // 2,000 graphs of 8 MB would take 16 GB.
    expect(cuda.max_memory_allocated()).to.be.below(2 ** 30);
  });

  it('counts what tensors hold', () => {
    torch.memoryStats();
    const before = cuda.memory_allocated();
    const held = bytes(64 * 2 ** 20);
    // Tensors that were dead before may be freed meanwhile.
    expect(cuda.memory_allocated() - before).to.be.within(48 * 2 ** 20, 64 * 2 ** 20);
    expect(torch.memoryStats().devices['cuda:0']!.live_bytes).to.be.at.least(64 * 2 ** 20);
    expect(cuda.memory_reserved()).to.be.at.least(cuda.memory_allocated());
    held.dispose();
    expect(cuda.memory_allocated()).to.be.at.most(before);
    cuda.empty_cache();
    expect(cuda.memory_reserved()).to.be.below(before + 64 * 2 ** 20);
  });

  it('is freed of what is dead when it runs out, and the call made again', () => {
    cuda.empty_cache();
    const most = Math.floor(cuda.mem_get_info()[0] * 0.6);
    for (let i = 0; i < 5; i++) bytes(most); // each is dropped, and undisposed
    expect(bytes(1 << 20).numel()).to.equal(1 << 20);
  });

  it('that is really gone is an error with the allocator’s summary, and no more', () => {
    const eighth = Math.floor(cuda.mem_get_info()[1] / 8);
    const held: torch.Tensor[] = [];
    expect(() => {
      for (let i = 0; i < 9; i++) held.push(bytes(eighth));
    })
      .to.throw(
        torch.TorchError,
        /^CUDA out of memory\. Tried to allocate .* GPU 0 has a total capacity of/,
      )
      .with.property('code', 'ERR_TORCH_OUT_OF_MEMORY');
    for (const tensor of held) tensor.dispose();
    expect(bytes(eighth * 4).numel()).to.equal(eighth * 4);
  });
});

describeCuda('class indices', () => {
  it('out of range throw the CPU’s error where they are checked, and work goes on', () => {
    cuda.set_check_targets(true);
    try {
      const input = torch.randn(3, 5, { device: 'cuda', requires_grad: true });
      const target = torch.tensor([0, 7, 1]).cuda();
      expect(() => F.cross_entropy(input, target)).to.throw(
        RangeError,
        'Target 7 is out of bounds.',
      );
      expect(() => F.multi_margin_loss(input, target)).to.throw(
        torch.TorchError,
        'target out of range',
      );
      const logs = torch.randn(6, 2, 5).log_softmax(2).cuda();
      const labels = torch
        .tensor([
          [1, 2, 99],
          [3, 4, 5],
        ])
        .cuda();
      const lengths = [torch.tensor([6, 6]).cuda(), torch.tensor([2, 3]).cuda()] as const;
      expect(() => F.ctc_loss(logs, labels, ...lengths)).to.throw(
        RangeError,
        'target 5 is out of bounds', // 99 is beyond its sequence's length
      );
      expect(
        F.ctc_loss(logs, labels.clamp({ max: 4 }), ...lengths)
          .isfinite()
          .item(),
      ).to.equal(true);
      F.cross_entropy(input, torch.tensor([0, -100, 1]).cuda()).backward();
      expect(input.grad!.isfinite().all().item()).to.equal(true);
    } finally {
      cuda.set_check_targets(false);
    }
  });
});
