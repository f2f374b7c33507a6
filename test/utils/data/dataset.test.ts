/** Datasets and random_split against Python's. */
import { expect } from 'chai';
import torch from 'torch-losses';
import { askPython, TEXT_OF, textOf } from '../../parity/parity';
import { withWarnings } from '../../support/warnings';
import { all, same } from './support';

const {
  ChainDataset,
  ConcatDataset,
  Dataset,
  IterableDataset,
  random_split,
  StackDataset,
  Subset,
  TensorDataset,
} = torch.utils.data;

const SETUP = `
class Squares(Dataset):
    def __init__(self, size=10): self.size = size
    def __len__(self): return self.size
    def __getitem__(self, i): return i * i
class Together(Squares):
    def __getitems__(self, indices): return [i * 100 for i in indices]
class Count(IterableDataset):
    def __init__(self, start, end): self.start = start; self.end = end
    def __iter__(self): return iter(range(self.start, self.end))
    def __len__(self): return self.end - self.start
x = torch.arange(12).reshape(6, 2); y = torch.arange(6) / 2
`;

class Squares extends Dataset<number> {
  constructor(readonly size = 10) {
    super();
  }
  override get length(): number {
    return this.size;
  }
  override at(index: number): number {
    return index * index;
  }
}

class Together extends Squares {
  __getitems__(indices: readonly number[]): number[] {
    return indices.map((index) => index * 100);
  }
}

class Count extends IterableDataset<number> {
  constructor(
    readonly start: number,
    readonly end: number,
  ) {
    super();
  }
  override get length(): number {
    return this.end - this.start;
  }
  override async *[Symbol.asyncIterator](): AsyncGenerator<number> {
    for (let i = this.start; i < this.end; i++) yield i;
  }
}

const x = torch.arange(12).reshape(6, 2);
const y = torch.arange(6).div(2);
const joined = new ConcatDataset<number>([new Squares(3), new Squares(0), new Together(4)]);

const VALUES: readonly (readonly [python: string, ours: () => unknown])[] = [
  ['TensorDataset(x, y)[2]', () => new TensorDataset(x, y).at(2)],
  ['TensorDataset(x, y)[-1]', () => new TensorDataset(x, y).at(-1)],
  ['len(TensorDataset(x))', () => new TensorDataset(x).length],
  [
    'StackDataset(Squares(), Together())[3]',
    () => new StackDataset(new Squares(), new Together()).at(3),
  ],
  [
    'StackDataset(a=Squares(), b=Together())[3]',
    () => new StackDataset({ a: new Squares(), b: new Together() }).at(3),
  ],
  [
    'StackDataset(a=Squares(), b=Together()).__getitems__([1, 2])',
    () => new StackDataset({ a: new Squares(), b: new Together() }).__getitems__([1, 2]),
  ],
  [
    'StackDataset(Squares(), Together()).__getitems__([1, 2])',
    () => new StackDataset(new Squares(), new Together()).__getitems__([1, 2]),
  ],
  [
    'len(StackDataset(Squares(), Together()))',
    () => new StackDataset(new Squares(), new Together()).length,
  ],
  [
    '[c[i] for c in [ConcatDataset([Squares(3), Squares(0), Together(4)])] for i in range(-7, 7)]',
    () => Array.from({ length: 14 }, (_, i) => joined.at(i - 7)),
  ],
  [
    '[len(c) for c in [ConcatDataset([Squares(3), Together(4)])]] + ConcatDataset([Squares(3), Together(4)]).cumulative_sizes',
    () => {
      const both = new ConcatDataset([new Squares(3), new Together(4)]);
      return [both.length, ...both.cumulative_sizes];
    },
  ],
  ['(Squares(2) + Squares(3))[3]', () => new Squares(2).__add__(new Squares(3)).at(3)],
  [
    'list(ChainDataset([Count(0, 3), Count(7, 9)]))',
    () => all(new ChainDataset([new Count(0, 3), new Count(7, 9)])),
  ],
  ['list(Count(0, 2) + Count(5, 6))', () => all(new Count(0, 2).__add__(new Count(5, 6)))],
  [
    'len(ChainDataset([Count(0, 3), Count(7, 9)]))',
    () => new ChainDataset([new Count(0, 3), new Count(7, 9)]).length,
  ],
  [
    '[Subset(Squares(), [4, 2, 9])[i] for i in (0, 2, -1)]',
    () => [0, 2, -1].map((i) => new Subset(new Squares(), [4, 2, 9]).at(i)),
  ],
  [
    'Subset(Squares(), [4, 2]).__getitems__([1, 0])',
    () => new Subset(new Squares(), [4, 2]).__getitems__([1, 0]),
  ],
  [
    'Subset(Together(), [4, 2]).__getitems__([1, 0])',
    () => new Subset(new Together(), [4, 2]).__getitems__([1, 0]),
  ],
  [
    '[list(s.indices) for s in random_split(Squares(), [7, 3])]',
    () => random_split(new Squares(), [7, 3]).map((s) => s.indices),
  ],
  [
    '[list(s.indices) for s in random_split(Squares(11), [0.3, 0.3, 0.4])]',
    () => random_split(new Squares(11), [0.3, 0.3, 0.4]).map((s) => s.indices),
  ],
  [
    '[list(s.indices) for s in random_split(Squares(5), (2, 3), torch.Generator().manual_seed(42))]',
    () =>
      random_split(new Squares(5), [2, 3], new torch.Generator().manual_seed(42)).map(
        (s) => s.indices,
      ),
  ],
  [
    '[list(s.indices) for s in random_split(Squares(5), [1], generator=None)]',
    () => random_split(new Squares(5), [1], { generator: null }).map((s) => s.indices),
  ],
];

const ERRORS: readonly (readonly [python: string, ours: () => unknown])[] = [
  ['TensorDataset(x, y[:3])', () => new TensorDataset(x, y.index(torch.slice(0, 3)))],
  ['TensorDataset(x)[6]', () => new TensorDataset(x).at(6)],
  ['StackDataset()', () => new StackDataset()],
  ['StackDataset(Squares(2), Squares(3))', () => new StackDataset(new Squares(2), new Squares(3))],
  [
    'StackDataset(Squares(2), a=Squares(2))',
    () => new StackDataset(new Squares(2), { a: new Squares(2) } as never),
  ],
  ['ConcatDataset([])', () => new ConcatDataset([])],
  ['ConcatDataset([Count(0, 1)])', () => new ConcatDataset([new Count(0, 1) as never])],
  ['ConcatDataset([Squares(3)])[-4]', () => new ConcatDataset([new Squares(3)]).at(-4)],
  ['ConcatDataset([Squares(3)])[3]', () => new ConcatDataset([new Squares(3)]).at(3)],
  ['len(ChainDataset([Squares()]))', () => new ChainDataset([new Squares() as never]).length],
  ['Subset(Squares(), [1])[1]', () => new Subset(new Squares(), [1]).at(1)],
  ['Subset(Squares(), [1])[-2]', () => new Subset(new Squares(), [1]).at(-2)],
  ['random_split(Squares(), [1, 2])', () => random_split(new Squares(), [1, 2])],
  [
    'random_split(Squares(), [0.5, 0.7, -0.2])',
    () => random_split(new Squares(), [0.5, 0.7, -0.2]),
  ],
  ["len(type('Odd', (Dataset,), {})())", () => new (class Odd extends Dataset {})().length],
];

describe('torch.utils.data: datasets', () => {
  for (const [python, ours] of VALUES) {
    it(`${python} is Python's`, () => same({ setup: SETUP, value: python }, ours));
  }

  it("throws Python's errors", async () => {
    const texts = ERRORS.map(([python]) => `text_of(lambda: ${python})`);
    const source = `${TEXT_OF}\nfrom torch.utils.data import *\n${SETUP}`;
    const expected = await askPython(source, texts);
    expect(ERRORS.map(([, ours]) => textOf(ours))).to.deep.equal(expected);
  });

  it('warns of an empty split as Python', async () => {
    const { warnings } = await withWarnings(() => random_split(new Squares(1), [0.5, 0.5]));
    expect(warnings).to.deep.equal([
      ['UserWarning', 'Length of split at index 1 is 0. This might result in an empty dataset.'],
    ]);
  });

  it('names what a dataset must implement', () => {
    expect(() => new Dataset().at(0)).to.throw(torch.TorchError, 'should implement at');
    expect(() => new IterableDataset()[Symbol.asyncIterator]()).to.throw(
      torch.TorchError,
      'should implement Symbol.asyncIterator',
    );
    class Half extends Subset {
      override at(index: number): unknown {
        return super.at(index);
      }
    }
    expect(() => new Half([1, 2], [0])).to.throw(torch.TorchError, /^Half overrides at but not/);
    expect(() => new TensorDataset([1] as never)).to.throw(TypeError, "argument 'tensors'");
    expect(() => new Subset([1, 2], 3 as never)).to.throw(TypeError, "argument 'indices' must be");
  });

  it('awaits samples of asynchronous datasets', async () => {
    const later = { length: 2, at: async (index: number) => index + 1 };
    const stacked = new StackDataset(later, [5, 6]);
    expect(await stacked.at(1)).to.deep.equal([2, 6]);
    expect(await stacked.__getitems__([1, 0])).to.deep.equal([
      [2, 6],
      [1, 5],
    ]);
    expect(await new Subset(later, [1]).__getitems__([0])).to.deep.equal([2]);
  });

  it('an iterable dataset may have a synchronous iterator', async () => {
    class Letters extends IterableDataset<string> {
      *[Symbol.iterator](): Generator<string> {
        yield* 'ab';
      }
    }
    expect(await all(new Letters())).to.deep.equal(['a', 'b']);
  });
});
