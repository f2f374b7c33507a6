/** Loops that never yield and never dispose, and the memory they are allowed. */
import { expect } from 'chai';
import torch, { nn } from 'torch-losses';

const MB = 2 ** 20;
const cpu = () => torch.memoryStats().devices['cpu']!;

/** By how much the resident memory of a loop exceeds that at its start, at most. */
function growth(times: number, step: () => void): number {
  const start = process.memoryUsage.rss();
  let peak = start;
  for (let i = 0; i < times; i++) {
    step();
    if (i % 16 === 0) peak = Math.max(peak, process.memoryUsage.rss());
  }
  return (peak - start) / MB;
}

describe('memory', () => {
  // Alone, so that a loop's time is its own.
  const threads = torch.get_num_threads();
  before(() => torch.set_num_threads(1));
  after(() => torch.set_num_threads(threads));
  const square = torch.zeros(1000, 1000);
  const other = torch.ones(1000, 1000);

  it('stays flat over results of 1 MB', () => {
    const half = torch.zeros(500, 500);
    expect(
      growth(1500, () => nn.functional.mse_loss(half, half, { reduction: 'none' })),
    ).to.be.lessThan(300);
  }).timeout(60_000);

  it('stays flat over small results of large work', () => {
    expect(growth(300, () => nn.functional.huber_loss(square, other))).to.be.lessThan(300);
  }).timeout(60_000);

  it('stays flat over graphs that keep their inputs', () => {
    const input = torch.ones(1000, 1000, { requires_grad: true });
    expect(growth(300, () => nn.functional.huber_loss(input.mul(2), other))).to.be.lessThan(300);
  }).timeout(60_000);

  it('stays flat over many tiny losses', () => {
    const tiny = torch.ones(2, 2);
    expect(growth(50_000, () => nn.functional.mse_loss(tiny, tiny))).to.be.lessThan(100);
  }).timeout(60_000);

  it('is counted exactly', () => {
    const before = cpu().live_bytes;
    const kept = torch.empty(1000, 1000);
    expect(cpu().live_bytes - before).to.equal(4e6);
    kept.dispose();
    expect(cpu().live_bytes).to.equal(before);
  });

  it('is given back when asked', () => {
    torch.empty(1000, 1000).dispose();
    expect(cpu().cached_bytes).to.be.greaterThan(0);
    torch.emptyCache();
    expect(cpu().cached_bytes).to.equal(0);
  });

  it('that no machine has is an error, with the size that was asked for', () => {
    expect(() => torch.empty(2 ** 50)).to.throw(`you tried to allocate ${4 * 2 ** 50} bytes`);
    expect(torch.ones(2).sum().item()).to.equal(2);
  });

  it('survives what lives long', () => {
    const kept = Array.from({ length: 20_000 }, (_, i) => torch.full([1], i));
    for (let i = 0; i < 20_000; i++) torch.empty(1);
    expect(kept.every((tensor, i) => tensor.item() === i)).to.equal(true);
  });
});
