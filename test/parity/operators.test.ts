/**
 * The functions and methods that programs with losses use, compared with Python: value, dtype, shape, gradient and the
 * name of grad_fn.
 */
import { type Argument, type Call, dtype, float, PerLanguage } from './case';
import { DTYPES, ellipsis, type Group, type Lists, Make, METHODS, slice } from './operators.table';
import { expectParity } from './parity';

/** In-place methods, which run on a clone. Some must fail, since an int tensor cannot become float. */
const IN_PLACE: readonly Group[] = [
  [
    ['add_', 'sub_', 'mul_', 'div_', 'pow_'],
    (m) => [
      [m.positive(3, 5), m.positive(5)],
      [m.positive(3), 2],
      [m.positive(3), float(0.5)],
      [m.x(5), m.x(3, 5)],
    ],
  ],
  [
    [
      'neg_',
      'abs_',
      'exp_',
      'log_',
      'sqrt_',
      'tanh_',
      'sigmoid_',
      'relu_',
      'sign_',
      'zero_',
      'floor_',
    ],
    (m) => [[m.positive(3, 5)]],
  ],
  [
    ['fill_'],
    (m) => [
      [m.x(3), 2],
      [m.x(2), float(0.5)],
    ],
  ],
  [['clamp_'], (m) => [[m.x(5), 0, 1]]],
  [
    ['copy_'],
    (m) => [
      [m.x(3), m.of('float64', 3)],
      [m.x(2, 3), m.x(3)],
      [m.x(3), m.x(2, 3)],
    ],
  ],
  [['masked_fill_'], (m) => [[m.x(3, 2), m.mask(3, 2), 0]]],
  [['scatter_'], (m) => [[m.x(3, 5), 1, m.indices([3, 1], 5), 1]]],
  [['unsqueeze_'], (m) => [[m.x(3), 0]]],
  [
    ['requires_grad_'],
    (m) => [
      [m.x(3), false],
      [m.x(3), true],
    ],
  ],
];

/** Functions of `torch` and `nn.functional`. */
const FUNCTIONS: readonly Group[] = [
  [
    ['torch.cat', 'torch.stack'],
    (m) => [
      [[m.x(2, 3), m.x(2, 3)], 0],
      [[m.x(2, 3), m.x(2, 3)], 1],
      [[m.x(2), m.x(3)], 0],
      [[], 0],
    ],
  ],
  [['torch.cat'], (m) => [[[m.x(2), m.of('float64', 3)]], [[m.x(2, 2), m.x(3, 2), m.x(0, 2)]]]],
  [
    ['torch.where'],
    (m) => [
      [m.mask(3, 2), m.x(3, 2), m.x(2)],
      [m.mask(3), m.x(3), 0],
      [m.mask(3), float(1.5), m.x(3)],
      [m.mask(2, 2)],
    ],
  ],
  [
    ['torch.add', 'torch.sub', 'torch.mul', 'torch.div'],
    (m) => [
      [m.x(3), m.positive(3)],
      [m.x(3), 2],
    ],
  ],
  [
    ['torch.rsub'],
    (m) => [
      [m.x(3), m.x(3)],
      [m.x(3), 1],
      [m.x(3), float(1.5)],
    ],
  ],
  [
    ['torch.sum', 'torch.mean', 'torch.exp', 'torch.abs', 'torch.sigmoid', 'torch.norm'],
    (m) => [[m.x(3, 2)]],
  ],
  [
    ['torch.maximum', 'torch.minimum', 'torch.matmul', 'torch.allclose', 'torch.equal'],
    (m) => [[m.x(3), m.x(3)]],
  ],
  [['torch.softmax', 'torch.log_softmax', 'torch.argmax', 'torch.unbind'], (m) => [[m.x(3, 2), 1]]],
  [['torch.sort'], (m) => [[m.x(7)]]],
  [['torch.topk'], (m) => [[m.x(7), 3]]],
  [['torch.zeros_like', 'torch.ones_like', 'torch.numel', 'torch.clone'], (m) => [[m.x(3, 2)]]],
  [['torch.full_like'], (m) => [[m.x(3, 2), 3]]],
  [['torch.flatten', 'torch.squeeze', 'torch.t'], (m) => [[m.x(3, 1)]]],
  [
    ['torch.pairwise_distance', 'torch.cosine_similarity'],
    (m) => [
      [m.x(3, 5), m.x(3, 5)],
      [m.x(5), m.x(3, 5)],
    ],
  ],
  [
    ['F.pairwise_distance', 'F.cosine_similarity'],
    (m) => [
      [m.x(3, 5), m.x(3, 5)],
      [m.x(4), m.x(4)],
    ],
  ],
  [
    [
      'F.relu',
      'F.sigmoid',
      'F.tanh',
      'F.logsigmoid',
      'F.softplus',
      'F.normalize',
      'F.gelu',
      'F.silu',
    ],
    (m) => [[m.x(3, 5)]],
  ],
  [
    ['F.linear'],
    (m) => [
      [m.x(3, 4), m.x(5, 4)],
      [m.x(3, 4), m.x(5, 4), m.x(5)],
      [m.x(4), m.x(5, 4), m.x(5)],
    ],
  ],
  [['F.embedding'], (m) => [[m.indices([3, 2], 5), m.x(5, 4)]]],
  [['F.one_hot'], (m) => [[m.indices([3, 2], 5)], [m.indices([4], 5), 7], [m.indices([4], 5), 2]]],
];

/** Calls with keyword arguments. */
const KEYWORDS: readonly [
  name: string,
  kwargs: Record<string, Argument>,
  args: (m: Make) => Argument[],
][] = [
  ['Tensor.add', { alpha: 3 }, (m) => [m.x(3), m.x(3)]],
  ['Tensor.sub', { alpha: float(0.5) }, (m) => [m.x(3), m.x(3)]],
  ['Tensor.div', { rounding_mode: 'floor' }, (m) => [m.x(3), m.positive(3)]],
  ['Tensor.div', { rounding_mode: 'trunc' }, (m) => [m.x(3), 2]],
  ['Tensor.sum', { dtype: dtype('float64') }, (m) => [m.x(3, 4)]],
  ['Tensor.sum', { dim: 1, keepdim: true }, (m) => [m.x(3, 4)]],
  ['Tensor.mean', { dim: [0, 1], dtype: dtype('float32') }, (m) => [m.x(3, 4)]],
  ['Tensor.softmax', { dim: 1, dtype: dtype('float64') }, (m) => [m.x(3, 4)]],
  ['Tensor.std', { dim: 0, unbiased: false }, (m) => [m.x(3, 4)]],
  ['Tensor.var', { dim: 0, correction: 0 }, (m) => [m.x(3, 4)]],
  ['Tensor.clamp', { min: 0 }, (m) => [m.x(5)]],
  ['Tensor.clamp', { max: float(0.25) }, (m) => [m.x(5)]],
  ['Tensor.argmax', { dim: 1, keepdim: true }, (m) => [m.x(3, 4)]],
  ['Tensor.sort', { descending: true }, (m) => [m.x(3, 4)]],
  ['Tensor.sort', { stable: true, dim: 0 }, (m) => [m.tied(6, 2)]],
  ['Tensor.topk', { k: 2, largest: false }, (m) => [m.x(6)]],
  ['Tensor.norm', { p: 1, dim: 1 }, (m) => [m.x(3, 4)]],
  ['Tensor.to', { dtype: dtype('float64') }, (m) => [m.positive(3)]],
  ['Tensor.allclose', { rtol: float(10) }, (m) => [m.positive(3), m.positive(3)]],
  ['Tensor.isclose', { equal_nan: true }, (m) => [m.x(3), m.x(3)]],
  ['torch.cat', { dim: 1 }, (m) => [[m.x(3, 1), m.x(3, 2)]]],
  ['torch.stack', { dim: -1 }, (m) => [[m.x(3), m.x(3)]]],
  ['F.one_hot', { num_classes: 6 }, (m) => [m.indices([3], 5)]],
  ['F.cosine_similarity', { dim: 0, eps: float(1e-3) }, (m) => [m.x(3, 4), m.x(3, 4)]],
  ['F.pairwise_distance', { p: float(1), keepdim: true }, (m) => [m.x(3, 4), m.x(3, 4)]],
  ['F.softmax', { dim: 1 }, (m) => [m.x(3, 4)]],
  ['F.log_softmax', { dim: 0 }, (m) => [m.x(3, 4)]],
  ['F.normalize', { p: float(1), dim: 0 }, (m) => [m.x(3, 4)]],
];

/** Indices: Python's x[…] is x.index(…). */
const INDICES: Lists = (m) => [
  [m.x(3, 4), 0],
  [m.x(3, 4), -1, 2],
  [m.x(3, 4), slice(), 1],
  [m.x(3, 4), slice(1, null)],
  [m.x(6, 4), slice(null, null, 2), slice(1, 3)],
  [m.x(3, 4), null, ellipsis, 0],
  [m.x(2, 3, 4), ellipsis, slice(null, -1)],
  [m.x(3, 4), m.indices([5], 3)],
  [m.x(3, 4), m.indices([5], 3), m.indices([5], 4)],
  [m.x(3, 4), slice(), m.indices([2, 2], 4)],
  [m.x(3, 4), m.mask(3, 4)],
  [m.x(3, 4), m.mask(3)],
  [m.x(3, 4), [0, 2]],
  [m.x(3, 4), 7],
  [m.x(3), 0, 0],
  [m.x(3, 4), true],
];

const calls = (groups: readonly Group[], prefix: string, change: Partial<Call> = {}): Call[] =>
  DTYPES.flatMap((type) =>
    groups.flatMap(([names, lists]) =>
      names.flatMap((name) =>
        lists(new Make(type)).map((args) => ({ callee: `${prefix}${name}`, args, ...change })),
      ),
    ),
  ).filter(({ callee }) => !callee.endsWith('new_empty') || change.show);

const factories = (): Call[] => {
  const made: Call[] = [];
  const add = (callee: string, ...args: Argument[]): void => {
    made.push({ callee, args });
    for (const type of DTYPES) made.push({ callee, args, kwargs: { dtype: dtype(type) } });
  };
  for (const size of [[], [0], [3], [2, 3]]) {
    add('torch.zeros', size);
    add('torch.ones', size);
    add('torch.full', size, 3);
    add('torch.full', size, float(1.5));
    add('torch.full', size, true);
  }
  add('torch.arange', 5);
  add('torch.arange', 1, 10, 3);
  add('torch.arange', float(0.5), 3);
  add('torch.arange', 5, 1);
  add('torch.linspace', 0, 1, 5);
  add('torch.linspace', float(-2.5), 3, 7);
  add('torch.eye', 3);
  add('torch.eye', 2, 3);
  for (const data of [
    1,
    [1, 0, 4],
    [
      [1, 2],
      [3, 4],
    ],
    float(1.5),
    true,
    [true, false],
    [],
    [[]],
  ])
    add('torch.tensor', data);
  add('torch.tensor', [new PerLanguage('0.5', 0.5), new PerLanguage('2.0', 2)]);
  add('torch.tensor', [[1, 2], [3]]);
  return made;
};

describe('parity: operators', function () {
  this.timeout(60_000);
  const check = (title: string, make: () => Call[]): void => {
    it(title, async function () {
      const made = make();
      this.test!.title += ` (${made.length} cases)`;
      await expectParity(made);
    });
  };

  for (const [title, groups] of Object.entries(METHODS))
    check(title, () => calls(groups, 'Tensor.'));
  check('in-place forms', () => calls(IN_PLACE, 'Tensor.', { in_place: true }));
  check('functions', () => calls(FUNCTIONS, ''));
  check('factories', factories);
  check('keyword arguments', () =>
    DTYPES.flatMap((type) =>
      KEYWORDS.map(([callee, kwargs, args]) => ({ callee, kwargs, args: args(new Make(type)) })),
    ),
  );
  check('indexing', () =>
    DTYPES.flatMap((type) =>
      INDICES(new Make(type)).map((args) => ({
        callee: 'Tensor.index',
        python: 'lambda x, *i: x[i]',
        args,
      })),
    ),
  );
});
