/** Tensors that a loss saves for backward, when they are changed or freed before it: the same errors as in Python. */
import torch, { nn, type Tensor } from 'torch-losses';

import { expectSample, TEXT_OF, textOf } from './parity';

const F = nn.functional;

const LOSSES = [
  'mse_loss',
  'l1_loss',
  'smooth_l1_loss',
  'huber_loss',
  'soft_margin_loss',
  'binary_cross_entropy',
  'binary_cross_entropy_with_logits',
  'poisson_nll_loss',
  'hinge_embedding_loss',
  'kl_div',
  'multilabel_soft_margin_loss',
] as const;

type Loss = (input: Tensor, target: Tensor, options: { reduction: string }) => Tensor;

describe('parity: saved tensors', () => {
  for (const name of LOSSES) {
    for (const reduction of ['mean', 'sum']) {
      it(`of ${name}, ${reduction}`, () =>
        expectSample(
          {
            source: `${TEXT_OF}
loss = lambda x: F.${name}(x, target, reduction='${reduction}')
target = torch.rand(3, 4)
x = torch.rand(3, 4, requires_grad=True)
activation = x * 1
late = loss(activation)
with torch.no_grad():
    activation.add_(1)
changed = text_of(late.backward)
twice = loss(x)
twice.backward()
freed = text_of(twice.backward)
kept = loss(x)
kept.backward(retain_graph=True)
kept.backward()
wrong = text_of(lambda: F.${name}(x, target.clone().requires_grad_(), reduction='${reduction}').grad_fn.name())`,
            outputs: ['changed', 'freed', 'kept', 'x.grad', 'wrong'],
            seed: 7,
          },
          () => {
            torch.manual_seed(7);
            const target = torch.rand(3, 4);
            const x = torch.rand(3, 4, { requires_grad: true });
            const compute = F[name] as unknown as Loss;
            const loss = (input: Tensor, to = target): Tensor => compute(input, to, { reduction });
            const activation = x.mul(1);
            const late = loss(activation);
            torch.no_grad(() => void activation.add_(1));
            const changed = textOf(() => late.backward() ?? 'None');
            const twice = loss(x);
            twice.backward();
            const freed = textOf(() => twice.backward() ?? 'None');
            const kept = loss(x);
            kept.backward({ retain_graph: true });
            kept.backward();
            const wrong = textOf(() => loss(x, target.clone().requires_grad_()).grad_fn!.name());
            return [changed, freed, kept, x.grad, wrong];
          },
        ));
    }
  }
});
