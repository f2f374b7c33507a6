/** DataLoader in this thread, against Python's. */
import { Readable } from 'node:stream';
import { expect } from 'chai';
import torch from 'torch-losses';

import { askPython, TEXT_OF, textOf } from '../../parity/parity';
import { withWarnings } from '../../support/warnings';
import { all, errorOf, same } from './support';

const { BatchSampler, DataLoader, IterableDataset, RandomSampler, TensorDataset } =
  torch.utils.data;

const SETUP = `
x = torch.arange(20).reshape(10, 2); y = torch.arange(10) / 2
ds = TensorDataset(x, y)
class Noisy(Dataset):
    def __len__(self): return 7
    def __getitem__(self, i): return {'i': i, 'noise': torch.rand(2)}
class Count(IterableDataset):
    def __iter__(self): return iter(range(7))
    def __len__(self): return 7
def passes(loader, n=2): return [len(loader), *[list(loader) for _ in range(n)]]
`;

const x = torch.arange(20).reshape(10, 2);
const y = torch.arange(10).div(2);
const ds = new TensorDataset(x, y);
const noisy = {
  length: 7,
  at: async (i: number) => ({ i, noise: torch.rand(2) }),
};

class Count extends IterableDataset<number> {
  override get length(): number {
    return 7;
  }
  override async *[Symbol.asyncIterator](): AsyncGenerator<number> {
    for (let i = 0; i < 7; i++) yield i;
  }
}

type Ours = () => AsyncIterable<unknown> & { readonly length: number };
const seeded = (): torch.Generator => new torch.Generator().manual_seed(3);

const CASES: readonly (readonly [python: string, ours: Ours])[] = [
  ['DataLoader(ds)', () => new DataLoader(ds)],
  ['DataLoader(ds, 4)', () => new DataLoader(ds, 4)],
  ['DataLoader(ds, 4, True)', () => new DataLoader(ds, 4, true)],
  ['DataLoader(ds, 4, drop_last=True)', () => new DataLoader(ds, 4, { drop_last: true })],
  [
    'DataLoader(ds, batch_size=3, shuffle=True)',
    () => new DataLoader(ds, { batch_size: 3, shuffle: true }),
  ],
  [
    'DataLoader(ds, 3, True, generator=torch.Generator().manual_seed(3))',
    () => new DataLoader(ds, 3, true, { generator: seeded() }),
  ],
  ['DataLoader(ds, batch_size=None)', () => new DataLoader(ds, { batch_size: null })],
  [
    'DataLoader(ds, batch_size=None, shuffle=True)',
    () => new DataLoader(ds, { batch_size: null, shuffle: true }),
  ],
  ['DataLoader(ds, sampler=[5, 1, 3])', () => new DataLoader(ds, { sampler: [5, 1, 3] })],
  [
    'DataLoader(ds, 2, sampler=RandomSampler(ds, True, 5))',
    () => new DataLoader(ds, 2, { sampler: new RandomSampler(ds, true, 5) }),
  ],
  [
    'DataLoader(ds, batch_sampler=BatchSampler(RandomSampler(ds), 4, True))',
    () => new DataLoader(ds, { batch_sampler: new BatchSampler(new RandomSampler(ds), 4, true) }),
  ],
  [
    'DataLoader(ds, batch_sampler=[[1, 2], [0]])',
    () => new DataLoader(ds, { batch_sampler: [[1, 2], [0]] }),
  ],
  ['DataLoader(Noisy(), 3, True)', () => new DataLoader(noisy, 3, true)],
  [
    'DataLoader(ds, 5, collate_fn=lambda batch: [len(batch), batch[0][0]])',
    () => new DataLoader(ds, 5, { collate_fn: (batch) => [batch.length, batch[0]![0]] }),
  ],
  ['DataLoader([1, 2, 3], 2)', () => new DataLoader([1, 2, 3], 2)],
  ['DataLoader(Count(), 3)', () => new DataLoader(new Count(), 3)],
  [
    'DataLoader(Count(), 3, drop_last=True)',
    () => new DataLoader(new Count(), 3, { drop_last: true }),
  ],
  ['DataLoader(Count(), None)', () => new DataLoader(new Count(), { batch_size: null })],
];

const ERRORS: readonly (readonly [python: string, ours: () => unknown])[] = [
  ['DataLoader(ds, num_workers=-1)', () => new DataLoader(ds, { num_workers: -1 })],
  ['DataLoader(ds, timeout=-1)', () => new DataLoader(ds, { timeout: -1 })],
  ['DataLoader(ds, prefetch_factor=2)', () => new DataLoader(ds, { prefetch_factor: 2 })],
  [
    'DataLoader(ds, num_workers=1, prefetch_factor=-2)',
    () => new DataLoader(ds, { num_workers: 1, prefetch_factor: -2 }),
  ],
  [
    'DataLoader(ds, persistent_workers=True)',
    () => new DataLoader(ds, { persistent_workers: true }),
  ],
  [
    "DataLoader(ds, multiprocessing_context='fork')",
    () => new DataLoader(ds, { multiprocessing_context: 'fork' as never }),
  ],
  ['DataLoader(Count(), shuffle=True)', () => new DataLoader(new Count(), { shuffle: true })],
  [
    'DataLoader(ds, shuffle=True, sampler=[1])',
    () => new DataLoader(ds, { shuffle: true, sampler: [1] }),
  ],
  ['DataLoader(ds, 2, batch_sampler=[[1]])', () => new DataLoader(ds, 2, { batch_sampler: [[1]] })],
  [
    'DataLoader(ds, None, drop_last=True)',
    () => new DataLoader(ds, { batch_size: null, drop_last: true }),
  ],
  ['DataLoader(ds, 0)', () => new DataLoader(ds, 0)],
  ['DataLoader([], shuffle=True)', () => new DataLoader([], { shuffle: true })],
  ...['batch_size', 'batch_sampler', 'sampler', 'drop_last', 'dataset', 'persistent_workers'].map(
    (name): [string, () => unknown] => [
      `setattr(DataLoader(ds), '${name}', 3)`,
      () => Object.assign(new DataLoader(ds), { [name]: 3 }),
    ],
  ),
];

describe('torch.utils.data: DataLoader', () => {
  for (const [python, ours] of CASES) {
    it(`${python} gives Python's batches in two passes`, () =>
      same({ setup: SETUP, value: `passes(${python})` }, async () => {
        const loader = ours();
        return [loader.length, await all(loader), await all(loader)];
      }));
  }

  it("throws Python's errors", async () => {
    const texts = ERRORS.map(([python]) => `text_of(lambda: ${python})`);
    const source = `${TEXT_OF}\nfrom torch.utils.data import *\n${SETUP}`;
    expect(ERRORS.map(([, ours]) => textOf(ours))).to.deep.equal(await askPython(source, texts));
  });

  it('draws at the same moments as Python', () =>
    same(
      {
        setup: `${SETUP}
def drawn():
    seen = []
    it = iter(DataLoader(ds, 3, True)); seen.append(torch.rand(1).item())
    next(it); seen.append(torch.rand(1).item())
    next(it); seen.append(torch.rand(1).item())
    return seen`,
        value: 'drawn()',
      },
      async () => {
        const iterator = new DataLoader(ds, 3, true)[Symbol.asyncIterator]();
        const seen = [torch.rand(1).item()];
        for (let i = 0; i < 2; i++) {
          await iterator.next();
          seen.push(torch.rand(1).item());
        }
        return seen;
      },
    ));

  it('follows attributes that are set', async () => {
    const loader = new DataLoader(ds, 5);
    loader.collate_fn = ((batch: unknown[]) => batch.length) as never;
    expect(await all(loader)).to.deep.equal([5, 5]);
  });

  it('reads streams, generators and arrays', async () => {
    const stream = Readable.from(['a', 'b', 'c']);
    expect(await all(new DataLoader<AsyncIterable<string>>(stream, 2))).to.deep.equal([
      ['a', 'b'],
      ['c'],
    ]);
    async function* numbers(): AsyncGenerator<number> {
      yield* [1, 2, 3];
    }
    const [first] = await all(new DataLoader(numbers(), 2));
    expect(first!.tolist()).to.deep.equal([1, 2]);
    const set = new Set(['x', 'y']);
    expect(await all(new DataLoader(set, { batch_size: null }))).to.deep.equal(['x', 'y']);
  });

  it('ends the source of a pass that is left', async () => {
    let isClosed = false;
    async function* endless(): AsyncGenerator<number> {
      try {
        for (let i = 0; ; i++) yield i;
      } finally {
        isClosed = true;
      }
    }
    for await (const batch of new DataLoader(endless(), 2)) {
      expect(batch.tolist()).to.deep.equal([0, 1]);
      break;
    }
    expect(isClosed).to.equal(true);
  });

  it('passes on what the dataset throws', async () => {
    const bad = { length: 2, at: () => Promise.reject(new RangeError('no sample')) };
    expect((await errorOf(() => all(new DataLoader(bad)))).message).to.equal('no sample');
    const late = errorOf(() => all(new DataLoader(ds, { timeout: 1 })));
    expect((await late).message).to.equal('_SingleProcessDataLoaderIter requires timeout == 0');
  });

  it('lets timers and signals run during a pass of work that never waits', async () => {
    let turns = 0;
    const timer = setInterval(() => turns++, 1);
    const busy = Array.from({ length: 20 }, (_, i) => i);
    for await (const batch of new DataLoader(busy, 1)) {
      const end = performance.now() + 3;
      while (performance.now() < end) batch.add(1);
    }
    clearInterval(timer);
    expect(turns).to.be.greaterThan(0);
  });

  it('warns without an accelerator to pin memory for, and of too few samples', async function () {
    if (torch.accelerator.is_available()) this.skip();
    const { warnings, value } = await withWarnings(() =>
      all(new DataLoader([1, 2], { pin_memory: true })),
    );
    await value;
    expect(warnings).to.deep.equal([
      [
        'UserWarning',
        "'pin_memory' argument is set as true but no accelerator is found, then device pinned memory won't be used.",
      ],
    ]);
  });

  it('names an argument of the wrong type', () => {
    expect(() => new DataLoader(5)).to.throw(TypeError, "argument 'dataset' must have at(index)");
    expect(() => new DataLoader(ds, { sampler: 5 as never })).to.throw(
      TypeError,
      "'sampler' must be an iterable",
    );
    expect(() => new DataLoader(ds, { batch_sizes: 1 } as never)).to.throw(
      TypeError,
      "did you mean 'batch_size'?",
    );
    expect(() => new DataLoader(ds).load_state_dict({} as never)).to.throw(
      TypeError,
      "'state_dict' must be what",
    );
  });
});

describe('the position of a DataLoader', () => {
  const loaders: readonly (readonly [
    name: string,
    batches: number,
    make: () => torch.utils.data.DataLoader<unknown, unknown>,
  ])[] = [
    ['in random order', 8, () => new DataLoader(noisy, 2, true)],
    ['with a generator', 8, () => new DataLoader(noisy, 2, true, { generator: seeded() })],
    ['of an iterable', 8, () => new DataLoader(new Count(), 2)],
    [
      'that draws in the middle of a pass',
      70,
      () => new DataLoader(noisy, 2, { sampler: new RandomSampler(noisy, true, 70, seeded()) }),
    ],
  ];
  for (const [name, batches, make] of loaders) {
    it(`${name} continues where it was, with the same random numbers`, async () => {
      for (const stop of [0, 1, 3, 4, 6, 38].filter((count) => count < batches)) {
        torch.manual_seed(5);
        const whole: unknown[] = [];
        const loader = make();
        let state = loader.state_dict();
        let rng = torch.get_rng_state();
        let from = 0;
        for (let epoch = 0; epoch < 2; epoch++) {
          for await (const batch of loader) {
            whole.push(batch, torch.rand(1));
            if (whole.length / 2 !== stop) continue;
            state = loader.state_dict();
            rng = torch.get_rng_state();
            from = epoch;
          }
        }
        torch.manual_seed(99);
        const again = make();
        again.load_state_dict(state);
        torch.set_rng_state(rng);
        const rest: unknown[] = [];
        for (let epoch = from; epoch < 2; epoch++) {
          for await (const batch of again) rest.push(batch, torch.rand(1));
        }
        expect(rest, `${stop}`).to.deep.equal(whole.slice(2 * stop));
      }
    });
  }

  it('is null between passes', async () => {
    const loader = new DataLoader(ds, 4);
    expect(loader.state_dict()).to.deep.equal({ generators: [], position: null });
    await all(loader);
    expect(loader.state_dict()).to.deep.equal({ generators: [], position: null });
    for await (const _ of loader) break;
    expect(loader.state_dict()).to.deep.equal({ generators: [], position: null });
  });
});
