/** Gradients, and the errors of tensors that have none. */
import torch, { nn, type Tensor } from 'torch-losses';

import { after, type Corner, describeCorners, int } from './corners';

const { ones } = torch;
const F = nn.functional;

describeCorners({
  backward: [
    [
      'torch.ones(2, requires_grad=True).sum().backward([None])',
      () =>
        ones(2, { requires_grad: true })
          .sum()
          .backward([null] as never),
    ],
    [
      'torch.ones(2, requires_grad=True).sum().backward(3)',
      () =>
        ones(2, { requires_grad: true })
          .sum()
          .backward(3 as never),
    ],
    [
      'torch.ones(2, requires_grad=True).sum().backward(inputs=[])',
      () => ones(2, { requires_grad: true }).sum().backward({ inputs: [] }),
    ],
    ...(['torch.ones(2)', '[torch.ones(2)]', '[x, torch.ones(2)]'] as const).map(
      (inputs): Corner => [
        `(lambda x: x.sum().backward(inputs=${inputs}))(torch.ones(2, requires_grad=True))`,
        () => {
          const x = ones(2, { requires_grad: true });
          const y = ones(2);
          x.sum().backward({
            inputs: inputs === 'torch.ones(2)' ? y : inputs[1] === 'x' ? [x, y] : [y],
          });
        },
      ],
    ),
    [
      'torch.autograd.backward(torch.ones(2, requires_grad=True).sum(), inputs=torch.ones(2))',
      () => torch.autograd.backward(ones(2, { requires_grad: true }).sum(), { inputs: ones(2) }),
    ],
    [
      'torch.autograd.grad(torch.ones(2), torch.ones(2))',
      () => torch.autograd.grad(ones(2), ones(2)),
    ],
    [
      'torch.autograd.grad(torch.ones(2, requires_grad=True).mul(2), torch.ones(2), torch.ones(2))',
      () => torch.autograd.grad(ones(2, { requires_grad: true }).mul(2), ones(2), ones(2) as never),
    ],
    [
      'torch.autograd.grad(torch.ones(2, requires_grad=True).mul(2), torch.ones(2, requires_grad=True), torch.ones(2), materialize_grads=True)',
      () =>
        torch.autograd.grad(
          ones(2, { requires_grad: true }).mul(2),
          ones(2, { requires_grad: true }),
          { grad_outputs: ones(2), materialize_grads: true } as never,
        ),
    ],
    [
      'torch.autograd.grad(torch.ones(2, requires_grad=True).mul(2), torch.ones(2, requires_grad=True), torch.ones(2), allow_unused=True)',
      () =>
        torch.autograd.grad(
          ones(2, { requires_grad: true }).mul(2),
          ones(2, { requires_grad: true }),
          { grad_outputs: ones(2), allow_unused: true } as never,
        ),
    ],
    [
      'torch.ones(2, requires_grad=True).mul(2).backward(torch.ones(2, dtype=torch.complex64))',
      () =>
        ones(2, { requires_grad: true })
          .mul(2)
          .backward({ gradient: ones(2, { dtype: torch.complex64 }) }),
    ],
    [
      'torch.ones(2, requires_grad=True).mul(2).backward(torch.ones(3))',
      () =>
        ones(2, { requires_grad: true })
          .mul(2)
          .backward({ gradient: ones(3) }),
    ],
    [
      "after(lambda x: setattr(x, 'grad', x), torch.ones(2, requires_grad=True))",
      () =>
        after(
          (x: Tensor) => {
            x.grad = x;
          },
          ones(2, { requires_grad: true }),
        ),
    ],
    [
      "after(lambda x: setattr(x, 'grad', torch.ones(3)), torch.ones(2))",
      () =>
        after((x: Tensor) => {
          x.grad = ones(3);
        }, ones(2)),
    ],
    [
      "after(lambda x: setattr(x, 'grad', torch.ones(2, dtype=torch.float64)), torch.ones(2))",
      () =>
        after((x: Tensor) => {
          x.grad = ones(2, { dtype: torch.float64 });
        }, ones(2)),
    ],
    [
      "after(lambda x: setattr(x, 'grad', torch.ones(2, device='meta')), torch.ones(2))",
      () =>
        after((x: Tensor) => {
          x.grad = ones(2, { device: 'meta' });
        }, ones(2)),
    ],
    [
      "after(lambda x: setattr(x, 'requires_grad', False), torch.ones(2, requires_grad=True).mul(2))",
      () =>
        after(
          (x: Tensor) => {
            x.requires_grad = false;
          },
          ones(2, { requires_grad: true }).mul(2),
        ),
    ],
    [
      'torch.ones(2, requires_grad=True).mul(2).requires_grad_(False)',
      () => ones(2, { requires_grad: true }).mul(2).requires_grad_(false),
    ],
    [
      'torch.ones(2, dtype=torch.int64).requires_grad_()',
      () => ones(2, { dtype: torch.int64 }).requires_grad_(),
    ],
    [
      "after(lambda x: setattr(x, 'requires_grad', True), torch.ones(2, dtype=torch.int64))",
      () =>
        after(
          (x: Tensor) => {
            x.requires_grad = true;
          },
          ones(2, { dtype: torch.int64 }),
        ),
    ],
    // A sparse gradient is added to a dense one, and the other way round.
    [
      'after(lambda w: (F.embedding(torch.tensor([0]), w, sparse=True).sum() + w.sum()).backward(), torch.ones(2, 2, requires_grad=True)).grad',
      () =>
        (
          after(
            (w: Tensor) => F.embedding(int(0), w, { sparse: true }).sum().add(w.sum()).backward(),
            ones(2, 2, { requires_grad: true }),
          ) as Tensor
        ).grad,
    ],
    [
      'after(lambda w: (w.sum() + F.embedding(torch.tensor([0]), w, sparse=True).sum()).backward(), torch.ones(2, 2, requires_grad=True)).grad',
      () =>
        (
          after(
            (w: Tensor) =>
              w
                .sum()
                .add(F.embedding(int(0), w, { sparse: true }).sum())
                .backward(),
            ones(2, 2, { requires_grad: true }),
          ) as Tensor
        ).grad,
    ],
  ],
});
