/** The tensor methods that programs with losses use, and the arguments for each. */
import torch from 'torch-losses';

import { type DType, type Input, isDifferentiable, Random } from '../support/data';
import { type Argument, dtype, float, PerLanguage, scalar } from './case';

export const DTYPES: DType[] = [
  'float32',
  'float64',
  'bfloat16',
  'float16',
  'int64',
  'uint8',
  'bool',
  'complex64',
];

/** Makes arguments of one dtype. */
export class Make {
  private readonly random = new Random(11);

  constructor(readonly type: DType) {}

  /** Returns a tensor of this dtype. It requires gradients if the dtype can. */
  x(...shape: number[]): Input {
    return this.random.normal(shape, { dtype: this.type, requires_grad: true });
  }

  /** Returns positive numbers. */
  positive(...shape: number[]): Input {
    const options = { dtype: this.type, requires_grad: true };
    if (!isDifferentiable(this.type)) return this.random.integers(shape, 1, 5, options);
    return this.random.uniform(shape, 0.1, 3, options);
  }

  /** Returns few distinct values, so that there are ties. */
  tied(...shape: number[]): Input {
    return this.random.grid(shape, {
      dtype: this.type === 'uint8' ? 'int32' : this.type,
      requires_grad: true,
    });
  }

  indices(shape: number[], below: number): Input {
    return this.random.integers(shape, 0, below);
  }

  mask(...shape: number[]): Input {
    return this.random.integers(shape, 0, 2, { dtype: 'bool' });
  }

  of(type: DType, ...shape: number[]): Input {
    return this.random.normal(shape, { dtype: type, requires_grad: true });
  }
}

export type Lists = (make: Make) => readonly (readonly Argument[])[];

/** Methods (as `Tensor.name`) with the lists of arguments for each. */
export type Group = readonly [names: readonly string[], lists: Lists];

type Bound = number | null;
export const slice = (start: Bound = null, stop: Bound = null, step: Bound = null): PerLanguage =>
  new PerLanguage(
    `slice(${[start, stop, step].map((bound) => bound ?? 'None').join(', ')})`,
    torch.slice(start, stop, step),
  );
export const ellipsis = new PerLanguage('...', '...');

export const METHODS: Readonly<Record<string, readonly Group[]>> = {
  arithmetic: [
    [
      [
        'add',
        'sub',
        'mul',
        'div',
        'pow',
        'remainder',
        'maximum',
        'minimum',
        'fmod',
        'floor_divide',
      ],
      (m) => [
        [m.x(3, 5), m.positive(3, 5)],
        [m.x(3, 5), m.positive(5)],
        [m.x(3, 1), m.positive(1, 5)],
        [m.x(), m.positive(2)],
        [m.positive(3), m.of('float32')],
        [m.positive(3), m.of('float64', 3)],
        [m.positive(3), m.of('int64', 3)],
        [m.x(3), m.x(4)],
      ],
    ],
    [
      ['add', 'sub', 'mul', 'div', 'pow', 'remainder', 'fmod', 'floor_divide', 'true_divide'],
      (m) => [2, -3, float(0.5), scalar(2), true].map((number) => [m.positive(3, 2), number]),
    ],
    [['add', 'sub'], (m) => [[m.x(3), m.x(3)]]],
    [
      [
        'neg',
        'abs',
        'sign',
        'square',
        'sqrt',
        'rsqrt',
        'reciprocal',
        'exp',
        'expm1',
        'log',
        'log1p',
        'log2',
      ],
      (m) => [[m.positive(3, 5)], [m.x(4)], [m.x()], [m.x(0)]],
    ],
    [
      [
        'sin',
        'cos',
        'tan',
        'tanh',
        'atan',
        'erf',
        'ceil',
        'floor',
        'round',
        'trunc',
        'frac',
        'lgamma',
      ],
      (m) => [[m.x(3, 5)], [m.positive(33)]],
    ],
    [
      [
        'sigmoid',
        'relu',
        'logit',
        'digamma',
        'isnan',
        'isinf',
        'isfinite',
        'logical_not',
        'bitwise_not',
      ],
      (m) => [[m.x(3, 5)], [m.positive(2)]],
    ],
    [['lerp'], (m) => [[m.x(3), m.x(3), float(0.3)]]],
    [['addcmul', 'addcdiv'], (m) => [[m.x(3), m.x(3), m.positive(3)]]],
  ],
  comparison: [
    [
      ['eq', 'ne', 'lt', 'le', 'gt', 'ge'],
      (m) => [
        [m.tied(3, 5), m.tied(3, 5)],
        [m.tied(5), m.tied(3, 1)],
        [m.tied(5), 1],
        [m.tied(5), float(0.5)],
        [m.tied(2), m.tied(3)],
      ],
    ],
    [
      ['equal', 'logical_and', 'logical_or', 'logical_xor'],
      (m) => [
        [m.tied(4), m.tied(4)],
        [m.mask(3), m.mask(3)],
      ],
    ],
    [['allclose', 'isclose'], (m) => [[m.x(4), m.x(4)]]],
    [['bitwise_and', 'bitwise_or', 'bitwise_xor'], (m) => [[m.tied(4), m.tied(4)]]],
  ],
  reductions: [
    [
      [
        'sum',
        'mean',
        'prod',
        'amax',
        'amin',
        'std',
        'var',
        'all',
        'any',
        'argmax',
        'argmin',
        'norm',
      ],
      (m) => [[m.x(3, 5)], [m.x()], [m.x(0)], [m.x(100)], [m.tied(7)]],
    ],
    [
      [
        'sum',
        'mean',
        'amax',
        'amin',
        'std',
        'var',
        'all',
        'any',
        'argmax',
        'argmin',
        'logsumexp',
        'median',
      ],
      (m) => [
        [m.x(3, 5), 0],
        [m.x(3, 5), -1],
        [m.x(2, 3, 4), 1],
        [m.x(2, 3), 5],
      ],
    ],
    [
      ['sum', 'mean', 'amax', 'logsumexp', 'std'],
      (m) => [
        [m.x(2, 3, 4), [0, 2]],
        [m.x(2, 3), [1], true],
      ],
    ],
    [
      ['max', 'min'],
      (m) => [
        [m.tied(3, 5)],
        [m.tied(3, 5), 1],
        [m.tied(3, 5), 0, true],
        [m.x(3), m.x(3)],
        [m.x(0)],
      ],
    ],
    [
      ['cumsum', 'cumprod', 'argsort'],
      (m) => [
        [m.tied(3, 5), 1],
        [m.tied(4), 0],
      ],
    ],
    [['sort'], (m) => [[m.x(3, 5)], [m.x(6), 0, true], [m.x()]]],
    [
      ['topk'],
      (m) => [
        [m.x(3, 9), 2],
        [m.x(9), 3, 0, false],
        [m.x(2), 5],
      ],
    ],
    [
      ['norm'],
      (m) => [
        [m.x(3, 5), 1],
        [m.x(3, 5), scalar(2), 1],
        [m.x(4), float(Infinity)],
      ],
    ],
    [['count_nonzero', 'nonzero', 'unique'], (m) => [[m.tied(3, 4)]]],
  ],
  'matrix products': [
    [
      ['matmul'],
      (m) => [
        [m.x(3, 4), m.x(4, 5)],
        [m.x(4), m.x(4)],
        [m.x(2, 3, 4), m.x(4, 2)],
        [m.x(3, 4), m.x(4)],
        [m.x(3, 4), m.x(3, 4)],
      ],
    ],
    [['mm'], (m) => [[m.x(17, 33), m.x(33, 9)]]],
    [['mv'], (m) => [[m.x(3, 4), m.x(4)]]],
    [['dot'], (m) => [[m.x(20), m.x(20)]]],
    [['bmm'], (m) => [[m.x(2, 3, 4), m.x(2, 4, 3)]]],
    [['addmm'], (m) => [[m.x(3, 5), m.x(3, 4), m.x(4, 5)]]],
  ],
  'shapes and views': [
    [
      ['reshape', 'view'],
      (m) => [
        [m.x(3, 4), [2, 6]],
        [m.x(3, 4), [-1]],
        [m.x(3, 4), 6, 2],
        [m.x(3), [2]],
      ],
    ],
    [
      ['permute'],
      (m) => [
        [m.x(2, 3, 4), [2, 0, 1]],
        [m.x(2, 3), 1, 0],
      ],
    ],
    [['transpose'], (m) => [[m.x(2, 3, 4), 0, -1]]],
    [['t'], (m) => [[m.x(2, 3)]]],
    [
      ['unsqueeze'],
      (m) => [
        [m.x(2, 3), 1],
        [m.x(), 0],
        [m.x(2), 4],
      ],
    ],
    [['squeeze'], (m) => [[m.x(2, 1, 3)], [m.x(2, 1), 1], [m.x(2, 3), 0]]],
    [
      ['expand'],
      (m) => [
        [m.x(1, 3), [4, 3]],
        [m.x(3), [2, -1]],
      ],
    ],
    [
      ['repeat'],
      (m) => [
        [m.x(2, 3), [2, 1]],
        [m.x(3), 2, 2],
      ],
    ],
    [['flatten'], (m) => [[m.x(2, 3, 4)], [m.x(2, 3, 4), 1], [m.x()]]],
    [['narrow'], (m) => [[m.x(5, 2), 0, 1, 3]]],
    [['select'], (m) => [[m.x(5, 2), 0, 3]]],
    [
      ['chunk', 'split'],
      (m) => [
        [m.x(6, 2), 3],
        [m.x(2, 6), 4, 1],
      ],
    ],
    [['unbind'], (m) => [[m.x(3, 2)], [m.x(2, 3), 1]]],
    [['flip'], (m) => [[m.x(2, 3), [0, 1]]]],
    [['diag', 'tril', 'triu'], (m) => [[m.x(3, 3)], [m.x(3, 3), 1]]],
    [
      ['contiguous', 'clone', 'detach', 'numel', 'dim', 'size', 'tolist'],
      (m) => [[m.x(2, 3)], [m.x()]],
    ],
    [['view_as', 'expand_as'], (m) => [[m.x(2, 3), m.x(2, 3)]]],
    [['item'], (m) => [[m.x()], [m.x(1)], [m.x(2)]]],
  ],
  'gathering and choosing': [
    [
      ['gather'],
      (m) => [
        [m.x(3, 5), 1, m.indices([3, 2], 5)],
        [m.x(3, 5), 0, m.indices([2, 5], 3)],
      ],
    ],
    [['index_select'], (m) => [[m.x(3, 5), 1, m.indices([4], 5)]]],
    [
      ['where'],
      (m) => [
        [m.x(3, 2), m.mask(3, 2), m.x(3, 2)],
        [m.x(3, 2), m.mask(2), scalar(-1)],
      ],
    ],
    [
      ['masked_fill'],
      (m) => [
        [m.x(3, 2), m.mask(3, 2), scalar(-1)],
        [m.x(3, 2), m.mask(2), 0],
      ],
    ],
    [['masked_select'], (m) => [[m.x(3, 2), m.mask(3, 2)]]],
    [
      ['scatter'],
      (m) => [
        [m.x(3, 5), 1, m.indices([3, 2], 5), m.x(3, 2)],
        [m.x(2, 5), 1, m.indices([2, 1], 5), 1],
      ],
    ],
    [['index_fill'], (m) => [[m.x(3, 2), 0, m.indices([1], 3), 1]]],
    [['take'], (m) => [[m.x(3, 2), m.indices([4], 6)]]],
    [
      ['clamp'],
      (m) => [
        [m.x(3, 5), -1, 1],
        [m.x(5), 0],
        [m.x(5), null, 1],
        [m.x(5), float(-0.5), float(0.5)],
        [m.x(5), m.x(5)],
        [m.x(5)],
      ],
    ],
    [
      ['clamp_min', 'clamp_max'],
      (m) => [
        [m.x(5), 0],
        [m.x(5), float(0.5)],
      ],
    ],
    [
      ['softmax', 'log_softmax'],
      (m) => [
        [m.x(3, 5), 1],
        [m.x(3, 5), 0],
        [m.x(2, 3, 4), -2],
        [m.x(), 0],
        [m.x(2), 3],
      ],
    ],
  ],
  conversions: [
    [
      ['float', 'double', 'half', 'bfloat16', 'long', 'int', 'short', 'char', 'byte', 'bool'],
      (m) => [[m.positive(3, 2)]],
    ],
    [
      ['to', 'type'],
      (m) =>
        (['float64', 'int64', 'bfloat16', 'bool'] as const).map((to) => [m.positive(4), dtype(to)]),
    ],
    [['type_as', 'to'], (m) => [[m.positive(3), m.of('float64', 1)]]],
    [
      ['type', 'element_size', 'is_floating_point', 'is_complex', 'is_contiguous'],
      (m) => [[m.x(3)]],
    ],
    [['new_zeros', 'new_ones', 'new_empty'], (m) => [[m.x(3), [0, 2]]]],
    [['new_full'], (m) => [[m.x(3), [2], 1]]],
  ],
};
