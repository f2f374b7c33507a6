/** Assignments to a module's parameters, buffers and submodules, compared with Python's `Module.__setattr__`. */
import torch, { nn } from 'torch-losses';

import { expectSample } from './parity';

const SOURCE = `
class Model(nn.Module):
    def __init__(self):
        super().__init__()
        self.register_parameter('param', nn.Parameter(torch.ones(1)))
        self.register_parameter('no_param', None)
        self.register_buffer('buffer', torch.ones(1))
        self.register_buffer('no_buffer', None, persistent=False)
        self.register_module('module', nn.Linear(1, 1))
        self.register_module('no_module', None)
        self.plain = None

def assign(model, name, *values):
    told = []
    for value in values:
        try:
            setattr(model, name, value)
            told.append(getattr(model, name) is value)
        except Exception as error:
            told.append(f'{type(error).__name__}: {error}'.replace('torch.nn.modules.linear.', ''))
    listed = [model.named_parameters(), model.named_buffers(), model.named_children()]
    return told + [[name for name, _ in each] for each in listed] + [list(model.state_dict())]
`;

class Model extends nn.Module {
  constructor() {
    super();
    this.register_parameter('param', new nn.Parameter(torch.ones(1)));
    this.register_parameter('no_param', null);
    this.register_buffer('buffer', torch.ones(1));
    this.register_buffer('no_buffer', null, false);
    this.register_module('module', new nn.Linear(1, 1));
    this.register_module('no_module', null);
    (this as unknown as Record<string, unknown>)['plain'] = null;
  }
}

const NAMES = ['param', 'no_param', 'buffer', 'no_buffer', 'module', 'no_module', 'plain'];

/** The values to assign, made again for each assignment. */
const VALUES: readonly (readonly [python: string, here: () => unknown])[] = [
  ['5', () => 5],
  ['1.5', () => 1.5],
  ['True', () => true],
  ["'text'", () => 'text'],
  ['[]', () => []],
  ['{}', () => ({})],
  ['None', () => null],
  ['torch.ones(2)', () => torch.ones(2)],
  ['torch.ones(2, dtype=torch.int64)', () => torch.ones(2, { dtype: torch.int64 })],
  ['nn.Parameter(torch.ones(2))', () => new nn.Parameter(torch.ones(2))],
  ['nn.Linear(2, 1)', () => new nn.Linear(2, 1)],
];

function assign(model: nn.Module, name: string, ...values: unknown[]): unknown[] {
  const properties = model as unknown as Record<string, unknown>;
  const told = values.map((value) => {
    try {
      properties[name] = value;
      if (name === 'plain') model.parameters().next(); // what is not registered is noticed when it is asked for
      return properties[name] === value;
    } catch (error) {
      const { pythonType, message } = error as { pythonType?: string; message: string };
      return `${pythonType}: ${message}`;
    }
  });
  const listed = [model.named_parameters(), model.named_buffers(), model.named_children()];
  const names = listed.map((each) => [...each].map(([found]) => found));
  return [...told, ...names, [...model.state_dict().keys()]];
}

describe('parity: assignment', () => {
  for (const name of NAMES) {
    it(`to ${name}, twice, of every kind of value`, () => {
      const pairs = VALUES.flatMap((first) => VALUES.map((second) => [first, second] as const));
      const calls = pairs.map(
        ([[first], [second]]) => `assign(Model(), '${name}', ${first}, ${second})`,
      );
      const source = `${SOURCE}\ntold = [${calls.join(', ')}]`;
      return expectSample({ source, outputs: ['told'], seed: 0 }, () => [
        pairs.map(([[, first], [, second]]) => assign(new Model(), name, first(), second())),
      ]);
    });
  }

  it('to what layers and losses have, right after they are made', () => {
    const source = `${SOURCE}\ntold = [
      assign(nn.Linear(2, 1), 'weight', 5), assign(nn.Linear(2, 1), 'bias', torch.ones(1)),
      assign(nn.Bilinear(2, 2, 1), 'bias', 'no'), assign(nn.Embedding(2, 1), 'weight', 1.5),
      assign(nn.NLLLoss(torch.ones(2)), 'weight', 5), assign(nn.BCEWithLogitsLoss(), 'pos_weight', True),
      assign(nn.Sequential(nn.Linear(1, 1)), '0', 5),
      assign(nn.AdaptiveLogSoftmaxWithLoss(4, 8, [2, 4]), 'head', 5)]`;
    return expectSample({ source, outputs: ['told'], seed: 0 }, () => [
      [
        assign(new nn.Linear(2, 1), 'weight', 5),
        assign(new nn.Linear(2, 1), 'bias', torch.ones(1)),
        assign(new nn.Bilinear(2, 2, 1), 'bias', 'no'),
        assign(new nn.Embedding(2, 1), 'weight', 1.5),
        assign(new nn.NLLLoss({ weight: torch.ones(2) }), 'weight', 5),
        assign(new nn.BCEWithLogitsLoss(), 'pos_weight', true),
        assign(new nn.Sequential(new nn.Linear(1, 1)), '0', 5),
        assign(new nn.AdaptiveLogSoftmaxWithLoss(4, 8, [2, 4]), 'head', 5),
      ],
    ]);
  });
});
