/** Linear cross entropy in chunks, compared with Python: values and gradients. */
import torch, { nn } from 'torch-losses';

import { type Input, Random } from '../../support/data';
import { describeWhereThere } from '../../support/versions';
import { type Call, PerLanguage } from '../case';
import {
  ACC_DTYPES,
  ALL_GRADIENTS,
  chunks,
  DTYPES,
  functional,
  LAYOUTS,
  METHODS,
  POLICIES,
  type Problem,
  REDUCTIONS,
  run,
  SIZES,
} from './problems';

describeWhereThere('parity: linear_cross_entropy in chunks', function () {
  this.timeout(120_000);

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
            const options = new PerLanguage(
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
    // The mean is over no targets.
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
});
