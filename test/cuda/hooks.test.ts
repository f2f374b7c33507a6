/** JavaScript that a synchronous backward pass calls, while the engine's thread for the device computes. */
import { expect } from 'chai';
import torch, { type FunctionCtx, nn, type Tensor } from 'torch-losses';

import { describeCuda } from './gpu';

const { Function: CustomFunction } = torch.autograd;

class Cube extends CustomFunction {
  static forward(ctx: FunctionCtx, x: Tensor): Tensor {
    ctx.save_for_backward(x);
    return x.pow(3);
  }

  static backward(ctx: FunctionCtx, grad: Tensor): Tensor {
    const [x] = ctx.saved_tensors;
    return grad.mul(x.square().mul(3));
  }
}

const leaf = (): Tensor =>
  torch.tensor([1, 2, 3], { dtype: torch.float32, device: 'cuda', requires_grad: true });

describeCuda('JavaScript in a synchronous backward pass', () => {
  it('of hooks of tensors, in their order, with other jobs waiting', async () => {
    const x = leaf();
    const seen: unknown[] = [];
    const y = x.mul(2);
    y.register_hook((grad) => {
      seen.push(['y', grad.tolist(), String(grad.device)]);
      return grad.mul(10);
    });
    x.register_post_accumulate_grad_hook((parameter) => {
      seen.push(['x', parameter.grad!.tolist()]);
    });
    const job = torch.ones(64, 64, { device: 'cuda' }).sum().itemAsync();
    y.sum().backward();
    expect(seen).to.deep.equal([
      ['y', [1, 1, 1], 'cuda:0'],
      ['x', [20, 20, 20]],
    ]);
    expect(x.grad!.tolist()).to.deep.equal([20, 20, 20]);
    expect(await job).to.equal(4096);
  });

  it('of a custom function, and of its backward pass', () => {
    const x = leaf();
    const [first] = torch.autograd.grad(Cube.apply(x).sum(), [x], { create_graph: true });
    expect(first!.tolist()).to.deep.equal([3, 12, 27]);
    const [second] = torch.autograd.grad(first!.sum(), [x]);
    expect(second!.tolist()).to.deep.equal([6, 12, 18]);
    Cube.apply(x).sum().backward();
    expect(x.grad!.tolist()).to.deep.equal([3, 12, 27]);
  });

  it('of hooks of modules, which may start another pass', () => {
    const model = new nn.Sequential(new nn.Linear(3, 2), new nn.ReLU()).to('cuda');
    const other = leaf();
    let calls = 0;
    model.register_full_backward_hook((_, [grad]) => {
      calls++;
      torch.enable_grad(() => Cube.apply(other).sum().backward());
      return [grad!.mul(0)];
    });
    const x = torch.ones(4, 3, { device: 'cuda', requires_grad: true });
    model(x).sum().backward();
    expect(calls).to.equal(1);
    expect(x.grad!.eq(0).all().item()).to.equal(true);
    expect(other.grad!.tolist()).to.deep.equal([3, 12, 27]);
  });

  it('passes errors and warnings on, and works after them', () => {
    const x = leaf();
    const y = x.mul(2);
    const handle = y.register_hook(() => {
      throw new RangeError('from a hook');
    });
    const loss = y.sum();
    expect(() => loss.backward({ retain_graph: true })).to.throw(RangeError, 'from a hook');
    handle.remove();
    loss.backward();
    expect(x.grad!.tolist()).to.deep.equal([2, 2, 2]);
  });

  it('leaves forwardAsync, backwardAsync and stepAsync in their order', async () => {
    const run = async (device: string): Promise<number[][]> => {
      torch.manual_seed(0);
      const model = new nn.Sequential(
        new nn.Linear(4, 3000),
        new nn.Tanh(),
        new nn.Linear(3000, 2),
      );
      const x = torch.randn(8, 4);
      model.to(device);
      const optimizer = new torch.optim.Adam(model.parameters(), { lr: 0.1, foreach: false });
      for (let step = 0; step < 2; step++) {
        optimizer.zero_grad();
        const loss = (await model.forwardAsync(x.to(device))).square().mean();
        loss.register_hook((grad) => grad.mul(2));
        await Promise.all([loss.backwardAsync(), optimizer.stepAsync()]);
      }
      return [...model.parameters()].map((each) => each.cpu().flatten().tolist() as number[]);
    };
    const [onDevice, onCpu] = [await run('cuda'), await run('cpu')];
    for (const [index, values] of onDevice.entries()) {
      for (const [at, value] of values.entries()) {
        expect(value).to.be.closeTo(onCpu[index]![at]!, 1e-4);
      }
    }
  });
});
