/** Invalid reductions in every loss: the call throws, not the constructor. */
import torch, { nn, type Tensor } from 'torch-losses';

import { type Corner, describeCorners, int } from './corners';

const F = nn.functional;
const { ones } = torch;
const matrix = (): Tensor => ones(3, 4);
const classes = (): Tensor => int(0, 1, 2);

type Options = Record<string, unknown>;

/** The arguments in Python and in JavaScript. */
const FUNCTIONS: Record<string, readonly [python: string, here: () => unknown[]]> = {
  l1_loss: ['x, x', () => [matrix(), matrix()]],
  mse_loss: ['x, x', () => [matrix(), matrix()]],
  smooth_l1_loss: ['x, x', () => [matrix(), matrix()]],
  huber_loss: ['x, x', () => [matrix(), matrix()]],
  poisson_nll_loss: ['x, x', () => [matrix(), matrix()]],
  gaussian_nll_loss: ['x, x, x', () => [matrix(), matrix(), matrix()]],
  kl_div: ['x, x', () => [matrix(), matrix()]],
  cross_entropy: ['x, y', () => [matrix(), classes()]],
  nll_loss: ['x, y', () => [matrix(), classes()]],
  binary_cross_entropy: ['x, x', () => [matrix(), matrix()]],
  binary_cross_entropy_with_logits: ['x, x', () => [matrix(), matrix()]],
  multilabel_margin_loss: ['x, x.long()', () => [matrix(), matrix().long()]],
  soft_margin_loss: ['x, x', () => [matrix(), matrix()]],
  multilabel_soft_margin_loss: ['x, x', () => [matrix(), matrix()]],
  multi_margin_loss: ['x, y', () => [matrix(), classes()]],
  margin_ranking_loss: ['x, x, x', () => [matrix(), matrix(), matrix()]],
  hinge_embedding_loss: ['x, x', () => [matrix(), matrix()]],
  cosine_embedding_loss: ['x, x, torch.ones(3)', () => [matrix(), matrix(), ones(3)]],
  triplet_margin_loss: ['x, x, x', () => [matrix(), matrix(), matrix()]],
  triplet_margin_with_distance_loss: ['x, x, x', () => [matrix(), matrix(), matrix()]],
  ctc_loss: [
    'torch.zeros(3, 1, 4), torch.ones(1, 1).long(), [3], [1]',
    () => [torch.zeros(3, 1, 4), ones(1, 1).long(), [3], [1]],
  ],
};

const CLASSES: Record<string, string> = {
  L1Loss: 'l1_loss',
  MSELoss: 'mse_loss',
  SmoothL1Loss: 'smooth_l1_loss',
  HuberLoss: 'huber_loss',
  PoissonNLLLoss: 'poisson_nll_loss',
  GaussianNLLLoss: 'gaussian_nll_loss',
  KLDivLoss: 'kl_div',
  CrossEntropyLoss: 'cross_entropy',
  NLLLoss: 'nll_loss',
  BCELoss: 'binary_cross_entropy',
  BCEWithLogitsLoss: 'binary_cross_entropy_with_logits',
  MultiLabelMarginLoss: 'multilabel_margin_loss',
  SoftMarginLoss: 'soft_margin_loss',
  MultiLabelSoftMarginLoss: 'multilabel_soft_margin_loss',
  MultiMarginLoss: 'multi_margin_loss',
  MarginRankingLoss: 'margin_ranking_loss',
  HingeEmbeddingLoss: 'hinge_embedding_loss',
  CosineEmbeddingLoss: 'cosine_embedding_loss',
  TripletMarginLoss: 'triplet_margin_loss',
  TripletMarginWithDistanceLoss: 'triplet_margin_with_distance_loss',
  CTCLoss: 'ctc_loss',
};

const REDUCTIONS: readonly (readonly [python: string, here: unknown])[] = [
  ['None', null],
  ['1', 1],
  ['2.5', 2.5],
  ['False', false],
  ["'average'", 'average'],
];

const inPython = (call: string): string =>
  `(lambda x, y: ${call})(torch.ones(3, 4), torch.tensor([0, 1, 2]))`;

const functionOf = (name: string): ((...args: unknown[]) => unknown) =>
  (F as unknown as Record<string, (...args: unknown[]) => unknown>)[name]!;

function ofFunction(name: string, python: string, reduction: unknown): Corner {
  const [args, here] = FUNCTIONS[name]!;
  return [
    inPython(`F.${name}(${args}, reduction=${python})`),
    () => functionOf(name)(...here(), { reduction }),
  ];
}

function ofClass(name: string, python: string, reduction: unknown): Corner[] {
  const [args, here] = FUNCTIONS[CLASSES[name]!]!;
  type LossClass = new (options: Options) => (...args: unknown[]) => unknown;
  const Class = (nn as unknown as Record<string, LossClass>)[name]!;
  const assigned = (): unknown => {
    const criterion = new Class({}) as unknown as { reduction: unknown };
    criterion.reduction = reduction;
    return (criterion as unknown as (...args: unknown[]) => unknown)(...here());
  };
  return [
    [
      `nn.${name}(reduction=${python}).reduction`,
      () => new Class({ reduction })['reduction' as never],
    ],
    [
      inPython(`nn.${name}(reduction=${python})(${args})`),
      () => new Class({ reduction })(...here()),
    ],
    [
      inPython(`[setattr(c := nn.${name}(), 'reduction', ${python}), c(${args})]`),
      () => [null, assigned()],
    ],
  ];
}

const topics: Record<string, readonly Corner[]> = {};
for (const [python, here] of REDUCTIONS) {
  topics[`functions with the reduction ${python}`] = Object.keys(FUNCTIONS).map((name) =>
    ofFunction(name, python, here),
  );
  topics[`classes with the reduction ${python}`] = Object.keys(CLASSES).flatMap((name) =>
    ofClass(name, python, here),
  );
}
topics['a reduction that is none, beside a weight or legacy arguments'] = [
  [
    inPython('F.l1_loss(x, x, weight=x, reduction=None)'),
    () => F.l1_loss(matrix(), matrix(), { weight: matrix(), reduction: null as never }),
  ],
  [
    inPython('F.mse_loss(x, x, weight=x, reduction=1)'),
    () => F.mse_loss(matrix(), matrix(), { weight: matrix(), reduction: 1 as never }),
  ],
  [
    inPython('F.huber_loss(x, x, weight=x, reduction=None)'),
    () => F.huber_loss(matrix(), matrix(), { weight: matrix(), reduction: null as never }),
  ],
  [
    inPython('F.mse_loss(x, x, size_average=False, reduction=None)'),
    () => F.mse_loss(matrix(), matrix(), { size_average: false, reduction: null as never }),
  ],
  [
    inPython('F.poisson_nll_loss(x, x, reduce=True, reduction=None)'),
    () => F.poisson_nll_loss(matrix(), matrix(), { reduce: true, reduction: null as never }),
  ],
];

describeCorners(topics);
