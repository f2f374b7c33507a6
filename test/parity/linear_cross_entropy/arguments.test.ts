/** Linear cross entropy in chunks, compared with Python: arguments, warnings and errors, and the class. */
import { expect } from 'chai';
import torch, { nn } from 'torch-losses';

import { type Input, Random } from '../../support/data';
import { describeWhereThere } from '../../support/versions';
import { type Call, dtype, float, type Options } from '../case';
import { expectSample } from '../parity';
import { chunks, REDUCTIONS, run } from './problems';

const F = nn.functional;

describeWhereThere('parity: linear_cross_entropy in chunks', function () {
  this.timeout(120_000);

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

  it('options of another kind are TypeErrors that name the class', () => {
    const [x, w, t] = [torch.randn(6, 3), torch.randn(7, 3), torch.tensor([1, 2, 0, 6, 3, 3])];
    for (const options of [{}, { batch_chunk_size: 2 }, 'auto', 3, true]) {
      const call = (): unknown => F.linear_cross_entropy(x, w, t, { options } as never);
      expect(call).to.throw(TypeError, "argument 'options' must be a LinearCrossEntropyOptions");
    }
  });
});
