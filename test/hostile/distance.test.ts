/** Distance functions that do forbidden things. */
import { expect } from 'chai';
import torch, { nn, type Tensor } from 'torch-losses';

type Distance = (left: Tensor, right: Tensor) => unknown;

const F = nn.functional;
const x = torch.ones(2, 3, { requires_grad: true });
const y = torch.zeros(2, 3);

const loss = (distance: Distance): Tensor =>
  F.triplet_margin_with_distance_loss(x, y, y, {
    distance_function: distance as (left: Tensor, right: Tensor) => Tensor,
  });
const l1: Distance = (left, right) => left.sub(right).abs().sum(1);
const expected = loss(l1).item();

/** Returns the error that a function throws, and checks that later calls work. */
function thrown(body: () => unknown): Error & { code?: string } {
  let error: Error | undefined;
  try {
    body();
  } catch (caught) {
    error = caught as Error;
  }
  expect(loss(l1).item()).to.equal(expected);
  if (!error) throw new Error('nothing was thrown');
  return error;
}

describe('a distance function', () => {
  it('that throws: the loss throws the same error', () => {
    for (const wanted of [new Error('mine'), new TypeError('mine'), 'a string', undefined, null]) {
      let caught: unknown = 'nothing';
      try {
        loss(() => {
          throw wanted;
        });
      } catch (error) {
        caught = error;
      }
      expect(caught).to.equal(wanted);
    }
  });

  it('that returns what is no tensor: a TypeError that says so', () => {
    const returned = [
      undefined,
      null,
      3,
      'text',
      {},
      [],
      () => {},
      Promise.resolve(y),
      new Proxy(y, {}),
    ];
    for (const value of returned) {
      const error = thrown(() => loss(() => value));
      expect(error).to.be.instanceOf(TypeError);
      expect(error.code).to.equal('ERR_TORCH_TYPE');
    }
  });

  it('that returns a tensor of another shape or dtype: as in Python, what broadcasts is computed', () => {
    expect(loss(() => torch.ones(7)).item()).to.equal(1);
    let calls = 0;
    const error = thrown(() => loss(() => torch.ones(++calls + 1)));
    expect(error.code).to.equal('ERR_TORCH_RUNTIME');
  });

  it('that disposes its inputs: nothing else is touched', () => {
    const disposing: Distance = (left, right) => {
      const distance = l1(left, right);
      left.dispose();
      right.dispose();
      return distance;
    };
    expect(loss(disposing).item()).to.equal(expected);
    expect(x.sum().item()).to.equal(6);
    const first: Distance = (left) => {
      left.dispose();
      return left;
    };
    expect(thrown(() => loss(first)).code).to.equal('ERR_TORCH_TYPE');
  });

  it('that disposes the tensors of the caller: they stay for the call', () => {
    const mine = torch.ones(2, 3);
    const result = F.triplet_margin_with_distance_loss(mine, y, y, {
      distance_function: (left, right) => {
        mine.dispose();
        return l1(left, right) as Tensor;
      },
    });
    expect(result.item()).to.equal(expected);
    expect(() => mine.sum()).to.throw(TypeError, 'disposed');
  });

  it('that returns its input, or the same tensor twice', () => {
    const same = torch.ones(2, { requires_grad: true });
    expect(loss(() => same).item()).to.equal(1);
    expect(loss((left) => left).requires_grad).to.equal(true);
  });

  it('that calls the loss: both are computed', () => {
    let inner: number | boolean | object | undefined;
    const outer = loss((left, right) => {
      inner = loss(l1).item();
      return l1(left, right);
    });
    expect([outer.item(), inner]).to.deep.equal([expected, expected]);
  });

  it('that calls itself without end: a RangeError of the stack, not a crash', () => {
    const endless: Distance = () => loss(endless);
    expect(thrown(() => loss(endless))).to.be.instanceOf(RangeError);
  });

  it('that collects garbage and makes much of it', () => {
    const wasteful: Distance = (left, right) => {
      for (let i = 0; i < 5000; i++) torch.empty(1);
      return l1(left, right);
    };
    expect(loss(wasteful).item()).to.equal(expected);
  });

  it('that runs the backward pass of the loss', () => {
    const leaf = torch.ones(2, 3, { requires_grad: true });
    const value = F.triplet_margin_with_distance_loss(leaf, y, y, {
      distance_function: (left, right) => {
        F.mse_loss(leaf, y).backward();
        return l1(left, right) as Tensor;
      },
    });
    value.backward();
    expect(leaf.grad!.shape).to.deep.equal([2, 3]);
  });

  it('that ends its grad mode, or changes the default dtype', () => {
    const before = torch.get_default_dtype();
    loss((left, right) => {
      torch.set_grad_enabled(false);
      torch.set_default_dtype(torch.float64);
      return l1(left, right);
    });
    torch.set_default_dtype(before);
    torch.set_grad_enabled(true);
    expect(loss(l1).item()).to.equal(expected);
  });
});
