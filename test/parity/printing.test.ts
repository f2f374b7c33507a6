/** String(tensor) and console.log(tensor), compared with Python's repr, and the same for modules. */
import { inspect } from 'node:util';

import torch, { nn, type Tensor } from 'torch-losses';

import { type DType, Input, layoutsOf, Random } from '../support/data';
import { rowsThere } from '../support/versions';
import { type Argument, type Call, PerLanguage } from './case';
import { expectParity, expectSample } from './parity';

const DTYPES: DType[] = [
  'float32',
  'float64',
  'float16',
  'bfloat16',
  'complex64',
  'complex128',
  'int64',
  'int32',
  'int16',
  'int8',
  'uint8',
  'bool',
];
const SHAPES = [
  [],
  [1],
  [5],
  [0],
  [0, 3],
  [2, 0, 3],
  [3, 5],
  [1, 1, 1],
  [2, 3, 4],
  [2, 2, 2, 3],
  [40],
  [3, 30],
  [1001],
  [40, 40],
  [7, 200],
  [1200, 1],
  [11, 11, 11],
];
/** Elements that determine the format: integral, small, large, mixed, special. */
const ELEMENTS: Record<string, (random: Random) => number> = {
  normal: (random) => 4 * random.next() - 2,
  integral: (random) => random.integer(-5, 6),
  large: (random) => random.integer(-5, 6) * 1e7,
  'large with fractions': (random) => random.next() * 1e6,
  small: (random) => random.next() * 1e-5,
  wide: (random) => 10 ** (20 * random.next() - 10),
  'thousands apart': (random) => random.pick([0.001, 1, 1500.5]),
  special: (random) => random.pick([NaN, Infinity, -Infinity, 0, -0, 1.5]),
  'only special': (random) => random.pick([NaN, Infinity, -Infinity]),
  'integral and special': (random) => random.pick([NaN, Infinity, 3, -12]),
  ties: (random) => random.pick([0.03125, 0.00005, 2.00005, 0.12345]),
};
/** Returns a call whose printed result is compared. */
const show = (callee: string, ...args: Argument[]): Call => ({ callee, args, show: true });

function tensors(): Call[] {
  const random = new Random(5);
  const calls: Call[] = [];
  for (const dtype of DTYPES) {
    for (const shape of SHAPES) calls.push(show('Tensor.detach', random.normal(shape, { dtype })));
    for (const element of Object.values(ELEMENTS)) {
      const integer = !/^(float|bfloat|complex)/.test(dtype);
      const value = (): number => (integer ? random.integer(0, 100) : element(random));
      for (const shape of [[6], [3, 4], []]) {
        calls.push(show('Tensor.detach', Input.of(dtype, shape, value)));
      }
    }
    for (const layout of layoutsOf([3, 5])) {
      calls.push(show('Tensor.detach', random.normal([3, 5], { dtype, layout })));
    }
  }
  for (const dtype of DTYPES.slice(0, 6)) {
    const leaf = (...shape: number[]): Input =>
      random.normal(shape, { dtype, requires_grad: true });
    calls.push(show('Tensor.requires_grad_', leaf(3, 2)));
    calls.push(show('Tensor.requires_grad_', leaf()));
    calls.push(show('Tensor.requires_grad_', leaf(0)));
    for (const name of ['clone', 'exp', 't', 'neg', 'sum', 'unsqueeze']) {
      calls.push(show(`Tensor.${name}`, leaf(2, 3), ...(name === 'unsqueeze' ? [0] : [])));
    }
  }
  calls.push({
    ...show('Tensor.mul_', random.normal([3], { requires_grad: true }), 2),
    in_place: true,
  });
  const view = random.normal([2, 4], { requires_grad: true });
  calls.push({ ...show('Tensor.chunk', view, 2, 1), show: false, backward: 'none' });
  return calls;
}

/** Expressions in Python and in JavaScript, after manual_seed(0). */
const OPTION_TENSORS: readonly PerLanguage[] = [
  new PerLanguage('torch.randn(3, 5)', () => torch.randn(3, 5)),
  new PerLanguage('torch.randn(2000)', () => torch.randn(2000)),
  new PerLanguage('torch.rand(40, 40) * 1e6', () => torch.rand(40, 40).mul(1e6)),
  new PerLanguage('torch.arange(1500)', () => torch.arange(1500)),
  new PerLanguage('torch.randn(60, 60, dtype=torch.float64)', () =>
    torch.randn(60, 60, { dtype: torch.float64 }),
  ),
  new PerLanguage('torch.eye(4)', () => torch.eye(4)),
];
const PRINT_OPTIONS: readonly Record<string, number | boolean | string>[] = [
  { precision: 2 },
  { precision: 10 },
  { threshold: 5 },
  { threshold: 5, edgeitems: 1 },
  { edgeitems: 5 },
  { linewidth: 40 },
  { linewidth: 200 },
  { sci_mode: true },
  { sci_mode: false },
  { profile: 'short' },
  { profile: 'full' },
  { profile: 'default', precision: 3 },
];

const pythonLiteral = (value: number | boolean | string): string =>
  typeof value === 'boolean' ? (value ? 'True' : 'False') : JSON.stringify(value);

const modules: readonly PerLanguage[] = [
  new PerLanguage('nn.Linear(3, 4)', () => new nn.Linear(3, 4)),
  new PerLanguage('nn.Linear(3, 4, bias=False)', () => new nn.Linear(3, 4, { bias: false })),
  new PerLanguage('nn.Embedding(10, 3)', () => new nn.Embedding(10, 3)),
  new PerLanguage(
    'nn.Embedding(10, 3, padding_idx=1, max_norm=2.0)',
    () => new nn.Embedding(10, 3, { padding_idx: 1, max_norm: 2 }),
  ),
  new PerLanguage('nn.ReLU()', () => new nn.ReLU()),
  new PerLanguage('nn.ReLU(inplace=True)', () => new nn.ReLU({ inplace: true })),
  new PerLanguage('nn.Sigmoid()', () => new nn.Sigmoid()),
  new PerLanguage('nn.Tanh()', () => new nn.Tanh()),
  new PerLanguage('nn.Softmax(dim=1)', () => new nn.Softmax({ dim: 1 })),
  new PerLanguage('nn.Softmax()', () => new nn.Softmax()),
  new PerLanguage('nn.LogSoftmax(dim=-1)', () => new nn.LogSoftmax({ dim: -1 })),
  new PerLanguage('nn.Flatten()', () => new nn.Flatten()),
  new PerLanguage('nn.Flatten(2, 3)', () => new nn.Flatten({ start_dim: 2, end_dim: 3 })),
  new PerLanguage('nn.PairwiseDistance()', () => new nn.PairwiseDistance()),
  new PerLanguage('nn.CosineSimilarity(dim=2)', () => new nn.CosineSimilarity({ dim: 2 })),
  new PerLanguage('nn.Sequential()', () => new nn.Sequential()),
  new PerLanguage(
    'nn.Sequential(nn.Linear(3, 4), nn.ReLU(), nn.Sequential(nn.Linear(4, 2), nn.Tanh()))',
    () =>
      new nn.Sequential(
        new nn.Linear(3, 4),
        new nn.ReLU(),
        new nn.Sequential(new nn.Linear(4, 2), new nn.Tanh()),
      ),
  ),
  new PerLanguage(
    'nn.AdaptiveLogSoftmaxWithLoss(8, 20, [4, 10])',
    () => new nn.AdaptiveLogSoftmaxWithLoss(8, 20, [4, 10]),
  ),
  new PerLanguage(
    'nn.LinearCrossEntropyLoss(5, 10, out_features=(4, 3), bias=True)',
    () => new nn.LinearCrossEntropyLoss(5, 10, { out_features: [4, 3], bias: true }),
  ),
  new PerLanguage(
    'nn.LinearCrossEntropyLoss(5, 10, ignore_index=2, label_smoothing=0.5)',
    () => new nn.LinearCrossEntropyLoss(5, 10, { ignore_index: 2, label_smoothing: 0.5 }),
  ),
  new PerLanguage(
    'nn.CrossEntropyLoss(weight=torch.ones(3))',
    () => new nn.CrossEntropyLoss({ weight: torch.ones(3) }),
  ),
  new PerLanguage(
    'nn.TripletMarginWithDistanceLoss()',
    () => new nn.TripletMarginWithDistanceLoss(),
  ),
];
/** Classes that print only their name. */
const PLAIN_LOSSES = [
  'L1Loss',
  'NLLLoss',
  'PoissonNLLLoss',
  'GaussianNLLLoss',
  'KLDivLoss',
  'MSELoss',
  'BCELoss',
  'BCEWithLogitsLoss',
  'HingeEmbeddingLoss',
  'MultiLabelMarginLoss',
  'SmoothL1Loss',
  'HuberLoss',
  'SoftMarginLoss',
  'CrossEntropyLoss',
  'MultiLabelSoftMarginLoss',
  'CosineEmbeddingLoss',
  'MarginRankingLoss',
  'MultiMarginLoss',
  'TripletMarginLoss',
  'CTCLoss',
] as const;

describe('parity: printing', () => {
  it('tensors of every dtype, shape and kind of value', async function () {
    this.timeout(60_000);
    const calls = tensors();
    this.test!.title += ` (${calls.length} cases)`;
    await expectParity(calls);
  });

  for (const options of PRINT_OPTIONS) {
    it(`set_printoptions(${JSON.stringify(options)})`, () => {
      const keywords = Object.entries(options).map(
        ([key, value]) => `${key}=${pythonLiteral(value)}`,
      );
      const source = [
        `torch.set_printoptions(${keywords.join(', ')})`,
        `texts = [repr(t) for t in [${OPTION_TENSORS.map(({ python }) => python).join(', ')}]]`,
        "torch.set_printoptions(profile='default', sci_mode=None)",
      ].join('\n');
      return expectSample({ source, outputs: ['texts'], seed: 0 }, () => {
        torch.manual_seed(0);
        torch.set_printoptions(options);
        try {
          return [OPTION_TENSORS.map(({ javascript }) => String((javascript as () => Tensor)()))];
        } finally {
          torch.set_printoptions({ profile: 'default', sci_mode: null });
        }
      });
    });
  }

  it('modules and losses', async function () {
    const plain = PLAIN_LOSSES.map((name) => new PerLanguage(`nn.${name}()`, () => new nn[name]()));
    const all = rowsThere([...modules, ...plain], ({ python }) => python, this.test!);
    for (const { python, javascript } of all) {
      const outputs = [`repr(${python})`, `repr(${python})`];
      await expectSample({ source: '', outputs }, () => {
        const module = (javascript as () => unknown)();
        return [String(module), inspect(module)];
      });
    }
  });
});
