/**
 * Cross entropy with the own kernel (native/kernels/cross_entropy.cc): sizes around a vector register and between
 * threads, the whole range of exp, every instruction set, and inputs that it leaves to libtorch.
 */
import { execFileSync } from 'node:child_process';

import { expect } from 'chai';
import torch, { type Tensor } from 'torch-losses';

import { CAPABILITIES } from '../support/capabilities';
import { Input, Random } from '../support/data';
import { type Call, float } from './case';
import { expectParity } from './parity';

/**
 * Rows and columns: less than a vector register of each width, exactly one, more, and with a remainder; enough rows for
 * two threads.
 */
const SHAPES = [
  ...[1, 2, 7, 8, 9, 15, 16, 17, 24, 31, 33, 77].map((columns) => [5, columns] as const),
  [1, 1000],
  [17, 1000],
  [40, 9000],
  [2, 40_000],
  [20_000, 3],
  [70_000, 1],
] as const;

const SPECIALS = [Number.NaN, Infinity, -Infinity, -0];

describe('parity: cross entropy', function () {
  this.timeout(120_000);
  const random = new Random(31);

  function scores([rows, columns]: readonly [number, number], scale: number): Input {
    const number = (): number => scale * (random.next() - 0.5);
    return Input.of('float32', [rows, columns], number, { requires_grad: true });
  }

  function classes([rows, columns]: readonly [number, number], ignored?: number): Input {
    return Input.of('int64', [rows], () =>
      ignored !== undefined && random.next() < 0.3 ? ignored : random.integer(0, columns),
    );
  }

  it('of sizes, weights and ignored classes', async () => {
    const calls: Call[] = SHAPES.flatMap((shape) =>
      ['mean', 'sum', 'none'].flatMap((reduction) =>
        [undefined, -100, 0, -1].map((ignore_index) => {
          const weight = Input.of('float32', [shape[1]], () => random.next() - 0.1);
          return {
            callee: 'F.cross_entropy',
            args: [scores(shape, random.pick([1, 20, 400])), classes(shape, ignore_index)],
            kwargs: {
              reduction,
              ...(ignore_index === undefined ? {} : { ignore_index }),
              ...(random.next() < 0.5 ? { weight } : {}),
            },
          };
        }),
      ),
    );
    await expectParity(calls);
  });

  it('of rows all ignored, and of numbers that are none', async () => {
    const calls: Call[] = [];
    for (const shape of [
      [5, 3],
      [4, 16],
      [3, 40],
    ] as const) {
      for (const reduction of ['mean', 'sum', 'none']) {
        const all = Input.of('int64', [shape[0]], () => 1);
        const kwargs = { reduction, ignore_index: 1 };
        calls.push({ callee: 'F.cross_entropy', args: [scores(shape, 1), all], kwargs });
        for (const special of SPECIALS) {
          for (const place of [0, shape[1] - 1, shape[0] * shape[1] - 1]) {
            const input = scores(shape, 3).withElement(place, special);
            const args = [input, classes(shape)];
            calls.push({ callee: 'F.cross_entropy', args, kwargs: { reduction } });
          }
          const row = Input.of('float32', shape, () => special, { requires_grad: true });
          const args = [row, classes(shape)];
          calls.push({ callee: 'F.cross_entropy', args, kwargs: { reduction } });
        }
      }
    }
    await expectParity(calls);
  });

  it('of differences as far as exp has results', async () => {
    const calls = [1, 0.1, 1e-6].map((scale) => ({
      callee: 'F.cross_entropy',
      args: [scores([8, 40_000], 260 * scale), classes([8, 40_000])],
      kwargs: { reduction: 'sum' },
    }));
    await expectParity(calls);
  });

  it('of other dtypes, layouts and targets', async () => {
    const calls: Call[] = (['float64', 'bfloat16', 'float16'] as const).map((dtype) => ({
      callee: 'F.cross_entropy',
      args: [
        Input.of(dtype, [9, 40], () => random.next(), { requires_grad: true }),
        classes([9, 40]),
      ],
    }));
    calls.push(
      { callee: 'F.cross_entropy', args: [scores([9, 40], 1), Input.of('uint8', [9], () => 3)] },
      {
        callee: 'F.cross_entropy',
        args: [scores([9, 40], 1), classes([9, 40])],
        kwargs: { label_smoothing: float(0.1) },
      },
      { callee: 'F.cross_entropy', args: [scores([9, 40], 1), scores([9, 40], 1)] },
    );
    await expectParity(calls);
  });
});

describe('cross entropy', () => {
  const { cross_entropy, nll_loss, log_softmax } = torch.nn.functional;
  const exact = { rtol: 0, atol: 0, equal_nan: true };

  it('has the bits of its parts for every instruction set', function () {
    this.timeout(60_000);
    const program = `
      const torch = require(${JSON.stringify(require.resolve('torch-losses'))});
      const F = torch.nn.functional;
      for (const [rows, columns] of [[3, 5], [4, 8], [7, 100], [50, 1000]]) {
        const x = torch.randn(rows, columns).mul(20).requires_grad_();
        const target = torch.randint(0, columns, [rows]);
        const loss = F.cross_entropy(x, target);
        loss.backward();
        const y = x.detach().requires_grad_();
        const parts = torch.ops.aten.nll_loss(torch.ops.aten.log_softmax(y, 1), target);
        const [gradient] = torch.autograd.grad(parts, y, { create_graph: true });
        torch.testing.assert_close(loss, parts, { rtol: 0, atol: 0 });
        torch.testing.assert_close(x.grad, gradient.detach(), { rtol: 0, atol: 0 });
      }
    `;
    for (const capability of CAPABILITIES) {
      execFileSync(process.execPath, ['-e', program], {
        env: { ...process.env, ATEN_CPU_CAPABILITY: capability },
      });
    }
  });

  it('passes its gradient on where log_softmax has other uses too', () => {
    const target = torch.tensor([1, 0, 3]);
    const gradient = (use: (logs: Tensor) => Tensor, engine: boolean): Tensor => {
      torch.manual_seed(5);
      const x = torch.randn(3, 4, { requires_grad: true });
      const loss = use(log_softmax(x, 1));
      return torch.autograd.grad(loss, x, { create_graph: engine })[0]!.detach();
    };
    for (const use of [
      (logs: Tensor) => nll_loss(logs, target),
      (logs: Tensor) => nll_loss(logs, target).add(logs.sum()),
      (logs: Tensor) => logs.exp().mean().add(nll_loss(logs, target)),
      (logs: Tensor) => nll_loss(logs.mul(2), target).add(nll_loss(logs, target)),
    ]) {
      torch.testing.assert_close(gradient(use, false), gradient(use, true), exact);
    }
  });

  it('keeps its gradient when the scores change, and its errors when what it keeps does', () => {
    const x = torch.randn(3, 4, { requires_grad: true });
    const target = torch.tensor([1, 0, 3]);
    const expected = torch.autograd.grad(cross_entropy(x, target), x)[0]!;
    const loss = cross_entropy(x, target);
    torch.no_grad(() => x.mul_(3));
    loss.backward();
    torch.testing.assert_close(x.grad!, expected, exact);

    const changed = cross_entropy(x, target);
    target.add_(0);
    expect(() => {
      changed.backward();
    }).to.throw(torch.TorchError, 'modified by an inplace operation');
  });
});
