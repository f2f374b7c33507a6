/** `x.index(…)` and `x.index_put_([…], value)`: Python's `x[…]`. */
import { expect } from 'chai';
import torch from 'torch-losses';

const { slice } = torch;

describe('index', () => {
  const x = torch.arange(12).view(3, 4);

  it('takes integers, slices, null, ellipsis, tensors and lists', () => {
    expect(x.index(1).tolist()).to.deep.equal([4, 5, 6, 7]);
    expect(x.index(-1, 2).item()).to.equal(10);
    expect(x.index(slice(), 1).tolist()).to.deep.equal([1, 5, 9]);
    expect(x.index(slice(1, null), slice(null, null, 3)).tolist()).to.deep.equal([
      [4, 7],
      [8, 11],
    ]);
    expect(x.index(null, '...', 0).shape).to.deep.equal([1, 3]);
    expect(x.index([0, 2], [1, 3]).tolist()).to.deep.equal([1, 11]);
    expect(x.index(x.gt(9)).tolist()).to.deep.equal([10, 11]);
    expect(x.index(true).shape).to.deep.equal([1, 3, 4]);
    expect(x.index(torch.tensor(2)).tolist()).to.deep.equal([8, 9, 10, 11]);
  });

  it('makes views where Python does', () => {
    const y = torch.zeros(2, 2);
    y.index(0).fill_(1);
    y.index([1]).fill_(9);
    expect(y.tolist()).to.deep.equal([
      [1, 1],
      [0, 0],
    ]);
  });

  it('refuses what Python refuses, with its texts', () => {
    const row = torch.ones(3);
    expect(() => row.index(3)).to.throw(
      RangeError,
      'index 3 is out of bounds for dimension 0 with size 3',
    );
    expect(() => row.index(0, 0)).to.throw(
      RangeError,
      'too many indices for tensor of dimension 1',
    );
    expect(() => row.index(1.5)).to.throw(RangeError, 'only integers, slices');
    expect(() => row.index(slice(null, null, 0))).to.throw(RangeError, 'slice step cannot be zero');
    expect(() => row.index(slice(null, null, -1))).to.throw(
      RangeError,
      'step must be greater than zero',
    );
    expect(() => torch.tensor(1).index(0)).to.throw(RangeError, 'invalid index of a 0-dim tensor');
  });
});

describe('index_put_', () => {
  it('assigns numbers and tensors, and returns the tensor', () => {
    const x = torch.zeros(3, 2);
    expect(x.index_put_([slice(0, 2), 1], 5)).to.equal(x);
    x.index_put_([2], torch.tensor([7, 8]));
    x.index_put_([[0, 1], 0], torch.tensor([1, 2]));
    expect(x.tolist()).to.deep.equal([
      [1, 5],
      [2, 5],
      [7, 8],
    ]);
  });

  it('adds where asked to', () => {
    const x = torch.zeros(2).index_put_([[0, 0, 1]], 1, { accumulate: true });
    expect(x.tolist()).to.deep.equal([2, 1]);
  });

  it('is recorded', () => {
    const value = torch.ones(2, { requires_grad: true });
    torch.zeros(3, 2).index_put_([1], value).sum().backward();
    expect(value.grad!.tolist()).to.deep.equal([1, 1]);
  });
});
