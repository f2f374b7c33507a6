/** The losses of embeddings. */

import type { Tensor } from '../../../tensor/tensor';
import * as torch from '../../../torch';
import { type Argument, float, PerLanguage } from '../call';
import { always, BATCHES, booleans, type LossRow, margins, normals } from './row';

const { nn } = torch;

/** Distance functions in Python and in JavaScript. */
const DISTANCES: readonly Argument[] = [
  null,
  new PerLanguage('lambda a, b: 1.0 - F.cosine_similarity(a, b)', (a: Tensor, b: Tensor) =>
    torch.rsub(nn.functional.cosine_similarity(a, b), 1),
  ),
  new PerLanguage('lambda a, b: (a - b).abs().sum(-1)', (a: Tensor, b: Tensor) =>
    a.sub(b).abs().sum(-1),
  ),
  new PerLanguage(
    'lambda a, b: torch.max(torch.abs(a - b), dim=1).values',
    (a: Tensor, b: Tensor) => a.sub(b).abs().max(1, false).values,
  ),
  new PerLanguage('nn.PairwiseDistance(p=1.0)', new nn.PairwiseDistance({ p: 1 })),
];

export const EMBEDDING: readonly LossRow[] = [
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
