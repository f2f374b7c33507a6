/**
 * Hostile values, each described by plain data, so that a call can be printed, repeated in another process, and
 * simplified.
 */
import fc from 'fast-check';

import { CONSTANTS } from './constants';
import { DEVICES, type Fill, makeTensor, type TensorSpec, tensorSpecs } from './tensors';

/** The description of a value. */
export type Spec =
  | { readonly is: 'constant'; readonly name: string }
  | { readonly is: 'tensor'; readonly tensor: TensorSpec }
  | { readonly is: 'list'; readonly items: readonly Spec[] }
  | { readonly is: 'options'; readonly entries: readonly (readonly [string, Spec])[] }
  | { readonly is: 'instance'; readonly number: number };

export const tensorSpec: fc.Arbitrary<Spec> = tensorSpecs.map(
  (tensor): Spec => ({ is: 'tensor', tensor }),
);

/** Names of parameters, so that options get past the check of names. */
const KEYS = [
  'reduction',
  'weight',
  'dim',
  'keepdim',
  'dtype',
  'device',
  'requires_grad',
  'out',
  'p',
  'eps',
  'margin',
  'size_average',
  'reduce',
  'ignore_index',
  'label_smoothing',
  'generator',
  'shape',
  'gradient',
  'retain_graph',
  'create_graph',
  'inputs',
  'unsafe_share',
  'signal',
  'full',
  'blank',
  'zero_infinity',
  'log_target',
  'distance_function',
  'pos_weight',
  'delta',
  'beta',
  'swap',
  'options',
  'layout',
  'memory_format',
  'lr',
  'momentum',
  'bias',
  'strict',
  'unknown',
  '__proto__',
  'constructor',
  'toString',
  '',
];

const constantSpec: fc.Arbitrary<Spec> = fc
  .constantFrom(...Object.keys(CONSTANTS))
  .map((name): Spec => ({ is: 'constant', name }));

/** @param instances - the number of instances that can be used */
export function specs(instances: number): fc.Arbitrary<Spec> {
  const instance = fc.nat(instances - 1).map((number): Spec => ({ is: 'instance', number }));
  const { spec } = fc.letrec<{ spec: Spec }>((tie) => ({
    spec: fc.oneof(
      { maxDepth: 3, depthIdentifier: 'spec' },
      { weight: 6, arbitrary: constantSpec },
      { weight: 6, arbitrary: tensorSpec },
      { weight: 2, arbitrary: instance },
      {
        weight: 2,
        arbitrary: fc
          .array(tie('spec'), { maxLength: 4, depthIdentifier: 'spec' })
          .map((items): Spec => ({ is: 'list', items })),
      },
      {
        weight: 3,
        arbitrary: fc
          .array(fc.tuple(fc.constantFrom(...KEYS), tie('spec')), {
            maxLength: 3,
            depthIdentifier: 'spec',
          })
          .map((entries): Spec => ({ is: 'options', entries })),
      },
    ),
  }));
  return spec;
}

/** Arguments that fit together: tensors of one shape and dtype. */
export const matchingTensors: fc.Arbitrary<Spec[]> = fc
  .tuple(tensorSpec, fc.integer({ min: 1, max: 4 }))
  .map(([spec, count]) => Array<Spec>(count).fill(spec));

const constant = (name: string): Spec => ({ is: 'constant', name });
const plain = (
  dtype: string,
  shape: readonly number[],
  fill: Fill,
  requires_grad = false,
): Spec => ({
  is: 'tensor',
  tensor: { dtype, shape, layout: 'contiguous', fill, requires_grad, device: 'cpu', state: 'live' },
});

/** Tensors that many losses and operators accept, so that calls get past the checks of arguments. */
const usualTensors: fc.Arbitrary<Spec[]> = fc.constantFrom(
  [],
  [plain('float32', [3, 4], 'counting', true)],
  [plain('float32', [3, 4], 'counting', true), plain('float32', [3, 4], 'ones')],
  [plain('float32', [3, 4], 'ones'), plain('int64', [3], 'ones')],
  [plain('float32', [3, 4], 'nan'), plain('int64', [3], 'negative')],
  [plain('float64', [4, 4], 'counting'), plain('float64', [4, 4], 'infinity')],
  [
    plain('float32', [3], 'ones'),
    plain('float32', [3], 'zeros'),
    plain('float32', [3], 'negative'),
  ],
  [plain('float32', [6, 3, 5], 'zeros', true), plain('int64', [3, 4], 'ones')],
  [plain('int64', [3, 4], 'huge'), plain('int64', [3, 4], 'counting')],
  [plain('float32', [3, 0], 'ones', true), plain('float32', [3, 0], 'ones')],
);

/** Numbers, lists of numbers and options, most of which some function accepts. */
const usualOthers: fc.Arbitrary<Spec[]> = fc.array(
  fc.oneof(
    fc
      .constantFrom('0', '1', '2', '-1', '0.5', 'true', 'null', "'none'", "'sum'", '2^40')
      .map(constant),
    fc
      .array(fc.constantFrom('0', '1', '2', '3', '-1').map(constant), { maxLength: 3 })
      .map((items): Spec => ({ is: 'list', items })),
    fc
      .tuple(
        fc.constantFrom('reduction', 'dim', 'weight', 'keepdim', 'dtype', 'p', 'margin', 'eps'),
        fc.oneof(
          fc.constantFrom("'none'", "'sum'", '1', '-1', '0', 'NaN', 'null').map(constant),
          tensorSpec,
        ),
      )
      .map((entry): Spec => ({ is: 'options', entries: [entry] })),
  ),
  { maxLength: 2 },
);

/** Arguments as a program might pass them. Only their contents may be hostile. */
export const usualArguments: fc.Arbitrary<Spec[]> = fc
  .tuple(
    fc.oneof({ weight: 2, arbitrary: usualTensors }, { weight: 1, arbitrary: matchingTensors }),
    usualOthers,
    fc.constantFrom(...DEVICES),
  )
  .map(([tensors, others, device]) => [...on(device, tensors), ...others]);

/** Returns the same tensors on one device. */
function on(device: string, specs: readonly Spec[]): Spec[] {
  return specs.map((spec) =>
    spec.is === 'tensor' ? { ...spec, tensor: { ...spec.tensor, device } } : spec,
  );
}

/** Makes values from descriptions. `instances` are dtypes, modules and other objects of the package. */
export function make(spec: Spec, instances: readonly unknown[]): unknown {
  switch (spec.is) {
    case 'constant':
      return CONSTANTS[spec.name]!();
    case 'tensor':
      return makeTensor(spec.tensor);
    case 'list':
      return spec.items.map((item) => make(item, instances));
    case 'options': {
      const options: Record<string, unknown> = {};
      for (const [key, value] of spec.entries) {
        Object.defineProperty(options, key, {
          value: make(value, instances),
          enumerable: true,
          configurable: true,
          writable: true,
        });
      }
      return options;
    }
    case 'instance':
      return instances[spec.number % instances.length];
  }
}
