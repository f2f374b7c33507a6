/** CTC compared with Python: every form of targets and lengths, infinite losses, and errors. */
import { expect } from 'chai';
import torch from 'torch-losses';

import { type DType, Input, isDifferentiable, Random } from '../support/data';
import type { Argument, Call } from './case';
import { expectParity } from './parity';

const [T, N, C, S] = [12, 4, 6, 5];
const INPUT_LENGTHS = [12, 12, 10, 7];
const TARGET_LENGTHS = [5, 3, 4, 0];

const vector = (values: readonly number[], dtype: DType = 'int64'): Input =>
  Input.of(dtype, [values.length], (i) => values[i]!);
const single = (value: number, dtype: DType = 'int64'): Input => Input.of(dtype, [], () => value);

/** Returns the four arguments in each accepted form, and in invalid forms. */
function forms(random: Random, dtype: DType): Argument[][] {
  const options = { dtype, requires_grad: isDifferentiable(dtype) };
  const total = TARGET_LENGTHS.reduce((a, b) => a + b);
  const batch = random.logProbabilities([T, N, C], options);
  const one = random.logProbabilities([T, C], options);
  const padded = random.integers([N, S], 1, C);
  const padded32 = random.integers([N, S], 1, C, { dtype: 'int32' });
  const concatenated = random.integers([total], 1, C);
  const target = random.integers([S], 1, C);
  const [input, lengths] = [INPUT_LENGTHS, TARGET_LENGTHS];
  return [
    [batch, padded, input, lengths],
    [batch, padded, vector(input), vector(lengths)],
    [batch, padded32, vector(input, 'int32'), vector(lengths, 'int32')],
    [batch, padded32, input, lengths],
    [batch, padded, vector(input, 'int32'), vector(lengths)],
    [batch, concatenated, input, lengths],
    [batch, concatenated, vector(input), vector(lengths)],
    [one, target, [T], [S]],
    [one, target, single(T), single(S)],
    [one, target, vector([T]), vector([S])],
    [one, target, single(T, 'int32'), single(3)],
    [batch, random.integers([N, S], 0, C), input, lengths],
    // Shorter than their targets, so the loss is infinite unless zero_infinity is set.
    [batch, padded, [3, 2, 1, 0], lengths],
    [batch, padded, vector([2, 2, 2, 2]), vector([5, 5, 5, 5])],
    [random.logProbabilities([T, 0, C], options), random.integers([0, S], 1, C), [], []],
    // Throws an error.
    [batch, padded, input, vector(lengths)],
    [batch, padded, vector(input), lengths],
    [batch, padded, [13, 12, 10, 7], lengths],
    [batch, padded, input, [6, 3, 4, 0]],
    [batch, padded, [12, 12, 10], lengths],
    [batch, padded, input, [5, 3, 4]],
    [batch, padded, input, [-1, 3, 4, 0]],
    [batch, padded, [-1, 12, 10, 7], lengths],
    [batch, concatenated, input, [5, 5, 5, 5]],
    [batch, random.uniform([N, S], 1, C), input, lengths],
    [batch, padded, vector(input, 'float32'), vector(lengths)],
    [batch, random.integers([2, S], 1, C), input, lengths],
    [batch, random.integers([N, S], 1, C, { dtype: 'int16' }), input, lengths],
    [one, padded, [T], [S]],
    [random.logProbabilities([C], options), target, [T], [S]],
    [random.logProbabilities([2, T, N, C], options), padded, input, lengths],
    [[1, 2], padded, input, lengths],
    [batch, [[1, 2]], input, lengths],
  ];
}

function calls(): Call[] {
  const random = new Random(77);
  const made: Call[] = [];
  for (const dtype of ['float32', 'float64', 'bfloat16', 'float16', 'int64'] as const) {
    const implemented = dtype === 'float32' || dtype === 'float64';
    for (const args of forms(random, dtype).slice(0, implemented ? undefined : 3)) {
      for (const reduction of ['none', 'mean', 'sum']) {
        for (const zero_infinity of [false, true]) {
          const kwargs = { reduction, zero_infinity };
          made.push({ callee: 'F.ctc_loss', args, kwargs });
          made.push({ callee: 'nn.CTCLoss', kwargs, forward: args });
        }
      }
      for (const blank of [0, 3, C - 1, C, -1])
        made.push({ callee: 'F.ctc_loss', args, kwargs: { blank } });
      made.push({ callee: 'F.ctc_loss', args, backward: 'twice' });
    }
  }
  const [valid] = forms(random, 'float32');
  for (const reduction of ['average', 'batchmean', 'elementwise_mean', '']) {
    made.push({ callee: 'F.ctc_loss', args: valid!, kwargs: { reduction } });
    made.push({ callee: 'nn.CTCLoss', kwargs: { reduction }, forward: valid! });
  }
  return made;
}

/** Returns long sequences with repeated labels, also with probabilities that are 0, above 1 or NaN. */
function longCalls(): Call[] {
  const random = new Random(78);
  const made: Call[] = [];
  for (const [steps, batch, classes, longest] of [
    [1, 1, 1, 1],
    [40, 3, 30, 12],
    [70, 2, 4, 30],
    [33, 9, 200, 16],
  ] as const) {
    for (const dtype of ['float32', 'float64'] as const) {
      for (const special of [undefined, Number.NaN, Infinity, -Infinity]) {
        const options = { dtype, requires_grad: true };
        let input = random.logProbabilities([steps, batch, classes], options);
        for (let i = 0; special !== undefined && i < 3; i++) {
          input = input.withElement(random.integer(0, steps * batch * classes), special);
        }
        const padded = random.integers([batch, longest], 0, classes);
        const args = [
          input,
          padded,
          Array.from({ length: batch }, () => random.integer(Math.min(steps, longest), steps + 1)),
          Array.from({ length: batch }, () => random.integer(0, longest + 1)),
        ];
        for (const reduction of ['none', 'mean', 'sum']) {
          const kwargs = { reduction, zero_infinity: random.next() < 0.5, blank: classes - 1 };
          made.push({ callee: 'F.ctc_loss', args, kwargs });
        }
      }
    }
  }
  return made;
}

describe('parity: CTC', function () {
  this.timeout(60_000);

  it('ctc_loss and CTCLoss', async function () {
    const made = calls();
    this.test!.title += ` (${made.length} cases)`;
    await expectParity(made);
  });

  it('long sequences', async () => {
    await expectParity(longCalls());
  });
});

describe('CTC', () => {
  it('keeps labels of its own, and hears of changes of those that it was given', () => {
    const input = torch.randn(9, 2, 5).log_softmax(2).requires_grad_();
    const labels = torch.randint(1, 5, [2, 2]);
    for (const targets of [labels, labels.t()]) {
      for (const ctc_loss of [torch.nn.functional.ctc_loss, torch.ops.aten.ctc_loss]) {
        const loss = ctc_loss(input, targets, [9, 9], [2, 2]) as torch.Tensor;
        loss.backward({ retain_graph: true });
        targets.add_(0);
        expect(() => {
          loss.backward();
        }).to.throw(
          torch.TorchError,
          'one of the variables needed for gradient computation has been modified',
        );
      }
    }
  });
});
