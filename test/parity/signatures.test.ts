/**
 * Classes, keywords, their order and their defaults against Python's inspect.signature. The lists of
 * names come from Python, so that a loss which torch has and we lack is found.
 */
import { expect } from 'chai';
import { nn } from 'torch-losses';

import { lackOf } from '../support/versions';
import { askPython } from './parity';

interface Parameter {
  name: string;
  default: unknown;
  required: boolean;
}

const SIGNATURES = `
import inspect
from torch.nn.modules import loss as module

def parameters(function):
    found = [p for p in inspect.signature(function).parameters.values() if p.name != 'self']
    required = [p.default is p.empty for p in found]
    return [[p.name, None if r else p.default, r] for p, r in zip(found, required)]

def constructor(cls):  # @deprecated wraps NLLLoss2d's
    return parameters(getattr(cls.__init__, '__wrapped__', cls.__init__))

losses = module.__all__ + ['AdaptiveLogSoftmaxWithLoss']
classes = [[name, constructor(getattr(nn, name))] for name in losses]
names = [name for name in dir(F) if name.endswith('_loss') or name in
         ('cross_entropy', 'binary_cross_entropy', 'binary_cross_entropy_with_logits', 'kl_div',
          'linear_cross_entropy')]
functions = [[name, parameters(getattr(F, name))] for name in names]
`;

type Row = [name: string, parameters: [string, unknown, boolean][]];

function check(owner: object, rows: readonly Row[]): void {
  const found: string[] = [];
  for (const [name, parameters] of rows) {
    const python = parameters.map(([key, value, required]) => ({
      name: key,
      default: required ? undefined : value,
      required,
    }));
    const callee = (owner as Record<string, { signature?: readonly Parameter[] } | undefined>)[
      name
    ];
    const ours = callee?.signature?.map(({ name: key, default: value, required }) => ({
      name: key,
      default: value,
      required,
    }));
    const [a, b] = [JSON.stringify(python), JSON.stringify(ours)];
    if (a !== b) found.push(`${name}\n  Python: ${a}\n  ours:   ${b}`);
  }
  expect(found, found.join('\n')).to.have.length(0);
}

/** How many there are with a linear layer. */
const LINEAR = lackOf('linear_cross_entropy') ? 0 : 1;

describe('parity: signatures', () => {
  let classes: Row[];
  let functions: Row[];

  before('ask Python', async () => {
    [classes, functions] = (await askPython(SIGNATURES, ['classes', 'functions'])) as [
      Row[],
      Row[],
    ];
  });

  it('has every class of torch.nn.modules.loss', () => {
    expect(classes.length).to.be.at.least(22 + LINEAR);
    for (const [name] of classes) expect(nn).to.have.property(name);
  });

  it("gives the classes torch's keywords, order and defaults", () => check(nn, classes));

  it("gives the functionals torch's keywords, order and defaults", () => {
    expect(functions.length).to.be.at.least(21 + LINEAR);
    check(nn.functional, functions);
  });
});
