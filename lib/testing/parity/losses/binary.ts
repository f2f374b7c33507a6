/** The losses of binary targets and of rankings. */
import { Input } from '../inputs';
import {
  ELEMENTWISE,
  type LossRow,
  margins,
  normals,
  probabilities,
  type Shape,
  weights,
} from './row';

export const BINARY: readonly LossRow[] = [
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
];
