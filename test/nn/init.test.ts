/** nn.init with unusual arguments, compared with Python's values. test/parity/nn.test.ts has the usual ones. */
import { expect } from 'chai';
import torch, { nn, type Tensor } from 'torch-losses';

import { expectSample } from '../parity/parity';
import { withWarnings } from '../support/warnings';

const { init } = nn;
const empty = (...size: number[]): Tensor => torch.empty(size);

describe('nn.init', () => {
  it('fills as Python does', () =>
    expectSample(
      {
        source: `
e, i = torch.empty, nn.init
made = [i.eye_(e(3, 4)), i.orthogonal_(e(5, 3)), i.orthogonal_(e(3, 5, 2), gain=1.5), i.trunc_normal_(e(30, 20)),
        i.trunc_normal_(e(30, 20), a=1.0, b=3.0), i.trunc_normal_(e(30, 20), 0.3, 0.7, -0.5, 0.9),
        i.trunc_normal_(e(30, 20, dtype=torch.bfloat16), std=0.02), i.normal_(e(3), std=0.5), i.constant_(e(2), 3.0)]`,
        outputs: ['made'],
        seed: 0,
      },
      () => {
        torch.manual_seed(0);
        const bfloat16 = torch.empty([30, 20], { dtype: torch.bfloat16 });
        const made = [
          init.eye_(empty(3, 4)),
          init.orthogonal_(empty(5, 3)),
          init.orthogonal_(empty(3, 5, 2), { gain: 1.5 }),
          init.trunc_normal_(empty(30, 20)),
          init.trunc_normal_(empty(30, 20), { a: 1, b: 3 }),
          init.trunc_normal_(empty(30, 20), 0.3, 0.7, -0.5, 0.9),
          init.trunc_normal_(bfloat16, { std: 0.02 }),
          init.normal_(empty(3), { std: 0.5 }),
          init.constant_(empty(2), 3),
        ];
        return [made];
      },
    ));

  it('takes a generator', () =>
    expectSample(
      {
        source: `
g = torch.Generator(); g.manual_seed(7)
made = [nn.init.uniform_(torch.empty(4), generator=g), nn.init.kaiming_normal_(torch.empty(4, 2), generator=g)]`,
        outputs: ['made'],
      },
      () => {
        const generator = new torch.Generator().manual_seed(7);
        const made = [
          init.uniform_(empty(4), { generator }),
          init.kaiming_normal_(empty(4, 2), { generator }),
        ];
        return [made];
      },
    ));

  it('gains are Python’s', () =>
    expectSample(
      {
        source: `
names = ['linear', 'conv2d', 'conv_transpose3d', 'sigmoid', 'tanh', 'relu', 'leaky_relu', 'selu']
gains = [float(nn.init.calculate_gain(n)) for n in names]
gains += [nn.init.calculate_gain('leaky_relu', k / 7) for k in range(200)]`,
        outputs: ['[repr(g) for g in gains]'],
      },
      () => {
        const names = [
          'linear',
          'conv2d',
          'conv_transpose3d',
          'sigmoid',
          'tanh',
          'relu',
          'leaky_relu',
          'selu',
        ] as const;
        const gains = names.map((name) => init.calculate_gain(name));
        for (let k = 0; k < 200; k++) gains.push(init.calculate_gain('leaky_relu', k / 7));
        return [gains.map((gain) => (Number.isInteger(gain) ? `${gain}.0` : String(gain)))];
      },
    ));

  it('returns the tensor, unrecorded', () => {
    const parameter = new nn.Parameter(empty(2, 2));
    expect(init.uniform_(parameter)).to.equal(parameter);
    expect(parameter.is_leaf).to.equal(true);
  });

  it('refuses what Python refuses', () => {
    const cases: [() => unknown, string][] = [
      [
        () => init.xavier_uniform_(empty(2)),
        'Fan in and fan out can not be computed for tensor with fewer than 2 dimensions',
      ],
      [() => init.eye_(empty(2)), 'Only tensors with 2 dimensions are supported'],
      [() => init.orthogonal_(empty(2)), 'Only tensors with 2 or more dimensions are supported'],
      [() => init.calculate_gain('gelu' as never), 'Unsupported nonlinearity gelu'],
      [
        () => init.calculate_gain('leaky_relu', 'a' as never),
        'negative_slope a not a valid number',
      ],
      [
        () => init.kaiming_uniform_(empty(2, 2), { mode: 'fan' as never }),
        "Mode fan not supported, please use one of ['fan_in', 'fan_out']",
      ],
    ];
    for (const [call, message] of cases) expect(call).to.throw(RangeError, message);
    expect(() => init.uniform_([1] as never)).to.throw(
      TypeError,
      "argument 'tensor' must be a Tensor",
    );
    expect(() => init.constant_(empty(2), 'x' as never)).to.throw(
      TypeError,
      "'val' must be a number",
    );
  });

  it('warns as Python does', async () => {
    const { warnings } = await withWarnings(() => {
      init.kaiming_uniform_(empty(0, 2));
      init.trunc_normal_(empty(2), { mean: 9 });
    });
    expect(warnings).to.deep.equal([
      ['UserWarning', 'Initializing zero-element tensors is a no-op'],
      [
        'UserWarning',
        'mean is more than 2 std from [a, b] in nn.init.trunc_normal_. The distribution of values may be incorrect.',
      ],
    ]);
  });
});
