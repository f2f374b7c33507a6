/** The losses of regression: lib/nn/functional/loss/regression.ts. */
import { float } from '../call';
import type { Input } from '../inputs';
import {
  always,
  booleans,
  ELEMENTWISE,
  type LossRow,
  normals,
  REDUCTIONS,
  type Shape,
  weights,
} from './row';

const epsilons = always(float(1e-8), float(1e-3), float(0));
export const REGRESSION: readonly LossRow[] = [
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
    reductions: [...REDUCTIONS, 'batchmean'],
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
];
