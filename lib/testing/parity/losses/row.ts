/** A row describes the cases of a loss: how its arguments are made, and which values each option takes. */
import { type Argument, float, type Options } from '../call';
import type { Input, Random, TensorOptions } from '../inputs';

export type Shape = readonly number[];
export type Values = (random: Random, shape: Shape, options: TensorOptions) => readonly Argument[];

export interface LossRow {
  /** The name of its function in `nn.functional`. */
  functional?: string;
  /** The name of its class in `nn`. */
  module?: string;
  shapes: readonly Shape[];
  /** Makes the positional arguments. `options` are for inputs, `targetOptions` for targets. */
  inputs(
    random: Random,
    shape: Shape,
    options: TensorOptions,
    targetOptions: TensorOptions,
  ): readonly Argument[];
  /** Makes the arguments of the class's constructor. The class's parameters are initialized with a fixed seed. */
  construct?(shape: Shape, options: TensorOptions): readonly [args: Argument[], kwargs: Options];
  /** The values to try for the options that both forms have. */
  options?: Readonly<Record<string, Values>>;
  /** The values to try for options that only the function has. */
  functionalOptions?: Readonly<Record<string, Values>>;
  /** The reductions of the loss. Empty if it has no such option. Default: none, mean and sum. */
  reductions?: readonly string[];
  /** Only the input may require gradients. Python refuses targets that do. */
  fixedTargets?: true;
  /** Whether the loss has size_average and reduce. */
  legacy: boolean;
  /** Makes unusual arguments: broadcasts, mismatches, values out of range. */
  odd?(random: Random, options: TensorOptions): readonly (readonly Argument[])[];
}

/** Returns the name of a loss: the function's, or else the class's. */
export const nameOf = ({ functional, module }: LossRow): string => functional ?? module!;

export const REDUCTIONS = ['none', 'mean', 'sum'];

export const always =
  (...values: Argument[]): Values =>
  () =>
    values;
export const booleans = always(true, false);

/** Returns a weight of the input's shape, one that broadcasts, and one that does not fit. */
export const weights: Values = (random, shape, options) => [
  random.uniform(shape, 0, 2, options),
  random.uniform(shape.slice(-1), 0, 2, options),
  random.uniform([7], 0, 2, options),
];
export const ELEMENTWISE: Shape[] = [
  [3, 5],
  [5],
  [],
  [2, 3, 4],
  [1],
  [0],
  [0, 3],
  [17, 33],
  [2, 1, 3, 2],
];
export const BATCHES: Shape[] = [[3, 5], [1, 4], [5], [16, 7], [0, 3], [3, 0], [], [2, 3, 4]];
/** Returns pairs of tensors whose shapes broadcast or do not fit. */
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

export const normals = pairs((random, shape, options) => random.normal(shape, options));
export const probabilities = pairs((random, shape, options) =>
  random.uniform(shape, 0, 1, options),
);

export const margins = always(float(0.5), float(2), float(0), float(-1));
