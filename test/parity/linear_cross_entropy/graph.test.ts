/** Linear cross entropy in chunks, compared with Python: the graph. */
import torch, { nn, type Tensor } from 'torch-losses';

import { Random } from '../../support/data';
import { describeWhereThere } from '../../support/versions';
import { expectSample, TEXT_OF, textOf } from '../parity';
import { functional, pythonLiteral, REDUCTIONS, run, SIZES } from './problems';

const F = nn.functional;

describeWhereThere('parity: linear_cross_entropy in chunks', function () {
  this.timeout(120_000);

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
});
