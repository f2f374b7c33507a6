/** Hooks of tensors and of the graph's functions, compared with Python. */
import { expect } from 'chai';
import torch, { type Tensor } from 'torch-losses';

import { expectSample } from '../parity/parity';
import { MESSAGE_IN_PYTHON, message } from '../support/messages';

const leaf = (...numbers: number[]): Tensor =>
  torch.tensor(numbers, { dtype: torch.float32, requires_grad: true });

const PYTHON = `${MESSAGE_IN_PYTHON}
def leaf(*numbers):
    return torch.tensor(numbers, dtype=torch.float32, requires_grad=True)
`;

describe('hooks of autograd', () => {
  it('see and replace the gradients of tensors, in order, until they are removed', () =>
    expectSample(
      {
        source: `${PYTHON}
seen = []
def note(name, factor):
    def hook(grad):
        seen.append([name, grad.clone()])
        return None if factor is None else grad * factor
    return hook
x = leaf(1, 2)
x.register_hook(note('x', 2))
x.register_hook(note('x again', None))
y = x * 3
handle = y.register_hook(note('y', 5))
removed = y.register_hook(note('removed', 100))
removed.remove()
z = y.exp()
z.retain_grad()
z.register_hook(note('z', None))
z.sum().backward()
gradients = [x.grad.clone(), z.grad]
handle.remove()
(x * 3).sum().backward()
gradients.append(x.grad)`,
        outputs: ['seen', 'gradients'],
        seed: 0,
      },
      () => {
        const seen: [string, Tensor][] = [];
        const note = (name: string, factor: number | null) => (grad: Tensor) => {
          seen.push([name, grad.clone()]);
          return factor === null ? null : grad.mul(factor);
        };
        const x = leaf(1, 2);
        x.register_hook(note('x', 2));
        x.register_hook(note('x again', null));
        const y = x.mul(3);
        const handle = y.register_hook(note('y', 5));
        y.register_hook(note('removed', 100)).remove();
        const z = y.exp();
        z.retain_grad();
        z.register_hook(note('z', null));
        z.sum().backward();
        const gradients = [x.grad!.clone(), z.grad];
        handle.remove();
        x.mul(3).sum().backward();
        return [seen, [gradients[0], gradients[1], x.grad]];
      },
    ));

  it('of functions see and replace the gradients on both sides', () =>
    expectSample(
      {
        source: `${PYTHON}
seen = []
x = leaf(1, 2)
y = (x * x).exp()
node = y.grad_fn
node.register_prehook(lambda grads: (grads[0] * 2,))
node.register_hook(lambda inputs, outputs: seen.append([inputs[0], outputs[0]]))
node.next_functions[0][0].register_hook(lambda inputs, outputs: (inputs[0] * 10, inputs[1]))
y.sum().backward()`,
        outputs: ['seen', 'x.grad'],
        seed: 0,
      },
      () => {
        const seen: unknown[] = [];
        const x = leaf(1, 2);
        const y = x.mul(x).exp();
        const node = y.grad_fn!;
        node.register_prehook(([grad]) => [grad!.mul(2)]);
        node.register_hook(([input], [output]) => {
          seen.push([input, output]);
        });
        node.next_functions[0]![0]!.register_hook(([first, second]) => [first!.mul(10), second!]);
        y.sum().backward();
        return [seen, x.grad];
      },
    ));

  it('after accumulation get the leaf itself', () =>
    expectSample(
      {
        source: `${PYTHON}
seen = []
x = leaf(1, 2)
x.register_post_accumulate_grad_hook(lambda p: seen.append([p is x, p.grad.clone()]))
x.register_post_accumulate_grad_hook(lambda p: setattr(p, 'grad', None))
(x * 2).sum().backward()
(x * 3).sum().backward()
gone = x.grad is None`,
        outputs: ['seen', 'gone'],
        seed: 0,
      },
      () => {
        const seen: unknown[] = [];
        const x = leaf(1, 2);
        x.register_post_accumulate_grad_hook((param) => {
          seen.push([param === x, param.grad!.clone()]);
        });
        x.register_post_accumulate_grad_hook((param) => {
          param.grad = null;
        });
        x.mul(2).sum().backward();
        x.mul(3).sum().backward();
        return [seen, x.grad === null];
      },
    ));

  it('are refused as in Python', () =>
    expectSample(
      {
        source: `${PYTHON}
x = leaf(1, 2)
def failing(register):
    y = x * 2
    register(y)
    return message(lambda: y.sum().backward())
texts = [
    message(lambda: torch.ones(2).register_hook(lambda g: g)),
    message(lambda: torch.ones(2).register_post_accumulate_grad_hook(lambda p: None)),
    message(lambda: (x * 2).register_post_accumulate_grad_hook(lambda p: None)),
    failing(lambda y: y.register_hook(lambda g: g[:1])),
    failing(lambda y: y.register_hook(lambda g: g.double())),
    failing(lambda y: y.grad_fn.register_hook(lambda a, b: (a[0],))),
    failing(lambda y: y.grad_fn.register_hook(lambda a, b: (a[0], a[0]))),
    failing(lambda y: y.grad_fn.register_prehook(lambda a: (a[0][:1],))),
]`,
        outputs: ['texts'],
        seed: 0,
      },
      () => {
        const x = leaf(1, 2);
        const failing = (register: (y: Tensor) => unknown): string => {
          const y = x.mul(2);
          register(y);
          return message(() => y.sum().backward());
        };
        return [
          [
            message(() => torch.ones(2).register_hook((g) => g)),
            message(() => torch.ones(2).register_post_accumulate_grad_hook(() => {})),
            message(() => x.mul(2).register_post_accumulate_grad_hook(() => {})),
            failing((y) => y.register_hook((g) => g.index([0]))),
            failing((y) => y.register_hook((g) => g.double())),
            failing((y) => y.grad_fn!.register_hook(([a]) => [a!])),
            failing((y) => y.grad_fn!.register_hook(([a]) => [a!, a!])),
            failing((y) => y.grad_fn!.register_prehook(([a]) => [a!.index([0])])),
          ],
        ];
      },
    ));

  it('refuse what is no function, and results that are no tensors', () => {
    const x = leaf(1);
    for (const register of [
      () => x.register_hook(3 as never),
      () => x.register_post_accumulate_grad_hook(null as never),
      () => x.mul(2).grad_fn!.register_hook({} as never),
    ]) {
      expect(register).to.throw(TypeError, 'hook must be a function, got');
    }
    const y = x.mul(2);
    y.register_hook((() => 5) as never);
    expect(() => y.sum().backward()).to.throw(TypeError, "but hook returned 'the number 5'");
    const z = x.mul(2);
    z.grad_fn!.register_prehook((([grad]: Tensor[]) => grad) as never);
    expect(() => z.sum().backward()).to.throw(TypeError, 'expected an array, but hook returned');
  });

  it('run on the JavaScript thread under backwardAsync', async () => {
    const x = leaf(1, 2);
    const modes: boolean[] = [];
    x.register_hook((grad) => {
      modes.push(torch.is_grad_enabled());
      return grad.mul(10).add(x.detach());
    });
    const pass = x.mul(3).sum().backwardAsync();
    expect(x.grad!.tolist()).to.deep.equal([31, 32]); // waits for the pass, and serves its hook
    await pass;
    x.grad = null;
    await x.pow(2).sum().backwardAsync(null, { create_graph: true });
    expect(modes).to.deep.equal([false, true]);
    expect(x.grad!.requires_grad).to.equal(true);
  });

  it('throw out of backward and backwardAsync what they throw', async () => {
    const x = leaf(1);
    const thrown = { any: 'value' };
    const handle = x.register_hook(() => {
      throw thrown;
    });
    let caught: unknown;
    try {
      x.mul(2).sum().backward();
    } catch (error) {
      caught = error;
    }
    expect(caught).to.equal(thrown);
    caught = await x
      .mul(2)
      .sum()
      .backwardAsync()
      .catch((error: unknown) => error);
    expect(caught).to.equal(thrown);
    handle.remove();
    x.grad = null;
    await x.mul(2).sum().backwardAsync();
    expect(x.grad!.tolist()).to.deep.equal([2]);
  });

  it('start further asynchronous calls from a hook', async () => {
    const x = leaf(1, 2);
    let later: Promise<number> | undefined;
    x.register_hook((grad) => {
      later = grad.sum().itemAsync();
    });
    await x.mul(4).sum().backwardAsync();
    expect(await later).to.equal(8);
  });
});

describe('anomaly detection', () => {
  it('finds NaN, and names the function as Python does', () =>
    expectSample(
      {
        source: `${PYTHON}
import warnings
warnings.simplefilter('ignore')
states = [torch.is_anomaly_enabled()]
with torch.autograd.set_detect_anomaly(True):
    states += [torch.is_anomaly_enabled(), torch.is_anomaly_check_nan_enabled()]
    x = leaf(0)
    text = message(lambda: (x.sqrt() * 0).sum().backward())
with torch.autograd.set_detect_anomaly(True, check_nan=False):
    states.append(torch.is_anomaly_check_nan_enabled())
    fine = message(lambda: (x.sqrt() * 0).sum().backward())
states.append(torch.is_anomaly_enabled())`,
        outputs: ['states', 'text', 'fine'],
        seed: 0,
      },
      () => {
        const states = [torch.autograd.is_anomaly_enabled()];
        const x = leaf(0);
        const [text, stack] = torch.autograd.detect_anomaly(() => {
          states.push(torch.autograd.is_anomaly_enabled());
          states.push(torch.autograd.is_anomaly_check_nan_enabled());
          const told: string[] = [];
          const emit = process.emitWarning;
          process.emitWarning = ((warning: string | Error) => {
            told.push(String(warning));
          }) as typeof process.emitWarning;
          try {
            return [message(() => x.sqrt().mul(0).sum().backward()), told.join('\n')];
          } finally {
            process.emitWarning = emit;
          }
        });
        expect(stack).to.include('Error detected in SqrtBackward0. Traceback of forward call');
        expect(stack).to.include('hooks.test');
        const fine = torch.autograd.set_detect_anomaly(true, false, () => {
          states.push(torch.autograd.is_anomaly_check_nan_enabled());
          return message(() => x.sqrt().mul(0).sum().backward());
        });
        states.push(torch.autograd.is_anomaly_enabled());
        return [states, text, fine];
      },
    ));
});
