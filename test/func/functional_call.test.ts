/** torch.func.functional_call, compared with Python. */
import { expect } from 'chai';
import torch, { nn, type Tensor } from 'torch-losses';

import { expectSample } from '../parity/parity';
import { MESSAGE_IN_PYTHON, message } from '../support/messages';

const { functional_call } = torch.func;

class Counting extends nn.Module<[Tensor], Tensor> {
  declare count: Tensor;
  first = new nn.Linear(2, 2);
  second = new nn.Linear(2, 2);

  constructor() {
    super();
    this.second.weight = this.first.weight;
    this.register_buffer('count', torch.zeros(1));
  }

  override forward(input: Tensor): Tensor {
    this.count = this.count.add(1);
    return this.second(this.first(input)).add(this.count);
  }
}

const PYTHON = `${MESSAGE_IN_PYTHON}
from torch.func import functional_call
class Counting(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.first = torch.nn.Linear(2, 2)
        self.second = torch.nn.Linear(2, 2)
        self.second.weight = self.first.weight
        self.register_buffer('count', torch.zeros(1))
    def forward(self, input):
        self.count = self.count + 1
        return self.second(self.first(input)) + self.count
model = Counting()
x = torch.randn(3, 2)
`;

describe('func.functional_call', () => {
  it('computes with other tensors, which get the gradients, and leaves the module as it was', () =>
    expectSample(
      {
        source: `${PYTHON}
before = {name: value.clone() for name, value in model.state_dict().items()}
given = {'first.weight': torch.ones(2, 2, requires_grad=True), 'count': torch.full((1,), 5.)}
y = functional_call(model, given, x)
y.sum().backward()
count = given['count']
gradient = given['first.weight'].grad
untouched = [all(torch.equal(value, before[name]) for name, value in model.state_dict().items()), model.first.weight.grad is None]
untied = functional_call(model, ({'first.weight': torch.ones(2, 2)}, {'first.bias': torch.zeros(2)}), (x,), tie_weights=False)`,
        outputs: ['y', 'gradient', 'count', 'untouched', 'untied', 'model(x)'],
        seed: 5,
      },
      () => {
        torch.manual_seed(5);
        const model = new Counting();
        const x = torch.randn(3, 2);
        const before = new Map([...model.state_dict()].map(([name, t]) => [name, t.clone()]));
        const given = {
          'first.weight': torch.ones(2, 2, { requires_grad: true }),
          count: torch.full([1], 5.5).sub(0.5),
        };
        const y = functional_call(model, given, x);
        y.sum().backward();
        const isEqual = [...model.state_dict()].every(([name, t]) =>
          torch.equal(t, before.get(name)!),
        );
        const untouched = [isEqual, model.first.weight!.grad === null];
        const gradient = given['first.weight'].grad;
        const { count } = given;
        const dicts = [
          new Map([['first.weight', torch.ones(2, 2)]]),
          { 'first.bias': torch.zeros(2) },
        ];
        const untied = functional_call(model, dicts, [x], null, { tie_weights: false });
        return [y, gradient, count, untouched, untied, model(x)];
      },
    ));

  it('refuses what Python refuses', () =>
    expectSample(
      {
        source: `${PYTHON}
w = torch.ones(2, 2)
texts = [
    message(lambda: functional_call(model, {'first.weight': w}, x, strict=True)),
    message(lambda: functional_call(model, {'nothing': w}, x, strict=True)),
    message(lambda: functional_call(model, ({'first.weight': w}, {'first.weight': w}), x)),
    message(lambda: functional_call(model, {'first.weight': w, 'second.weight': w + 1}, x)),
    message(lambda: functional_call(model, {'nothing': w}, x)),
    str(hasattr(model, 'nothing')),
]`,
        outputs: ['texts'],
        seed: 5,
      },
      () => {
        torch.manual_seed(5);
        const model = new Counting();
        const x = torch.randn(3, 2);
        const w = torch.ones(2, 2);
        const strict = { strict: true };
        return [
          [
            message(() => functional_call(model, { 'first.weight': w }, x, null, strict)),
            message(() => functional_call(model, { nothing: w }, x, null, strict)),
            message(() =>
              functional_call(model, [{ 'first.weight': w }, { 'first.weight': w }], x),
            ),
            message(() =>
              functional_call(model, { 'first.weight': w, 'second.weight': w.add(1) }, x),
            ),
            message(() => functional_call(model, { nothing: w }, x)),
            'nothing' in model ? 'True' : 'False',
          ],
        ];
      },
    ));

  it('puts the tensors back when the module throws', () => {
    const model = new nn.Linear(2, 2);
    const { weight } = model;
    expect(() => functional_call(model, { weight: torch.ones(5, 5) }, torch.ones(2))).to.throw(
      'shapes cannot be multiplied',
    );
    expect(model.weight).to.equal(weight);
    expect([...model.parameters()].length).to.equal(2);
  });

  it('names what is no module, no dictionary and no tensor', () => {
    const model = new nn.Linear(2, 2);
    expect(() => functional_call({} as never, {})).to.throw(
      TypeError,
      "argument 'module' must be a Module",
    );
    expect(() => functional_call(model, 3 as never)).to.throw(
      TypeError,
      'a Map or an object of tensors',
    );
    expect(() => functional_call(model, { weight: 3 } as never)).to.throw(
      TypeError,
      'torch.Tensor',
    );
  });
});
