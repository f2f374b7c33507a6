/**
 * Losses at sizes at which the order of a sum changes, with every set of operands that require gradients, with NaN and
 * infinities. They test own kernels that compute in one pass (native/kernels/one_pass.cc).
 */
import { execFileSync } from 'node:child_process';

import { expect } from 'chai';
import torch from 'torch-losses';

import { CAPABILITIES } from '../support/capabilities';
import { Input, Random } from '../support/data';
import { type Argument, type Call, float, type Options } from './case';
import { expectParity } from './parity';

/** Sizes around a vector, four vectors, a block of rows, and the share of a thread; sizes with remainders. */
const SIZES = [1, 3, 7, 8, 9, 31, 32, 33, 320, 511, 513, 4097, 32_767, 32_768, 40_001];
/** Rows and columns for losses of rows. */
const SHAPES = [
  [1, 8],
  [2, 1],
  [3, 7],
  [5, 40],
  [2, 3000],
  [300, 129],
  [5000, 2],
  [1, 40_000],
] as const;

/** Rows and columns for margin losses: with remainders after blocks and tiles, and enough for two threads. */
const BLOCKS = [
  [1, 1],
  [1, 32],
  [3, 5],
  [8, 33],
  [9, 10],
  [17, 61],
  [300, 129],
] as const;

type Numbers = (random: Random) => number;
const around0: Numbers = (random) => 4 * random.next() - 2;
const positive: Numbers = (random) => random.next() + 0.01;
const sign: Numbers = (random) => random.pick([-1, 1]);
/** Returns a label, sometimes neither 1 nor -1. */
const label: Numbers = (random) => random.pick([-1, 1, 1, -1, 0.5]);
const whole: Numbers = (random) => random.integer(0, 5);

/** Returns scores of classes, which require gradients. If `special` is given, one of them has this value. */
function scores(
  random: Random,
  dtype: 'float32' | 'float64',
  shape: readonly [number, number],
  special?: number,
): Input {
  const input = Input.of(dtype, shape, () => around0(random), { requires_grad: true });
  const at = random.integer(0, shape[0] * shape[1]);
  return special === undefined ? input : input.withElement(at, special);
}

interface Row {
  callee: string;
  operands: readonly Numbers[];
  /** The number of operands that can require gradients. */
  differentiable: number;
  options?: readonly Options[];
}

const ELEMENTWISE: readonly Row[] = [
  { callee: 'F.l1_loss', operands: [around0, around0], differentiable: 2 },
  { callee: 'F.mse_loss', operands: [around0, around0], differentiable: 2 },
  {
    callee: 'F.smooth_l1_loss',
    operands: [around0, around0],
    differentiable: 2,
    options: [{}, { beta: float(0.3) }, { beta: float(0) }],
  },
  {
    callee: 'F.huber_loss',
    operands: [around0, around0],
    differentiable: 2,
    options: [{}, { delta: float(0.3) }],
  },
  { callee: 'F.poisson_nll_loss', operands: [around0, whole], differentiable: 2 },
  {
    callee: 'F.kl_div',
    operands: [around0, positive],
    differentiable: 2,
    options: [{}, { reduction: 'batchmean' }],
  },
  {
    callee: 'F.gaussian_nll_loss',
    operands: [around0, around0, positive],
    differentiable: 3,
    options: [{}, { eps: float(0.4) }, { full: true }],
  },
  {
    callee: 'F.margin_ranking_loss',
    operands: [around0, around0, sign],
    differentiable: 3,
    options: [{}, { margin: float(0.3) }],
  },
  {
    callee: 'F.hinge_embedding_loss',
    operands: [around0, label],
    differentiable: 1,
    options: [{}, { margin: float(0.3) }],
  },
  { callee: 'F.soft_margin_loss', operands: [around0, sign], differentiable: 1 },
  {
    callee: 'F.binary_cross_entropy_with_logits',
    operands: [around0, positive],
    differentiable: 2,
  },
];

const OF_ROWS: readonly Row[] = [
  { callee: 'F.triplet_margin_loss', operands: [around0, around0, around0], differentiable: 3 },
  { callee: 'F.pairwise_distance', operands: [around0, around0], differentiable: 2 },
];

/** Returns every subset of the operands that require gradients, as bits. */
const subsets = (count: number): number[] => Array.from({ length: 2 ** count }, (_, bits) => bits);

class Cases {
  readonly #random: Random;

  constructor(seed: number) {
    this.#random = new Random(seed);
  }

  operands(
    { operands }: Row,
    shape: readonly number[],
    gradients: number,
    special?: number,
  ): Argument[] {
    const dtype = this.#random.pick(['float32', 'float64'] as const);
    return operands.map((make, i) => {
      const input = Input.of(dtype, shape, () => make(this.#random), {
        requires_grad: ((gradients >> i) & 1) === 1,
      });
      if (special === undefined || this.#random.integer(0, 2) > 0) return input;
      const count = shape.reduce((a, b) => a * b, 1);
      return input.withElement(this.#random.integer(0, count), special);
    });
  }

  *of(row: Row, shapes: readonly (readonly number[])[]): Generator<Call> {
    for (const kwargs of row.options ?? [{}]) {
      for (const shape of shapes) {
        const gradients = this.#random.pick(subsets(row.differentiable));
        const reduction = this.#random.pick(['mean', 'sum']);
        yield {
          callee: row.callee,
          args: this.operands(row, shape, gradients),
          kwargs: row.callee === 'F.pairwise_distance' ? {} : { reduction, ...kwargs },
        };
      }
    }
    for (const gradients of subsets(row.differentiable)) {
      for (const special of [undefined, Number.NaN, Infinity, -Infinity, -0]) {
        yield { callee: row.callee, args: this.operands(row, shapes[4]!, gradients, special) };
      }
    }
  }
}

describe('parity: losses in one pass', function () {
  this.timeout(120_000);

  for (const [rows, shapes] of [
    [ELEMENTWISE, SIZES.map((size) => [size])],
    [OF_ROWS, SHAPES],
  ] as const) {
    for (const [i, row] of rows.entries()) {
      it(row.callee, async function () {
        const calls = [...new Cases(100 + i).of(row, shapes)];
        this.test!.title += ` (${calls.length} cases)`;
        await expectParity(calls);
      });
    }
  }

  it('F.cosine_embedding_loss', async () => {
    const cases = new Cases(7);
    const row = { callee: '', operands: [around0, around0], differentiable: 2 };
    const random = new Random(8);
    const calls = SHAPES.flatMap((shape) =>
      subsets(2).map((gradients) => {
        const inputs = cases.operands(row, shape, gradients) as Input[];
        const target = Input.of(inputs[0]!.dtype, [shape[0]], () => sign(random));
        return { callee: 'F.cosine_embedding_loss', args: [...inputs, target] };
      }),
    );
    await expectParity(calls);
  });

  it('F.multi_margin_loss', async () => {
    const random = new Random(9);
    const calls: Call[] = [];
    for (const [rows, columns] of BLOCKS) {
      for (const [p, weighted] of [1, 2].flatMap((p) =>
        [false, true].map((w) => [p, w] as const),
      )) {
        for (const reduction of ['mean', 'sum', 'none']) {
          const dtype = random.pick(['float32', 'float64'] as const);
          const special = random.pick([undefined, undefined, Number.NaN, Infinity, -Infinity]);
          const input = scores(random, dtype, [rows, columns], special);
          const target = Input.of('int64', [rows], () => random.integer(0, columns));
          const weight = Input.of(dtype, [columns], () => around0(random));
          calls.push({
            callee: 'F.multi_margin_loss',
            args: [input, target],
            kwargs: { p, margin: float(0.7), reduction, ...(weighted ? { weight } : {}) },
          });
        }
      }
    }
    await expectParity(calls);
  });

  it('F.multilabel_margin_loss', async () => {
    const random = new Random(10);
    const calls: Call[] = [];
    for (const [rows, columns] of BLOCKS) {
      for (const reduction of ['mean', 'sum', 'none']) {
        for (const most of [1, 3, columns]) {
          const dtype = random.pick(['float32', 'float64'] as const);
          const special = random.pick([undefined, undefined, Number.NaN, Infinity, -Infinity]);
          const input = scores(random, dtype, [rows, columns], special);
          // Some labels, a few of them twice, and labels after the end, which are ignored.
          const labels = Array.from({ length: rows }).flatMap(() => {
            const row = Array.from({ length: columns }, () => random.integer(0, columns));
            const end = random.integer(0, Math.min(most, columns) + 1);
            if (end < columns) row[end] = -1;
            return row;
          });
          const target = Input.of('int64', [rows, columns], (i) => labels[i]!);
          calls.push({
            callee: 'F.multilabel_margin_loss',
            args: [input, target],
            kwargs: { reduction },
          });
        }
      }
    }
    await expectParity(calls);
  });
});

describe('losses in one pass', () => {
  const { mse_loss } = torch.nn.functional;

  it('have the bits of the sum of their elements, with any number of threads', () => {
    const threads = torch.get_num_threads();
    try {
      for (const count of [1, 2, 3, 5, 8, 9]) {
        torch.set_num_threads(count);
        for (const dtype of [torch.float32, torch.float64]) {
          for (const size of [320, 32_768, 70_001, 300_007]) {
            const x = torch.randn(size, { dtype });
            const y = torch.randn(size, { dtype });
            const loss = mse_loss(x, y, { reduction: 'sum' });
            const elements = mse_loss(x, y, { reduction: 'none' });
            torch.testing.assert_close(loss, torch.ops.aten.sum(elements), { rtol: 0, atol: 0 });
          }
        }
      }
    } finally {
      torch.set_num_threads(threads);
    }
  });

  it('have the same bits without AVX2', () => {
    const program = `
      const torch = require(${JSON.stringify(require.resolve('torch-losses'))});
      const F = torch.nn.functional;
      torch.manual_seed(1);
      const hash = require('crypto').createHash('sha256');
      const keep = (...tensors) => tensors.forEach((t) => hash.update(t.detach().toTypedArray()));
      for (const dtype of [torch.float32, torch.float64]) {
        for (const size of [5, 70, 40001]) {
          const [x, y, z] = [0, 1, 2].map(() => torch.rand(size, { dtype }).mul(4).sub(2).requires_grad_());
          const sign = z.detach().sign();
          const losses = [
            F.l1_loss(x, y), F.mse_loss(x, y), F.smooth_l1_loss(x, y, { beta: 0.7 }), F.huber_loss(x, y),
            F.margin_ranking_loss(x, y, sign, { margin: 0.1 }), F.hinge_embedding_loss(x, sign), x.sum(),
          ];
          for (const loss of losses) loss.backward();
          keep(...losses, x.grad, y.grad);
        }
      }
      console.log(hash.digest('hex'));
    `;
    const [without, ...with_] = CAPABILITIES.map((capability) =>
      execFileSync(process.execPath, ['-e', program], {
        env: { ...process.env, ATEN_CPU_CAPABILITY: capability },
        encoding: 'utf8',
      }),
    );
    for (const bits of with_) expect(bits).to.equal(without);
  });
});
