/** optim.lr_scheduler against Python's: rates, momentum, state and errors. */
import { execFileSync } from 'node:child_process';

import { expect } from 'chai';
import torch, { optim, type Tensor } from 'torch-losses';
import { askPython, expectSample } from '../parity/parity';
import { withWarnings } from '../support/warnings';

const { lr_scheduler } = optim;
type Scheduler = optim.lr_scheduler.LRScheduler<never[]>;

/** A scheduler in Python's source and in ours. The optimizer is `o`. */
type Case = readonly [python: string, ours: (o: optim.SGD) => unknown];

const CASES: readonly Case[] = [
  [
    'LambdaLR(o, [lambda e: 0.95 ** min(e, 1), lambda e: 1 / (e + 1)])',
    (o) => new lr_scheduler.LambdaLR(o, [(e) => 0.95 ** Math.min(e, 1), (e) => 1 / (e + 1)]),
  ],
  ['LambdaLR(o, lambda e: e * 0.1)', (o) => new lr_scheduler.LambdaLR(o, (e) => e * 0.1)],
  ['MultiplicativeLR(o, lambda e: 0.97)', (o) => new lr_scheduler.MultiplicativeLR(o, () => 0.97)],
  ['StepLR(o, 7, 0.5)', (o) => new lr_scheduler.StepLR(o, 7, 0.5)],
  ['StepLR(o, step_size=3)', (o) => new lr_scheduler.StepLR(o, { step_size: 3 })],
  [
    'MultiStepLR(o, [10, 10, 45, 80], gamma=0.3)',
    (o) => new lr_scheduler.MultiStepLR(o, [10, 10, 45, 80], { gamma: 0.3 }),
  ],
  ['ConstantLR(o)', (o) => new lr_scheduler.ConstantLR(o)],
  ['ConstantLR(o, 0.7, 20)', (o) => new lr_scheduler.ConstantLR(o, 0.7, 20)],
  ['LinearLR(o)', (o) => new lr_scheduler.LinearLR(o)],
  ['LinearLR(o, 0.1, 0.7, total_iters=37)', (o) => new lr_scheduler.LinearLR(o, 0.1, 0.7, 37)],
  ['ExponentialLR(o, 0.93)', (o) => new lr_scheduler.ExponentialLR(o, 0.93)],
  ['PolynomialLR(o)', (o) => new lr_scheduler.PolynomialLR(o)],
  [
    'PolynomialLR(o, total_iters=61, power=0.9)',
    (o) => new lr_scheduler.PolynomialLR(o, 61, { power: 0.9 }),
  ],
  ['PolynomialLR(o, 130, 2.5)', (o) => new lr_scheduler.PolynomialLR(o, 130, 2.5)],
  ['CosineAnnealingLR(o, 100)', (o) => new lr_scheduler.CosineAnnealingLR(o, 100)],
  [
    'CosineAnnealingLR(o, T_max=23, eta_min=1e-3)',
    (o) => new lr_scheduler.CosineAnnealingLR(o, { T_max: 23, eta_min: 1e-3 }),
  ],
  [
    'CosineAnnealingWarmRestarts(o, 11)',
    (o) => new lr_scheduler.CosineAnnealingWarmRestarts(o, 11),
  ],
  [
    'CosineAnnealingWarmRestarts(o, 3, 2, 1e-4)',
    (o) => new lr_scheduler.CosineAnnealingWarmRestarts(o, 3, 2, 1e-4),
  ],
  ['CyclicLR(o, 0.001, 0.1)', (o) => new lr_scheduler.CyclicLR(o, 0.001, 0.1)],
  [
    'CyclicLR(o, [0.001, 0.01], [0.1, 0.2], 7, 13, "triangular2")',
    (o) => new lr_scheduler.CyclicLR(o, [0.001, 0.01], [0.1, 0.2], 7, 13, 'triangular2'),
  ],
  [
    'CyclicLR(o, 0.001, 0.1, step_size_up=9, mode="exp_range", gamma=0.99, max_momentum=[0.95, 0.9])',
    (o) =>
      new lr_scheduler.CyclicLR(o, 0.001, 0.1, {
        step_size_up: 9,
        mode: 'exp_range',
        gamma: 0.99,
        max_momentum: [0.95, 0.9],
      }),
  ],
  [
    'CyclicLR(o, 0.001, 0.1, 9, scale_fn=lambda x: 1 / (1 + x), scale_mode="iterations", cycle_momentum=False)',
    (o) =>
      new lr_scheduler.CyclicLR(o, 0.001, 0.1, {
        step_size_up: 9,
        scale_fn: (x) => 1 / (1 + x),
        scale_mode: 'iterations',
        cycle_momentum: false,
      }),
  ],
  ['OneCycleLR(o, 0.1, 100)', (o) => new lr_scheduler.OneCycleLR(o, 0.1, 100)],
  [
    'OneCycleLR(o, [0.1, 0.2], epochs=11, steps_per_epoch=10, anneal_strategy="linear", pct_start=0.17)',
    (o) =>
      new lr_scheduler.OneCycleLR(o, [0.1, 0.2], {
        epochs: 11,
        steps_per_epoch: 10,
        anneal_strategy: 'linear',
        pct_start: 0.17,
      }),
  ],
  [
    'OneCycleLR(o, max_lr=0.3, total_steps=103, three_phase=True, div_factor=10, final_div_factor=77, base_momentum=0.8)',
    (o) =>
      new lr_scheduler.OneCycleLR(o, {
        max_lr: 0.3,
        total_steps: 103,
        three_phase: true,
        div_factor: 10,
        final_div_factor: 77,
        base_momentum: 0.8,
      }),
  ],
  [
    'OneCycleLR(o, 0.3, 100, cycle_momentum=False)',
    (o) => new lr_scheduler.OneCycleLR(o, 0.3, 100, { cycle_momentum: false }),
  ],
  [
    'SequentialLR(o, [ConstantLR(o, 0.1, 20), ExponentialLR(o, 0.9), CosineAnnealingLR(o, 9)], [20, 41])',
    (o) =>
      new lr_scheduler.SequentialLR(
        o,
        [
          new lr_scheduler.ConstantLR(o, 0.1, 20),
          new lr_scheduler.ExponentialLR(o, 0.9),
          new lr_scheduler.CosineAnnealingLR(o, 9),
        ],
        [20, 41],
      ),
  ],
  [
    'SequentialLR(o, [LinearLR(o), SequentialLR(o, [StepLR(o, 4), LinearLR(o, 0.5)], [30])], milestones=[5])',
    (o) => {
      const { LinearLR, SequentialLR, StepLR } = lr_scheduler;
      const first = new LinearLR(o);
      const inner = new SequentialLR(o, [new StepLR(o, 4), new LinearLR(o, 0.5)], [30]);
      return new SequentialLR(o, { schedulers: [first, inner], milestones: [5] });
    },
  ],
  [
    'ChainedScheduler([ConstantLR(o, 0.1, 20), ExponentialLR(o, 0.9)])',
    (o) =>
      new lr_scheduler.ChainedScheduler([
        new lr_scheduler.ConstantLR(o, 0.1, 20),
        new lr_scheduler.ExponentialLR(o, 0.9),
      ]),
  ],
  [
    'ChainedScheduler([LinearLR(o, 0.2), CosineAnnealingLR(o, 31)], optimizer=o)',
    (o) =>
      new lr_scheduler.ChainedScheduler(
        [new lr_scheduler.LinearLR(o, 0.2), new lr_scheduler.CosineAnnealingLR(o, 31)],
        { optimizer: o },
      ),
  ],
];

const PLATEAUS: readonly Case[] = [
  ['ReduceLROnPlateau(o)', (o) => new lr_scheduler.ReduceLROnPlateau(o)],
  [
    'ReduceLROnPlateau(o, "max", 0.5, 2)',
    (o) => new lr_scheduler.ReduceLROnPlateau(o, 'max', 0.5, 2),
  ],
  [
    'ReduceLROnPlateau(o, factor=0.3, patience=1, threshold=0.01, threshold_mode="abs", cooldown=3)',
    (o) =>
      new lr_scheduler.ReduceLROnPlateau(o, {
        factor: 0.3,
        patience: 1,
        threshold: 0.01,
        threshold_mode: 'abs',
        cooldown: 3,
      }),
  ],
  [
    'ReduceLROnPlateau(o, "max", threshold_mode="abs", patience=0, min_lr=[0.01, 0.02], eps=0.001)',
    (o) =>
      new lr_scheduler.ReduceLROnPlateau(o, 'max', {
        threshold_mode: 'abs',
        patience: 0,
        min_lr: [0.01, 0.02],
        eps: 0.001,
      }),
  ],
];

/** Python's side: 100 steps with a change of optimizer and scheduler in the middle, by their states. */
const RUN = `
import copy
from torch.optim.lr_scheduler import *

def optimizer(tensors):
    ps = [torch.zeros(1, requires_grad=True) for _ in range(2)]
    a, b = (torch.tensor(0.1), torch.tensor([0.37])) if tensors else (0.1, 0.37)
    return torch.optim.SGD([{'params': [ps[0]], 'lr': a}, {'params': [ps[1]], 'lr': b}], momentum=0.9)

def listed(value):
    if isinstance(value, dict): return [[str(k), listed(v)] for k, v in value.items()]
    return [listed(v) for v in value] if isinstance(value, (list, tuple)) else value

def run(make, tensors, metric=None):
    o = optimizer(tensors); s = make(o); seen = []
    for i in range(100):
        if i == 47:
            saved = copy.deepcopy([o.state_dict(), s.state_dict()])
            o = optimizer(tensors); s = make(o)
            o.load_state_dict(saved[0]); s.load_state_dict(saved[1])
        o.step()
        s.step(*([] if metric is None else [metric(i)]))
        seen.append([[copy.deepcopy(g['lr']), g['momentum']] for g in o.param_groups])
    groups = [{k: v for k, v in g.items() if k != 'params'} for g in o.param_groups]
    return [seen, copy.deepcopy(s.get_last_lr()), listed(s.state_dict()), listed(groups)]
`;

const copied = <T>(value: T): T => (value instanceof torch.Tensor ? (value.clone() as T) : value);

function optimizerOf(tensors: boolean): optim.SGD {
  const parameter = (): Tensor => torch.zeros(1, { requires_grad: true });
  const [a, b] = tensors ? [torch.tensor(0.1), torch.tensor([0.37])] : [0.1, 0.37];
  return new optim.SGD(
    [
      { params: parameter(), lr: a },
      { params: parameter(), lr: b },
    ],
    {
      momentum: 0.9,
    },
  );
}

function listed(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(listed);
  if (typeof value !== 'object' || value === null || value instanceof torch.Tensor) return value;
  return Object.entries(value).map(([key, member]) => [key, listed(member)]);
}

function run(
  make: Case[1],
  tensors: boolean,
  metric?: (step: number) => number,
): readonly unknown[] {
  let o = optimizerOf(tensors);
  let s = make(o) as Scheduler;
  const seen: unknown[] = [];
  for (let i = 0; i < 100; i++) {
    if (i === 47) {
      const saved = [o.state_dict(), s.state_dict()] as const;
      o = optimizerOf(tensors);
      s = make(o) as Scheduler;
      o.load_state_dict(saved[0]);
      s.load_state_dict(saved[1]);
    }
    o.step();
    s.step(...((metric ? [metric(i)] : []) as never[]));
    seen.push(o.param_groups.map(({ lr, momentum }) => [copied(lr), momentum]));
  }
  const groups = o.param_groups.map(({ params: _, ...group }) => listed(group));
  return [seen, s.get_last_lr(), listed(s.state_dict()), groups];
}

const METRIC = 'lambda i: [1.0, 0.5, 0.505, 0.4999, 0.3, 0.31, 0.32][i % 7] + (i // 30) * 0.01';
const metric = (i: number): number =>
  [1.0, 0.5, 0.505, 0.4999, 0.3, 0.31, 0.32][i % 7]! + Math.floor(i / 30) * 0.01;

describe('optim.lr_scheduler', () => {
  for (const [tensors, what] of [
    [false, 'numbers'],
    [true, 'tensors'],
  ] as const) {
    for (const [python, ours] of CASES) {
      it(`${python} sets Python's rates, which are ${what}`, () =>
        expectSample(
          {
            source: `${RUN}\nresult = run(lambda o: ${python}, ${tensors ? 'True' : 'False'})`,
            outputs: ['result'],
          },
          () => [run(ours, tensors)],
        ));
    }
    for (const [python, ours] of PLATEAUS) {
      it(`${python} sets Python's rates, which are ${what}`, () =>
        expectSample(
          {
            source: `${RUN}\nresult = run(lambda o: ${python}, ${tensors ? 'True' : 'False'}, ${METRIC})`,
            outputs: ['result'],
          },
          () => [run(ours, tensors, metric)],
        ));
    }
  }

  it('goes to an epoch by the closed form where there is one, and warns as Python', () =>
    expectSample(
      {
        source: `${RUN}
o = optimizer(False)
result = []
for make in [lambda: StepLR(o, 3), lambda: MultiStepLR(o, [2, 2, 5]), lambda: ConstantLR(o), lambda: LinearLR(o),
             lambda: ExponentialLR(o, 0.9), lambda: PolynomialLR(o, 9, 1.5), lambda: CosineAnnealingLR(o, 9),
             lambda: CosineAnnealingWarmRestarts(o, 3, 2), lambda: CosineAnnealingWarmRestarts(o, 4),
             lambda: LambdaLR(o, lambda e: 1 / (e + 1))]:
    s = make(); o.step()
    for epoch in [7, 2, 4.5, 30, 0]:
        s.step(epoch)
        result.append([s.get_last_lr(), listed(s.state_dict())])`,
        outputs: ['result'],
      },
      () => {
        const o = optimizerOf(false);
        const makers = [
          () => new lr_scheduler.StepLR(o, 3),
          () => new lr_scheduler.MultiStepLR(o, [2, 2, 5]),
          () => new lr_scheduler.ConstantLR(o),
          () => new lr_scheduler.LinearLR(o),
          () => new lr_scheduler.ExponentialLR(o, 0.9),
          () => new lr_scheduler.PolynomialLR(o, 9, 1.5),
          () => new lr_scheduler.CosineAnnealingLR(o, 9),
          () => new lr_scheduler.CosineAnnealingWarmRestarts(o, 3, 2),
          () => new lr_scheduler.CosineAnnealingWarmRestarts(o, 4),
          () => new lr_scheduler.LambdaLR(o, (e) => 1 / (e + 1)),
        ];
        const seen: unknown[] = [];
        for (const make of makers) {
          const s = make();
          o.step();
          for (const epoch of [7, 2, 4.5, 30, 0]) {
            s.step(epoch);
            seen.push([s.get_last_lr(), listed(s.state_dict())]);
          }
        }
        return [seen];
      },
    ));

  it('resumes at a last epoch', () =>
    expectSample(
      {
        source: `${RUN}
result = []
for make in [lambda o: CosineAnnealingLR(o, 9, last_epoch=4), lambda o: LinearLR(o, last_epoch=3), lambda o: OneCycleLR(o, 0.1, 50, last_epoch=12),
             lambda o: CyclicLR(o, 0.1, 0.2, last_epoch=3), lambda o: ExponentialLR(o, 0.9, 5)]:
    o = optimizer(False); OneCycleLR(o, 0.1, 50); s = make(o)
    for i in range(20): o.step(); s.step(); result.append(s.get_last_lr())
    result.append(listed(s.state_dict()))`,
        outputs: ['result'],
      },
      () => {
        const seen: unknown[] = [];
        for (const make of [
          (o: optim.SGD) => new lr_scheduler.CosineAnnealingLR(o, 9, { last_epoch: 4 }),
          (o: optim.SGD) => new lr_scheduler.LinearLR(o, { last_epoch: 3 }),
          (o: optim.SGD) => new lr_scheduler.OneCycleLR(o, 0.1, 50, { last_epoch: 12 }),
          (o: optim.SGD) => new lr_scheduler.CyclicLR(o, 0.1, 0.2, { last_epoch: 3 }),
          (o: optim.SGD) => new lr_scheduler.ExponentialLR(o, 0.9, 5),
        ]) {
          const o = optimizerOf(false);
          new lr_scheduler.OneCycleLR(o, 0.1, 50);
          const s = make(o);
          for (let i = 0; i < 20; i++) {
            o.step();
            s.step();
            seen.push(s.get_last_lr());
          }
          seen.push(listed(s.state_dict()));
        }
        return [seen];
      },
    ));

  it('saves what functions keep in properties of their own', () => {
    const o = optimizerOf(false);
    const counting = Object.assign((epoch: number) => epoch + counting.offset, { offset: 3 });
    const s = new lr_scheduler.LambdaLR(o, [counting, () => 1]);
    expect(s.state_dict()['lr_lambdas']).to.deep.equal([{ offset: 3 }, null]);
    s.load_state_dict({ ...s.state_dict(), lr_lambdas: [{ offset: 7 }, null] });
    expect(counting.offset).to.equal(7);
    const scale = Object.assign(() => scale.height, { height: 1 });
    const cyclic = new lr_scheduler.CyclicLR(o, 0, 1, { step_size_up: 2, scale_fn: scale });
    const saved = cyclic.state_dict();
    expect(saved['_scale_fn_custom']).to.deep.equal({ height: 1 });
    cyclic.load_state_dict({ ...saved, _scale_fn_custom: { height: 0.5 } });
    o.step();
    cyclic.step();
    expect(cyclic.get_last_lr()).to.deep.equal([0.25, 0.25]);
  });

  const ERRORS: readonly Case[] = [
    ['StepLR(o, 0).step()', (o) => new lr_scheduler.StepLR(o, 0).step()],
    ['StepLR(o, 0).step(3)', (o) => new lr_scheduler.StepLR(o, 0).step(3)],
    ['LambdaLR(o, [lambda e: 1])', (o) => new lr_scheduler.LambdaLR(o, [() => 1])],
    ['MultiplicativeLR(o, 3)', (o) => new lr_scheduler.MultiplicativeLR(o, 3 as never)],
    ['ConstantLR(o, 1.5)', (o) => new lr_scheduler.ConstantLR(o, 1.5)],
    ['ConstantLR(o, 0.0, 1).step()', (o) => new lr_scheduler.ConstantLR(o, 0, 1).step()],
    ['LinearLR(o, 0)', (o) => new lr_scheduler.LinearLR(o, 0)],
    ['LinearLR(o, 0.5, -1)', (o) => new lr_scheduler.LinearLR(o, 0.5, -1)],
    [
      'LinearLR(o, total_iters=0).step(1)',
      (o) => new lr_scheduler.LinearLR(o, { total_iters: 0 }).step(1),
    ],
    ['PolynomialLR(o, 3, -1).step(3)', (o) => new lr_scheduler.PolynomialLR(o, 3, -1).step(3)],
    ['PolynomialLR(o, 0).step(3)', (o) => new lr_scheduler.PolynomialLR(o, 0).step(3)],
    ['ExponentialLR(o, 1e200).step(3)', (o) => new lr_scheduler.ExponentialLR(o, 1e200).step(3)],
    ['CosineAnnealingLR(o, 0).step()', (o) => new lr_scheduler.CosineAnnealingLR(o, 0).step()],
    [
      'CosineAnnealingWarmRestarts(o, 0)',
      (o) => new lr_scheduler.CosineAnnealingWarmRestarts(o, 0),
    ],
    [
      'CosineAnnealingWarmRestarts(o, 2.5)',
      (o) => new lr_scheduler.CosineAnnealingWarmRestarts(o, 2.5),
    ],
    [
      'CosineAnnealingWarmRestarts(o, 2, 0)',
      (o) => new lr_scheduler.CosineAnnealingWarmRestarts(o, 2, 0),
    ],
    [
      "CosineAnnealingWarmRestarts(o, 2, 1, 'low')",
      (o) => new lr_scheduler.CosineAnnealingWarmRestarts(o, 2, 1, 'low' as never),
    ],
    [
      'CosineAnnealingWarmRestarts(o, 2).step(-1)',
      (o) => new lr_scheduler.CosineAnnealingWarmRestarts(o, 2).step(-1),
    ],
    [
      "CyclicLR(o, 0.1, 0.2, mode='square')",
      (o) => new lr_scheduler.CyclicLR(o, 0.1, 0.2, { mode: 'square' as never }),
    ],
    ['CyclicLR(o, [0.1], 0.2)', (o) => new lr_scheduler.CyclicLR(o, [0.1], 0.2)],
    [
      'CyclicLR(o, 0.1, [0.2, 0.3, 0.4])',
      (o) => new lr_scheduler.CyclicLR(o, 0.1, [0.2, 0.3, 0.4]),
    ],
    ['OneCycleLR(o, 0.1)', (o) => new lr_scheduler.OneCycleLR(o, 0.1, {})],
    ['OneCycleLR(o, 0.1, epochs=3)', (o) => new lr_scheduler.OneCycleLR(o, 0.1, { epochs: 3 })],
    ['OneCycleLR(o, 0.1, 2.5)', (o) => new lr_scheduler.OneCycleLR(o, 0.1, 2.5, {})],
    [
      'OneCycleLR(o, 0.1, epochs=0, steps_per_epoch=3)',
      (o) => new lr_scheduler.OneCycleLR(o, 0.1, { epochs: 0, steps_per_epoch: 3 }),
    ],
    [
      'OneCycleLR(o, 0.1, 9, pct_start=2.0)',
      (o) => new lr_scheduler.OneCycleLR(o, 0.1, 9, { pct_start: 2 }),
    ],
    [
      "OneCycleLR(o, 0.1, 9, anneal_strategy='tan')",
      (o) => new lr_scheduler.OneCycleLR(o, 0.1, 9, { anneal_strategy: 'tan' as never }),
    ],
    [
      'OneCycleLR(o, 0.1, 9, div_factor=0)',
      (o) => new lr_scheduler.OneCycleLR(o, 0.1, 9, { div_factor: 0 }),
    ],
    [
      '[OneCycleLR(o, 0.1, 2).step(e) for e in (2, 3)]',
      (o) => [2, 3].map((epoch) => new lr_scheduler.OneCycleLR(o, 0.1, 2, {}).step(epoch)),
    ],
    ['SequentialLR(o, [], [])', (o) => new lr_scheduler.SequentialLR(o, [], [])],
    [
      'SequentialLR(o, [StepLR(o, 3)], [3])',
      (o) => new lr_scheduler.SequentialLR(o, [new lr_scheduler.StepLR(o, 3)], [3]),
    ],
    ['SequentialLR(o, [3], [])', (o) => new lr_scheduler.SequentialLR(o, [3 as never], [])],
    [
      'SequentialLR(o, [ReduceLROnPlateau(o)], [])',
      (o) => new lr_scheduler.SequentialLR(o, [new lr_scheduler.ReduceLROnPlateau(o)], []),
    ],
    [
      'SequentialLR(optimizer(False), [StepLR(o, 3)], [])',
      (o) => new lr_scheduler.SequentialLR(optimizerOf(false), [new lr_scheduler.StepLR(o, 3)], []),
    ],
    ['ChainedScheduler([])', () => new lr_scheduler.ChainedScheduler([])],
    [
      'ChainedScheduler([StepLR(o, 3), ReduceLROnPlateau(o)])',
      (o) =>
        new lr_scheduler.ChainedScheduler([
          new lr_scheduler.StepLR(o, 3),
          new lr_scheduler.ReduceLROnPlateau(o),
        ]),
    ],
    ['ReduceLROnPlateau(o, factor=1)', (o) => new lr_scheduler.ReduceLROnPlateau(o, { factor: 1 })],
    ["ReduceLROnPlateau(o, 'best')", (o) => new lr_scheduler.ReduceLROnPlateau(o, 'best' as never)],
    [
      "ReduceLROnPlateau(o, threshold_mode='log')",
      (o) => new lr_scheduler.ReduceLROnPlateau(o, { threshold_mode: 'log' as never }),
    ],
    [
      'ReduceLROnPlateau(o, min_lr=[1])',
      (o) => new lr_scheduler.ReduceLROnPlateau(o, { min_lr: [1] }),
    ],
    ['LRScheduler(o)', (o) => new lr_scheduler.LRScheduler(o)],
    ['LRScheduler(3)', () => new lr_scheduler.LRScheduler(3 as never)],
  ];
  for (const [python, ours] of ERRORS) {
    it(`${python} fails as in Python`, () =>
      expectSample(
        { source: `${RUN}\no = optimizer(False); o.step()\n${python}`, outputs: [] },
        () => {
          const o = optimizerOf(false);
          o.step();
          ours(o);
          return [];
        },
      ));
  }

  it('refuses to resume without initial rates', () =>
    expectSample(
      {
        source: `${RUN}
try: StepLR(optimizer(False), 3, last_epoch=2)
except KeyError as error: text = error.args[0]`,
        outputs: ['text'],
      },
      () => {
        try {
          return [new lr_scheduler.StepLR(optimizerOf(false), 3, { last_epoch: 2 })];
        } catch (error) {
          expect((error as torch.TorchError).pythonType).to.equal('KeyError');
          return [(error as Error).message];
        }
      },
    ));

  it('fails when a group was added, as in Python', () =>
    expectSample(
      {
        source: `${RUN}
result = []
for make in [lambda o: LambdaLR(o, lambda e: 1), lambda o: CosineAnnealingLR(o, 1), lambda o: CyclicLR(o, 0.1, 0.2),
             lambda o: ReduceLROnPlateau(o, patience=-1, min_lr=[0, 0])]:
    o = optimizer(False); s = make(o); o.add_param_group({'params': [torch.zeros(1)]})
    try: s.step(1)
    except Exception as error: result.append([type(error).__name__, str(error)])`,
        outputs: ['result'],
      },
      () => [
        [
          (o: optim.SGD) => new lr_scheduler.LambdaLR(o, () => 1),
          (o: optim.SGD) => new lr_scheduler.CosineAnnealingLR(o, 1),
          (o: optim.SGD) => new lr_scheduler.CyclicLR(o, 0.1, 0.2),
          (o: optim.SGD) => new lr_scheduler.ReduceLROnPlateau(o, { patience: -1, min_lr: [0, 0] }),
        ].map((make) => {
          const o = optimizerOf(false);
          const s = make(o);
          o.add_param_group({ params: [torch.zeros(1)] });
          try {
            return s.step(1);
          } catch (error) {
            const { pythonType, message } = error as torch.TorchError;
            return [pythonType, message];
          }
        }),
      ],
    ));

  it('needs an optimizer with momentum to change the momentum', () =>
    expectSample(
      {
        source: `
class Plain(torch.optim.Optimizer):
    pass
o = Plain([torch.zeros(1)], {'lr': 0.1})
torch.optim.lr_scheduler.OneCycleLR(o, 0.1, 9)`,
        outputs: [],
      },
      () => {
        class Plain extends optim.Optimizer<{ lr: number }> {}
        const o = new Plain([torch.zeros(1)], { lr: 0.1 });
        return [new lr_scheduler.OneCycleLR(o, 0.1, 9, {})];
      },
    ));

  it('changes the first of betas where an optimizer has them', () =>
    expectSample(
      {
        source: `
class Plain(torch.optim.Optimizer):
    def step(self): pass
o = Plain([torch.zeros(1)], {'lr': 0.1, 'betas': (0.9, 0.999)})
seen = []
for make in [lambda: torch.optim.lr_scheduler.OneCycleLR(o, 0.1, 30), lambda: torch.optim.lr_scheduler.CyclicLR(o, 0.1, 0.2, 9)]:
    s = make()
    for i in range(20): o.step(); s.step(); seen.append([s.get_last_lr(), o.param_groups[0]['betas']])`,
        outputs: ['seen'],
      },
      () => {
        class Plain extends optim.Optimizer<{ lr: number; betas: number[] }> {
          override step(): undefined {}
        }
        const o = new Plain([torch.zeros(1)], { lr: 0.1, betas: [0.9, 0.999] });
        const seen: unknown[] = [];
        for (const make of [
          () => new lr_scheduler.OneCycleLR(o, 0.1, 30, {}),
          () => new lr_scheduler.CyclicLR(o, 0.1, 0.2, { step_size_up: 9 }),
        ]) {
          const s = make();
          for (let i = 0; i < 20; i++) {
            o.step();
            s.step();
            seen.push([s.get_last_lr(), o.param_groups[0]!.betas]);
          }
        }
        return [seen];
      },
    ));

  it('warns of steps in the wrong order, and of get_lr, as Python', () =>
    expectSample(
      {
        source: `${RUN}
o = optimizer(False)
s = StepLR(o, 3); s.step()
t = StepLR(o, 3); o.step(); t.step()
q = optimizer(False); u = StepLR(q, 3); q.step = lambda: None; q.step(); u.step()
rates = t.get_lr()`,
        outputs: ['rates'],
      },
      () => {
        const o = optimizerOf(false);
        new lr_scheduler.StepLR(o, 3).step();
        const t = new lr_scheduler.StepLR(o, 3);
        o.step();
        t.step();
        const q = optimizerOf(false);
        const u = new lr_scheduler.StepLR(q, 3);
        q.step = () => undefined as never;
        q.step();
        u.step();
        return [t.get_lr()];
      },
    ));

  it('warns of the wrong order once for each line', async () => {
    const o = optimizerOf(false);
    const { warnings } = await withWarnings(() => {
      for (let i = 0; i < 3; i++) new lr_scheduler.StepLR(o, 3).step();
    });
    expect(warnings.map(([category]) => category)).to.deep.equal(['UserWarning']);
  });

  it('is the base of schedulers of your own', () => {
    class Halving extends lr_scheduler.LRScheduler {
      declare every: number;
      constructor(optimizer: optim.lr_scheduler.AnyOptimizer, every: number) {
        super(optimizer, -1, { every });
      }
      override get_lr(): optim.lr_scheduler.Rate[] {
        const halvings = Math.floor(this.last_epoch / this.every);
        return this.base_lrs.map((lr) => Number(lr) / 2 ** halvings);
      }
    }
    const o = optimizerOf(false);
    const s = new Halving(o, 2);
    const seen = [1, 2, 3, 4].map(() => {
      o.step();
      s.step();
      return s.get_last_lr()[0];
    });
    expect(seen).to.deep.equal([0.1, 0.05, 0.05, 0.025]);
    expect(s.state_dict()).to.include({ every: 2, last_epoch: 4 });
    const chained = new lr_scheduler.SequentialLR(o, [new Halving(o, 1), s], [3]);
    expect(chained.get_last_lr()).to.deep.equal([0.1, 0.37]);
  });

  it('keeps an optimizer usable: its step takes a closure, and returns what it returns', () => {
    const o = optimizerOf(false);
    new lr_scheduler.StepLR(o, 3);
    expect(o.step(() => 5)).to.equal(5);
    expect(Object.keys(o)).not.to.include('step');
  });

  it('copies rates that are tensors', () => {
    const o = optimizerOf(true);
    const rate = o.param_groups[0]!.lr;
    const s = new lr_scheduler.ExponentialLR(o, 0.5);
    o.step();
    s.step();
    expect(o.param_groups[0]!.lr).to.equal(rate);
    (s.get_last_lr()[0] as Tensor).fill_(7);
    expect((rate as Tensor).item()).to.be.closeTo(0.05, 1e-8);
  });

  it('keeps its tensors alive where a tidy ends', () => {
    const o = optimizerOf(true);
    const s = torch.tidy(() => new lr_scheduler.ExponentialLR(o, 0.5));
    torch.tidy(() => {
      o.step();
      s.step();
    });
    expect((s.get_last_lr()[1] as Tensor).item()).to.be.closeTo(0.185, 1e-8);
    expect((s.base_lrs[1] as Tensor).item()).to.be.closeTo(0.37, 1e-8);
  });

  it('refuses wrong arguments by name', () => {
    const o = optimizerOf(false);
    expect(() => new lr_scheduler.StepLR(o, 'often' as never)).to.throw(
      TypeError,
      "StepLR(): argument 'step_size' must be an integer, got the string",
    );
    expect(() => new lr_scheduler.StepLR(o, 3, { gama: 1 } as never)).to.throw(TypeError, "'gama'");
    expect(() => new lr_scheduler.MultiStepLR(o, [1.5])).to.throw(TypeError, "'milestones'");
    expect(() => new lr_scheduler.ReduceLROnPlateau(o).step('low' as never)).to.throw(
      TypeError,
      "argument 'metrics' must be a number or a Tensor",
    );
    expect(() => new lr_scheduler.StepLR(o, 3).load_state_dict(3 as never)).to.throw(
      TypeError,
      "'state_dict' must be what state_dict() gave, got",
    );
    expect(() => new lr_scheduler.LambdaLR(o, () => undefined as never)).to.throw(
      TypeError,
      'lr_lambda must return a number or a Tensor',
    );
    expect(() => new lr_scheduler.LRScheduler(o, 1.5)).to.throw(TypeError, "'last_epoch'");
  });

  it('has every name that Python has', async () => {
    const names = ['lr_scheduler', 'swa_utils'].map((name) => `torch.optim.${name}.__all__`);
    const [schedulers, averages] = (await askPython('', names)) as [string[], string[]];
    expect(lr_scheduler).to.include.all.keys(schedulers);
    expect(optim.swa_utils).to.include.all.keys(averages);
  });

  it('is loaded when it is first used', () => {
    const program = `
      const { optim } = require(${JSON.stringify(require.resolve('torch-losses'))});
      const loaded = () => Object.keys(require.cache).some((file) => /lr_scheduler|swa_utils/.test(file));
      const before = loaded();
      optim.lr_scheduler.StepLR;
      console.log(before, loaded());`;
    const printed = execFileSync(process.execPath, ['-e', program], { encoding: 'utf8' });
    expect(printed.trim()).to.equal('false true');
  });
});
