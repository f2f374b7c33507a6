/** torch.deepcopy, Python's copy.deepcopy. */
import { expect } from 'chai';
import torch, { nn, type Tensor } from 'torch-losses';

import { expectSample } from '../parity/parity';

class Tied extends nn.Module<[Tensor], Tensor> {
  first = new nn.Linear(3, 3);
  second = new nn.Linear(3, 3);
  scale = new nn.Parameter(torch.ones(1));
  sizes = [3, { deep: new Set([3]) }];

  constructor() {
    super();
    this.second.weight = this.first.weight;
    this.register_buffer('seen', torch.zeros(1), { persistent: false });
    this.register_buffer('kept', null);
  }

  override forward(input: Tensor): Tensor {
    return this.second(this.first(input)).mul(this.scale);
  }
}

describe('torch.deepcopy', () => {
  it('copies a module with its parameters, buffers and submodules', () => {
    const model = new Tied().eval();
    const copy = torch.deepcopy(model);
    expect(copy).to.be.instanceOf(Tied);
    expect(copy).not.to.equal(model);
    expect(String(copy)).to.equal(String(model));
    expect([...copy.state_dict().keys()]).to.deep.equal([...model.state_dict().keys()]);
    expect([...copy.buffers()].length).to.equal(1);
    expect(copy.training).to.equal(false);
    expect(copy.sizes).to.deep.equal(model.sizes);
    expect(copy.sizes).not.to.equal(model.sizes);
    const input = torch.randn(2, 3);
    expect(copy(input).tolist()).to.deep.equal(model(input).tolist());
    torch.no_grad(() => model.first.weight.zero_());
    expect(copy(input).tolist()).not.to.deep.equal(model(input).tolist());
  });

  it('keeps shared weights shared, and their registration', () => {
    const copy = torch.deepcopy(new Tied());
    expect(copy.second.weight).to.equal(copy.first.weight);
    expect([...copy.parameters()].length).to.equal(4);
    expect(() => {
      copy.first.weight = 5 as never;
    }).to.throw(TypeError, "cannot assign 'int' as parameter 'weight'");
    Object.assign(copy, { added: new nn.ReLU() });
    expect([...copy.children()].length).to.equal(3);
  });

  it('copies every built-in module that has private parts of its own', () => {
    const list = torch.deepcopy(new nn.ModuleList([new nn.ReLU(), new nn.Tanh()]));
    list.insert(1, new nn.Sigmoid());
    expect(list.length).to.equal(3);
    const sequence = torch.deepcopy(new nn.Sequential(new nn.Linear(2, 2), new nn.ReLU()));
    expect(sequence(torch.ones(2)).shape).to.deep.equal([2]);
    const input = torch.randn(4, 8);
    const target = torch.tensor([0, 3, 7, 9]);
    const adaptive = new nn.AdaptiveLogSoftmaxWithLoss(8, 10, [3]);
    expect(torch.deepcopy(adaptive)(input, target).loss.item()).to.equal(
      adaptive(input, target).loss.item(),
    );
    expect(torch.deepcopy(adaptive).predict(input).tolist()).to.deep.equal(
      adaptive.predict(input).tolist(),
    );
    const linear = new nn.LinearCrossEntropyLoss(8, 10, {
      options: new nn.LinearCrossEntropyOptions(),
    });
    expect(torch.deepcopy(linear)(input, target).item()).to.equal(linear(input, target).item());
    const loss = new nn.CrossEntropyLoss({ weight: torch.ones(10), reduction: 'sum' });
    const copy = torch.deepcopy(loss);
    expect(String(copy)).to.equal(String(loss));
    copy.reduction = 'none';
    expect(loss.reduction).to.equal('sum');
    expect(copy(torch.ones(1, 10), torch.tensor([1])).shape).to.deep.equal([1]);
  });

  it('copies tensors as Python', () =>
    expectSample(
      {
        source: `
import copy
a = torch.arange(6.0).reshape(2, 3).t().requires_grad_(); a.grad = torch.ones(3, 2)
b, c, d = copy.deepcopy([a, nn.Parameter(torch.ones(2), False), a])
same = b is d`,
        outputs: ['b', 'b.grad', 'b.stride()', 'c', 'same', 'type(c).__name__'],
      },
      () => {
        const a = torch.arange(6, { dtype: torch.float32 }).reshape(2, 3).t().requires_grad_();
        a.grad = torch.ones(3, 2);
        const [b, c, d] = torch.deepcopy([a, new nn.Parameter(torch.ones(2), false), a]);
        return [b, b!.grad, b!.stride(), c, b === d, c!.constructor.name];
      },
    ));

  it('refuses a tensor that was computed, as Python', () =>
    expectSample(
      { source: 'import copy\ncopy.deepcopy(torch.ones(2, requires_grad=True) * 2)', outputs: [] },
      () => [torch.deepcopy(torch.ones(2, { requires_grad: true }).mul(2))],
    ));

  it('copies containers that contain themselves, and asks objects that know how', () => {
    const circle: unknown[] = [new Map([['a', new Float32Array([1])]]), null, 5];
    circle.push(circle);
    const copy = torch.deepcopy(circle);
    expect(copy[3]).to.equal(copy);
    expect(copy[0]).to.deep.equal(circle[0]);
    expect(copy[0]).not.to.equal(circle[0]);
    class Counter {
      #count = 0;
      __deepcopy__(): Counter {
        const other = new Counter();
        other.#count = this.#count + 1;
        return other;
      }
      get count(): number {
        return this.#count;
      }
    }
    const [first, second] = torch.deepcopy([new Counter(), new Date(0)] as const);
    expect(first.count).to.equal(1);
    expect(second).to.be.instanceOf(Date);
    expect(torch.deepcopy(torch.float32)).to.equal(torch.float32);
  });
});
