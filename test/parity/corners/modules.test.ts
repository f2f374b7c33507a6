/** Modules, optimizers and scalers, and their states. */
import torch, { nn, optim } from 'torch-losses';

import { after, type Corner, describeCorners } from './corners';

const { tensor, zeros, ones } = torch;

describeCorners({
  'what is no parameter': [
    ...(
      [
        ['5', 5],
        ['5.5', 5.5],
        ['2**70', 2n ** 70n],
        ["'a'", 'a'],
        ['True', true],
        ['[1]', [1]],
        ['{}', {}],
        ['torch.ones(2)', ones(2)],
        ['torch.ones(2, dtype=torch.int64)', ones(2, { dtype: torch.int64 })],
        ["torch.ones(2, device='meta')", ones(2, { device: 'meta' })],
        ['torch.ones(2).to(torch.float8_e5m2)', ones(2).to(torch.float8_e5m2)],
      ] as const
    ).flatMap(([python, value]): Corner[] => [
      [
        `nn.Linear(2, 1).register_parameter('extra', ${python})`,
        () => new nn.Linear(2, 1).register_parameter('extra', value as never),
      ],
      [
        `nn.Linear(2, 1).register_buffer('extra', ${python})`,
        () => new nn.Linear(2, 1).register_buffer('extra', value as never),
      ],
      [
        `nn.Linear(2, 1).add_module('extra', ${python})`,
        () => new nn.Linear(2, 1).add_module('extra', value as never),
      ],
    ]),
  ],
  'modules and optimizers': [
    [
      "nn.Linear(2, 1).load_state_dict({'weight': torch.ones(1, 2), 'other.x': torch.ones(1)}, strict=False)",
      () => {
        const { missing_keys, unexpected_keys } = new nn.Linear(2, 1).load_state_dict(
          { weight: ones(1, 2), 'other.x': ones(1) },
          { strict: false },
        );
        return [missing_keys, unexpected_keys];
      },
    ],
    [
      "nn.Linear(2, 1).load_state_dict({'weight': torch.ones(1, 2), 'bias': torch.ones(1, dtype=torch.complex64, device='meta')})",
      () =>
        new nn.Linear(2, 1).load_state_dict({
          weight: ones(1, 2),
          bias: ones(1, { dtype: torch.complex64, device: 'meta' }),
        }),
    ],
    [
      "after(lambda m: m.load_state_dict({'weight': nn.Parameter(torch.zeros(1, 2)), 'bias': torch.zeros(1)}, assign=True), nn.Linear(2, 1)).weight",
      () =>
        (
          after(
            (m: nn.Linear) =>
              m.load_state_dict(
                { weight: new nn.Parameter(zeros(1, 2)), bias: zeros(1) },
                { assign: true },
              ),
            new nn.Linear(2, 1),
          ) as nn.Linear
        ).weight,
    ],
    [
      'nn.AdaptiveLogSoftmaxWithLoss(4, 6, [2], div_value=0.0)',
      () => new nn.AdaptiveLogSoftmaxWithLoss(4, 6, [2], { div_value: 0 }),
    ],
    [
      'nn.AdaptiveLogSoftmaxWithLoss(4, 6, [2])(torch.ones(4), torch.ones(2, dtype=torch.int64))',
      () => new nn.AdaptiveLogSoftmaxWithLoss(4, 6, [2])(ones(4), ones(2, { dtype: torch.int64 })),
    ],
    [
      'nn.AdaptiveLogSoftmaxWithLoss(4, 6, [2])(torch.ones(1, 2, 4), torch.ones(1, dtype=torch.int64))',
      () =>
        new nn.AdaptiveLogSoftmaxWithLoss(4, 6, [2])(
          ones(1, 2, 4),
          ones(1, { dtype: torch.int64 }),
        ),
    ],
    [
      "torch.optim.SGD([('a', torch.ones(1))], lr=1.0)",
      () => new optim.SGD([['a', ones(1)]] as never, { lr: 1 }),
    ],
  ],
  'states of optimizers and scalers': [
    ...(
      [
        ["{'state': {}, 'param_groups': []}", { state: {}, param_groups: [] }],
        [
          "{'state': {}, 'param_groups': [{'params': []}]}",
          { state: {}, param_groups: [{ params: [] }] },
        ],
      ] as const
    ).map(
      ([python, state]): Corner => [
        `torch.optim.SGD([torch.ones(1)], lr=1.0).load_state_dict(${python})`,
        () => new optim.SGD([ones(1)], { lr: 1 }).load_state_dict(state as never),
      ],
    ),
    [
      "after(lambda o: o.load_state_dict({'state': {0: {'momentum_buffer': torch.ones(1, dtype=torch.float64), 'step': torch.tensor(1), 'more': [torch.ones(1, dtype=torch.int8)]}}, 'param_groups': o.state_dict()['param_groups']}), torch.optim.SGD([torch.ones(1)], lr=1.0)).state_dict()['state']",
      () =>
        (
          after(
            (o: optim.SGD) =>
              o.load_state_dict({
                state: {
                  0: {
                    momentum_buffer: ones(1, { dtype: torch.float64 }),
                    step: tensor(1),
                    more: [ones(1, { dtype: torch.int8 })],
                  },
                },
                param_groups: o.state_dict().param_groups,
              } as never),
            new optim.SGD([ones(1)], { lr: 1 }),
          ) as optim.SGD
        ).state_dict().state,
    ],
    [
      "after(lambda o: o.load_state_dict({'state': {}, 'param_groups': o.state_dict()['param_groups']}), torch.optim.SGD([('a', torch.ones(1))], lr=1.0)).param_groups[0]['param_names']",
      () =>
        (
          after(
            (o: optim.SGD) =>
              o.load_state_dict({ state: {}, param_groups: o.state_dict().param_groups }),
            new optim.SGD([['a', ones(1)]] as never, { lr: 1 }),
          ) as optim.SGD
        ).param_groups[0]!.param_names,
    ],
    [
      "torch.optim.SGD([torch.ones(1)], lr=1.0).add_param_group({'params': [('a', torch.ones(1))]})",
      () =>
        new optim.SGD([ones(1)], { lr: 1 }).add_param_group({ params: [['a', ones(1)]] } as never),
    ],
    [
      "torch.optim.SGD([('a', torch.ones(1))], lr=1.0).add_param_group({'params': [torch.ones(1)]})",
      () =>
        new optim.SGD([['a', ones(1)]] as never, { lr: 1 }).add_param_group({
          params: [ones(1)],
        } as never),
    ],
    ...(
      [
        ['s.get_scale()', (s) => s.get_scale()],
        ['s.state_dict()', (s) => s.state_dict()],
        ['s.load_state_dict({})', (s) => s.load_state_dict({})],
        ['s.update()', (s) => s.update()],
        ['s.unscale_(o)', (s, o) => s.unscale_(o)],
        ['s.step(o)', (s, o) => s.step(o)],
        ['s.step(o, closure=lambda: 5)', (s, o) => s.step(o, () => 5)],
        ['s.scale(torch.ones(1))', (s) => s.scale(ones(1))],
      ] as const satisfies readonly (readonly [
        string,
        (s: torch.amp.GradScaler, o: optim.SGD) => unknown,
      ])[]
    ).flatMap(([python, call]): Corner[] =>
      [false, true].map((enabled) => [
        `(lambda s, o: ${python})(torch.amp.GradScaler('cpu', init_scale=4.0, enabled=${enabled ? 'True' : 'False'}), torch.optim.SGD([torch.ones(1)], lr=1.0))`,
        () =>
          call(
            new torch.amp.GradScaler('cpu', { init_scale: 4, enabled }),
            new optim.SGD([ones(1)], { lr: 1 }),
          ),
      ]),
    ),
  ],
});
