/**
 * The losses, a row each: how their arguments are made and which values each option takes. The cases
 * of losses.test.ts are all made from these rows.
 */
import torch, { nn, type Tensor } from 'torch-losses';

import { Input, type Random, type TensorOptions } from '../support/data';
import { type Argument, Both, float } from './case';

type Shape = readonly number[];
type Values = (random: Random, shape: Shape, options: TensorOptions) => readonly Argument[];

export interface LossRow {
  functional: string;
  module: string;
  shapes: readonly Shape[];
  /** The positional arguments; `options` are for inputs, `targetOptions` for targets. */
  inputs(
    random: Random,
    shape: Shape,
    options: TensorOptions,
    targetOptions: TensorOptions,
  ): readonly Argument[];
  /** The values to try for each option of both forms. */
  options?: Readonly<Record<string, Values>>;
  /** Options that the class does not have. */
  functionalOptions?: Readonly<Record<string, Values>>;
  /** Reductions beyond none, mean and sum. */
  reductions?: readonly string[];
  /** Only the input may require gradients: Python refuses targets that do. */
  fixedTargets?: true;
  /** Whether there are size_average and reduce. */
  legacy: boolean;
  /** Argument lists out of the ordinary: broadcasts, mismatches, values out of range. */
  odd?(random: Random, options: TensorOptions): readonly (readonly Argument[])[];
}

const always =
  (...values: Argument[]): Values =>
  () =>
    values;
const booleans = always(true, false);

/** A weight of the input's shape, one that broadcasts, and one that fits nothing. */
const weights: Values = (random, shape, options) => [
  random.uniform(shape, 0, 2, options),
  random.uniform(shape.slice(-1), 0, 2, options),
  random.uniform([7], 0, 2, options),
];
const classes = (shape: Shape): number => (shape.length > 1 ? shape[1] : shape[0]) ?? 1;
const classWeights: Values = (random, shape, options) => [
  random.uniform([classes(shape)], 0, 2, options),
  random.uniform([classes(shape) + 1], 0, 2, options),
  random.uniform([classes(shape), 1], 0, 2, options),
];

const ELEMENTWISE: Shape[] = [[3, 5], [5], [], [2, 3, 4], [1], [0], [0, 3], [17, 33], [2, 1, 3, 2]];
const BATCHES: Shape[] = [[3, 5], [1, 4], [5], [16, 7], [0, 3], [3, 0], [], [2, 3, 4]];
/** Without an empty batch: libtorch leaves these losses' mean and sum of one uninitialised. */
const FULL_BATCHES = BATCHES.filter((shape) => shape[0] !== 0);
const K_DIMENSIONAL: Shape[] = [
  [3, 5],
  [5],
  [1, 4],
  [2, 4, 3],
  [2, 3, 4, 5],
  [2, 3, 2, 2, 2],
  [0, 4],
  [33, 10],
  [0, 3, 2, 2],
];

/** Pairs of shapes that broadcast, or do not. */
const pairs =
  (make: (random: Random, shape: Shape, options: TensorOptions) => Input): LossRow['odd'] =>
  (random, options) =>
    (
      [
        [[3, 5], [5]],
        [
          [3, 5],
          [3, 1],
        ],
        [[], [3]],
        [[3], []],
        [
          [1, 5],
          [3, 1],
        ],
        [
          [3, 5],
          [4, 5],
        ],
        [
          [2, 3],
          [3, 2],
        ],
        [[0], [1]],
      ] as [Shape, Shape][]
    ).map(([a, b]) => [make(random, a, options), make(random, b, options)]);

const normals = pairs((random, shape, options) => random.normal(shape, options));
const probabilities = pairs((random, shape, options) => random.uniform(shape, 0, 1, options));

/** Input of the class dimension's shape with one class index per remaining position. */
const indexTarget = (random: Random, shape: Shape): Input => {
  const rest = shape.length > 1 ? [shape[0]!, ...shape.slice(2)] : [];
  return random.integers(rest, 0, Math.max(1, classes(shape)));
};

/** Class indices that are out of range, of another dtype, of a wrong shape. */
const oddIndices: LossRow['odd'] = (random, options) => [
  // One value out of range: with several, the thread that is first to meet one names it.
  [random.normal([3, 5], options), random.integers([3], 5, 6)],
  [random.normal([3, 5], options), random.integers([3], -3, -2)],
  [random.normal([3, 5], options), random.integers([3], 0, 5, { dtype: 'int32' })],
  [random.normal([3, 5], options), random.integers([3], 0, 5, { dtype: 'uint8' })],
  [random.normal([3, 5], options), random.uniform([3], 0, 5)],
  [random.normal([3, 5], options), random.integers([4], 0, 5)],
  [random.normal([3, 5], options), random.integers([3, 1], 0, 5)],
  [random.normal([3, 5], options), random.integers([], 0, 5)],
  [random.normal([5], options), random.integers([1], 0, 5)],
  [random.normal([], options), random.integers([], 0, 1)],
  [random.normal([2, 4, 3], options), random.integers([2, 4], 0, 4)],
  [random.normal([2, 4, 3, 3], options), random.integers([2, 3, 2], 0, 4)],
];

const ignoreIndex = always(-100, 0, 1, -1);
const epsilons = always(float(1e-8), float(1e-3), float(0));
const margins = always(float(0.5), float(2), float(0), float(-1));

/** Distance functions, in Python and in JavaScript. */
const DISTANCES: readonly Argument[] = [
  null,
  new Both('lambda a, b: 1.0 - F.cosine_similarity(a, b)', (a: Tensor, b: Tensor) =>
    torch.rsub(nn.functional.cosine_similarity(a, b), 1),
  ),
  new Both('lambda a, b: (a - b).abs().sum(-1)', (a: Tensor, b: Tensor) => a.sub(b).abs().sum(-1)),
  new Both(
    'lambda a, b: torch.max(torch.abs(a - b), dim=1).values',
    (a: Tensor, b: Tensor) => a.sub(b).abs().max(1, false).values,
  ),
  new Both('nn.PairwiseDistance(p=1.0)', new nn.PairwiseDistance({ p: 1 })),
];

export const LOSSES: readonly LossRow[] = [
  {
    functional: 'l1_loss',
    module: 'L1Loss',
    shapes: ELEMENTWISE,
    inputs: (random, shape, options, targets) => [
      random.grid(shape, options),
      random.grid(shape, targets),
    ],
    functionalOptions: { weight: weights },
    legacy: true,
    odd: normals!,
  },
  {
    functional: 'mse_loss',
    module: 'MSELoss',
    shapes: ELEMENTWISE,
    inputs: (random, shape, options, targets) => [
      random.normal(shape, options),
      random.normal(shape, targets),
    ],
    functionalOptions: { weight: weights },
    legacy: true,
    odd: normals!,
  },
  {
    functional: 'huber_loss',
    module: 'HuberLoss',
    shapes: ELEMENTWISE,
    inputs: (random, shape, options, targets) => [
      random.grid(shape, options),
      random.grid(shape, targets),
    ],
    options: { delta: always(float(1), float(0.5), float(2), float(0), float(-1), float(1e-3)) },
    functionalOptions: { weight: weights },
    legacy: false,
    odd: normals!,
  },
  {
    functional: 'smooth_l1_loss',
    module: 'SmoothL1Loss',
    shapes: ELEMENTWISE,
    inputs: (random, shape, options, targets) => [
      random.grid(shape, options),
      random.grid(shape, targets),
    ],
    options: { beta: always(float(1), float(0), float(0.5), float(2), float(-1), float(Infinity)) },
    legacy: true,
    odd: normals!,
  },
  {
    functional: 'kl_div',
    module: 'KLDivLoss',
    shapes: ELEMENTWISE,
    inputs: (random, shape, options, targets) => [
      random.uniform(shape, -5, 0, options),
      random.uniform(shape, -0.1, 1, targets),
    ],
    options: { log_target: booleans },
    reductions: ['batchmean'],
    legacy: true,
    odd: normals!,
  },
  {
    functional: 'poisson_nll_loss',
    module: 'PoissonNLLLoss',
    shapes: ELEMENTWISE,
    inputs: (random, shape, options, targets) => [
      random.uniform(shape, -1, 3, options),
      random.uniform(shape, 0, 4, targets),
    ],
    options: { log_input: booleans, full: booleans, eps: epsilons },
    legacy: true,
    odd: normals!,
  },
  {
    functional: 'gaussian_nll_loss',
    module: 'GaussianNLLLoss',
    shapes: ELEMENTWISE,
    inputs: (random, shape, options, targets) => [
      random.normal(shape, options),
      random.normal(shape, targets),
      random.uniform(shape, 0, 2, options),
    ],
    options: { full: booleans, eps: always(float(1e-6), float(0.5), float(0)) },
    legacy: false,
    odd: (random, options) => {
      const two = (shape: Shape): Input[] => [
        random.normal(shape, options),
        random.normal(shape, options),
      ];
      const variance = (shape: Shape): Input => random.uniform(shape, 0, 2, options);
      return [
        [...two([3, 5]), variance([3, 1])],
        [...two([3, 5]), variance([3])],
        [...two([3, 5]), variance([1, 5])],
        [...two([3, 5]), variance([1, 1])],
        [...two([2, 3, 5]), variance([2, 3])],
        [...two([2, 3, 5]), variance([2, 1, 5])],
        [...two([3, 5]), variance([5])],
        [...two([3, 5]), variance([])],
        [...two([5]), variance([])],
        [...two([3, 5]), random.normal([3, 5], options)],
        [...two([3, 5]), float(0.5)],
        [...two([3, 5]), float(2)],
        [...two([3, 5]), float(0)],
        [...two([3, 5]), float(-1)],
        [...two([3, 5]), float(NaN)],
        [...two([]), float(1.5)],
        [random.normal([3, 5], options), random.normal([3, 1], options), variance([3, 5])],
        [random.normal([3, 5], options), random.normal([4, 5], options), variance([3, 5])],
      ];
    },
  },
  {
    functional: 'binary_cross_entropy',
    module: 'BCELoss',
    shapes: ELEMENTWISE,
    inputs: (random, shape, options, targets) => [
      random.uniform(shape, 0, 1, options),
      random.uniform(shape, 0, 1, targets),
    ],
    options: { weight: weights },
    legacy: true,
    odd: (random, options) => [
      ...probabilities!(random, options),
      ...[0, 1].map((value) => [
        Input.of(options.dtype ?? 'float32', [3], () => value, { requires_grad: true }),
        random.uniform([3], 0, 1, options),
      ]),
      [random.normal([3], options), random.uniform([3], 0, 1, options)],
      [random.uniform([3], 0, 1, options), random.normal([3], options)],
    ],
  },
  {
    functional: 'binary_cross_entropy_with_logits',
    module: 'BCEWithLogitsLoss',
    shapes: ELEMENTWISE,
    inputs: (random, shape, options, targets) => [
      random.normal(shape, options),
      random.uniform(shape, 0, 1, targets),
    ],
    options: { weight: weights, pos_weight: weights },
    legacy: true,
    odd: normals!,
  },
  {
    functional: 'hinge_embedding_loss',
    module: 'HingeEmbeddingLoss',
    shapes: ELEMENTWISE,
    inputs: (random, shape, options, targets) => [
      random.grid(shape, options),
      random.signs(shape, targets),
    ],
    options: { margin: margins },
    legacy: true,
    odd: normals!,
  },
  {
    functional: 'soft_margin_loss',
    module: 'SoftMarginLoss',
    shapes: ELEMENTWISE,
    inputs: (random, shape, options, targets) => [
      random.normal(shape, options),
      random.signs(shape, targets),
    ],
    fixedTargets: true,
    legacy: true,
    odd: normals!,
  },
  {
    functional: 'multilabel_soft_margin_loss',
    module: 'MultiLabelSoftMarginLoss',
    shapes: ELEMENTWISE,
    inputs: (random, shape, options, targets) => [
      random.normal(shape, options),
      random.integers(shape, 0, 2, targets),
    ],
    options: { weight: weights },
    legacy: true,
    odd: normals!,
  },
  {
    functional: 'margin_ranking_loss',
    module: 'MarginRankingLoss',
    shapes: ELEMENTWISE,
    inputs: (random, shape, options, targets) => [
      random.grid(shape, options),
      random.grid(shape, options),
      random.signs(shape, targets),
    ],
    options: { margin: margins },
    legacy: true,
    odd: (random, options) => {
      const three = (...shapes: Shape[]): Input[] => shapes.map((s) => random.normal(s, options));
      return [
        three([3, 5], [5], [3, 5]),
        three([3, 5], [1, 5], [3, 1]),
        three([3, 5], [3, 5], [3]),
        three([3], [4], [3]),
      ];
    },
  },
  {
    functional: 'nll_loss',
    module: 'NLLLoss',
    shapes: K_DIMENSIONAL,
    inputs: (random, shape, options) => [
      random.uniform(shape, -4, 0, options),
      indexTarget(random, shape),
    ],
    options: { weight: classWeights, ignore_index: ignoreIndex },
    legacy: true,
    odd: oddIndices!,
  },
  {
    functional: 'cross_entropy',
    module: 'CrossEntropyLoss',
    shapes: K_DIMENSIONAL,
    inputs: (random, shape, options) => [random.normal(shape, options), indexTarget(random, shape)],
    options: {
      weight: classWeights,
      ignore_index: ignoreIndex,
      label_smoothing: always(float(0), float(0.1), float(0.7), float(1), float(-0.5), float(1.5)),
    },
    legacy: true,
    odd: oddIndices!,
  },
  {
    // Class probabilities as the target.
    functional: 'cross_entropy',
    module: 'CrossEntropyLoss',
    shapes: K_DIMENSIONAL,
    inputs: (random, shape, options, targets) => [
      random.normal(shape, options),
      random.uniform(shape, 0, 1, targets),
    ],
    options: {
      weight: classWeights,
      ignore_index: ignoreIndex,
      label_smoothing: always(float(0), float(0.1), float(1), float(2)),
    },
    legacy: true,
    odd: probabilities!,
  },
  {
    functional: 'multi_margin_loss',
    module: 'MultiMarginLoss',
    shapes: FULL_BATCHES,
    inputs: (random, shape, options) => [random.grid(shape, options), indexTarget(random, shape)],
    options: { p: always(1, 2, 3, 0), margin: margins, weight: classWeights },
    legacy: true,
    odd: oddIndices!,
  },
  {
    functional: 'multilabel_margin_loss',
    module: 'MultiLabelMarginLoss',
    shapes: FULL_BATCHES,
    inputs: (random, shape, options) => [
      random.grid(shape, options),
      random.integers(shape, -1, Math.max(1, shape.at(-1) ?? 1)),
    ],
    legacy: true,
    odd: (random, options) => [
      ...oddIndices!(random, options),
      [random.normal([3, 5], options), random.integers([3, 5], 5, 6)],
      [random.normal([3, 5], options), random.integers([3, 4], -1, 4)],
      [random.normal([3, 5], options), random.integers([3, 5], -4, 0)],
    ],
  },
  {
    functional: 'cosine_embedding_loss',
    module: 'CosineEmbeddingLoss',
    shapes: [[3, 5], [5], [1, 4], [16, 7], [0, 3], [3, 0], [2, 3, 4], []],
    inputs: (random, shape, options, targets) => [
      random.normal(shape, options),
      random.normal(shape, options),
      random.signs(shape.slice(0, -1), targets),
    ],
    options: { margin: margins },
    legacy: true,
    odd: (random, options) => [
      ...normals!(random, options).map((two) => [...two, random.signs([3], options)]),
      [random.normal([3, 5], options), random.normal([3, 5], options), random.signs([], options)],
      [random.normal([5], options), random.normal([5], options), random.signs([1], options)],
    ],
  },
  {
    functional: 'triplet_margin_loss',
    module: 'TripletMarginLoss',
    shapes: BATCHES,
    inputs: (random, shape, options, targets) => [
      random.normal(shape, options),
      random.normal(shape, targets),
      random.normal(shape, options),
    ],
    options: {
      margin: margins,
      p: always(float(1), float(2), float(3.5), float(Infinity), float(0), float(0.5)),
      eps: always(float(1e-6), float(0), float(0.1)),
      swap: booleans,
    },
    legacy: true,
    odd: (random, options) =>
      normals!(random, options).map((two) => [...two, random.normal([3, 5], options)]),
  },
  {
    functional: 'triplet_margin_with_distance_loss',
    module: 'TripletMarginWithDistanceLoss',
    shapes: BATCHES,
    inputs: (random, shape, options, targets) => [
      random.normal(shape, options),
      random.normal(shape, targets),
      random.normal(shape, options),
    ],
    options: {
      margin: margins,
      swap: booleans,
      distance_function: always(...DISTANCES),
    },
    legacy: false,
    odd: (random, options) =>
      normals!(random, options).map((two) => [...two, random.normal([3, 5], options)]),
  },
];

/** The reductions of every loss, a deprecated name and some that do not exist. */
export const REDUCTIONS = ['none', 'mean', 'sum'] as const;
export const ODD_REDUCTIONS = ['elementwise_mean', 'batchmean', 'average', ''] as const;
export const LEGACY = [null, true, false] as const;
