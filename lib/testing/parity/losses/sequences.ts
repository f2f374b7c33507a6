/** The CTC loss, of sequences without alignment. */
import type { Argument } from '../call';
import { Input, type Random, type TensorOptions } from '../inputs';
import { always, booleans, type LossRow, type Shape } from './row';

const [T, N, C, S] = [12, 4, 6, 5];

const lengths = (values: readonly number[], dtype: 'int64' | 'int32'): Input =>
  Input.of(dtype, [values.length], (i) => values[i]!);

/** Returns padded targets, at most half as long as the input, so that every target has a path. */
function padded(random: Random, shape: Shape, options: TensorOptions): Argument[] {
  const [steps, classes] = [shape[0]!, shape.at(-1)!];
  const longest = Math.floor(steps / 2);
  const log_probs = random.logProbabilities(shape, options);
  if (shape.length === 2) {
    return [log_probs, random.integers([longest], 1, classes), [steps], [longest]];
  }
  const batch = Array.from({ length: shape[1]! }, (_, i) => i);
  return [
    log_probs,
    random.integers([batch.length, longest], 1, classes),
    batch.map((i) => steps - (i % 2)),
    batch.map((i) => Math.max(0, longest - (i % 3) - 1)),
  ];
}

export const SEQUENCES: readonly LossRow[] = [
  {
    functional: 'ctc_loss',
    module: 'CTCLoss',
    shapes: [
      [T, N, C],
      [T, C],
      [6, 1, 3],
      [T, 0, C],
    ],
    inputs: padded,
    options: { blank: always(0, 1, C - 1, C, -1), zero_infinity: booleans },
    legacy: false,
    odd: (random, options) => {
      const input = random.logProbabilities([T, N, C], options);
      const targets = random.integers([N, S], 1, C);
      const [steps, sizes] = [
        [12, 12, 10, 7],
        [5, 3, 4, 0],
      ];
      return [
        [input, targets, lengths(steps, 'int64'), lengths(sizes, 'int64')],
        [input, targets, lengths(steps, 'int32'), lengths(sizes, 'int32')],
        [input, random.integers([12], 1, C), steps, sizes],
        [input, random.integers([N, S], 0, C), steps, sizes],
        // Shorter than their targets, so the loss is infinite unless zero_infinity is set.
        [input, targets, [3, 2, 1, 0], sizes],
        // Throws an error.
        [input, targets, steps, lengths(sizes, 'int64')],
        [input, targets, [13, 12, 10, 7], sizes],
        [input, targets, steps, [6, 3, 4, 0]],
        [input, targets, [12, 12, 10], sizes],
        [input, targets, [-1, 12, 10, 7], sizes],
        [input, random.integers([2, S], 1, C), steps, sizes],
        [random.logProbabilities([C], options), random.integers([S], 1, C), [T], [S]],
      ];
    },
  },
];
