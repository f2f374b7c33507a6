/** default_collate and default_convert against Python's. */
import { expect } from 'chai';
import torch from 'torch-losses';

import { same } from './support';

const { default_collate, default_convert } = torch.utils.data;

const CASES: readonly (readonly [python: string, ours: () => unknown])[] = [
  ['default_collate([0, 1, 2])', () => default_collate([0, 1, 2])],
  ['default_collate([0.5, 1.0])', () => default_collate([0.5, 1])],
  ['default_collate([2.0, 1.0])', () => default_collate([torch.asFloat(2), torch.asFloat(1)])],
  ['default_collate([True, False])', () => default_collate([true, false])],
  ['default_collate([2**40, 1])', () => default_collate([2n ** 40n, 1n])],
  ["default_collate(['a', 'b'])", () => default_collate(['a', 'b'])],
  [
    'default_collate([torch.ones(2), torch.zeros(2)])',
    () => default_collate([torch.ones(2), torch.zeros(2)]),
  ],
  [
    'default_collate([(0, 1.5), (2, 3.5)])',
    () =>
      default_collate([
        [0, 1.5],
        [2, 3.5],
      ]),
  ],
  [
    "default_collate([{'a': 0, 'b': ['x', 1]}, {'a': 5, 'b': ['y', 2]}])",
    () =>
      default_collate([
        { a: 0, b: ['x', 1] },
        { a: 5, b: ['y', 2] },
      ]),
  ],
  [
    "default_collate([{'a': 0}, {'a': 5, 'b': 1}])",
    () =>
      default_collate([
        new Map([['a', 0]]),
        new Map([
          ['a', 5],
          ['b', 1],
        ]),
      ]),
  ],
  ['default_collate([[], []])', () => default_collate([[], []])],
  ['default_convert([1, "x", torch.ones(1)])', () => default_convert([1, 'x', torch.ones(1)])],
  [
    "default_convert({'a': 2.5, 'b': [torch.ones(1)]})",
    () => default_convert({ a: 2.5, b: [torch.ones(1)] }),
  ],
  // Typed arrays stand for NumPy's.
  [
    'torch.tensor([[1, 2], [3, 4]], dtype=torch.uint8)',
    () => default_collate([Uint8Array.of(1, 2), Uint8Array.of(3, 4)]),
  ],
  ['[torch.tensor([1.5])]', () => default_convert([Float32Array.of(1.5)])],
];

const ERRORS: readonly (readonly [ours: () => unknown, error: new () => Error, text: string])[] = [
  [() => default_collate([]), RangeError, 'list index out of range'],
  [
    () => default_collate([[1], [1, 2]]),
    torch.TorchError,
    'each element in list of batch should be of equal size',
  ],
  [() => default_collate([{ a: 1 }, {}] as never), torch.TorchError, "'a'"],
  [() => default_collate([null]), TypeError, 'found null'],
  [() => default_collate([new Date()]), TypeError, 'found Date'],
  [
    () => default_collate(3 as never),
    TypeError,
    "argument 'batch' must be an array, got the number 3",
  ],
  [
    () => default_collate([[1], 2]),
    TypeError,
    'a sample must be an array as the first, got the number 2',
  ],
  [
    () => default_collate([torch.ones(2), torch.ones(3)]),
    torch.TorchError,
    'stack expects each tensor to be equal size',
  ],
  [
    () => default_collate([torch.ops.aten.to_sparse(torch.ones(2))]),
    torch.TorchError,
    'Batches of sparse tensors',
  ],
];

describe('torch.utils.data: collation', () => {
  for (const [python, ours] of CASES) {
    it(`${python} is Python's`, () => same({ value: python }, ours));
  }

  it('throws for what it cannot collate', () => {
    for (const [ours, error, text] of ERRORS) expect(ours, text).to.throw(error, text);
  });

  it('leaves bytes and Maps as they are, and ends in a cycle', () => {
    const bytes = [Buffer.from('a'), Buffer.from('bc')];
    expect(default_collate(bytes)).to.deep.equal(bytes);
    expect(default_convert(new Map([['a', 1]]))).to.deep.equal(new Map([['a', 1]]));
    const cycle: unknown[] = [];
    cycle.push(cycle);
    expect(() => default_convert(cycle)).to.throw(torch.TorchError, 'recursion depth');
    expect(() => default_collate(cycle)).to.throw(torch.TorchError, 'recursion depth');
  });
});
