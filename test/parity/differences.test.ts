/** Deliberate differences from Python: the README's list, with the Python program that gives the same numbers. */
import torch, { nn, type Tensor } from 'torch-losses';

import { type Corner, describeCorners, int } from './corners/corners';
import { expectSample } from './parity';

const F = nn.functional;
type Reduction = 'none' | 'mean' | 'sum';

/** Returns a loss without rows, and its gradient. */
function withoutRows(
  loss: (input: Tensor, target: Tensor) => Tensor,
  target: Tensor,
  dtype: torch.DType,
): (Tensor | null)[] {
  const input = torch.zeros(0, 4, { dtype, requires_grad: true });
  const value = loss(input, target);
  value.sum().backward();
  return [value.detach(), input.grad];
}

describe('differences from Python', () => {
  for (const reduction of ['none', 'mean', 'sum'] as Reduction[]) {
    for (const dtype of ['float32', 'float64'] as const) {
      it(`the ${reduction} of no rows in ${dtype} is that of deterministic mode`, () =>
        expectSample(
          {
            source: `
torch.use_deterministic_algorithms(True)
def run(loss, target):
    input = torch.zeros(0, 4, dtype=torch.${dtype}, requires_grad=True)
    value = loss(input, target, reduction='${reduction}')
    value.sum().backward()
    return value.detach(), input.grad
classes = torch.zeros(0, dtype=torch.long)
labels = torch.zeros(0, 4, dtype=torch.long)
a, b = run(F.multi_margin_loss, classes)
c, d = run(F.multilabel_margin_loss, labels)
torch.use_deterministic_algorithms(False)`,
            outputs: ['a', 'b', 'c', 'd'],
            seed: 0,
          },
          () => {
            const classes = torch.zeros(0, { dtype: torch.long });
            const labels = torch.zeros(0, 4, { dtype: torch.long });
            return [
              ...withoutRows(
                (x, y) => F.multi_margin_loss(x, y, { reduction }),
                classes,
                torch[dtype],
              ),
              ...withoutRows(
                (x, y) => F.multilabel_margin_loss(x, y, { reduction }),
                labels,
                torch[dtype],
              ),
            ];
          },
        ));
    }
  }

  it('CTC targets that are not contiguous are read in their order', () =>
    expectSample(
      {
        source: `
log_probs = torch.randn(6, 2, 5).log_softmax(2).requires_grad_()
targets = torch.tensor([1, 0, 2, 0, 3, 0, 4, 0])[::2].contiguous()
loss = F.ctc_loss(log_probs, targets, (6, 6), (2, 2), reduction='none')
loss.sum().backward()
value, grad = loss.detach(), log_probs.grad`,
        outputs: ['value', 'grad'],
        seed: 0,
      },
      () => {
        torch.manual_seed(0);
        const log_probs = torch.randn(6, 2, 5).log_softmax(2).requires_grad_();
        const targets = int(1, 0, 2, 0, 3, 0, 4, 0).index(torch.slice(null, null, 2));
        const loss = F.ctc_loss(log_probs, targets, [6, 6], [2, 2], { reduction: 'none' });
        loss.sum().backward();
        return [loss.detach(), log_probs.grad];
      },
    ));

  it('targets that are changed through data before backward are those of the loss', () =>
    expectSample(
      {
        source: `
x = torch.randn(4, 1, 5).requires_grad_()
F.ctc_loss(x.log_softmax(2), torch.tensor([[2, 3]]), (4,), (2,)).backward()
y = torch.randn(2, 4).requires_grad_()
F.multilabel_margin_loss(y, torch.tensor([[0, 2, -1, -1], [3, -1, 1, 1]])).backward()
a, b = x.grad, y.grad`,
        outputs: ['a', 'b'],
        seed: 0,
      },
      () => {
        torch.manual_seed(0);
        const x = torch.randn(4, 1, 5).requires_grad_();
        const targets = torch.tensor([[2, 3]]);
        const ctc = F.ctc_loss(x.log_softmax(2), targets, [4], [2]);
        targets.data.fill_(1);
        ctc.backward();
        const y = torch.randn(2, 4).requires_grad_();
        const labels = torch.tensor([
          [0, 2, -1, -1],
          [3, -1, 1, 1],
        ]);
        const margin = F.multilabel_margin_loss(y, labels);
        labels.data.fill_(1);
        margin.backward();
        return [x.grad, y.grad];
      },
    ));
});

const variance = (...values: number[]): Corner[] =>
  (['', ', full=True'] as const).flatMap((full): Corner[] =>
    (['int64', 'int32', 'float32', 'float64'] as const).map((dtype) => [
      `F.gaussian_nll_loss(torch.ones(2), torch.ones(2), torch.tensor([${values}], dtype=torch.${dtype})${full})`,
      () =>
        F.gaussian_nll_loss(
          torch.ones(2),
          torch.ones(2),
          torch.tensor(values, { dtype: torch[dtype] }),
          { full: full !== '' },
        ),
    ]),
  );

describeCorners({
  'variances of integers': [
    ...variance(1, -1),
    ...variance(1, 1),
    ...variance(-1),
    ...variance(2),
    [
      'F.gaussian_nll_loss(torch.ones(2), torch.ones(2), torch.tensor([True, False]))',
      () => F.gaussian_nll_loss(torch.ones(2), torch.ones(2), torch.tensor([true, false])),
    ],
  ],
});
