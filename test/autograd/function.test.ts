/** torch.autograd.Function, compared with Python. */
import { expect } from 'chai';
import torch, { type FunctionCtx, type Tensor } from 'torch-losses';

import { expectSample } from '../parity/parity';
import { liveBytes } from '../support/memory';
import { MESSAGE_IN_PYTHON, message } from '../support/messages';

const AutogradFunction = torch.autograd.Function;
const { once_differentiable } = torch.autograd.function;

class Exp extends AutogradFunction {
  static forward(ctx: FunctionCtx, x: Tensor): Tensor {
    const result = x.exp();
    ctx.save_for_backward(result);
    return result;
  }

  static backward(ctx: FunctionCtx, grad: Tensor): Tensor {
    const [result] = ctx.saved_tensors;
    return grad.mul(result);
  }
}

/** Scales by a number, with a second output that has no gradient. */
class Scale extends AutogradFunction {
  static forward(x: Tensor, factor: number): [Tensor, Tensor, string] {
    return [x.mul(factor), x.gt(0), 'told'];
  }

  static setup_context(
    ctx: FunctionCtx,
    inputs: [Tensor, number],
    output: [Tensor, Tensor, string],
  ): void {
    ctx['factor'] = inputs[1];
    ctx.mark_non_differentiable(output[1]);
  }

  static backward(ctx: FunctionCtx, grad: Tensor): [Tensor, null] {
    return [grad.mul(ctx['factor']), null];
  }
}

/** Adds in place. */
class AddInPlace extends AutogradFunction {
  static forward(ctx: FunctionCtx, x: Tensor, y: Tensor): Tensor {
    x.add_(y);
    ctx.mark_dirty(x);
    return x;
  }

  static backward(_ctx: FunctionCtx, grad: Tensor): [Tensor, Tensor] {
    return [grad, grad.mul(2)];
  }
}

/** Two outputs; tells which gradients arrive. */
class Both extends AutogradFunction {
  static materializes = true;

  static forward(ctx: FunctionCtx, x: Tensor): [Tensor, Tensor] {
    ctx.set_materialize_grads(Both.materializes);
    return [x.mul(2), x.mul(3)];
  }

  static backward(_ctx: FunctionCtx, first: Tensor | null, second: Tensor | null): Tensor {
    return (first?.mul(2) ?? torch.full([2], 100)).add(second?.mul(3) ?? torch.full([2], 1000));
  }
}

/** What a faulty backward returns. */
class Faulty extends AutogradFunction {
  static returned: unknown;

  static forward(_ctx: FunctionCtx, x: Tensor, n: number): Tensor {
    return x.mul(n);
  }

  static backward(): unknown {
    return Faulty.returned;
  }
}

class Once extends AutogradFunction {
  static forward(ctx: FunctionCtx, x: Tensor): Tensor {
    ctx.save_for_backward(x);
    return x.pow(2);
  }

  static backward = once_differentiable((ctx: FunctionCtx, grad: Tensor) => {
    const [x] = ctx.saved_tensors;
    return grad.mul(x).mul(2);
  });
}

class NoForward extends AutogradFunction {}

class NoBackward extends AutogradFunction {
  static forward(_ctx: FunctionCtx, x: Tensor): Tensor {
    return x.mul(2);
  }
}

const PYTHON = `${MESSAGE_IN_PYTHON}
Base = torch.autograd.Function
class Exp(Base):
    @staticmethod
    def forward(ctx, x):
        result = x.exp()
        ctx.save_for_backward(result)
        return result
    @staticmethod
    def backward(ctx, grad):
        result, = ctx.saved_tensors
        return grad * result
class Scale(Base):
    @staticmethod
    def forward(x, factor):
        return x * factor, x > 0, 'told'
    @staticmethod
    def setup_context(ctx, inputs, output):
        ctx.factor = inputs[1]
        ctx.mark_non_differentiable(output[1])
    @staticmethod
    def backward(ctx, grad, *_):
        return grad * ctx.factor, None
class AddInPlace(Base):
    @staticmethod
    def forward(ctx, x, y):
        x.add_(y)
        ctx.mark_dirty(x)
        return x
    @staticmethod
    def backward(ctx, grad):
        return grad, grad * 2
class Both(Base):
    materializes = True
    @staticmethod
    def forward(ctx, x):
        ctx.set_materialize_grads(Both.materializes)
        return x * 2, x * 3
    @staticmethod
    def backward(ctx, first, second):
        return (torch.full([2], 100) if first is None else first * 2) + (torch.full([2], 1000) if second is None else second * 3)
class Faulty(Base):
    @staticmethod
    def forward(ctx, x, n):
        return x * n
    @staticmethod
    def backward(ctx, grad):
        return Faulty.returned
class Once(Base):
    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        return x ** 2
    @staticmethod
    @torch.autograd.function.once_differentiable
    def backward(ctx, grad):
        x, = ctx.saved_tensors
        return grad * x * 2
class NoForward(Base):
    pass
class NoBackward(Base):
    @staticmethod
    def forward(ctx, x):
        return x * 2
def leaf(*numbers):
    return torch.tensor(numbers, dtype=torch.float32, requires_grad=True)
def faulty(value):
    Faulty.returned = value
    return message(lambda: Faulty.apply(leaf(1, 2), 3).sum().backward())
`;

const leaf = (...numbers: number[]): Tensor =>
  torch.tensor(numbers, { dtype: torch.float32, requires_grad: true });

function faulty(value: unknown): string {
  Faulty.returned = value;
  return message(() => Faulty.apply(leaf(1, 2), 3).sum().backward());
}

describe('autograd.Function', () => {
  it('records, and gives the gradients of its backward', () =>
    expectSample(
      {
        source: `${PYTHON}
x = leaf(1, 2, 0.5)
y = Exp.apply(x)
text = repr(y)
first, = torch.autograd.grad(y.sum(), x, create_graph=True)
second, = torch.autograd.grad(first.sum(), x)
a, b, told = Scale.apply(x, 3)
states = [a.requires_grad, b.requires_grad, a.grad_fn.name(), b.grad_fn is None]
scaled, = torch.autograd.grad(a.sum(), x)`,
        outputs: ['text', 'first', 'second', 'a', 'b', 'told', 'states', 'scaled'],
        seed: 0,
      },
      () => {
        const x = leaf(1, 2, 0.5);
        const y = Exp.apply(x);
        const [first] = torch.autograd.grad(y.sum(), x, { create_graph: true });
        const [second] = torch.autograd.grad(first!.sum(), x);
        const [a, b, told] = Scale.apply(x, 3);
        const states = [a.requires_grad, b.requires_grad, a.grad_fn!.name(), b.grad_fn === null];
        const [scaled] = torch.autograd.grad(a.sum(), x);
        return [String(y), first, second, a, b, told, states, scaled];
      },
    ));

  it('changes an input in place', () =>
    expectSample(
      {
        source: `${PYTHON}
x, y = leaf(1, 2), leaf(3, 4)
z = x * 1
w = AddInPlace.apply(z, y)
same = w is z
version = z._version
(w * w).sum().backward()
outputs = [same, version, z.grad_fn.name()]
gradients = [x.grad, y.grad]
refused = message(lambda: AddInPlace.apply(x, y))`,
        outputs: ['outputs', 'gradients', 'refused'],
        seed: 0,
      },
      () => {
        const [x, y] = [leaf(1, 2), leaf(3, 4)] as const;
        const z = x.mul(1);
        const w = AddInPlace.apply(z, y);
        const outputs = [w === z, z._version, z.grad_fn!.name()];
        w.mul(w).sum().backward();
        return [outputs, [x.grad, y.grad], message(() => AddInPlace.apply(x, y))];
      },
    ));

  it('gets zeros, or null, for outputs without a gradient', () =>
    expectSample(
      {
        source: `${PYTHON}
results = []
for materializes in (True, False):
    Both.materializes = materializes
    for used in (0, 1):
        x = leaf(1, 2)
        Both.apply(x)[used].sum().backward()
        results.append(x.grad)`,
        outputs: ['results'],
        seed: 0,
      },
      () => {
        const results: unknown[] = [];
        for (const materializes of [true, false]) {
          Both.materializes = materializes;
          for (const used of [0, 1] as const) {
            const x = leaf(1, 2);
            Both.apply(x)[used].sum().backward();
            results.push(x.grad);
          }
        }
        return [results];
      },
    ));

  it('refuses what Python refuses, in its words', () =>
    expectSample(
      {
        source: `${PYTHON}
texts = [
    faulty(leaf(1, 2)),
    faulty((torch.ones(2), 5)),
    faulty((torch.ones(2), None, None)),
    faulty((torch.ones(2), None, 3)),
    faulty((4, None)),
    faulty((torch.ones(3), None)),
    message(lambda: NoForward.apply(leaf(1))),
    message(lambda: NoBackward.apply(leaf(1)).sum().backward()),
]
x = leaf(1, 2)
y = Exp.apply(x).sum()
y.backward()
texts.append(message(lambda: y.backward()))
z = Exp.apply(x)
with torch.no_grad():
    z.mul_(2)
texts.append(message(lambda: z.sum().backward()))
g, = torch.autograd.grad(Once.apply(x).sum(), x, create_graph=True)
texts.append(message(lambda: g.sum().backward()))`,
        outputs: ['texts', 'g'],
        seed: 0,
      },
      () => {
        const texts = [
          faulty(leaf(1, 2)),
          faulty([torch.ones(2), 5]),
          faulty([torch.ones(2), null, null]),
          faulty([torch.ones(2), null, 3]),
          faulty([4, null]).replace('got the number 4', 'got int'),
          faulty([torch.ones(3), null]),
          message(() => (NoForward as unknown as typeof Exp).apply(leaf(1))),
          message(() => NoBackward.apply(leaf(1)).sum().backward()),
        ];
        const x = leaf(1, 2);
        const y = Exp.apply(x).sum();
        y.backward();
        texts.push(message(() => y.backward()));
        const z = Exp.apply(x);
        torch.no_grad(() => z.mul_(2));
        texts.push(message(() => z.sum().backward()));
        const [g] = torch.autograd.grad(Once.apply(x).sum(), x, { create_graph: true });
        texts.push(message(() => g!.sum().backward()));
        return [texts, g];
      },
    ));

  it('passes gradcheck and gradgradcheck', () => {
    const x = torch.randn(3, { dtype: torch.float64, requires_grad: true });
    expect(torch.autograd.gradcheck((v: Tensor) => Exp.apply(v), [x])).to.equal(true);
    expect(torch.autograd.gradgradcheck((v: Tensor) => Exp.apply(v), [x])).to.equal(true);
  });

  it('does not record under no_grad, nor without an input that requires a gradient', () => {
    expect(torch.no_grad(() => Exp.apply(leaf(1))).grad_fn).to.equal(null);
    expect(Exp.apply(torch.ones(1)).grad_fn).to.equal(null);
  });

  it('runs on the JavaScript thread under backwardAsync, with the same bits', async () => {
    const [here, aside] = [torch.randn(50, { requires_grad: true }), torch.empty(50)];
    aside.copy_(here.detach()).requires_grad_();
    Exp.apply(here).mul(here).sum().backward();
    await Exp.apply(aside).mul(aside).sum().backwardAsync();
    expect(aside.grad!.tolist()).to.deep.equal(here.grad!.tolist());
  });

  it('rejects with what backward throws, and runs again afterwards', async () => {
    const thrown = new SyntaxError('of the user');
    class Throws extends AutogradFunction {
      static forward = (_ctx: FunctionCtx, x: Tensor): Tensor => x.mul(1);
      static backward(): never {
        throw thrown;
      }
    }
    const x = leaf(1);
    expect(() => Throws.apply(x).sum().backward()).to.throw(thrown);
    const error: unknown = await Throws.apply(x)
      .sum()
      .backwardAsync()
      .catch((reason: unknown) => reason);
    expect(error).to.equal(thrown);
    await Exp.apply(x).sum().backwardAsync();
    expect(x.grad!.item()).to.equal(Math.fround(Math.E));
  });

  it('can call backward inside backward, and use other tensors', async () => {
    class Nested extends AutogradFunction {
      static forward(ctx: FunctionCtx, x: Tensor): Tensor {
        ctx.save_for_backward(x);
        return x.pow(2);
      }
      static backward(ctx: FunctionCtx, grad: Tensor): Tensor {
        const [x] = ctx.saved_tensors as [Tensor];
        const inner = x.detach().requires_grad_();
        torch.enable_grad(() => inner.pow(2).sum()).backward();
        return grad.mul(inner.grad!);
      }
    }
    for (const run of [(y: Tensor) => y.backward(), (y: Tensor) => y.backwardAsync()]) {
      const x = leaf(3);
      await run(Nested.apply(x).sum());
      expect(x.grad!.item()).to.equal(6);
    }
  });

  it('keeps neither tensors nor hooks that refer to their own tensor', () => {
    const x = leaf(1, 2, 3);
    const step = (): void => {
      x.grad = null;
      const y = Exp.apply(x);
      y.register_hook((grad) => grad.mul(y.shape.length));
      y.sum().backward();
    };
    step();
    const before = liveBytes();
    for (let index = 0; index < 300; index++) step();
    expect(liveBytes() - before).to.be.lessThan(100 * 64);
  });
});
