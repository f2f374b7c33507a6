/** Options of the backward pass whose defaults depend on other options. */
import { expect } from 'chai';
import torch, { type Tensor } from 'torch-losses';

interface Options {
  retain_graph?: boolean | null;
  create_graph?: boolean;
}

const FORMS: Record<string, (y: Tensor, x: Tensor, options: Options) => unknown> = {
  'Tensor.backward': (y, _x, options) => y.backward(options),
  'Tensor.backward, by position': (y, _x, { retain_graph, create_graph }) =>
    y.backward(null, retain_graph ?? null, create_graph),
  'Tensor.backwardAsync': (y, _x, options) => y.backwardAsync(options),
  'autograd.backward': (y, _x, options) => torch.autograd.backward(y, options),
  'autograd.grad': (y, x, options) => torch.autograd.grad(y, x, options),
};

describe('options of a backward pass', () => {
  for (const [name, run] of Object.entries(FORMS)) {
    const twice = async (options: Options): Promise<void> => {
      const x = torch.tensor([2, 3], { dtype: torch.float64, requires_grad: true });
      const y = x.pow(3).sum();
      await run(y, x, options);
      await run(y, x, {});
    };
    const failure = (options: Options): Promise<Error | undefined> =>
      twice(options).then(
        () => undefined,
        (error: Error) => error,
      );

    it(`retain_graph of ${name} is create_graph by default`, async () => {
      const kept = 'Trying to backward through the graph a second time';
      expect((await failure({}))?.message).to.include(kept);
      expect(await failure({ create_graph: true })).to.equal(undefined);
      expect(await failure({ create_graph: true, retain_graph: null })).to.equal(undefined);
      expect(await failure({ retain_graph: true })).to.equal(undefined);
      const freed = await failure({ create_graph: true, retain_graph: false });
      expect(freed?.message).to.include(kept);
    });
  }

  it('allow_unused of autograd.grad is materialize_grads by default', () => {
    const [x, y] = [torch.ones(1, { requires_grad: true }), torch.ones(1, { requires_grad: true })];
    const grad = (options: object): unknown =>
      (torch.autograd.grad(x.mul(2), [x, y], options) as (Tensor | null)[])[1]?.tolist() ?? null;
    expect(() => grad({})).to.throw('appears to not have been used in the graph');
    expect(grad({ allow_unused: true })).to.equal(null);
    expect(grad({ materialize_grads: true })).to.deep.equal([0]);
    expect(() => grad({ materialize_grads: true, allow_unused: false })).to.throw(RangeError);
  });

  it('refuse what is no boolean', () => {
    const y = torch.ones(1, { requires_grad: true }).mul(2);
    const wrong = { retain_graph: 1 } as never;
    const message = "argument 'retain_graph' must be a boolean, got the number 1";
    expect(() => y.backward(wrong)).to.throw(TypeError, `backward(): ${message}`);
    expect(() => torch.autograd.backward(y, wrong)).to.throw(TypeError, `backward(): ${message}`);
    expect(() => torch.autograd.grad(y, y, wrong)).to.throw(TypeError, `grad(): ${message}`);
  });
});
