/** optim.swa_utils against Python's. */
import { expect } from 'chai';
import torch, { nn, optim, type Tensor } from 'torch-losses';

import { askPython, expectSample } from '../parity/parity';

const { swa_utils } = optim;

const MODEL = `
import copy
from torch.optim.swa_utils import *

class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.layers = nn.Sequential(nn.Linear(3, 4), nn.Linear(4, 2, dtype=torch.float64))
        self.register_buffer('mean', torch.tensor([0.5, 1.5]))
        self.register_buffer('count', torch.tensor(3))
    def forward(self, x): return self.layers[1](self.layers[0](x).double())

def run(make):
    torch.manual_seed(3); net = Net(); average = make(net); seen = []
    for step in range(5):
        with torch.no_grad():
            for p in net.parameters(): p.mul_(0.9).add_(0.01 * step)
            net.mean.add_(0.1); net.count.add_(2)
        average.update_parameters(net)
        seen.append([v.clone() for v in average.state_dict().values()])
    return [seen, list(average.state_dict()), average(torch.ones(2, 3)).detach()]
`;

class Net extends nn.Module<[Tensor], Tensor> {
  layers = new nn.Sequential(new nn.Linear(3, 4), new nn.Linear(4, 2, { dtype: torch.float64 }));
  declare mean: Tensor;
  declare count: Tensor;

  constructor() {
    super();
    this.register_buffer('mean', torch.tensor([0.5, 1.5]));
    this.register_buffer('count', torch.tensor(3));
  }

  override forward(x: Tensor): Tensor {
    const hidden = this.layers.at(0)(x) as Tensor;
    return this.layers.at(1)(hidden.double()) as Tensor;
  }
}

function run(make: (net: Net) => optim.swa_utils.AveragedModel<Net>): unknown[] {
  torch.manual_seed(3);
  const net = new Net();
  const average = make(net);
  const seen: Tensor[][] = [];
  for (let step = 0; step < 5; step++) {
    torch.no_grad(() => {
      for (const p of net.parameters()) p.mul_(0.9).add_(0.01 * step);
      net.mean.add_(0.1);
      net.count.add_(2);
    });
    average.update_parameters(net);
    seen.push([...average.state_dict().values()].map((value) => value.clone()));
  }
  return [seen, [...average.state_dict().keys()], average(torch.ones(2, 3)).detach()];
}

type Make = (net: Net) => optim.swa_utils.AveragedModel<Net>;
const CASES: readonly (readonly [python: string, ours: Make])[] = [
  ['AveragedModel(net)', (net) => new swa_utils.AveragedModel(net)],
  [
    'AveragedModel(net, use_buffers=True)',
    (net) => new swa_utils.AveragedModel(net, { use_buffers: true }),
  ],
  [
    'AveragedModel(net, "cpu", get_ema_avg_fn(0.9))',
    (net) => new swa_utils.AveragedModel(net, 'cpu', swa_utils.get_ema_avg_fn(0.9)),
  ],
  [
    'AveragedModel(net, multi_avg_fn=get_ema_multi_avg_fn())',
    (net) => new swa_utils.AveragedModel(net, { multi_avg_fn: swa_utils.get_ema_multi_avg_fn() }),
  ],
  [
    'AveragedModel(net, multi_avg_fn=get_ema_multi_avg_fn(decay=0.7), use_buffers=True)',
    (net) =>
      new swa_utils.AveragedModel(net, {
        multi_avg_fn: swa_utils.get_ema_multi_avg_fn({ decay: 0.7 }),
        use_buffers: true,
      }),
  ],
  [
    'AveragedModel(net, multi_avg_fn=get_swa_multi_avg_fn())',
    (net) => new swa_utils.AveragedModel(net, { multi_avg_fn: swa_utils.get_swa_multi_avg_fn() }),
  ],
  [
    'AveragedModel(net, avg_fn=get_swa_avg_fn(), use_buffers=True)',
    (net) =>
      new swa_utils.AveragedModel(net, { avg_fn: swa_utils.get_swa_avg_fn(), use_buffers: true }),
  ],
  [
    'AveragedModel(net, multi_avg_fn=lambda a, b, n: get_swa_multi_avg_fn()(a, b, n.item()))',
    (net) =>
      new swa_utils.AveragedModel(net, {
        multi_avg_fn: (a, b, n) =>
          swa_utils.get_swa_multi_avg_fn()(a, b, Number((n as Tensor).item())),
      }),
  ],
];

describe('optim.swa_utils', () => {
  for (const [python, ours] of CASES) {
    it(`${python} averages as Python`, () =>
      expectSample(
        { source: `${MODEL}\nresult = run(lambda net: ${python})`, outputs: ['result'] },
        () => [run(ours)],
      ));
  }

  it('averages integers as Python', () =>
    expectSample(
      {
        source: `${MODEL}
a, b = torch.tensor([1, 5, 9]).int(), torch.tensor([7, 8, 2]).int()
values = [get_swa_avg_fn()(a, b, 3), get_ema_avg_fn(0.4)(a, b, torch.tensor(3))]
d = a.clone(); get_ema_multi_avg_fn(0.4)([d], [b], 3)`,
        outputs: ['values', 'd'],
      },
      () => {
        const [a, b] = [torch.tensor([1, 5, 9]).int(), torch.tensor([7, 8, 2]).int()];
        const values = [
          swa_utils.get_swa_avg_fn()(a, b, 3),
          swa_utils.get_ema_avg_fn(0.4)(a, b, torch.tensor(3)),
        ];
        const d = a.clone();
        swa_utils.get_ema_multi_avg_fn(0.4)([d], [b], 3);
        return [values, d];
      },
    ));

  const INTEGERS = `${MODEL}
a, b = torch.tensor([1, 5, 9]), torch.tensor([7, 8, 2])
`;
  for (const [python, count] of [
    ['get_swa_multi_avg_fn()([a], [b], 3)', () => 3],
    ['get_swa_multi_avg_fn()([a], [b], torch.tensor(3))', () => torch.tensor(3)],
  ] as const) {
    it(`${python} does with integers what Python does`, () =>
      expectSample({ source: INTEGERS + python, outputs: ['a'] }, () => {
        const [a, b] = [torch.tensor([1, 5, 9]), torch.tensor([7, 8, 2])];
        swa_utils.get_swa_multi_avg_fn()([a], [b], count());
        return [a];
      }));
  }

  for (const [python, ours] of [
    ['get_ema_avg_fn(1.5)', () => swa_utils.get_ema_avg_fn(1.5)],
    ['get_ema_multi_avg_fn(-1.0)', () => swa_utils.get_ema_multi_avg_fn(-1)],
    [
      'AveragedModel(nn.ReLU(), avg_fn=get_swa_avg_fn(), multi_avg_fn=get_swa_multi_avg_fn())',
      () =>
        new swa_utils.AveragedModel(new nn.ReLU(), {
          avg_fn: swa_utils.get_swa_avg_fn(),
          multi_avg_fn: swa_utils.get_swa_multi_avg_fn(),
        }),
    ],
  ] as const) {
    it(`${python} fails as in Python`, () =>
      expectSample({ source: MODEL + python, outputs: [] }, () => [ours()]));
  }

  it('update_bn computes running statistics as Python', async () => {
    const source = `${MODEL}
from torch.utils.data import *
torch.manual_seed(0)
net = nn.Sequential(nn.Linear(3, 4), nn.BatchNorm1d(4), nn.Dropout(0.5), nn.Linear(4, 2),
                    nn.BatchNorm1d(2, momentum=0.3)).eval()
data = torch.randn(10, 3)
loader = DataLoader(TensorDataset(data), batch_size=4, shuffle=True)
update_bn(loader, net, 'cpu')
update_bn([data, (data, 1)], nn.ReLU())`;
    const python = await askPython(source, [
      '[b.tolist() for b in net.buffers()]',
      '[net.training, net[4].momentum, net[1].momentum, torch.rand(1).item()]',
    ]);
    torch.manual_seed(0);
    const last = new nn.BatchNorm1d(2, { momentum: 0.3 });
    const first = new nn.BatchNorm1d(4);
    const layers = [new nn.Linear(3, 4), first, new nn.Dropout(0.5), new nn.Linear(4, 2), last];
    const net = new nn.Sequential(...layers).eval();
    const data = torch.randn(10, 3);
    const { DataLoader, TensorDataset } = torch.utils.data;
    const loader = new DataLoader(new TensorDataset(data), { batch_size: 4, shuffle: true });
    await swa_utils.update_bn(loader, net, 'cpu');
    await swa_utils.update_bn([data, [data, 1]], new nn.ReLU());
    const ours = [
      [...net.buffers()].map((buffer) => buffer.tolist()),
      [net.training, last.momentum, first.momentum, torch.rand(1).item()],
    ];
    expect(ours).to.deep.equal(python);
  });

  it('is a module: it is saved, loaded and moved', () => {
    const average = new swa_utils.AveragedModel(new Net());
    average.update_parameters(new Net());
    const other = new swa_utils.AveragedModel(new Net());
    other.load_state_dict(average.state_dict());
    expect(other.n_averaged.item()).to.equal(1);
    expect(other.module).to.be.instanceOf(Net);
    expect(() => new swa_utils.AveragedModel(3 as never)).to.throw(TypeError, "argument 'model'");
  });
});

const RATES = `
import copy
from torch.optim.swa_utils import SWALR
from torch.optim.lr_scheduler import ExponentialLR

def optimizer(tensors):
    ps = [torch.zeros(1, requires_grad=True) for _ in range(2)]
    a, b = (torch.tensor(0.1), torch.tensor([0.37])) if tensors else (0.1, 0.37)
    return torch.optim.SGD([{'params': [ps[0]], 'lr': a}, {'params': [ps[1]], 'lr': b}])

def run(make, tensors):
    o = optimizer(tensors); e = ExponentialLR(o, 0.9); seen = []
    for i in range(5): o.step(); e.step()
    s = make(o)
    for i in range(40):
        if i == 7:
            saved = copy.deepcopy([o.state_dict(), s.state_dict()])
            o = optimizer(tensors); s = make(o)
            o.load_state_dict(saved[0]); s.load_state_dict(saved[1])
        o.step(); s.step()
        seen.append(copy.deepcopy(s.get_last_lr()))
    return [seen, list(s.state_dict().items())]
`;

describe('optim.swa_utils.SWALR', () => {
  const optimizerOf = (tensors: boolean): optim.SGD => {
    const parameter = (): Tensor => torch.zeros(1, { requires_grad: true });
    const [a, b] = tensors ? [torch.tensor(0.1), torch.tensor([0.37])] : [0.1, 0.37];
    return new optim.SGD([
      { params: parameter(), lr: a },
      { params: parameter(), lr: b },
    ]);
  };
  const run = (make: (o: optim.SGD) => optim.swa_utils.SWALR, tensors: boolean): unknown[] => {
    let o = optimizerOf(tensors);
    const e = new optim.lr_scheduler.ExponentialLR(o, 0.9);
    for (let i = 0; i < 5; i++) {
      o.step();
      e.step();
    }
    let s = make(o);
    const seen: unknown[] = [];
    for (let i = 0; i < 40; i++) {
      if (i === 7) {
        const saved = [o.state_dict(), s.state_dict()] as const;
        o = optimizerOf(tensors);
        s = make(o);
        o.load_state_dict(saved[0]);
        s.load_state_dict(saved[1]);
      }
      o.step();
      s.step();
      seen.push(torch.deepcopy(s.get_last_lr()));
    }
    return [seen, Object.entries(s.state_dict())];
  };
  for (const [python, ours] of [
    ['SWALR(o, 0.05)', (o: optim.SGD) => new swa_utils.SWALR(o, 0.05)],
    [
      'SWALR(o, [0.05, 0.01], 20, "linear")',
      (o: optim.SGD) => new swa_utils.SWALR(o, [0.05, 0.01], 20, 'linear'),
    ],
    [
      'SWALR(o, swa_lr=0.05, anneal_epochs=0)',
      (o: optim.SGD) => new swa_utils.SWALR(o, { swa_lr: 0.05, anneal_epochs: 0 }),
    ],
    [
      'SWALR(o, 0.05, anneal_strategy="tan")',
      (o: optim.SGD) => new swa_utils.SWALR(o, 0.05, { anneal_strategy: 'tan' as never }),
    ],
    ['SWALR(o, 0.05, -1)', (o: optim.SGD) => new swa_utils.SWALR(o, 0.05, -1)],
    ['SWALR(o, [0.05])', (o: optim.SGD) => new swa_utils.SWALR(o, [0.05])],
  ] as const) {
    for (const tensors of [false, true]) {
      it(`${python} does what Python's does to rates that are ${tensors ? 'tensors' : 'numbers'}`, () =>
        expectSample(
          {
            source: `${RATES}\nresult = run(lambda o: ${python}, ${tensors ? 'True' : 'False'})`,
            outputs: ['result'],
          },
          () => [run(ours, tensors)],
        ));
    }
  }
});
