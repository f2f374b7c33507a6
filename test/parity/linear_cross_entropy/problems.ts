/** Problems and options for linear cross entropy in chunks. */
import torch, { nn } from 'torch-losses';

import type { DType, Layout, Random, TensorOptions } from '../../support/data';
import { type Call, type Options, PerLanguage } from '../case';
import { expectParity } from '../parity';

export type Fields = NonNullable<ConstructorParameters<typeof nn.LinearCrossEntropyOptions>[0]>;

export const ACC_DTYPES = ['float16', 'bfloat16', 'float32', 'float64'] as const;
export const IS_SINCE_214 = !/^2\.1[0-3]\./.test(torch.__version__);
export const POLICIES = [
  ...(['auto', 'accurate', 'compact'] as const),
  ...(IS_SINCE_214 ? [] : (['balanced'] as const)),
];
export const METHODS = ['auto', 'aspect_ratio', 'aspect_ratio:2', 'aspect_ratio:5', null] as const;
export const REDUCTIONS = ['mean', 'sum', 'none'] as const;
export const DTYPES: DType[] = ['float32', 'float64', 'bfloat16', 'float16'];
export const LAYOUTS: Layout[] = ['contiguous', 'transposed', 'strided', 'expanded'];

export const pythonLiteral = (value: unknown): string => {
  if (value === null) return 'None';
  if (typeof value === 'boolean') return value ? 'True' : 'False';
  return typeof value === 'string' ? JSON.stringify(value) : String(value);
};

/** Returns options as expressions in both languages. */
export const chunks = (fields: Fields = {}): PerLanguage => {
  const keywords = Object.entries(fields).map(([key, value]) => `${key}=${pythonLiteral(value)}`);
  return new PerLanguage(
    `nn.LinearCrossEntropyOptions(${keywords.join(', ')})`,
    new nn.LinearCrossEntropyOptions(fields),
  );
};

/** The sizes of a problem. Without a batch, the input has one dimension. */
interface Sizes {
  batch: number | null;
  features: number;
  classes: number;
}

export const SIZES: Sizes[] = [
  { batch: 6, features: 3, classes: 7 }, // more classes than features
  { batch: 9, features: 8, classes: 3 }, // fewer
  { batch: 17, features: 5, classes: 40 }, // several chunks, the last one short
  { batch: 4, features: 6, classes: 6 },
  { batch: 1, features: 2, classes: 5 },
  { batch: null, features: 3, classes: 7 },
];

export interface Problem {
  sizes: Sizes;
  dtype?: DType;
  layout?: Layout;
  special?: boolean;
  bias?: boolean;
  weight?: boolean;
  /** The arguments that require gradients. */
  grad?: readonly ('input' | 'linear_weight' | 'linear_bias' | 'weight')[];
  kwargs?: Options;
  options?: Fields;
  backward?: NonNullable<Call['backward']>;
}

export const ALL_GRADIENTS = ['input', 'linear_weight', 'linear_bias'] as const;

/** Returns a call of the function with the arguments of the problem. */
export function functional(random: Random, problem: Problem): Call {
  const { sizes, kwargs = {}, grad = ALL_GRADIENTS, backward = 'once' } = problem;
  const { batch, features, classes } = sizes;
  const data = (name: (typeof grad)[number]): TensorOptions => ({
    dtype: problem.dtype ?? 'float32',
    layout: problem.layout ?? 'contiguous',
    special: problem.special ?? false,
    requires_grad: grad.includes(name),
  });
  const rows = batch === null ? [] : [batch];
  return {
    callee: 'F.linear_cross_entropy',
    args: [
      random.normal([...rows, features], data('input')),
      random.normal([classes, features], data('linear_weight')),
      random.integers(rows, 0, classes),
    ],
    kwargs: {
      linear_bias: problem.bias ? random.normal([classes], data('linear_bias')) : null,
      weight: problem.weight ? random.uniform([classes], 0, 2, data('weight')) : null,
      options: chunks(problem.options),
      ...kwargs,
    },
    backward,
  };
}

/** Compares the calls of a test with Python's. */
export function run(calls: readonly Call[], test: Mocha.Runnable): Promise<void> {
  test.title += ` (${calls.length} cases)`;
  return expectParity(calls);
}
