/** Random numbers, compared with Python: the same seed gives the same sequence, in every dtype and size. */
import { expect } from 'chai';
import torch from 'torch-losses';

import { type DType, Input } from '../support/data';
import { type Argument, type Call, dtype, float } from './case';
import { expectParity, expectSample } from './parity';

/** Sizes around those at which libtorch changes its method for normal numbers. */
const SIZES = [[], [1], [3], [15], [16], [17], [3, 5], [33, 7], [1000], [0]];
const SEEDS = [0, 1, 283, 2 ** 31, 2 ** 40 + 7];
const FLOATS: DType[] = ['float32', 'float64', 'float16', 'bfloat16'];
const INTEGERS: DType[] = ['int64', 'int32', 'int16', 'int8', 'uint8'];

const factories = (): Call[] => {
  const calls: Call[] = [];
  const add = (callee: string, args: Argument[], type: DType, seed: number): void => {
    calls.push({ callee, args, kwargs: { dtype: dtype(type) }, seed });
  };
  for (const size of SIZES) {
    for (const seed of SEEDS) {
      for (const type of FLOATS) {
        add('torch.rand', [size], type, seed);
        add('torch.randn', [size], type, seed);
      }
    }
    for (const type of [...INTEGERS, ...FLOATS]) {
      add('torch.randint', [10, size], type, 0);
      add('torch.randint', [3, 20, size], type, 1);
    }
    for (const type of ['complex64', 'complex128'] as const) add('torch.randn', [size], type, 0);
  }
  add('torch.randint', [-5, 2 ** 40, [50]], 'int64', 0);
  add('torch.randint', [5, 5, [3]], 'int64', 0);
  add('torch.randint', [0, 300, [3]], 'uint8', 0);
  for (const n of [0, 1, 10, 1000, -1]) {
    for (const seed of SEEDS) calls.push({ callee: 'torch.randperm', args: [n], seed });
  }
  return calls;
};

/** In-place methods with their arguments, and the dtypes to fill. */
const IN_PLACE: readonly [name: string, args: Argument[][], types: DType[]][] = [
  ['random_', [[], [5], [2, 9], [-4, 4]], [...FLOATS, ...INTEGERS, 'bool']],
  [
    'bernoulli_',
    [[], [float(0.3)], [float(0)], [float(1)], [float(1.5)]],
    [...FLOATS, ...INTEGERS, 'bool'],
  ],
  ['normal_', [[], [float(2), float(3)], [float(0), float(-1)]], [...FLOATS, 'complex64']],
  ['uniform_', [[], [float(-1), float(1)], [float(3), float(2)]], FLOATS],
];

const inPlace = (): Call[] =>
  IN_PLACE.flatMap(([name, lists, types]) =>
    types.flatMap((type) =>
      SIZES.flatMap((size) =>
        lists.map((args) => ({
          callee: `Tensor.${name}`,
          args: [Input.of(type, size, () => 0), ...args],
          in_place: true,
          seed: 7,
        })),
      ),
    ),
  );

describe('parity: random numbers', () => {
  it('rand, randn, randint and randperm', async function () {
    this.timeout(60_000);
    const calls = factories();
    this.test!.title += ` (${calls.length} cases)`;
    await expectParity(calls);
  });

  it('random_, bernoulli_, normal_ and uniform_', async function () {
    this.timeout(60_000);
    const calls = inPlace();
    this.test!.title += ` (${calls.length} cases)`;
    await expectParity(calls);
  });

  it('goes on with one sequence from call to call', () => {
    const source = [
      'a = torch.rand(3); b = torch.randn(5); c = torch.randn(20); d = torch.randint(9, (4,))',
      'e = torch.empty(6).bernoulli_(); f = torch.randperm(7); g = torch.rand_like(b)',
      'h = torch.randn_like(c); i = torch.randint_like(d, 100); j = torch.bernoulli(torch.full([9], 0.5))',
      'k = torch.normal(torch.zeros(4), torch.ones(4)); l = torch.rand(2, dtype=torch.float64)',
    ].join('\n');
    return expectSample({ source, outputs: [...'abcdefghijkl'], seed: 42 }, () => {
      torch.manual_seed(42);
      const a = torch.rand(3);
      const b = torch.randn(5);
      const c = torch.randn(20);
      const d = torch.randint(9, [4]);
      const e = torch.empty(6).bernoulli_();
      const f = torch.randperm(7);
      const g = torch.rand_like(b);
      const h = torch.randn_like(c);
      const i = torch.randint_like(d, 100);
      const j = torch.bernoulli(torch.full([9], 0.5));
      const k = torch.normal(torch.zeros(4), torch.ones(4));
      const l = torch.rand(2, { dtype: torch.float64 });
      return [a, b, c, d, e, f, g, h, i, j, k, l];
    });
  });

  it('goes back to a state of before', () => {
    const source = [
      'a = torch.randn(3); state = torch.get_rng_state(); b = torch.randn(20); c = torch.rand(3)',
      'torch.set_rng_state(state); d = torch.randn(20); default = torch.default_generator.get_state()',
      'torch.default_generator.manual_seed(5); e = torch.rand(4)',
    ].join('\n');
    return expectSample(
      { source, outputs: ['a', 'state', 'b', 'c', 'd', 'default', 'e'], seed: 3 },
      () => {
        torch.manual_seed(3);
        const a = torch.randn(3);
        const state = torch.get_rng_state();
        const b = torch.randn(20);
        const c = torch.rand(3);
        torch.set_rng_state(state);
        const d = torch.randn(20);
        const before = torch.default_generator.get_state();
        torch.default_generator.manual_seed(5);
        return [a, state, b, c, d, before, torch.rand(4)];
      },
    );
  });

  it('takes a state that is a view, where Python crashes', () => {
    const state = torch.manual_seed(3).get_state();
    const drawn = torch.rand(3);
    for (const offset of [1, 8, 656]) {
      const bytes = torch.cat([torch.zeros(offset, { dtype: torch.uint8 }), state]);
      torch.set_rng_state(bytes.index(torch.slice(offset)));
      expect(torch.rand(3)).to.deep.equal(drawn);
    }
  });

  for (const [python, state] of [
    ['torch.zeros(3)', () => torch.zeros(3)],
    ['torch.zeros(3, dtype=torch.uint8)', () => torch.zeros(3, { dtype: torch.uint8 })],
    ['torch.zeros(5056, dtype=torch.uint8)', () => torch.zeros(5056, { dtype: torch.uint8 })],
  ] as const) {
    it(`refuses the state ${python}`, () =>
      expectSample({ source: `torch.set_rng_state(${python})`, outputs: [] }, () => {
        torch.set_rng_state(state());
        return [];
      }));
  }

  it('is another one after seed()', () => {
    const first = torch.seed();
    expect(torch.initial_seed()).to.equal(first);
    const drawn = torch.rand(3);
    expect(torch.seed()).to.not.equal(first);
    torch.manual_seed(first);
    expect(torch.rand(3).equal(drawn)).to.equal(true);
  });
});
