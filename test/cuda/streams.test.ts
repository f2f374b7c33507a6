/** Streams and events. Calls off the event loop keep their caller's stream. */
import { expect } from 'chai';
import torch, { nn } from 'torch-losses';

import { native } from '../../dist/bindings/native';
import { describeCuda } from './gpu';

const { cuda } = torch;

describeCuda('streams', () => {
  it('are current for a function’s time', () => {
    const side = new cuda.Stream();
    expect(cuda.current_stream().equals(cuda.default_stream())).to.equal(true);
    const inside = cuda.stream(side, () => cuda.current_stream());
    expect(inside.equals(side)).to.equal(true);
    expect(cuda.current_stream().equals(cuda.default_stream())).to.equal(true);
    expect(cuda.stream(null, () => 7)).to.equal(7);
    expect(() => cuda.stream(side, async () => 1)).to.throw(TypeError, 'must be synchronous');
  });

  it('compute what the default one computes, once they wait for each other', () => {
    const input = torch.randn(512, 512, { device: 'cuda', requires_grad: true });
    const target = torch.randn(512, 512, { device: 'cuda' });
    const criterion = new nn.MSELoss();
    criterion(input, target).backward();
    const expected = input.grad!.cpu();
    input.grad = null;
    const side = new cuda.Stream({ priority: -1 });
    side.wait_stream(cuda.current_stream());
    const loss = cuda.stream(side, () => {
      const result = criterion(input, target);
      result.backward();
      return result;
    });
    cuda.current_stream().wait_stream(side);
    loss.record_stream(cuda.current_stream());
    expect(loss.item()).to.equal(criterion(input, target).item());
    expect(input.grad!.cpu().equal(expected)).to.equal(true);
  });

  it('are timed by events', () => {
    const [start, end] = [1, 2].map(() => new cuda.Event({ enable_timing: true })) as [
      torch.cuda.Event,
      torch.cuda.Event,
    ];
    const x = torch.randn(2048, 2048, { device: 'cuda' });
    start.record();
    for (let i = 0; i < 10; i++) x.matmul(x);
    end.record();
    end.synchronize();
    expect(end.query()).to.equal(true);
    expect(start.elapsed_time(end)).to.be.above(0);
    const untimed = cuda.current_stream().record_event();
    untimed.synchronize();
    expect(() => start.elapsed_time(untimed)).to.throw(RangeError, 'enable_timing=True');
    expect(cuda.current_stream().query()).to.be.a('boolean');
  });

  it('are kept by calls off the event loop', async () => {
    const side = new cuda.Stream();
    const criterion = new nn.MSELoss();
    const input = torch.randn(256, 256, { device: 'cuda', requires_grad: true });
    const target = torch.randn(256, 256, { device: 'cuda' });
    side.wait_stream(cuda.current_stream());
    const pending: Promise<torch.Tensor>[] = [];
    cuda.stream(side, () => {
      pending.push(criterion.forwardAsync(input, target));
    });
    const loss = await pending[0]!;
    side.synchronize();
    expect(loss.item()).to.equal(criterion(input, target).item());
    await loss.backwardAsync();
    expect(input.grad!.shape).to.deep.equal([256, 256]);
  });

  it('hand on what they were given, however late they do it', async () => {
    const side = new cuda.Stream();
    const host = torch.arange(1 << 16).pin_memory();
    const copy = (): torch.Tensor =>
      cuda.stream(side, () => host.to('cuda', { non_blocking: true }));
    const wanted = host.toTypedArray();
    const pending: Promise<unknown>[] = [];
    cuda.stream(side, () => {
      pending.push(copy().toTypedArrayAsync(), copy().select(0, -1).itemAsync());
    });
    expect(await Promise.all(pending)).to.deep.equal([wanted, (1 << 16) - 1]);
    const later = copy();
    const mark = side.record_event();
    mark.wait(cuda.current_stream());
    expect(later.sum().item()).to.equal(((1 << 16) * ((1 << 16) - 1)) / 2);
    const elsewhere = copy();
    side.synchronize();
    expect(elsewhere.toTypedArray()).to.deep.equal(wanted);
  });

  it('find in pinned memory what was there when the copy began, though it is disposed at once', () => {
    const side = new cuda.Stream();
    const copies = cuda.stream(side, () =>
      Array.from({ length: 8 }, (_, i) => {
        const host = torch.full([1 << 16], i).pin_memory();
        const there = host.to('cuda', { non_blocking: true });
        host.dispose();
        return there;
      }),
    );
    side.synchronize();
    expect(copies.map((copy) => copy.float().mean().item())).to.deep.equal([
      0, 1, 2, 3, 4, 5, 6, 7,
    ]);
  });

  it('may differ between the forward and the backward pass', () => {
    const side = new cuda.Stream();
    const scores = torch.randn(16, 5, { device: 'cuda', requires_grad: true });
    const classes = torch.arange(16, { device: 'cuda' }).remainder(5);
    const criterion = new nn.CrossEntropyLoss();
    const isInline = (loss: torch.Tensor): boolean => {
      const before = native.inline_backward_count();
      loss.backward();
      return native.inline_backward_count() > before;
    };
    expect(isInline(criterion(scores, classes))).to.equal(true);
    const expected = scores.grad!.cpu();
    scores.grad = null;
    side.wait_stream(cuda.current_stream());
    const loss = cuda.stream(side, () => criterion(scores, classes));
    expect(isInline(loss)).to.equal(false); // the engine runs it on the forward pass's stream, and waits
    expect(scores.grad!.cpu().equal(expected)).to.equal(true);
  });
});
