/** Tensors on the meta device, which have shapes and no elements. */
import { expect } from 'chai';
import torch, { nn, type Tensor } from 'torch-losses';

import { after, type Corner, describeCorners } from './corners';

const F = nn.functional;
const device = 'meta';
const { ones } = torch;

const NAMES = {
  x: 'torch.ones(3, 4, device="meta", requires_grad=True)',
  y: 'torch.ones(3, 4, device="meta")',
  c: 'torch.zeros(3, dtype=torch.long, device="meta")',
  w: 'torch.ones(4, device="meta")',
  r: 'torch.ones(3, 1, device="meta")',
};

interface Operands {
  x: Tensor;
  y: Tensor;
  c: Tensor;
  w: Tensor;
  r: Tensor;
}

const operands = (): Operands => ({
  x: ones(3, 4, { device, requires_grad: true }),
  y: ones(3, 4, { device }),
  c: torch.zeros(3, { device, dtype: torch.long }),
  w: ones(4, { device }),
  r: ones(3, 1, { device }),
});

type Loss = (o: Operands, options: { reduction: 'none' | 'mean' | 'sum' }) => Tensor;

const LOSSES: readonly (readonly [string, Loss])[] = [
  ['F.l1_loss(x, y', ({ x, y }, o) => F.l1_loss(x, y, o)],
  ['F.l1_loss(x, y, weight=y', ({ x, y }, o) => F.l1_loss(x, y, { ...o, weight: y })],
  ['F.mse_loss(x, y', ({ x, y }, o) => F.mse_loss(x, y, o)],
  ['F.mse_loss(x, y, weight=y', ({ x, y }, o) => F.mse_loss(x, y, { ...o, weight: y })],
  ['F.smooth_l1_loss(x, y', ({ x, y }, o) => F.smooth_l1_loss(x, y, o)],
  ['F.smooth_l1_loss(x, y, beta=0.0', ({ x, y }, o) => F.smooth_l1_loss(x, y, { ...o, beta: 0 })],
  ['F.huber_loss(x, y', ({ x, y }, o) => F.huber_loss(x, y, o)],
  ['F.huber_loss(x, y, weight=y', ({ x, y }, o) => F.huber_loss(x, y, { ...o, weight: y })],
  ['F.huber_loss(x, r', ({ x, r }, o) => F.huber_loss(x, r, o)],
  ['F.poisson_nll_loss(x, y', ({ x, y }, o) => F.poisson_nll_loss(x, y, o)],
  [
    'F.poisson_nll_loss(x, y, full=True',
    ({ x, y }, o) => F.poisson_nll_loss(x, y, { ...o, full: true }),
  ],
  ['F.gaussian_nll_loss(x, y, y', ({ x, y }, o) => F.gaussian_nll_loss(x, y, y, o)],
  ['F.gaussian_nll_loss(x, y, 1.0', ({ x, y }, o) => F.gaussian_nll_loss(x, y, 1, o)],
  ['F.kl_div(x, y', ({ x, y }, o) => F.kl_div(x, y, o)],
  ['F.cross_entropy(x, c', ({ x, c }, o) => F.cross_entropy(x, c, o)],
  [
    'F.cross_entropy(x, c, w, label_smoothing=0.1',
    ({ x, c, w }, o) => F.cross_entropy(x, c, { ...o, weight: w, label_smoothing: 0.1 }),
  ],
  ['F.cross_entropy(x, y', ({ x, y }, o) => F.cross_entropy(x, y, o)],
  ['F.nll_loss(x, c', ({ x, c }, o) => F.nll_loss(x, c, o)],
  ['F.binary_cross_entropy(x, y', ({ x, y }, o) => F.binary_cross_entropy(x, y, o)],
  [
    'F.binary_cross_entropy(x, y, w',
    ({ x, y, w }, o) => F.binary_cross_entropy(x, y, { ...o, weight: w }),
  ],
  [
    'F.binary_cross_entropy_with_logits(x, y',
    ({ x, y }, o) => F.binary_cross_entropy_with_logits(x, y, o),
  ],
  [
    'F.binary_cross_entropy_with_logits(x, y, w, pos_weight=w',
    ({ x, y, w }, o) =>
      F.binary_cross_entropy_with_logits(x, y, { ...o, weight: w, pos_weight: w }),
  ],
  [
    'F.multilabel_margin_loss(x, y.long()',
    ({ x, y }, o) => F.multilabel_margin_loss(x, y.long(), o),
  ],
  [
    'F.multilabel_margin_loss(x[0], y[0].long()',
    ({ x, y }, o) => F.multilabel_margin_loss(x.index(0), y.index(0).long(), o),
  ],
  ['F.multi_margin_loss(x, c', ({ x, c }, o) => F.multi_margin_loss(x, c, o)],
  [
    'F.multi_margin_loss(x, c, p=2, weight=w',
    ({ x, c, w }, o) => F.multi_margin_loss(x, c, { ...o, p: 2, weight: w }),
  ],
  [
    'F.multi_margin_loss(x, c, weight=w[:2]',
    ({ x, c, w }, o) => F.multi_margin_loss(x, c, { ...o, weight: w.narrow(0, 0, 2) }),
  ],
  ['F.multilabel_margin_loss(x, c', ({ x, c }, o) => F.multilabel_margin_loss(x, c, o)],
  ['F.multi_margin_loss(x, c[:2]', ({ x, c }, o) => F.multi_margin_loss(x, c.narrow(0, 0, 2), o)],
  ['F.soft_margin_loss(x, y', ({ x, y }, o) => F.soft_margin_loss(x, y, o)],
  ['F.multilabel_soft_margin_loss(x, y', ({ x, y }, o) => F.multilabel_soft_margin_loss(x, y, o)],
  ['F.margin_ranking_loss(x, y, y', ({ x, y }, o) => F.margin_ranking_loss(x, y, y, o)],
  ['F.hinge_embedding_loss(x, y', ({ x, y }, o) => F.hinge_embedding_loss(x, y, o)],
  [
    'F.cosine_embedding_loss(x, y, torch.ones(3, device="meta")',
    ({ x, y }, o) => F.cosine_embedding_loss(x, y, ones(3, { device }), o),
  ],
  ['F.triplet_margin_loss(x, y, y', ({ x, y }, o) => F.triplet_margin_loss(x, y, y, o)],
  [
    'F.triplet_margin_loss(x, y, y, swap=True',
    ({ x, y }, o) => F.triplet_margin_loss(x, y, y, { ...o, swap: true }),
  ],
  [
    'F.triplet_margin_with_distance_loss(x, y, y',
    ({ x, y }, o) => F.triplet_margin_with_distance_loss(x, y, y, o),
  ],
  [
    'F.ctc_loss(x.unsqueeze(1), c.view(1, 3), [3], [3]',
    ({ x, c }, o) => F.ctc_loss(x.unsqueeze(1), c.view(1, 3), [3], [3], o),
  ],
  [
    'F.ctc_loss(x.unsqueeze(1), c.view(1, 3), torch.tensor([3]), torch.tensor([3])',
    ({ x, c }, o) =>
      F.ctc_loss(x.unsqueeze(1), c.view(1, 3), torch.tensor([3]), torch.tensor([3]), o),
  ],
  [
    'F.linear_cross_entropy(x, torch.ones(7, 4, device="meta"), c',
    ({ x, c }, o) => F.linear_cross_entropy(x, ones(7, 4, { device }), c, o),
  ],
];

const inPython = (body: string): string =>
  `(lambda x, y, c, w, r: ${body})(${Object.values(NAMES).join(', ')})`;

function ofLoss([python, loss]: readonly [string, Loss]): Corner[] {
  const values = (['none', 'mean', 'sum'] as const).map(
    (reduction): Corner => [
      inPython(`${python}, reduction='${reduction}')`),
      () => loss(operands(), { reduction }),
    ],
  );
  const gradient: Corner = [
    inPython(`[${python}).backward(), x.grad]`),
    () => {
      const given = operands();
      loss(given, { reduction: 'mean' }).backward();
      return [null, given.x.grad];
    },
  ];
  return [...values, gradient];
}

const m = (): Tensor => ones(2, { device });
const M = 'torch.ones(2, device="meta")';

describeCorners({
  'losses of meta tensors': LOSSES.flatMap(ofLoss),
  'modules on meta': [
    [
      'nn.Embedding(5, 2, device="meta")(torch.zeros(3, 4, dtype=torch.long, device="meta"))',
      () => new nn.Embedding(5, 2, { device })(torch.zeros(3, 4, { device, dtype: torch.long })),
    ],
    [
      'nn.Embedding(5, 2, device="meta")(torch.zeros(3, dtype=torch.long))',
      () => new nn.Embedding(5, 2, { device })(torch.zeros(3, { dtype: torch.long })),
    ],
    [
      'torch.dot(torch.ones(3, device="meta"), torch.ones(3, device="meta"))',
      () => ones(3, { device }).dot(ones(3, { device })),
    ],
    [
      'nn.AdaptiveLogSoftmaxWithLoss(4, 10, [3, 6], device="meta")(torch.ones(3, 4, device="meta"), torch.zeros(3, dtype=torch.long, device="meta"))',
      () =>
        new nn.AdaptiveLogSoftmaxWithLoss(4, 10, [3, 6], { device })(
          ones(3, 4, { device }),
          torch.zeros(3, { device, dtype: torch.long }),
        ),
    ],
    ['nn.Linear(2, 2, device="meta").to("cpu")', () => new nn.Linear(2, 2, { device }).to('cpu')],
    ['nn.Linear(2, 2).to("meta").weight', () => new nn.Linear(2, 2).to(device).weight],
    [
      'list(nn.Linear(2, 2, device="meta").to_empty(device="cpu").weight.shape)',
      () => new nn.Linear(2, 2, { device }).to_empty({ device: 'cpu' }).weight.shape,
    ],
    [
      `nn.CrossEntropyLoss(torch.ones(3)).to("meta").weight`,
      () => new nn.CrossEntropyLoss({ weight: ones(3) }).to(device).weight,
    ],
    [
      'nn.AdaptiveLogSoftmaxWithLoss(4, 10, [3, 6], device="meta").log_prob(torch.ones(3, 4, device="meta")).shape[1]',
      () =>
        new nn.AdaptiveLogSoftmaxWithLoss(4, 10, [3, 6], { device }).log_prob(
          ones(3, 4, { device }),
        ).shape[1],
    ],
  ],
  'tensors on meta': [
    [M, () => m()],
    [`${M}.is_meta`, () => m().is_meta],
    ['torch.ones(2).is_meta', () => ones(2).is_meta],
    ['torch.ones(2).to("meta")', () => ones(2).to(device)],
    ['torch.tensor([1.5], device="meta")', () => torch.tensor([1.5], { device })],
    [`${M}.double()`, () => m().double()],
    [`nn.Parameter(${M})`, () => new nn.Parameter(m())],
    [
      'torch.zeros(0, dtype=torch.long, device="meta")',
      () => torch.zeros(0, { device, dtype: torch.long }),
    ],
    [`${M}.item()`, () => m().item()],
    [`${M}[0].item()`, () => m().index(0).item()],
    [`float(${M}.sum())`, () => Number(m().sum())],
    [`${M}.tolist()`, () => m().tolist()],
    [`${M}.cpu()`, () => m().cpu()],
    [`${M}.to("cpu")`, () => m().to('cpu')],
    [`torch.ones(2).copy_(${M})`, () => ones(2).copy_(m())],
    [`${M}.copy_(torch.ones(2))`, () => m().copy_(ones(2))],
    [`${M}.nonzero()`, () => m().nonzero()],
    [`${M}.abs()`, () => m().abs()],
    [
      'torch.ones(2, device="meta", dtype=torch.complex64).abs()',
      () => ones(2, { device, dtype: torch.complex64 }).abs(),
    ],
    [
      'torch.where(torch.ones(2, 1, device="meta") > 0, torch.ones(3, device="meta"), torch.ones((), device="meta", dtype=torch.double))',
      () =>
        torch.where(
          ones(2, 1, { device }).gt(0),
          ones(3, { device }),
          ones([], { device, dtype: torch.double }),
        ),
    ],
    [
      'F.huber_loss(torch.ones(2, device="meta"), torch.ones(2, device="meta"), delta=0.0)',
      () => F.huber_loss(m(), m(), { delta: 0 }),
    ],
    [
      'F.multi_margin_loss(torch.ones(2, 3), torch.zeros(2, dtype=torch.long, device="meta"))',
      () => F.multi_margin_loss(ones(2, 3), torch.zeros(2, { device, dtype: torch.long })),
    ],
    [`after(lambda x: x.random_(), ${M})`, () => after((x: Tensor) => x.random_(), m())],
    [
      'torch.testing.assert_close(torch.ones(2, device="meta"), torch.ones(2, device="meta"))',
      () => torch.testing.assert_close(m(), m()),
    ],
  ],
});

describe('meta tensors', () => {
  it('have no memory', () => {
    const large = torch.empty(2 ** 40, { device });
    expect(torch.memoryStats().bytes).not.to.have.property('meta');
    expect(large.nbytes).to.equal(2 ** 42);
  });
});
