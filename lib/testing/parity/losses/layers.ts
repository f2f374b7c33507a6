/** The losses that contain a layer. */
import * as torch from '../../../torch';
import { dtype, float, PerLanguage } from '../call';
import type { Input, Random, TensorOptions } from '../inputs';
import { always, type LossRow, type Shape } from './row';

const { LinearCrossEntropyOptions } = torch.nn;

/**
 * Shapes of the input. The number of classes follows from the number of features, and is sometimes smaller, sometimes
 * larger.
 */
const SHAPES: Shape[] = [[6, 3], [9, 8], [17, 5], [3], [1, 2]];
const classesOf = (shape: Shape): number => (shape.at(-1)! % 2 ? 7 : 4);
const batchOf = (shape: Shape): Shape => shape.slice(0, -1);

const targets = (random: Random, shape: Shape): Input =>
  random.integers(batchOf(shape), 0, classesOf(shape));

const classWeight = (random: Random, shape: Shape, options: TensorOptions): Input =>
  random.uniform([classesOf(shape)], 0, 2, options);

/** Options for computing in chunks. */
const CHUNKS = always(
  null,
  new PerLanguage('nn.LinearCrossEntropyOptions()', new LinearCrossEntropyOptions()),
  new PerLanguage(
    'nn.LinearCrossEntropyOptions(batch_chunk_size=2)',
    new LinearCrossEntropyOptions({ batch_chunk_size: 2 }),
  ),
  new PerLanguage(
    "nn.LinearCrossEntropyOptions(acc_policy='accurate')",
    new LinearCrossEntropyOptions({ acc_policy: 'accurate' }),
  ),
);

const SHARED = {
  weight: (random: Random, shape: Shape, options: TensorOptions) => [
    classWeight(random, shape, options),
  ],
  ignore_index: always(null, 0, 1, -100),
  label_smoothing: always(float(0), float(0.1), float(1)),
  options: CHUNKS,
};

export const LAYERS: readonly LossRow[] = [
  {
    functional: 'linear_cross_entropy',
    shapes: SHAPES,
    inputs: (random, shape, options) => [
      random.normal(shape, options),
      random.normal([classesOf(shape), shape.at(-1)!], options),
      targets(random, shape),
    ],
    options: {
      ...SHARED,
      linear_bias: (random, shape, options) => [random.normal([classesOf(shape)], options)],
    },
    legacy: false,
  },
  {
    module: 'LinearCrossEntropyLoss',
    shapes: SHAPES,
    inputs: (random, shape, options) => [random.normal(shape, options), targets(random, shape)],
    construct: (shape, options) => [
      [shape.at(-1)!, classesOf(shape)],
      { dtype: dtype(options.dtype ?? 'float32') },
    ],
    options: { ...SHARED, bias: always(true, false) },
    legacy: false,
  },
  {
    module: 'AdaptiveLogSoftmaxWithLoss',
    shapes: [[5, 8], [8], [1, 8], [33, 8]],
    inputs: (random, shape, options) => [
      random.normal(shape, options),
      random.integers(batchOf(shape), 0, 20),
    ],
    construct: (_, options) => [[8, 20, [3, 7]], { dtype: dtype(options.dtype ?? 'float32') }],
    options: { div_value: always(float(4), float(1.7)), head_bias: always(true, false) },
    reductions: [],
    legacy: false,
  },
];
