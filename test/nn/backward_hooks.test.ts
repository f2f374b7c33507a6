/** Backward hooks of modules, compared with Python. */
import { expect } from 'chai';
import torch, { nn, type Tensor } from 'torch-losses';

import { expectSample } from '../parity/parity';
import { MESSAGE_IN_PYTHON, message } from '../support/messages';

class Two extends nn.Module<[Tensor, number, Tensor], [Tensor, string]> {
  linear = new nn.Linear(3, 2);

  override forward(x: Tensor, n: number, y: Tensor): [Tensor, string] {
    return [this.linear(x).mul(n).add(y), 'text'];
  }
}

const PYTHON = `${MESSAGE_IN_PYTHON}
class Two(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.linear = torch.nn.Linear(3, 2)
    def forward(self, x, n, y):
        return self.linear(x) * n + y, 'text'
model = torch.nn.Sequential(torch.nn.Linear(3, 4), torch.nn.Tanh(), torch.nn.Linear(4, 2))
x = torch.randn(5, 3, requires_grad=True)
seen = []
def zero():
    model.zero_grad()
    x.grad = None
`;

const make = (): [nn.Sequential<Tensor, Tensor>, Tensor] => {
  torch.manual_seed(1);
  const model = new nn.Sequential(new nn.Linear(3, 4), new nn.Tanh(), new nn.Linear(4, 2));
  return [model, torch.randn(5, 3, { requires_grad: true })];
};

describe('backward hooks of modules', () => {
  it('see and replace gradients, in order, until they are removed', () =>
    expectSample(
      {
        source: `${PYTHON}
first, middle, last = model
handles = [
    last.register_full_backward_hook(lambda m, gi, go: seen.append(['last', gi[0], go[0]])),
    middle.register_full_backward_hook(lambda m, gi, go: (gi[0] * 2,)),
    middle.register_full_backward_hook(lambda m, gi, go: seen.append(['second', gi[0], go[0]])),
    middle.register_full_backward_hook(lambda m, gi, go: seen.append(['prepended', gi[0], go[0]]), prepend=True),
    middle.register_full_backward_pre_hook(lambda m, go: (go[0] + 1,)),
    first.register_full_backward_hook(lambda m, gi, go: (None,)),
]
model(x).pow(2).sum().backward()
gradients = [first.weight.grad, last.weight.grad, x.grad]
for handle in handles:
    handle.remove()
zero()
count = len(seen)
model(x).pow(2).sum().backward()
plain = [x.grad, len(seen) - count]`,
        outputs: ['seen', 'gradients', 'plain'],
        seed: 1,
      },
      () => {
        const [model, x] = make();
        const seen: unknown[] = [];
        const [first, middle, last] = [
          model.at(0) as nn.Linear,
          model.at(1),
          model.at(2) as nn.Linear,
        ];
        const note =
          (name: string) => (_m: unknown, gi: readonly unknown[], go: readonly unknown[]) => {
            seen.push([name, gi[0], go[0]]);
          };
        const handles = [
          last.register_full_backward_hook(note('last')),
          middle.register_full_backward_hook((_m, [gi]) => [gi!.mul(2)]),
          middle.register_full_backward_hook(note('second')),
          middle.register_full_backward_hook(note('prepended'), { prepend: true }),
          middle.register_full_backward_pre_hook((_m, [go]) => [go!.add(1)]),
          first.register_full_backward_hook(() => [null]),
        ];
        model(x).pow(2).sum().backward();
        const gradients = [first.weight!.grad, last.weight!.grad, x.grad];
        for (const handle of handles) handle.remove();
        model.zero_grad();
        x.grad = null;
        const count = seen.length;
        model(x).pow(2).sum().backward();
        return [seen, gradients, [x.grad, seen.length - count]];
      },
    ));

  it('have null for what is no tensor, and for what has no gradient', () =>
    expectSample(
      {
        source: `${PYTHON}
two = Two()
two.register_full_backward_hook(lambda m, gi, go: seen.append([list(gi), list(go)]))
y = torch.randn(2)
two(x, 3, y)[0].sum().backward()
two(torch.randn(1, 3), 3, y)[0].sum().backward()
with torch.no_grad():
    two(x, 3, y)`,
        outputs: ['seen', 'x.grad'],
        seed: 1,
      },
      () => {
        const [, x] = make();
        const seen: unknown[] = [];
        const two = new Two();
        two.register_full_backward_hook((_m, gi, go) => {
          seen.push([[...gi], [...go]]);
        });
        const y = torch.randn(2);
        two(x, 3, y)[0].sum().backward();
        two(torch.randn(1, 3), 3, y)[0].sum().backward();
        torch.no_grad(() => two(x, 3, y));
        return [seen, x.grad];
      },
    ));

  it('are refused as in Python', () =>
    expectSample(
      {
        source: `${PYTHON}
def failing(register, given=x):
    handle = register(model)
    text = message(lambda: model(given).sum().backward())
    handle.remove()
    return text
texts = [
    failing(lambda m: m.register_full_backward_hook(lambda m, gi, go: (gi[0], gi[0]))),
    failing(lambda m: m.register_full_backward_pre_hook(lambda m, go: (go[0], go[0]))),
    failing(lambda m: m.register_full_backward_hook(lambda m, gi, go: (torch.ones(1),)), x.detach()),
]`,
        outputs: ['texts'],
        seed: 1,
      },
      () => {
        const [model, x] = make();
        const failing = (register: (m: nn.Module) => { remove(): void }, given = x): string => {
          const handle = register(model);
          const text = message(() => model(given).sum().backward());
          handle.remove();
          return text;
        };
        return [
          [
            failing((m) => m.register_full_backward_hook((_m, [gi]) => [gi!, gi!])),
            failing((m) => m.register_full_backward_pre_hook((_m, [go]) => [go!, go!])),
            failing((m) => m.register_full_backward_hook(() => [torch.ones(1)]), x.detach()),
          ],
        ];
      },
    ));

  it('work with forwardAsync and backwardAsync, with the same bits', async () => {
    const run = async (isAsync: boolean): Promise<unknown> => {
      const [model, x] = make();
      model.at(1).register_full_backward_hook((_m, [gi]) => [gi!.mul(3)]);
      const y = isAsync ? await model.forwardAsync(x) : model(x);
      if (isAsync) await y.sum().backwardAsync();
      else y.sum().backward();
      return [x.grad!.tolist(), [...model.parameters()].map(({ grad }) => grad!.tolist())];
    };
    expect(await run(true)).to.deep.equal(await run(false));
  });

  it('are functions', () => {
    const model = new nn.Linear(1, 1);
    expect(() => model.register_full_backward_hook(3 as never)).to.throw(TypeError, "'hook'");
    expect(() => model.register_full_backward_pre_hook({} as never)).to.throw(TypeError, "'hook'");
  });
});
