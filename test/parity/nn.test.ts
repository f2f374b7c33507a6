/**
 * Modules, their initialization, and SGD, compared with Python: the same seed gives the same parameters, and training
 * gives the same bits.
 */
import torch, { nn, optim, type Tensor } from 'torch-losses';
import { type Input, Random } from '../support/data';
import { itWhereThere } from '../support/versions';
import { float, type Options } from './case';
import { expectParity, expectSample } from './parity';

interface Program {
  title: string;
  python: string;
  outputs: readonly string[];
  port: () => readonly unknown[];
}

/** Runs a program in both languages after manual_seed(0). */
const check = ({ title, python, outputs, port }: Program): void => {
  it(title, () =>
    expectSample({ source: python, outputs, seed: 0 }, () => {
      torch.manual_seed(0);
      return port();
    }),
  );
};

const F = nn.functional;
type Network = ReturnType<typeof makeNetwork>;
const makeNetwork = () =>
  new nn.Sequential(new nn.Linear(10, 16), new nn.Tanh(), new nn.Linear(16, 4, { bias: false }));
const NETWORK = 'nn.Sequential(nn.Linear(10, 16), nn.Tanh(), nn.Linear(16, 4, bias=False))';

describe('parity: modules', () => {
  check({
    title: 'Linear: parameters, result and gradients',
    python: `
m = nn.Linear(7, 5); x = torch.randn(3, 7, requires_grad=True)
y = m(x); y.sum().backward()`,
    outputs: [
      'm.weight',
      'm.bias',
      'y',
      'x.grad',
      'm.weight.grad',
      'm.bias.grad',
      'list(m.state_dict())',
    ],
    port: () => {
      const m = new nn.Linear(7, 5);
      const x = torch.randn(3, 7, { requires_grad: true });
      const y = m(x);
      y.sum().backward();
      return [m.weight, m.bias, y, x.grad, m.weight.grad, m.bias!.grad, [...m.state_dict().keys()]];
    },
  });

  check({
    title: 'Linear in float64, without bias',
    python: 'm = nn.Linear(3, 4, bias=False, dtype=torch.float64)',
    outputs: ['m.weight', 'm.bias', '[name for name, _ in m.named_parameters()]'],
    port: () => {
      const m = new nn.Linear(3, 4, { bias: false, dtype: torch.float64 });
      return [m.weight, m.bias, [...m.named_parameters()].map(([name]) => name)];
    },
  });

  check({
    title: 'Embedding: rows, gradient and padding_idx',
    python: `
m = nn.Embedding(10, 3, padding_idx=2); ids = torch.randint(0, 10, (4, 5))
y = m(ids); y.square().sum().backward()`,
    outputs: ['m.weight', 'y', 'm.weight.grad'],
    port: () => {
      const m = new nn.Embedding(10, 3, { padding_idx: 2 });
      const y = m(torch.randint(0, 10, [4, 5]));
      y.square().sum().backward();
      return [m.weight, y, m.weight.grad];
    },
  });

  check({
    title: 'Sequential: state_dict, named_parameters, and its parts',
    python: `m = ${NETWORK}; x = torch.randn(2, 10); y = m(x)`,
    outputs: [
      'list(m.state_dict())',
      '[n for n, _ in m.named_parameters()]',
      'y',
      'len(m)',
      'sum(p.numel() for p in m.parameters())',
      '[list(v.shape) for v in m.state_dict().values()]',
    ],
    port: () => {
      const m = makeNetwork();
      const y = m(torch.randn(2, 10));
      const state = m.state_dict();
      const parameters = [...m.parameters()];
      return [
        [...state.keys()],
        [...m.named_parameters()].map(([name]) => name),
        y,
        m.length,
        parameters.reduce((sum, parameter) => sum + parameter.numel(), 0),
        [...state.values()].map((value) => value.shape),
      ];
    },
  });

  check({
    title: 'activations, distances and Flatten',
    python: `
x = torch.randn(3, 5, requires_grad=True); y = torch.randn(3, 5)
parts = [nn.Sigmoid()(x), nn.LogSoftmax(dim=1)(x), nn.Softmax(dim=0)(x), nn.ReLU()(x), nn.Tanh()(x),
         nn.Flatten(0)(x), nn.PairwiseDistance(p=1.5, keepdim=True)(x, y), nn.CosineSimilarity(dim=0)(x, y)]
for part in parts: part.sum().backward()`,
    outputs: ['parts', 'x.grad'],
    port: () => {
      const x = torch.randn(3, 5, { requires_grad: true });
      const y = torch.randn(3, 5);
      const parts: Tensor[] = [
        new nn.Sigmoid()(x),
        new nn.LogSoftmax({ dim: 1 })(x),
        new nn.Softmax({ dim: 0 })(x),
        new nn.ReLU()(x),
        new nn.Tanh()(x),
        new nn.Flatten({ start_dim: 0 })(x),
        new nn.PairwiseDistance({ p: 1.5, keepdim: true })(x, y),
        new nn.CosineSimilarity({ dim: 0 })(x, y),
      ];
      for (const part of parts) part.sum().backward();
      return [parts, x.grad];
    },
  });

  check({
    title: 'init',
    python: `
made = [nn.init.uniform_(torch.empty(3, 5)), nn.init.uniform_(torch.empty(3, 5), -2.0, 3.0),
        nn.init.normal_(torch.empty(30, 5), 1.0, 2.0), nn.init.constant_(torch.empty(2), 0.3),
        nn.init.ones_(torch.empty(2)), nn.init.zeros_(torch.empty(2)),
        nn.init.xavier_uniform_(torch.empty(3, 5), gain=2.0), nn.init.xavier_normal_(torch.empty(3, 5)),
        nn.init.kaiming_uniform_(torch.empty(3, 5), a=math.sqrt(5)),
        nn.init.kaiming_normal_(torch.empty(4, 3, 2, 2), mode='fan_out', nonlinearity='relu')]`,
    outputs: ['made'],
    port: () => {
      const { init } = nn;
      const empty = (...size: number[]): Tensor => torch.empty(size);
      const made = [
        init.uniform_(empty(3, 5)),
        init.uniform_(empty(3, 5), { a: -2, b: 3 }),
        init.normal_(empty(30, 5), { mean: 1, std: 2 }),
        init.constant_(empty(2), 0.3),
        init.ones_(empty(2)),
        init.zeros_(empty(2)),
        init.xavier_uniform_(empty(3, 5), { gain: 2 }),
        init.xavier_normal_(empty(3, 5)),
        init.kaiming_uniform_(empty(3, 5), { a: Math.sqrt(5) }),
        init.kaiming_normal_(empty(4, 3, 2, 2), { mode: 'fan_out', nonlinearity: 'relu' }),
      ];
      return [made];
    },
  });

  check({
    title: 'AdaptiveLogSoftmaxWithLoss: forward, log_prob, predict and gradients',
    python: `
m = nn.AdaptiveLogSoftmaxWithLoss(8, 20, [4, 10], div_value=2.0, head_bias=True)
x = torch.randn(6, 8, requires_grad=True); target = torch.randint(0, 20, (6,))
out, loss = m(x, target); loss.backward()
one = m(x[0].detach(), target[0])`,
    outputs: [
      'list(m.state_dict())',
      'out',
      'loss',
      'x.grad',
      '[p.grad for p in m.parameters()]',
      'm.log_prob(x)',
      'm.predict(x)',
      'list(one)',
    ],
    port: () => {
      const options = { div_value: 2, head_bias: true };
      const m = new nn.AdaptiveLogSoftmaxWithLoss(8, 20, [4, 10], options);
      const x = torch.randn(6, 8, { requires_grad: true });
      const target = torch.randint(0, 20, [6]);
      const { output, loss } = m(x, target);
      loss.backward();
      const one = m(x.index(0).detach(), target.index(0));
      return [
        [...m.state_dict().keys()],
        output,
        loss,
        x.grad,
        [...m.parameters()].map((parameter) => parameter.grad),
        m.log_prob(x),
        m.predict(x),
        [one.output, one.loss],
      ];
    },
  });

  it('AdaptiveLogSoftmaxWithLoss refuses what Python refuses', () => {
    const random = new Random(3);
    const callee = 'nn.AdaptiveLogSoftmaxWithLoss';
    const x = random.normal([6, 8], { requires_grad: true });
    const target = random.integers([6], 0, 20);
    return expectParity([
      ...[[], [4, 4], [10, 4], [0, 4], [20]].map((cutoffs) => ({
        callee,
        args: [8, 20, cutoffs],
        forward: [x, target],
        seed: 0,
      })),
      ...[
        random.integers([5], 0, 20),
        random.integers([6], 20, 30),
        random.integers([6, 1], 0, 20),
      ].map((odd) => ({ callee, args: [8, 20, [4, 10]], forward: [x, odd], seed: 0 })),
    ]);
  });
});

describe('parity: losses as modules', () => {
  itWhereThere('linear_cross_entropy and LinearCrossEntropyLoss', () => {
    const random = new Random(21);
    const grad = { requires_grad: true };
    const functional = (
      shape: number[],
      weight: number[],
      target: Input,
      bias: number[] | null = null,
    ) =>
      ['none', 'mean', 'sum', 'average'].flatMap((reduction) =>
        [{}, { label_smoothing: float(0.2) }, { ignore_index: 1 }].map((extra) => ({
          callee: 'F.linear_cross_entropy',
          args: [random.normal(shape, grad), random.normal(weight, grad), target],
          kwargs: { reduction, linear_bias: bias && random.normal(bias, grad), ...extra },
        })),
      );
    return expectParity([
      ...functional([6, 5], [4, 5], random.integers([6], 0, 4)),
      ...functional([6, 5], [4, 5], random.integers([6], 0, 4), [4]),
      ...functional([5], [4, 5], random.integers([], 0, 4), [4]),
      ...functional([6, 5], [4, 3, 5], random.integers([6, 3], 0, 4), [4, 3]),
      ...functional([6, 5], [4, 5], random.uniform([6, 4], 0, 1, grad)),
      ...functional([6, 5], [4, 7], random.integers([6], 0, 4)),
      ...functional([6, 5], [4, 5], random.integers([6], 0, 4), [3]),
      ...functional([2, 6, 5], [4, 5], random.integers([6], 0, 4)),
      ...functional([5], [4, 3, 5], random.integers([3], 0, 4)),
      ...functional([6, 5], [5], random.integers([6], 0, 4)),
      ...functional([6, 5], [4, 5], random.integers([6], 4, 9)),
      ...['none', 'mean', 'sum'].flatMap((reduction) =>
        [
          {},
          { bias: true },
          { out_features: [2] },
          { label_smoothing: float(2) },
          { weight: random.uniform([4], 0, 1) },
        ].map((extra) => ({
          callee: 'nn.LinearCrossEntropyLoss',
          args: [5, 4],
          kwargs: { reduction, ...extra },
          forward: [
            random.normal([6, 5], grad),
            random.integers('out_features' in extra ? [6, 2] : [6], 0, 4),
          ],
          seed: 0,
        })),
      ),
    ]);
  });

  it('live attributes: what is set on a loss counts from the next call on', () => {
    const random = new Random(8);
    const [x, y] = [random.normal([4, 3], { requires_grad: true }), random.integers([4], 0, 3)];
    const positive = random.uniform([4, 3], 0, 1);
    const cases: [string, Options, Input][] = [
      ['CrossEntropyLoss', { reduction: 'sum' }, y],
      ['CrossEntropyLoss', { reduction: 'average' }, y],
      ['CrossEntropyLoss', { ignore_index: 1, label_smoothing: float(0.5) }, y],
      ['NLLLoss', { weight: random.uniform([3], 0, 1) }, y],
      ['SmoothL1Loss', { beta: float(0) }, positive],
      ['HuberLoss', { delta: float(0.1), reduction: 'none' }, positive],
      ['KLDivLoss', { reduction: 'batchmean', log_target: true }, positive],
      ['BCEWithLogitsLoss', { pos_weight: random.uniform([3], 0, 2) }, positive],
      ['PoissonNLLLoss', { eps: float(0.5) }, positive],
      ['MultiMarginLoss', { p: 2, margin: float(0.5) }, y],
      ['HingeEmbeddingLoss', { margin: float(3) }, positive],
    ];
    return expectParity(
      cases.map(([name, set, target]) => ({ callee: `nn.${name}`, set, forward: [x, target] })),
    );
  });
});

type SgdOptions = optim.SGDOptions;
const SGD_OPTIONS: readonly SgdOptions[] = [
  { lr: 0.1 },
  {},
  { lr: 0.1, momentum: 0.9 },
  { lr: 0.1, momentum: 0.9, dampening: 0.3 },
  { lr: 0.1, momentum: 0.9, nesterov: true },
  { lr: 0.05, weight_decay: 0.01 },
  { lr: 0.05, weight_decay: 0.01, momentum: 0.7, nesterov: true },
  { lr: 0.01, maximize: true },
  { lr: 0.01, maximize: true, momentum: 0.5, weight_decay: 0.1, dampening: 0.2 },
];

describe('parity: optim.SGD', () => {
  const train = (network: Network, options: SgdOptions): unknown[] => {
    const optimizer = new optim.SGD(network.parameters(), options);
    const x = torch.randn(20, 10);
    const y = torch.randint(0, 4, [20]);
    const losses: Tensor[] = [];
    for (let step = 0; step < 5; step++) {
      optimizer.zero_grad();
      const loss = F.cross_entropy(network(x), y);
      loss.backward();
      optimizer.step();
      losses.push(loss);
    }
    // Compares gradients, too, because steps with foreach and nesterov write to them.
    const parameters = [...network.parameters()];
    return [losses, parameters, parameters.map(({ grad }) => grad)];
  };

  const together = SGD_OPTIONS.map((options) => ({ ...options, foreach: true }));
  const fused = SGD_OPTIONS.map((options) => ({ ...options, fused: true }));
  for (const options of [...SGD_OPTIONS, ...together, ...fused]) {
    const keywords = Object.entries(options).map(
      ([key, value]) => `${key}=${typeof value === 'boolean' ? 'True' : String(value)}`,
    );
    check({
      title: `five steps with (${keywords.join(', ')})`,
      python: `
m = ${NETWORK}
optimizer = torch.optim.SGD(m.parameters(), ${keywords.join(', ')})
x = torch.randn(20, 10); y = torch.randint(0, 4, (20,)); losses = []
for _ in range(5):
    optimizer.zero_grad(); loss = F.cross_entropy(m(x), y); loss.backward(); optimizer.step()
    losses.append(loss)`,
      outputs: ['losses', 'list(m.parameters())', '[p.grad for p in m.parameters()]'],
      port: () => train(makeNetwork(), options),
    });
  }

  for (const [options, python] of [
    [{ lr: -1 }, 'lr=-1.0'],
    [{ momentum: -0.5 }, 'momentum=-0.5'],
    [{ weight_decay: -1 }, 'weight_decay=-1.0'],
    [{ nesterov: true }, 'nesterov=True'],
    [
      { nesterov: true, momentum: 0.9, dampening: 0.1 },
      'nesterov=True, momentum=0.9, dampening=0.1',
    ],
  ] as const) {
    it(`refuses (${python})`, () =>
      expectSample(
        { source: `torch.optim.SGD([torch.zeros(2, requires_grad=True)], ${python})`, outputs: [] },
        () => {
          new optim.SGD([torch.zeros(2, { requires_grad: true })], options);
          return [];
        },
      ));
  }
});
