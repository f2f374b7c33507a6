/** The losses of class indices and class probabilities. */
import { float } from '../call';
import type { Input, Random } from '../inputs';
import {
  always,
  BATCHES,
  type LossRow,
  margins,
  probabilities,
  type Shape,
  type Values,
} from './row';

const classes = (shape: Shape): number => (shape.length > 1 ? shape[1] : shape[0]) ?? 1;
const classWeights: Values = (random, shape, options) => [
  random.uniform([classes(shape)], 0, 2, options),
  random.uniform([classes(shape) + 1], 0, 2, options),
  random.uniform([classes(shape), 1], 0, 2, options),
];

/** Without empty batches, for which libtorch returns uninitialized memory as the mean and sum of these losses. */
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

/** Returns one class index for each position, for an input with the class dimension second. */
const indexTarget = (random: Random, shape: Shape): Input => {
  const rest = shape.length > 1 ? [shape[0]!, ...shape.slice(2)] : [];
  return random.integers(rest, 0, Math.max(1, classes(shape)));
};

/** Returns class indices that are out of range, of another dtype, or of a wrong shape. */
const oddIndices: LossRow['odd'] = (random, options) => [
  // Only one value is out of range. With several, the error names the one that a thread meets first.
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
export const CLASSIFICATION: readonly LossRow[] = [
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
    module: 'NLLLoss2d',
    shapes: K_DIMENSIONAL.filter((shape) => shape.length === 4),
    inputs: (random, shape, options) => [
      random.uniform(shape, -4, 0, options),
      indexTarget(random, shape),
    ],
    options: { weight: classWeights, ignore_index: ignoreIndex },
    legacy: true,
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
    // These cases have class probabilities as the target.
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
];
