/**
 * Parameters, their order, their defaults, and which are keyword-only, compared with Python's inspect.signature. Python
 * provides the list of losses, so that a missing loss is found.
 */
import { expect } from 'chai';
import torch, { nn, optim } from 'torch-losses';

import { lackOf } from '../support/versions';
import { askPython } from './parity';

interface Parameter {
  name: string;
  default: unknown;
  required: boolean;
  keywordOnly: boolean;
}

const PARAMETERS = `
import inspect, typing
from torch.nn.modules import loss as module

def parameters(function):
    found = [p for p in inspect.signature(function).parameters.values() if p.name != 'self']
    required = [p.default is p.empty for p in found]
    named = lambda value: value.__name__ if callable(value) else value
    return [[p.name, None if r else named(p.default), r, p.kind is p.KEYWORD_ONLY] for p, r in zip(found, required)]

def constructor(cls):  # @deprecated wraps NLLLoss2d's
    init = getattr(cls.__init__, '__wrapped__', cls.__init__)
    return parameters((typing.get_overloads(init) or [init])[0])  # recurrent layers take *args, and say so in overloads
`;

const SIGNATURES = `${PARAMETERS}
losses = module.__all__ + ['AdaptiveLogSoftmaxWithLoss']
classes = [[name, constructor(getattr(nn, name))] for name in losses]
names = [name for name in dir(F) if name.endswith('_loss') or name in
         ('cross_entropy', 'binary_cross_entropy', 'binary_cross_entropy_with_logits', 'kl_div',
          'linear_cross_entropy')]
functions = [[name, parameters(getattr(F, name))] for name in names]
`;

/** Our classes with a signature that are not losses, by Python's name. */
const LAYERS: readonly [name: string, Class: { signature: readonly Parameter[] }][] = [
  ...Object.entries(nn)
    .filter(([, member]) => typeof member === 'function' && 'signature' in member)
    .filter(([, member]) => !((member as typeof nn.Module).prototype instanceof nn._Loss))
    .filter(([name]) => name !== 'LinearCrossEntropyOptions')
    .map(([name, member]): [string, { signature: readonly Parameter[] }] => [
      `nn.${name}`,
      member as unknown as { signature: readonly Parameter[] },
    ]),
  ...Object.entries({ optim, 'optim.lr_scheduler': optim.lr_scheduler }).flatMap(
    ([place, members]) =>
      Object.entries(members)
        .filter(([, member]) => 'signature' in member)
        .map(([name, member]): [string, { signature: readonly Parameter[] }] => [
          `torch.${place}.${name}`,
          member as unknown as { signature: readonly Parameter[] },
        ]),
  ),
  ['torch.optim.swa_utils.AveragedModel', optim.swa_utils.AveragedModel],
  ['torch.optim.swa_utils.SWALR', optim.swa_utils.SWALR],
  ...Object.entries<object>({ ...torch.utils.data })
    .filter(([, member]) => Object.hasOwn(member, 'signature'))
    .map(([name, member]): [string, { signature: readonly Parameter[] }] => [
      `torch.utils.data.${name}`,
      member as { signature: readonly Parameter[] },
    ]),
  ['nn.parallel.DistributedDataParallel', nn.parallel.DistributedDataParallel],
  ['torch.amp.GradScaler', torch.amp.GradScaler],
  ['torch.cuda.amp.GradScaler', torch.cuda.amp.GradScaler],
];

/** Constructors called with positional arguments, in both languages. */
const BY_POSITION: readonly [python: string, make: () => unknown][] = [
  ['nn.Dropout(0.1)', () => new nn.Dropout(0.1)],
  ['nn.Dropout(0.25, True)', () => new nn.Dropout(0.25, true)],
  ['nn.Dropout(0.25, inplace=True)', () => new nn.Dropout(0.25, { inplace: true })],
  ['nn.Softmax(1)', () => new nn.Softmax(1)],
  ['nn.LogSoftmax(0)', () => new nn.LogSoftmax(0)],
  ['nn.Softmin(None)', () => new nn.Softmin(null)],
  ['nn.ReLU(True)', () => new nn.ReLU(true)],
  ['nn.SiLU(True)', () => new nn.SiLU(true)],
  ['nn.LeakyReLU(0.2)', () => new nn.LeakyReLU(0.2)],
  ['nn.LeakyReLU(0.2, True)', () => new nn.LeakyReLU(0.2, true)],
  ['nn.ELU(0.5, True)', () => new nn.ELU(0.5, true)],
  ['nn.Softplus(2.0, 10.0)', () => new nn.Softplus(2, 10)],
  ["nn.GELU('tanh')", () => new nn.GELU('tanh')],
  ['nn.Flatten(0, 1)', () => new nn.Flatten(0, 1)],
  ['nn.Unflatten(1, (2, 3))', () => new nn.Unflatten(1, [2, 3])],
  [
    "nn.Conv2d(4, 6, (3, 5), 2, 1, (1, 2), 2, False, 'reflect')",
    () => new nn.Conv2d(4, 6, [3, 5], 2, 1, [1, 2], 2, false, 'reflect'),
  ],
  [
    'nn.ConvTranspose1d(4, 6, 3, 2, 1, 1, 2, False, 3)',
    () => new nn.ConvTranspose1d(4, 6, 3, 2, 1, 1, 2, false, 3),
  ],
  ['nn.MaxPool2d(3, 2, 1, 2, True, True)', () => new nn.MaxPool2d(3, 2, 1, 2, true, true)],
  ['nn.MaxUnpool3d(3, (1, 2, 3), 1)', () => new nn.MaxUnpool3d(3, [1, 2, 3], 1)],
  [
    'nn.AvgPool2d((3, 2), 2, 1, True, False, 4)',
    () => new nn.AvgPool2d([3, 2], 2, 1, true, false, 4),
  ],
  ['nn.LPPool2d(1.5, 3, None, True)', () => new nn.LPPool2d(1.5, 3, null, true)],
  ['nn.AdaptiveMaxPool2d((None, 3), True)', () => new nn.AdaptiveMaxPool2d([null, 3], true)],
  [
    'nn.BatchNorm1d(3, 0.5, None, False, False)',
    () => new nn.BatchNorm1d(3, 0.5, null, false, false),
  ],
  ['nn.GroupNorm(2, 4, 0.5, False)', () => new nn.GroupNorm(2, 4, 0.5, false)],
  ['nn.LayerNorm((2, 4), 0.5, True, False)', () => new nn.LayerNorm([2, 4], 0.5, true, false)],
  ['nn.RMSNorm(4, 0.5, False)', () => new nn.RMSNorm(4, 0.5, false)],
  ['nn.ConstantPad2d((1, 2, 3, 4), 0.5)', () => new nn.ConstantPad2d([1, 2, 3, 4], 0.5)],
  ['nn.Threshold(0.5, 2.0, True)', () => new nn.Threshold(0.5, 2, true)],
  ['nn.Hardtanh(-2.0, 2.0, True)', () => new nn.Hardtanh(-2, 2, true)],
  [
    "nn.EmbeddingBag(5, 2, 1.5, 1.0, True, 'sum', False, None, True, 1)",
    () => new nn.EmbeddingBag(5, 2, 1.5, 1, true, 'sum', false, null, true, 1),
  ],
  ['nn.Linear(2, 3, False)', () => new nn.Linear(2, 3, false)],
  [
    'nn.Linear(2, 3, False, "cpu", torch.double)',
    () => new nn.Linear(2, 3, false, 'cpu', torch.double),
  ],
  ['nn.Bilinear(2, 3, 4, False)', () => new nn.Bilinear(2, 3, 4, false)],
  [
    'nn.Embedding(5, 2, 1, 2.5, 1.0, True, True)',
    () => new nn.Embedding(5, 2, 1, 2.5, 1, true, true),
  ],
  [
    'nn.Embedding.from_pretrained(torch.ones(5, 2), False, 1)',
    () => nn.Embedding.from_pretrained(torch.ones(5, 2), false, 1),
  ],
  [
    'nn.PairwiseDistance(1.0, 0.5, True)(torch.ones(1, 2), torch.zeros(1, 2))',
    () => new nn.PairwiseDistance(1, 0.5, true)(torch.ones(1, 2), torch.zeros(1, 2)),
  ],
  [
    'nn.CosineSimilarity(0, 4.0)(torch.ones(2, 1), torch.ones(2, 1))',
    () => new nn.CosineSimilarity(0, 4)(torch.ones(2, 1), torch.ones(2, 1)),
  ],
  [
    'nn.LSTM(2, 3, 2, False, True, 0.5, True, 1)',
    () => new nn.LSTM(2, 3, 2, false, true, 0.5, true, 1),
  ],
  ["nn.RNN(2, 3, 2, 'relu', False)", () => new nn.RNN(2, 3, 2, 'relu', false)],
  ['nn.GRU(2, 3, 1, True, True)', () => new nn.GRU(2, 3, 1, true, true)],
  ["nn.RNNCell(2, 3, False, 'relu')", () => new nn.RNNCell(2, 3, false, 'relu')],
  ['nn.LSTMCell(2, 3, False)', () => new nn.LSTMCell(2, 3, false)],
  [
    'nn.MultiheadAttention(4, 2, 0.5, False, True, True, 3, 5, True)',
    () => new nn.MultiheadAttention(4, 2, 0.5, false, true, true, 3, 5, true),
  ],
  [
    "nn.TransformerEncoderLayer(4, 2, 8, 0.5, 'gelu', 0.5, True, True, False)",
    () => new nn.TransformerEncoderLayer(4, 2, 8, 0.5, 'gelu', 0.5, true, true, false),
  ],
  ['torch.optim.SGD([torch.ones(1)], 0.1)', () => new optim.SGD([torch.ones(1)], 0.1)],
  [
    'torch.optim.SGD([torch.ones(1)], 0.1, 0.9, 0, 0.5, True, foreach=False)',
    () => new optim.SGD([torch.ones(1)], 0.1, 0.9, 0, 0.5, true, { foreach: false }),
  ],
];

function check(ofName: (name: string) => unknown, rows: readonly Row[], kinds = false): void {
  const found: string[] = [];
  for (const [name, parameters] of rows) {
    const python = parameters.map(([key, value, required, keywordOnly]) => ({
      name: key,
      default: required ? undefined : value,
      required,
      keywordOnly: kinds && keywordOnly,
    }));
    const callee = ofName(name) as { signature?: readonly Parameter[] } | undefined;
    const ours = callee?.signature?.map(({ name: key, default: value, required, keywordOnly }) => ({
      name: key,
      default: typeof value === 'function' ? value.name : value,
      required,
      keywordOnly: kinds && keywordOnly,
    }));
    const [a, b] = [JSON.stringify(python), JSON.stringify(ours)];
    if (a !== b) found.push(`${name}\n  Python: ${a}\n  ours:   ${b}`);
  }
  expect(found, found.join('\n')).to.have.length(0);
}

type Row = [name: string, parameters: [string, unknown, boolean, boolean][]];

const memberOf =
  (owner: object) =>
  (name: string): unknown =>
    (owner as Record<string, unknown>)[name];

/** The number of losses with a linear layer. */
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

  it("gives the classes torch's keywords, order and defaults", () => check(memberOf(nn), classes));

  it("gives the functionals torch's keywords, order and defaults", () => {
    expect(functions.length).to.be.at.least(21 + LINEAR);
    check(memberOf(nn.functional), functions);
  });

  it("gives the losses' options by name only", () => {
    for (const [name] of [...classes, ...functions]) {
      if (name === 'AdaptiveLogSoftmaxWithLoss') continue;
      const { signature } = (memberOf(nn)(name) ?? memberOf(nn.functional)(name)) as {
        signature: readonly Parameter[];
      };
      for (const parameter of signature) {
        expect(parameter.keywordOnly, `${name} ${parameter.name}`).to.equal(!parameter.required);
      }
    }
  });

  it("gives all other classes torch's parameters, and takes by position those that Python does", async () => {
    expect(LAYERS.length).to.be.at.least(20);
    const names = LAYERS.map(([name]) => name);
    const expression = `[[name, constructor(eval(name))] for name in ${JSON.stringify(names)}]`;
    const [rows] = (await askPython(PARAMETERS, [expression])) as [Row[]];
    check((name) => LAYERS.find(([known]) => known === name)![1], rows, true);
  });

  it("gives all other functions torch's parameters", async () => {
    const losses = new Set(functions.map(([name]) => name));
    const ours = Object.entries(nn.functional as unknown as Record<string, object>)
      .filter(([name, member]) => Object.hasOwn(member, 'signature') && !losses.has(name))
      .map(([name]) => name);
    expect(ours.length).to.be.at.least(45);
    // Functions that return indices or not are made of two, of which one has the parameters. Builtins have none.
    const source = `${PARAMETERS}
def function(name):
    found = parameters(getattr(F, name))
    return parameters(getattr(F, name + '_with_indices')) if found[0][0] == 'args' else found
named = [name for name in ${JSON.stringify(ours)} if not inspect.isbuiltin(getattr(F, name))]`;
    const expression = '[[name, function(name)] for name in named]';
    const [rows] = (await askPython(source, [expression])) as [Row[]];
    expect(rows.length).to.be.at.least(40);
    check(
      memberOf(nn.functional),
      rows.map(([name, found]) => [name, found.filter(([key]) => key !== '_stacklevel')]),
      true,
    );
  });

  it('constructs by position what Python does', async () => {
    const shown = BY_POSITION.map(([python]) => `repr(${python})`);
    const texts = await askPython('', shown);
    expect(BY_POSITION.map(([, make]) => String(make()))).to.deep.equal(texts);
    expect(() => new nn.Dropout(0.1, { p: 0.2 } as never)).to.throw(
      TypeError,
      "Dropout(): argument 'p' is given twice",
    );
  });
});
