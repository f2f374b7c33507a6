/** Samplers against Python's. */
import { expect } from 'chai';
import torch from 'torch-losses';

import { askPython, TEXT_OF, textOf } from '../../parity/parity';
import { same } from './support';

const {
  BatchSampler,
  DistributedSampler,
  RandomSampler,
  Sampler,
  SequentialSampler,
  SubsetRandomSampler,
  WeightedRandomSampler,
} = torch.utils.data;

const range = (length: number): number[] => Array.from({ length }, (_, i) => i);
const seeded = (): torch.Generator => new torch.Generator().manual_seed(3);
const SEEDED = 'torch.Generator().manual_seed(3)';

type Ours = () => Iterable<unknown> & { readonly length: number };
const CASES: readonly (readonly [python: string, ours: Ours])[] = [
  ['SequentialSampler(range(5))', () => new SequentialSampler(range(5))],
  ['RandomSampler(range(10))', () => new RandomSampler(range(10))],
  ['RandomSampler(range(10), True)', () => new RandomSampler(range(10), true)],
  [
    'RandomSampler(range(10), num_samples=25)',
    () => new RandomSampler(range(10), { num_samples: 25 }),
  ],
  [
    'RandomSampler(range(10), num_samples=20)',
    () => new RandomSampler(range(10), { num_samples: 20 }),
  ],
  ['RandomSampler(range(10), False, 4)', () => new RandomSampler(range(10), false, 4)],
  ['RandomSampler(range(10), True, 70)', () => new RandomSampler(range(10), true, 70)],
  ['RandomSampler(range(10), True, 64)', () => new RandomSampler(range(10), true, 64)],
  [
    `RandomSampler(range(10), generator=${SEEDED})`,
    () => new RandomSampler(range(10), { generator: seeded() }),
  ],
  [
    'RandomSampler(range(9), generator=torch.default_generator)',
    () => new RandomSampler(range(9), { generator: torch.default_generator }),
  ],
  ['SubsetRandomSampler([3, 5, 9])', () => new SubsetRandomSampler([3, 5, 9])],
  [`SubsetRandomSampler([3, 5, 9], ${SEEDED})`, () => new SubsetRandomSampler([3, 5, 9], seeded())],
  [
    'WeightedRandomSampler([0.1, 0.9, 0.4, 0.7, 3.0, 0.6], 5)',
    () => new WeightedRandomSampler([0.1, 0.9, 0.4, 0.7, 3, 0.6], 5),
  ],
  [
    'WeightedRandomSampler([0.9, 0.4, 0.05, 0.2, 0.3, 0.1], 5, replacement=False)',
    () => new WeightedRandomSampler([0.9, 0.4, 0.05, 0.2, 0.3, 0.1], 5, { replacement: false }),
  ],
  [
    `WeightedRandomSampler(torch.tensor([1., 2.]), 8, True, ${SEEDED})`,
    () => new WeightedRandomSampler(torch.tensor([1, 2]), 8, true, seeded()),
  ],
  [
    'BatchSampler(SequentialSampler(range(10)), 3, False)',
    () => new BatchSampler(new SequentialSampler(range(10)), 3, false),
  ],
  [
    'BatchSampler(RandomSampler(range(10)), 3, True)',
    () => new BatchSampler(new RandomSampler(range(10)), 3, true),
  ],
  [
    'BatchSampler([7, 8, 9, 10], 2, drop_last=False)',
    () => new BatchSampler([7, 8, 9, 10], { batch_size: 2, drop_last: false }),
  ],
  ...[0, 1, 2].flatMap((rank) =>
    [0, 1, 2, 7, 9].flatMap((size): [string, Ours][] => [
      [
        `DistributedSampler(range(${size}), 3, ${rank})`,
        () => new DistributedSampler(range(size), 3, rank),
      ],
      [
        `DistributedSampler(range(${size}), 3, ${rank}, shuffle=False, drop_last=True)`,
        () =>
          new DistributedSampler(range(size), {
            num_replicas: 3,
            rank,
            shuffle: false,
            drop_last: true,
          }),
      ],
    ]),
  ),
  [
    'DistributedSampler(range(20), num_replicas=2, rank=1, seed=5)',
    () => new DistributedSampler(range(20), { num_replicas: 2, rank: 1, seed: 5 }),
  ],
];

const ERRORS: readonly (readonly [python: string, ours: () => unknown])[] = [
  ['RandomSampler([])', () => new RandomSampler([])],
  ['RandomSampler([1], num_samples=-1)', () => new RandomSampler([1], { num_samples: -1 })],
  ['list(RandomSampler([], num_samples=2))', () => [...new RandomSampler([], { num_samples: 2 })]],
  ['WeightedRandomSampler([1.0], 0)', () => new WeightedRandomSampler([1], 0)],
  ['WeightedRandomSampler([[1.0], [2.0]], 1)', () => new WeightedRandomSampler([[1], [2]], 1)],
  [
    'list(WeightedRandomSampler([1.0], 2, False))',
    () => [...new WeightedRandomSampler([1], 2, false)],
  ],
  ['BatchSampler([1], 0, False)', () => new BatchSampler([1], 0, false)],
  ['len(BatchSampler(iter([1]), 1, False))', () => new BatchSampler([1].values(), 1, false).length],
  ['DistributedSampler([1], 2, 2)', () => new DistributedSampler([1], 2, 2)],
  ['DistributedSampler([1], 2, -1)', () => new DistributedSampler([1], 2, -1)],
  ['DistributedSampler([1])', () => new DistributedSampler([1])],
];

describe('torch.utils.data: samplers', () => {
  for (const [python, ours] of CASES) {
    it(`${python} gives Python's indices twice`, () =>
      same(
        { setup: `s = None`, value: `[[len(s), list(s), list(s)] for s in [${python}]][0]` },
        () => {
          const sampler = ours();
          return [sampler.length, [...sampler], [...sampler]];
        },
      ));
  }

  it('draw nothing before they are asked for an index, as in Python', () =>
    same(
      { value: '[iter(RandomSampler(range(3))), torch.rand(1)][1]' },
      () => [new RandomSampler(range(3))[Symbol.iterator](), torch.rand(1)][1],
    ));

  it('of several processes follow the epoch as in Python', () =>
    same(
      { setup: 's = DistributedSampler(range(9), 2, 0); s.set_epoch(4)', value: 'list(s)' },
      () => {
        const sampler = new DistributedSampler(range(9), 2, 0);
        sampler.set_epoch(4);
        return [...sampler];
      },
    ));

  it("throw Python's errors", async () => {
    const texts = ERRORS.map(([python]) => `text_of(lambda: ${python})`);
    const expected = await askPython(`${TEXT_OF}\nfrom torch.utils.data import *`, texts);
    const withoutType = (text: unknown): string =>
      String(text).replace(/'list_iterator'/, "'Object'");
    expect(ERRORS.map(([, ours]) => textOf(ours))).to.deep.equal(expected.map(withoutType));
  });

  it('name what a sampler must implement', () => {
    expect(() => new Sampler()[Symbol.iterator]()).to.throw(torch.TorchError, 'Symbol.iterator');
    expect(() => new Sampler().length).to.throw(TypeError, "object of type 'Sampler' has no len()");
    expect(() => new BatchSampler(5 as never, 1, false)).to.throw(TypeError, "'sampler' must be");
  });
});
