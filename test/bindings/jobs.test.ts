/** Calls off the event loop. */
import { expect } from 'chai';
import torch, { nn, type Tensor } from 'torch-losses';

const x = torch.randn(64, 10, { requires_grad: true });
const target = torch.randint(0, 10, [64]);
const criterion = new nn.CrossEntropyLoss();

async function rejection(promise: Promise<unknown>): Promise<Error & { code?: string }> {
  try {
    await promise;
  } catch (error) {
    return error as Error;
  }
  throw new Error('nothing was thrown');
}

async function warningsDuring(work: () => Promise<unknown>): Promise<Error[]> {
  const warnings: Error[] = [];
  const note = (warning: Error): number => warnings.push(warning);
  process.on('warning', note);
  await work();
  await new Promise(setImmediate);
  process.off('warning', note);
  return warnings;
}

/** Keeps the worker thread of asynchronous calls busy for a while. */
const busy = (): Promise<unknown> => torch.ops.aten.mm.async(big, big);
const big = torch.ones(1500, 1500);

describe('asynchronous calls', () => {
  it('give what the synchronous ones give, gradients too', async () => {
    const loss = await criterion.forwardAsync(x, target);
    expect(loss.item()).to.equal(criterion(x, target).item());
    expect(loss.requires_grad).to.equal(true);
    x.grad = null;
    await loss.backwardAsync();
    const grad = x.grad as Tensor | null;
    const [expected] = torch.autograd.grad(criterion(x, target), [x]);
    expect(grad!.equal(expected!)).to.equal(true);
    expect(await loss.itemAsync()).to.equal(loss.item());
    expect([...(await x.toTypedArrayAsync())]).to.deep.equal([...x.toTypedArray()]);
  });

  it('take the gradient by position too, as backward does', async () => {
    const leaf = torch.ones(3, { requires_grad: true });
    await leaf.mul(2).backwardAsync(torch.tensor([1.5, 2.5, 3.5]));
    expect(leaf.grad!.tolist()).to.deep.equal([3, 5, 7]);
    await leaf.sum().backwardAsync(null);
    expect(leaf.grad!.tolist()).to.deep.equal([4, 6, 8]);
  });

  it('call a distance of your own, a subclass of torch.nn.PairwiseDistance too', async () => {
    const calls: string[] = [];
    class Doubled extends nn.PairwiseDistance {
      override forward(a: Tensor, b: Tensor): Tensor {
        calls.push('called');
        return super.forward(a, b).mul(2);
      }
    }
    const margin = 0.5;
    const zeros = torch.zeros(64, 10);
    const own = new nn.TripletMarginWithDistanceLoss({ distance_function: new Doubled(), margin });
    const [later, now] = [await own.forwardAsync(x, x.add(1), zeros), own(x, x.add(1), zeros)];
    expect(calls).to.have.length(4);
    expect(later.equal(now)).to.equal(true);
    const torchs = new nn.TripletMarginWithDistanceLoss({ margin });
    expect(torchs(x, x.add(1), zeros).equal(now)).to.equal(false);
  });

  it('run in the order they were made', async () => {
    const order: number[] = [];
    await Promise.all([
      busy().then(() => order.push(0)),
      ...[1, 2, 3, 4].map((n) => criterion.forwardAsync(x, target).then(() => order.push(n))),
    ]);
    expect(order).to.deep.equal([0, 1, 2, 3, 4]);
  });

  it('carry the grad mode of the caller', async () => {
    const promise = torch.no_grad(() => {
      const started = criterion.forwardAsync(x, target);
      return { started };
    });
    expect((await promise.started).requires_grad).to.equal(false);
  });

  it('carry the thread count of the caller, which decides the last bits', async () => {
    const many = torch.arange(4_000_003, { dtype: torch.float64 }).sin();
    const threads = torch.get_num_threads();
    try {
      const jobs = [1, 2, 3].map((count) => {
        torch.set_num_threads(count);
        return { sum: many.sum().item(), later: torch.ops.aten.sum.async(many) };
      });
      expect(new Set(jobs.map(({ sum }) => sum)).size).to.be.greaterThan(1);
      for (const { sum, later } of jobs) expect((await later).item()).to.equal(sum);
    } finally {
      torch.set_num_threads(threads);
    }
  });

  it('show their warnings', async () => {
    const warnings = await warningsDuring(() =>
      new nn.MSELoss().forwardAsync(torch.ones(2, 1, 3), torch.ones(2, 7, 3)),
    );
    expect(warnings).to.have.length(1);
    expect(warnings[0]!.message).to.match(/^Using a target size/);
  });

  it('reject with Python’s error and the caller’s stack', async () => {
    function theCaller(): Promise<Tensor> {
      return criterion.forwardAsync(x, torch.full([64], 99));
    }
    const error = await rejection(theCaller());
    expect(error).to.be.instanceOf(RangeError);
    expect(error).to.include({ code: 'ERR_TORCH_INDEX', message: 'Target 99 is out of bounds.' });
    expect(error.stack).to.include('theCaller');
  });

  it('reject, not throw, for arguments that do not fit', async () => {
    const error = await rejection(criterion.forwardAsync(x, 3 as unknown as Tensor));
    expect(error).to.be.instanceOf(TypeError);
    expect(error.message).to.include("'target'");
  });

  it('are dropped by a signal if they have not started', async () => {
    const controller = new AbortController();
    const running = busy();
    const dropped = criterion.forwardAsync(x, target, { signal: controller.signal });
    const reason = new Error('enough');
    controller.abort(reason);
    expect(await rejection(dropped)).to.equal(reason);
    await running;
    const late = criterion.forwardAsync(x, target, { signal: controller.signal });
    expect(await rejection(late)).to.equal(reason);
  });

  it('keep their inputs when those are disposed', async () => {
    const input = torch.ones(4, 4);
    const running = busy();
    const sum = torch.ops.aten.sum.async(input);
    input.dispose();
    await running;
    expect((await sum).item()).to.equal(16);
  });

  it('hold up what would write to the memory they compute on', async () => {
    const input = torch.ones(1200, 1200);
    const product = torch.ops.aten.mm.async(input, input);
    input.fill_(3);
    torch.ops.aten.resize_(input, [1]);
    expect((await product).index(0, 0).item()).to.equal(1200);
    expect(input.shape).to.deep.equal([1]);
  });

  it('that write hold up what would read the same memory', async () => {
    const x = torch.ones(4);
    const running = busy();
    const added = torch.ops.aten.add_.async(x, 1);
    expect(x.tolist()).to.deep.equal([2, 2, 2, 2]);
    const resized = torch.ops.aten.resize_.async(x, [1000]);
    expect(x.shape).to.deep.equal([1000]);
    expect(await added).to.equal(x);
    await Promise.all([running, resized]);
  });

  const writes: [string, (x: Tensor) => void][] = [
    ['in-place methods', (x) => x.mul_(0)],
    ['out', (x) => torch.mul(x, 0, { out: x })],
    ['indexing', (x) => x.index_put_([0], 0)],
    ['a view', (x) => x.index(0).fill_(0)],
    ['resize_', (x) => torch.ops.aten.resize_(x, [1])],
    ['set_', (x) => torch.ops.aten.set_(x)],
    ['a list', (x) => torch.ops.aten._foreach_mul_([x], 0)],
    [
      'data',
      (x) => {
        x.data = torch.zeros(1);
      },
    ],
  ];
  for (const [what, write] of writes) {
    it(`hold up writing by ${what}`, async () => {
      const x = torch.ones(600, 600);
      const product = torch.ops.aten.mm.async(x, x);
      write(x);
      expect((await product).eq(600).all().item()).to.equal(true);
    });

    it(`hold up writing by ${what} to what a graph keeps`, async () => {
      const x = torch.ones(600, 600);
      const w = torch.ones(600, 600, { requires_grad: true });
      const done = x.mm(w).sum().backwardAsync();
      torch.no_grad(() => write(x));
      await done;
      expect(w.grad!.eq(600).all().item()).to.equal(true);
    });
  }

  it('that run a graph hold up what looks at gradients', async () => {
    const w = torch.ones(300, 300, { requires_grad: true });
    void w.mm(w).sum().backwardAsync();
    expect(w.grad!.eq(600).all().item()).to.equal(true);
    void w.sum().backwardAsync();
    w.sum().backward();
    expect(w.grad!.eq(602).all().item()).to.equal(true);
    void w.sum().backwardAsync();
    w.grad = null;
    await busy();
    expect(w.grad).to.equal(null);
  });

  it('never change which memory a tensor uses', async () => {
    const error = await rejection(torch.ops.aten.set_.async(torch.ones(1)));
    expect(error.message).to.include('cannot be called asynchronously');
  });

  it('of the adaptive softmax give what the synchronous one gives', async () => {
    const adaptive = new nn.AdaptiveLogSoftmaxWithLoss(10, 20, [4, 10]);
    const classes = torch.randint(20, [64]);
    for (const [input, of] of [
      [x, classes],
      [x.index(0), classes.index(0)],
    ] as const) {
      const { output, loss } = await adaptive.forwardAsync(input, of);
      const expected = adaptive(input, of);
      expect(output.equal(expected.output)).to.equal(true);
      expect(loss.equal(expected.loss)).to.equal(true);
      expect(loss.requires_grad).to.equal(true);
    }
    const error = await rejection(adaptive.forwardAsync(x, torch.full([64], 99)));
    expect(error.message).to.include('Target values should be in [0, 19]');
    const unlike = await rejection(adaptive.forwardAsync(x, 3 as unknown as Tensor));
    expect(unlike).to.be.instanceOf(TypeError);
  });

  it('refuse what is no signal', async () => {
    const signal = 1 as unknown as AbortSignal;
    const error = await rejection(criterion.forwardAsync(x, target, { signal }));
    expect(error.code).to.equal('ERR_TORCH_TYPE');
    expect(error.message).to.equal("'signal' must be an AbortSignal, got the number 1");
  });

  it('share a signal without warnings', async () => {
    const { signal } = new AbortController();
    const warnings = await warningsDuring(() =>
      Promise.all(Array.from({ length: 20 }, () => criterion.forwardAsync(x, target, { signal }))),
    );
    expect(warnings).to.deep.equal([]);
  });

  it('of any operator take its overloads and options', async () => {
    const { values } = await torch.ops.aten.topk.async(torch.tensor([1, 3, 2]), 1, {
      largest: true,
    });
    expect(values.tolist()).to.deep.equal([3]);
    const sum = await torch.ops.aten.add.Tensor.async(torch.ones(1), torch.ones(1), { alpha: 2 });
    expect(sum.item()).to.equal(3);
  });

  it('let the process end when none is left', async () => {
    await busy();
  });
});
