/**
 * Linear cross entropy in chunks against Python: what options come to, values, gradients, the recorded graph, warnings
 * and errors.
 */
import { expect } from 'chai';
import torch, { nn, type Tensor } from 'torch-losses';

import { type DType, type Input, type Layout, Random, type TensorOptions } from '../support/data';
import { describeWhereThere } from '../support/versions';
import { type Argument, Both, type Call, dtype, float, type Options } from './case';
import { askPython, expectParity, expectSample, TEXT_OF, textOf } from './parity';

const F = nn.functional;

type Fields = NonNullable<ConstructorParameters<typeof nn.LinearCrossEntropyOptions>[0]>;

const ACC_DTYPES = ['float16', 'bfloat16', 'float32', 'float64'] as const;
const IS_SINCE_214 = !/^2\.1[0-3]\./.test(torch.__version__);
const POLICIES = [
  ...(['auto', 'accurate', 'compact'] as const),
  ...(IS_SINCE_214 ? [] : (['balanced'] as const)),
];
const METHODS = ['auto', 'aspect_ratio', 'aspect_ratio:2', 'aspect_ratio:5', null] as const;
const REDUCTIONS = ['mean', 'sum', 'none'] as const;
const DTYPES: DType[] = ['float32', 'float64', 'bfloat16', 'float16'];
const LAYOUTS: Layout[] = ['contiguous', 'transposed', 'strided', 'expanded'];

const pythonLiteral = (value: unknown): string => {
  if (value === null) return 'None';
  if (typeof value === 'boolean') return value ? 'True' : 'False';
  return typeof value === 'string' ? JSON.stringify(value) : String(value);
};

/** Options in both languages. */
const chunks = (fields: Fields = {}): Both => {
  const keywords = Object.entries(fields).map(([key, value]) => `${key}=${pythonLiteral(value)}`);
  return new Both(
    `nn.LinearCrossEntropyOptions(${keywords.join(', ')})`,
    new nn.LinearCrossEntropyOptions(fields),
  );
};

/** The sizes of a problem; no batch is an input of one dimension. */
interface Sizes {
  batch: number | null;
  features: number;
  classes: number;
}

const SIZES: Sizes[] = [
  { batch: 6, features: 3, classes: 7 }, // more classes than features
  { batch: 9, features: 8, classes: 3 }, // fewer
  { batch: 17, features: 5, classes: 40 }, // several chunks, the last one short
  { batch: 4, features: 6, classes: 6 },
  { batch: 1, features: 2, classes: 5 },
  { batch: null, features: 3, classes: 7 },
];

interface Problem {
  sizes: Sizes;
  dtype?: DType;
  layout?: Layout;
  special?: boolean;
  bias?: boolean;
  weight?: boolean;
  /** Which arguments require gradients. */
  grad?: readonly ('input' | 'linear_weight' | 'linear_bias' | 'weight')[];
  kwargs?: Options;
  options?: Fields;
  backward?: NonNullable<Call['backward']>;
}

const ALL_GRADIENTS = ['input', 'linear_weight', 'linear_bias'] as const;

/** A call of the function with everything that the problem asks for. */
function functional(random: Random, problem: Problem): Call {
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

/** As Python's source and our call, with results or errors as text. */

describeWhereThere('parity: LinearCrossEntropyOptions', () => {
  it('keywords, order and defaults', async () => {
    const [python] = (await askPython('import inspect', [
      '[[p.name, p.default] for p in inspect.signature(nn.LinearCrossEntropyOptions).parameters.values()]',
    ])) as [unknown[][]];
    const ours = nn.LinearCrossEntropyOptions.signature.map((field) => [field.name, field.default]);
    expect(ours).to.deep.equal(python);
  });

  it('fields that are taken, and those that are refused', async () => {
    const values: Record<string, readonly Argument[]> = {
      allow_retain_graph: [true, false],
      batch_chunk_size: [1, 7, null, 0, -3, float(2.5), 'a', float(NaN)],
      chunking_method: [
        ...METHODS,
        ...['aspect_ratio:12', 'aspect_ratio:007', 'aspect_ratio:0', 'aspect_ratio:', 'aspect'],
        ...['aspect_ratio:-1', 'aspect_ratio:2:3', '', 'Auto', "it's", `"it's"`, 'a\nb'],
      ],
      acc_policy: [...POLICIES, 'balanced', 'fast', '', 3, null, true, "o'clock", 'back\\slash'],
      acc_dtype: [
        null,
        'float32',
        32,
        ...[...ACC_DTYPES, 'int32', 'int64', 'complex64', 'bool'].map(dtype),
      ],
    };
    const pairs = Object.entries(values).flatMap(([name, choices]) =>
      choices.map((value) => [name, value] as const),
    );
    const source = pairs.map(([name, value]) => {
      const python = value instanceof Both ? value.python : pythonLiteral(value);
      return `text_of(lambda: nn.LinearCrossEntropyOptions(${name}=${python}))`;
    });
    const [python] = (await askPython(TEXT_OF, [`[${source.join(', ')}]`])) as [string[]];
    const ours = pairs.map(([name, value]) => {
      const given = value instanceof Both ? value.javascript : value;
      return textOf(() => new nn.LinearCrossEntropyOptions({ [name]: given }));
    });
    expect(ours).to.deep.equal(python);
  });

  it('types that are refused, in words of our own', () => {
    for (const fields of [{ allow_retain_graph: 1 }, { chunking_method: 3 }, { bogus: 1 }, [1]]) {
      expect(() => new nn.LinearCrossEntropyOptions(fields as Fields)).to.throw(TypeError);
    }
    const options = new nn.LinearCrossEntropyOptions();
    expect(() => Object.assign(options, { acc_policy: 'compact' })).to.throw(TypeError);
  });

  it('_adjust: what they come to', async function () {
    this.timeout(60_000);
    const fields: [keyof Fields, readonly unknown[]][] = [
      ['batch_chunk_size', [null, 1, 2, 3, 64]],
      ['chunking_method', METHODS],
      ['acc_policy', POLICIES],
    ];
    const combinations = fields.reduce<Fields[]>(
      (found, [name, values]) =>
        found.flatMap((rest) => values.map((value) => ({ ...rest, [name]: value }) as Fields)),
      [{}],
    );
    const all = combinations.map((combination) => chunks(combination));
    all.push(chunks({ allow_retain_graph: true }));
    all.push(
      new Both(
        'nn.LinearCrossEntropyOptions(acc_dtype=torch.float64)',
        new nn.LinearCrossEntropyOptions({ acc_dtype: torch.float64 }),
      ),
    );
    const sizes = [
      ...[1, 2, 3, 4, 5, 63, 64, 65].map((batch) => [batch, 8, 30]),
      ...[
        [0, 3, 7],
        [16, 0, 7],
        [16, 3, 0],
        [4096, 512, 32000],
        [10, 30, 3],
      ],
    ];
    const dtypes = ['float32', 'bfloat16', 'float16', 'float64', 'int64', 'complex64'] as const;
    // Not CUDA's where this machine has it: it depends on what device that is.
    const devices = torch.cuda.is_available() ? [null, 'cpu'] : [null, 'cpu', 'cuda'];
    // Whether the target is one of probabilities.
    const flags = IS_SINCE_214 ? [[0], [1]] : [[]];
    const source = `${TEXT_OF}
texts = []
for options in [${all.map(({ python }) => python).join(', ')}]:
  for sizes in ${JSON.stringify(sizes)}:
    for dtype in [${dtypes.map((name) => `torch.${name}`).join(', ')}]:
      for name in [${devices.map(pythonLiteral).join(', ')}]:
        device = name and torch.device(name)
        for flags in ${JSON.stringify(flags)}:
          texts.append(text_of(lambda: options._adjust(*sizes, dtype, device, *flags)))
`;
    const texts: string[] = [];
    for (const { javascript } of all) {
      for (const [batch, features, classes] of sizes as [number, number, number][]) {
        for (const name of dtypes) {
          for (const device of devices) {
            const options = javascript as InstanceType<typeof nn.LinearCrossEntropyOptions>;
            for (const [flag = 0] of flags) {
              texts.push(
                textOf(() =>
                  options._adjust(batch, features, classes, torch[name], device, flag === 1),
                ),
              );
            }
          }
        }
      }
    }
    this.test!.title += ` (${texts.length} cases)`;
    const [python] = (await askPython(source, ['texts'])) as [string[]];
    const differing = texts.flatMap((text, i) =>
      text === python[i] ? [] : [`${text}\n  Python: ${python[i]}`],
    );
    expect(differing.slice(0, 5)).to.deep.equal([]);
  });
});

describeWhereThere('parity: linear_cross_entropy in chunks', function () {
  this.timeout(120_000);

  const run = (calls: readonly Call[], test: Mocha.Runnable): Promise<void> => {
    test.title += ` (${calls.length} cases)`;
    return expectParity(calls);
  };

  it('every dtype, policy and reduction, with and without bias and weight', function () {
    const random = new Random(31);
    const calls = DTYPES.flatMap((type) =>
      POLICIES.flatMap((acc_policy) =>
        REDUCTIONS.flatMap((reduction) =>
          SIZES.flatMap((sizes) =>
            [false, true].map((given) =>
              functional(random, {
                sizes,
                dtype: type,
                bias: given,
                weight: random.next() < 0.5,
                kwargs: { reduction },
                options: { acc_policy, chunking_method: random.pick(METHODS) },
              }),
            ),
          ),
        ),
      ),
    );
    return run(calls, this.test!);
  });

  it('every size of a chunk', function () {
    const random = new Random(32);
    const calls = SIZES.flatMap((sizes) =>
      Array.from({ length: (sizes.batch ?? 1) + 2 }, (_, i) => i + 1).flatMap((batch_chunk_size) =>
        REDUCTIONS.map((reduction) =>
          functional(random, {
            sizes,
            dtype: random.pick(DTYPES),
            bias: true,
            kwargs: { reduction },
            options: { batch_chunk_size },
          }),
        ),
      ),
    );
    return run(calls, this.test!);
  });

  it('probabilities, of every dtype, policy and reduction, with and without weight', function () {
    const random = new Random(42);
    const calls = DTYPES.flatMap((type) =>
      POLICIES.flatMap((acc_policy) =>
        REDUCTIONS.flatMap((reduction) =>
          SIZES.flatMap((sizes) =>
            [false, true].map((weight): Call => {
              const { batch, classes } = sizes;
              const call = functional(random, {
                sizes,
                dtype: type,
                layout: random.pick(LAYOUTS),
                bias: random.next() < 0.5,
                weight,
                grad: random.pick([ALL_GRADIENTS, ['input'], ['linear_weight'], []]),
                kwargs: { reduction },
                options: random.pick([
                  { acc_policy, chunking_method: random.pick(METHODS) },
                  { acc_policy, batch_chunk_size: random.pick([1, 2, 5]) },
                ]),
              });
              const shape = batch === null ? [classes] : [batch, classes];
              const target = random.uniform(shape, 0, 1, {
                dtype: random.next() < 0.9 ? type : 'float32',
                layout: random.pick(LAYOUTS),
                requires_grad: random.next() < 0.1,
              });
              return { ...call, args: [...call.args!.slice(0, 2), target] };
            }),
          ),
        ),
      ),
    );
    const empty = ['mean', 'sum'].map(
      (reduction): Call => ({
        callee: 'F.linear_cross_entropy',
        args: [
          random.normal([0, 5], { requires_grad: true }),
          random.normal([4, 5], { requires_grad: true }),
          random.uniform([0, 4], 0, 1),
        ],
        kwargs: { reduction, options: chunks() },
      }),
    );
    return run([...calls, ...empty], this.test!);
  });

  it('an acc_dtype that is given', function () {
    const random = new Random(33);
    const calls = DTYPES.flatMap((type) =>
      ACC_DTYPES.flatMap((acc) =>
        POLICIES.flatMap((acc_policy) =>
          REDUCTIONS.map((reduction): Call => {
            const problem: Problem = {
              sizes: random.pick(SIZES),
              dtype: type,
              bias: random.next() < 0.5,
              weight: random.next() < 0.5,
            };
            const options = new Both(
              `nn.LinearCrossEntropyOptions(acc_policy='${acc_policy}', acc_dtype=torch.${acc})`,
              new nn.LinearCrossEntropyOptions({ acc_policy, acc_dtype: torch[acc] }),
            );
            return functional(random, { ...problem, kwargs: { reduction, options } });
          }),
        ),
      ),
    );
    return run(calls, this.test!);
  });

  it('ignore_index, a class or not', function () {
    const random = new Random(34);
    const calls = REDUCTIONS.flatMap((reduction) =>
      DTYPES.flatMap((type) =>
        [null, 0, 2, 3, -100, -1, 99].flatMap((ignore_index) =>
          [false, true].map((weight): Call => {
            const sizes = { batch: 8, features: 3, classes: 4 };
            const problem = { sizes, dtype: type, weight, bias: true };
            const kwargs = { reduction, ignore_index };
            const call = functional(random, { ...problem, kwargs, options: {} });
            const [input, linear_weight] = call.args as Input[];
            const ignored = ignore_index ?? -100;
            const target = random.integers([8], 0, 4);
            const mixed = new BigInt64Array(target.bytes.buffer as ArrayBuffer);
            for (let i = 0; i < 8; i++) if (random.next() < 0.4) mixed[i] = BigInt(ignored);
            return { ...call, args: [input!, linear_weight!, target] };
          }),
        ),
      ),
    );
    // Nothing left to average over.
    const all = random.integers([3], 1, 2);
    for (const reduction of REDUCTIONS) {
      const call = functional(random, { sizes: { batch: 3, features: 2, classes: 4 } });
      calls.push({
        ...call,
        args: [...call.args!.slice(0, 2), all],
        kwargs: { ...call.kwargs, reduction, ignore_index: 1 },
      });
    }
    return run(calls, this.test!);
  });

  it('gradients of some arguments only', function () {
    const random = new Random(35);
    const names = ['input', 'linear_weight', 'linear_bias', 'weight'] as const;
    const calls = Array.from({ length: 16 }, (_, bits) =>
      names.filter((_, i) => bits & (1 << i)),
    ).flatMap((grad) =>
      REDUCTIONS.flatMap((reduction) =>
        (['float32', 'bfloat16', 'float16'] as const).map((type) =>
          functional(random, {
            sizes: SIZES[2]!,
            dtype: type,
            bias: true,
            weight: true,
            grad,
            kwargs: { reduction },
            options: { acc_policy: random.pick(POLICIES) },
          }),
        ),
      ),
    );
    return run(calls, this.test!);
  });

  it('memory layouts, and numbers that are not ordinary', function () {
    const random = new Random(36);
    const calls = LAYOUTS.flatMap((layout) =>
      DTYPES.flatMap((type) =>
        [false, true].flatMap((special) =>
          REDUCTIONS.map((reduction) =>
            functional(random, {
              sizes: random.pick(SIZES),
              dtype: type,
              layout,
              special,
              bias: true,
              weight: true,
              kwargs: { reduction },
              options: { acc_policy: random.pick(POLICIES) },
            }),
          ),
        ),
      ),
    );
    return run(calls, this.test!);
  });

  it('sizes at which libtorch divides the work between threads', function () {
    const random = new Random(37);
    const calls = DTYPES.flatMap((type) =>
      REDUCTIONS.map((reduction) =>
        functional(random, {
          sizes: { batch: 300, features: 64, classes: 1000 },
          dtype: type,
          bias: true,
          kwargs: { reduction },
        }),
      ),
    );
    return run(calls, this.test!);
  });

  it('with create_graph: what Python gives or refuses', function () {
    const random = new Random(38);
    const calls = [false, true].flatMap((allow_retain_graph) =>
      REDUCTIONS.flatMap((reduction) =>
        SIZES.map((sizes) =>
          functional(random, {
            sizes,
            bias: true,
            kwargs: { reduction },
            options: { allow_retain_graph },
            backward: 'twice',
          }),
        ),
      ),
    );
    return run(calls, this.test!);
  });

  it('what chunks cannot do is computed all at once, with a warning', function () {
    const random = new Random(39);
    const grad = { requires_grad: true };
    const options = chunks();
    const input = (): Input => random.normal([6, 5], grad);
    const linear = (): Input => random.normal([4, 5], grad);
    const indices = random.integers([6], 0, 4);
    const call = (args: Input[], kwargs: Options): Call => ({
      callee: 'F.linear_cross_entropy',
      args,
      kwargs: { options, ...kwargs },
    });
    const calls = [
      ...[...REDUCTIONS, 'average', 'batchmean', "it's", 'elementwise_mean'].flatMap(
        (reduction) => [
          call([input(), linear(), indices], { reduction, label_smoothing: float(0.25) }),
          call([input(), linear(), random.uniform([6, 4], 0, 1, grad)], { reduction }),
          call([input(), linear(), random.integers([6], 0, 4, { dtype: 'uint8' })], { reduction }),
          call([input(), linear(), random.integers([6], 0, 4, { dtype: 'int32' })], { reduction }),
          call([input(), random.normal([4, 2, 5], grad), random.integers([6, 2], 0, 4)], {
            reduction,
            linear_bias: random.normal([4, 2], grad),
          }),
          call([input(), linear(), indices], { reduction, linear_bias: random.normal([4], grad) }),
        ],
      ),
    ];
    return run(calls, this.test!);
  });

  it('arguments that do not fit', function () {
    const random = new Random(40);
    const grad = { requires_grad: true };
    const input = random.normal([6, 5], grad);
    const linear = random.normal([4, 5], grad);
    const target = random.integers([6], 0, 4);
    const cases: [Input[], Options?][] = [
      [[input, random.normal([4, 7], grad), target]],
      [[random.normal([2, 6, 5], grad), linear, target]],
      [[input, random.normal([5], grad), target]],
      [[random.normal([5], grad), random.normal([4, 3, 5], grad), random.integers([3], 0, 4)]],
      [[input, linear, random.integers([6], 4, 9)]],
      [[input, linear, random.integers([6], -5, -1)]],
      [[input, linear, random.integers([4], 0, 4)]],
      [[input, linear, random.integers([9], 0, 4)]],
      [[input, linear, random.integers([6, 1], 0, 4)]],
      [[input, linear, random.integers([6, 4], 0, 4)]],
      [[input, linear, random.integers([6, 4], 0, 4)], { ignore_index: 1 }],
      [[input, linear, random.integers([], 0, 4)]],
      [[random.normal([5], grad), linear, random.integers([1], 0, 4)]],
      [[input, linear, target], { linear_bias: random.normal([3], grad) }],
      [[input, linear, target], { linear_bias: random.normal([4, 1], grad) }],
      [[input, linear, target], { weight: random.uniform([3], 0, 1) }],
      [[input, linear, target], { weight: random.uniform([4, 2], 0, 1) }],
      [[input, linear, target], { weight: random.uniform([], 0, 1) }],
      [[input, linear, target], { weight: random.uniform([4], 0, 1, { dtype: 'float64' }) }],
      [[input, linear, target], { linear_bias: random.normal([4], { dtype: 'float64' }) }],
      [[input, random.normal([4, 5], { dtype: 'float64' }), target]],
      [[random.normal([6, 5], { dtype: 'bfloat16', requires_grad: true }), linear, target]],
      [[random.integers([6, 5], 0, 4), random.integers([4, 5], 0, 4), target]],
      [[random.normal([0, 5], grad), linear, random.integers([0], 0, 4)]],
      [[random.normal([0, 5], grad), linear, random.integers([3], 0, 4)]],
      [[random.normal([6, 0], grad), random.normal([4, 0], grad), target]],
      [[input, random.normal([0, 5], grad), target]],
    ];
    const options = [
      chunks(),
      chunks({ batch_chunk_size: 2 }),
      chunks({ acc_policy: 'accurate' }),
      chunks({ batch_chunk_size: 2, chunking_method: 'aspect_ratio' }),
    ];
    const calls = cases.flatMap(([args, kwargs]) =>
      options.flatMap((given) =>
        REDUCTIONS.map((reduction) => ({
          callee: 'F.linear_cross_entropy',
          args,
          kwargs: { reduction, options: given, ...kwargs },
        })),
      ),
    );
    return run(calls, this.test!);
  });

  it('the class', function () {
    const random = new Random(41);
    const calls = REDUCTIONS.flatMap((reduction) =>
      [
        {},
        { bias: true },
        { out_features: [2] },
        { bias: true, out_features: [2] },
        { ignore_index: 1 },
        { label_smoothing: float(0.25) },
        { weight: random.uniform([4], 0, 1) },
        { bias: true, dtype: dtype('bfloat16') },
      ].flatMap((extra: Options) =>
        [{}, { allow_retain_graph: true }, { batch_chunk_size: 3 }].map(
          (fields): Call => ({
            callee: 'nn.LinearCrossEntropyLoss',
            args: [5, 4],
            kwargs: { reduction, options: chunks(fields), ...extra },
            forward: [
              random.normal([6, 5], {
                dtype: 'dtype' in extra ? 'bfloat16' : 'float32',
                requires_grad: true,
              }),
              random.integers('out_features' in extra ? [6, 2] : [6], 0, 4),
            ],
            seed: 0,
          }),
        ),
      ),
    );
    return run(calls, this.test!);
  });

  it('the class prints its options', () => {
    const options = chunks({ batch_chunk_size: 2, chunking_method: null });
    return expectSample(
      { source: '', outputs: [`repr(nn.LinearCrossEntropyLoss(5, 4, options=${options.python}))`] },
      () => {
        const given = options.javascript as InstanceType<typeof nn.LinearCrossEntropyOptions>;
        return [String(new nn.LinearCrossEntropyLoss(5, 4, { options: given }))];
      },
    );
  });

  const ARGUMENTS = `
x = torch.randn(6, 3, requires_grad=True)
w = torch.randn(7, 3, requires_grad=True)
b = torch.randn(7, requires_grad=True)
t = torch.tensor([1, 2, 0, 6, 3, 3])
`;
  const makeArguments = (): { x: Tensor; w: Tensor; b: Tensor; t: Tensor } => ({
    x: torch.randn(6, 3, { requires_grad: true }),
    w: torch.randn(7, 3, { requires_grad: true }),
    b: torch.randn(7, { requires_grad: true }),
    t: torch.tensor([1, 2, 0, 6, 3, 3]),
  });

  for (const reduction of REDUCTIONS) {
    for (const allow_retain_graph of [false, true]) {
      for (const retain_graph of [false, true]) {
        it(`backward twice: ${reduction}, retain_graph ${retain_graph}, allowed ${allow_retain_graph}`, () =>
          expectSample(
            {
              source: `${TEXT_OF}${ARGUMENTS}
options = nn.LinearCrossEntropyOptions(allow_retain_graph=${pythonLiteral(allow_retain_graph)})
loss = F.linear_cross_entropy(x, w, t, linear_bias=b, reduction='${reduction}', options=options)
keywords = {'gradient': torch.full_like(loss, 2), 'retain_graph': ${pythonLiteral(retain_graph)}}
texts = [text_of(lambda: loss.backward(**keywords)) for _ in range(2)]`,
              outputs: ['loss', 'texts', '[x.grad, w.grad, b.grad]'],
              seed: 3,
            },
            () => {
              torch.manual_seed(3);
              const { x, w, b, t } = makeArguments();
              const options = new nn.LinearCrossEntropyOptions({ allow_retain_graph });
              const loss = F.linear_cross_entropy(x, w, t, { linear_bias: b, reduction, options });
              const gradient = torch.full_like(loss, 2);
              const texts = [1, 2].map(() =>
                textOf(() => loss.backward({ gradient, retain_graph }) ?? 'None'),
              );
              return [loss, texts, [x.grad, w.grad, b.grad]];
            },
          ));
      }
    }

    it(`an argument changed before backward: ${reduction}`, () =>
      expectSample(
        {
          source: `${TEXT_OF}${ARGUMENTS}
options = nn.LinearCrossEntropyOptions()
w = w.detach().clone().requires_grad_()
loss = F.linear_cross_entropy(x, w, t, reduction='${reduction}', options=options)
with torch.no_grad():
    w.add_(1)
text = text_of(lambda: loss.sum().backward())`,
          outputs: ['loss', 'text', 'x.grad'],
          seed: 4,
        },
        () => {
          torch.manual_seed(4);
          const { x, w: original, t } = makeArguments();
          const w = original.detach().clone().requires_grad_();
          const options = new nn.LinearCrossEntropyOptions();
          const loss = F.linear_cross_entropy(x, w, t, { reduction, options });
          torch.no_grad(() => void w.add_(1));
          const text = textOf(() => loss.sum().backward() ?? 'None');
          return [loss, text, x.grad];
        },
      ));

    it(`in a larger graph, and without gradients: ${reduction}`, () =>
      expectSample(
        {
          source: `${ARGUMENTS}
options = nn.LinearCrossEntropyOptions(batch_chunk_size=4)
loss = F.linear_cross_entropy(x.tanh(), w * 2, t, linear_bias=b, reduction='${reduction}', options=options)
places = [[f and f.name(), i] for f, i in loss.grad_fn.next_functions]
(loss * loss.detach().exp()).sum().backward()
with torch.no_grad():
    plain = F.linear_cross_entropy(x, w, t, reduction='${reduction}', options=options)
one = F.linear_cross_entropy(x[0], w, t[0], reduction='${reduction}', options=options)`,
          outputs: [
            'loss',
            'len(places)',
            '[x.grad, w.grad, b.grad]',
            'plain',
            'one',
            'repr(loss)',
          ],
          seed: 5,
        },
        () => {
          torch.manual_seed(5);
          const { x, w, b, t } = makeArguments();
          const options = new nn.LinearCrossEntropyOptions({ batch_chunk_size: 4 });
          const given = { reduction, options };
          const loss = F.linear_cross_entropy(x.tanh(), w.mul(2), t, { linear_bias: b, ...given });
          const places = loss.grad_fn!.next_functions;
          loss.mul(loss.detach().exp()).sum().backward();
          const plain = torch.no_grad(() => F.linear_cross_entropy(x, w, t, given));
          const one = F.linear_cross_entropy(x.index(0), w, t.index(0), given);
          const gradients = [x.grad, w.grad, b.grad];
          return [loss, places.length, gradients, plain, one, String(loss)];
        },
      ));
  }

  it('options of another kind are TypeErrors that name the class', () => {
    const { x, w, t } = makeArguments();
    for (const options of [{}, { batch_chunk_size: 2 }, 'auto', 3, true]) {
      const call = (): unknown => F.linear_cross_entropy(x, w, t, { options } as never);
      expect(call).to.throw(TypeError, "argument 'options' must be a LinearCrossEntropyOptions");
    }
  });
});
