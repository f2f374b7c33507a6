/** Simulates a device that runs out of memory: dead tensors are freed, and the call is repeated once. */
import { expect } from 'chai';
import torch, { nn, type Tensor } from 'torch-losses';

import { native } from '../../dist/bindings/native';

const SIZE = 1000;

type Overload = ((left: Tensor, right: Tensor) => Tensor) & {
  async(left: Tensor, right: Tensor): Promise<Tensor>;
};

describe('memory that runs out', () => {
  const [input, target] = [torch.randn(SIZE), torch.randn(SIZE)];
  const criterion = new nn.MSELoss();
  // Looked up here, because the lookup is also a call.
  const { add, mul } = torch.ops.aten as unknown as Record<'add' | 'mul', { Tensor: Overload }>;
  const [sumOf, productOf] = [add.Tensor, mul.Tensor];
  sumOf(input, productOf(input, target));
  const expected = criterion(input, target).item();

  /**
   * Runs a function next to dead tensors, with this number of simulated failures. Returns the result, and how many
   * failures are left.
   */
  function failing<T>(times: number, run: () => T): { result: T; left: number } {
    native.sweep();
    const before = native.live();
    (() => {
      for (let i = 0; i < 100; i++) torch.empty(1);
    })();
    native.simulate_out_of_memory(times);
    try {
      return { result: run(), left: native.live() - before };
    } finally {
      native.simulate_out_of_memory(0);
    }
  }

  const attempt = (run: () => unknown): string => {
    try {
      return `no error: ${run()}`;
    } catch (error) {
      return (error as torch.TorchErrorFields).code;
    }
  };

  it('is freed of what is dead, and the call made again', () => {
    const { result, left } = failing(1, () => criterion(input, target));
    expect(result.item()).to.equal(expected);
    expect(left).to.be.below(50);
    const sum = failing(1, () => sumOf(input, target));
    expect(sum.result.equal(input.add(target))).to.equal(true);
    const data = failing(1, () => torch.tensor([1.5, 2.5]));
    expect(data.result.tolist()).to.deep.equal([1.5, 2.5]);
  });

  it('is an error where it happens again', () => {
    const twice = failing(2, () => attempt(() => criterion(input, target)));
    expect(twice.result).to.equal('ERR_TORCH_OUT_OF_MEMORY');
    expect(criterion(input, target).item()).to.equal(expected);
  });

  it('is freed, but an error, where the call may have done a part of its work', () => {
    const x = torch.ones(2);
    const { result, left } = failing(1, () => attempt(() => x.add_(1)));
    expect(result).to.equal('ERR_TORCH_OUT_OF_MEMORY');
    expect(left).to.be.below(50);
    expect(x.tolist()).to.deep.equal([1, 1]);
    const y = torch.ones(2, { requires_grad: true });
    const sum = y.sum();
    expect(failing(1, () => attempt(() => sum.backward())).result).to.equal(
      'ERR_TORCH_OUT_OF_MEMORY',
    );
  });

  it('is freed for calls off the event loop by the thread that may do it', async () => {
    native.simulate_out_of_memory(1);
    expect((await criterion.forwardAsync(input, target)).item()).to.equal(expected);
    native.simulate_out_of_memory(1);
    const product = await productOf.async(input, target);
    expect(product.equal(input.mul(target))).to.equal(true);
    native.simulate_out_of_memory(2);
    const code = await criterion.forwardAsync(input, target).catch(({ code }) => code);
    expect(code).to.equal('ERR_TORCH_OUT_OF_MEMORY');
  });

  it('is freed for one that a synchronous call waits for', async () => {
    const x = torch.ones(SIZE);
    native.simulate_out_of_memory(1);
    const pending = criterion.forwardAsync(x, target);
    const inPlace = attempt(() => x.add_(1)); // waits for the job
    native.simulate_out_of_memory(0);
    expect((await pending).item()).to.equal(criterion(torch.ones(SIZE), target).item());
    expect(inPlace).to.match(/^no error/);
  });
});
