/** torch.nn.utils: clipping of gradients, compared with Python: norms, bits, errors and warnings. */
import { expect } from 'chai';
import torch, { nn, type Tensor } from 'torch-losses';

import { expectSample } from './parity';

const { utils } = nn;

type Foreach = boolean | null;

const FOREACH: readonly Foreach[] = [null, true, false];
const ORDERS = [2, 1, 0, 3.5, 0.5, Infinity, -Infinity] as const;
const LISTS = {
  float32: ['float32', 'float32', 'float32'],
  'float16 and float32': ['float16', 'float32', 'float16', 'float32', 'float16'],
  'five dtypes': ['float64', 'bfloat16', 'float32', 'float16', 'complex64', 'float32', 'float64'],
} as const;
const HALVES = ['float16', 'bfloat16'] as const;

const python = (value: Foreach | number): string => {
  if (typeof value === 'number') return `float('${value}')`;
  return value === null ? 'None' : value ? 'True' : 'False';
};

/** Parameters with random gradients. Every third one has no gradient. */
const SETUP = `
def parameters(names, factor=1):
    torch.manual_seed(1)
    made = []
    for i, name in enumerate(names):
        p = torch.zeros(7, i + 1, dtype=getattr(torch, name), requires_grad=True)
        if i % 3 != 2: p.grad = torch.randn(7, i + 1, dtype=getattr(torch, name)) * factor
        made.append(p)
    return made
def grads(ps): return [p.grad for p in ps]
`;

function parameters(names: readonly string[], factor = 1): Tensor[] {
  torch.manual_seed(1);
  return names.map((name, i) => {
    const dtype = (torch as unknown as Record<string, torch.DType>)[name]!;
    const parameter = torch.zeros(7, i + 1, { dtype, requires_grad: true });
    if (i % 3 !== 2) parameter.grad = torch.randn(7, i + 1, { dtype }).mul(factor);
    return parameter;
  });
}

const grads = (list: readonly Tensor[]): (Tensor | null)[] => list.map(({ grad }) => grad);
const listed = (names: readonly string[]): string => `[${names.map((n) => `'${n}'`).join(', ')}]`;

describe('parity: nn.utils', () => {
  for (const [name, dtypes] of Object.entries(LISTS)) {
    it(`clip_grad_norm_ of ${name}: norms and gradients`, async () => {
      for (const order of ORDERS) {
        for (const foreach of FOREACH) {
          for (const limit of [0.25, 1, 1000]) {
            const call = `utils.clip_grad_norm_(ps, ${limit}, ${python(order)}, False, ${python(foreach)})`;
            await expectSample(
              {
                source: `${SETUP}
ps = parameters(${listed(dtypes)}); norm = nn.${call}; g = grads(ps)`,
                outputs: ['norm', 'g'],
              },
              () => {
                const ps = parameters(dtypes);
                const norm = utils.clip_grad_norm_(ps, limit, order, false, foreach);
                return [norm, grads(ps)];
              },
            );
          }
        }
      }
    });

    it(`clip_grad_value_ of ${name}`, async () => {
      for (const foreach of FOREACH) {
        await expectSample(
          {
            source: `${SETUP}
ps = parameters(${listed(dtypes)}); r = nn.utils.clip_grad_value_(ps, 0.3, ${python(foreach)}); g = grads(ps)`,
            outputs: ['r', 'g'],
          },
          () => {
            const ps = parameters(dtypes);
            return [utils.clip_grad_value_(ps, 0.3, foreach) ?? null, grads(ps)];
          },
        );
      }
    });
  }

  it('get_total_norm and clip_grads_with_norm_ are its halves', () =>
    expectSample(
      {
        source: `${SETUP}
ps = parameters(${listed(HALVES)}, 1000)
norm = nn.utils.get_total_norm([p.grad for p in ps], norm_type=3); one = nn.utils.get_total_norm(ps[0].grad)
none = nn.utils.get_total_norm([]); nn.utils.clip_grads_with_norm_(ps, 2, norm, foreach=False); g = [p.grad.clone() for p in ps]
nn.utils.clip_grad_norm_(ps[1], 0.5); single = grads(ps)`,
        outputs: ['norm', 'one', 'none', 'g', 'single'],
      },
      () => {
        const ps = parameters(HALVES, 1000);
        const list = ps.map((parameter) => parameter.grad!);
        const norm = utils.get_total_norm(list, { norm_type: 3 });
        const one = utils.get_total_norm(list[0]!);
        const none = utils.get_total_norm([]);
        utils.clip_grads_with_norm_(ps, 2, norm, { foreach: false });
        const clipped = grads(ps).map((gradient) => gradient!.clone());
        utils.clip_grad_norm_(ps[1]!, 0.5);
        return [norm, one, none, clipped, grads(ps)];
      },
    ));

  for (const [source, call] of [
    [
      'nn.utils.clip_grad_norm_(ps, 1, error_if_nonfinite=True)',
      (ps: Tensor[]) => utils.clip_grad_norm_(ps, 1, { error_if_nonfinite: true }),
    ],
    [
      "nn.utils.clip_grad_norm_(ps, 1, float('inf'), True)",
      (ps: Tensor[]) => utils.clip_grad_norm_(ps, 1, Infinity, true),
    ],
    [
      'nn.utils.get_total_norm(grads(ps), 1.5, True)',
      (ps: Tensor[]) => utils.get_total_norm(grads(ps) as Tensor[], 1.5, true),
    ],
    ['nn.utils.clip_grad_norm_(ps, 1)', (ps: Tensor[]) => utils.clip_grad_norm_(ps, 1)],
  ] as const) {
    it(`${source} of gradients that are not finite`, async () => {
      for (const value of ['inf', '-inf', 'nan'] as const) {
        await expectSample(
          {
            source: `${SETUP}
ps = parameters(${listed(HALVES)}); ps[0].grad[0] = float('${value}'); r = ${source}; g = grads(ps)`,
            outputs: ['r', 'g'],
          },
          () => {
            const ps = parameters(HALVES);
            ps[0]!.grad!.index_put_([0], Number(value.replace('inf', 'Infinity')));
            return [call(ps), grads(ps)];
          },
        );
      }
    });
  }

  it('kernels of lists are refused where a device has none', () =>
    expectSample(
      {
        source:
          "p = torch.zeros(2, device='meta', requires_grad=True); p.grad = torch.zeros(2, device='meta')\n" +
          'r = nn.utils.clip_grad_value_([p], 1, foreach=True)',
        outputs: [],
      },
      () => {
        const p = torch.zeros(2, { device: 'meta', requires_grad: true });
        p.grad = torch.zeros(2, { device: 'meta' });
        utils.clip_grad_value_([p], 1, true);
        return [];
      },
    ));

  it('an empty generator is warned of, an empty list not', async () => {
    function* nothing(): Generator<Tensor> {}
    for (const [source, call] of [
      ['nn.utils.clip_grad_norm_((p for p in []), 1)', () => utils.clip_grad_norm_(nothing(), 1)],
      [
        'nn.utils.clip_grad_norm_(nn.ReLU().parameters(), 1)',
        () => utils.clip_grad_norm_(new nn.ReLU().parameters(), 1),
      ],
      ['nn.utils.clip_grad_norm_([], 1)', () => utils.clip_grad_norm_([], 1)],
    ] as const) {
      await expectSample({ source: `r = ${source}`, outputs: ['r'] }, () => [call()]);
    }
  });

  it('clip_grad_value_ wants one gradient at least', () =>
    expectSample(
      { source: 'nn.utils.clip_grad_value_(nn.Linear(2, 2).parameters(), 1)', outputs: [] },
      () => {
        utils.clip_grad_value_(new nn.Linear(2, 2).parameters(), 1);
        return [];
      },
    ));

  it('a training loop ends where Python’s ends', () =>
    expectSample(
      {
        source: `
torch.manual_seed(0); model = nn.Linear(5, 3); optimizer = torch.optim.SGD(model.parameters(), lr=0.5, momentum=0.9)
x = torch.randn(16, 5); y = torch.randn(16, 3) * 10; norms = []
for _ in range(5):
    optimizer.zero_grad(); nn.MSELoss()(model(x), y).backward()
    norms.append(nn.utils.clip_grad_norm_(model.parameters(), max_norm=1.0)); optimizer.step()
w = model.weight`,
        outputs: ['norms', 'w'],
      },
      () => {
        torch.manual_seed(0);
        const model = new nn.Linear(5, 3);
        const optimizer = new torch.optim.SGD(model.parameters(), { lr: 0.5, momentum: 0.9 });
        const [x, y] = [torch.randn(16, 5), torch.randn(16, 3).mul(10)];
        const norms = Array.from({ length: 5 }, () => {
          optimizer.zero_grad();
          new nn.MSELoss()(model(x), y).backward();
          const norm = utils.clip_grad_norm_(model.parameters(), 1);
          optimizer.step();
          return norm;
        });
        return [norms, model.weight];
      },
    ));

  it('a loop in mixed precision that unscales before it clips ends where Python’s ends', () =>
    expectSample(
      {
        source: `
torch.manual_seed(0); model = nn.Linear(5, 3); optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
scaler = torch.amp.GradScaler('cpu', init_scale=2.0**130, growth_interval=2); criterion = nn.CrossEntropyLoss()
x = torch.randn(16, 5); y = torch.randint(3, (16,)); norms = []; scales = []
for _ in range(8):
    optimizer.zero_grad()
    with torch.autocast('cpu', dtype=torch.bfloat16): loss = criterion(model(x), y)
    scaler.scale(loss).backward(); scaler.unscale_(optimizer)
    norms.append(nn.utils.clip_grad_norm_(model.parameters(), 0.5)); scaler.step(optimizer); scaler.update()
    scales.append(scaler.get_scale())
w = model.weight`,
        outputs: ['norms', 'scales', 'w'],
      },
      () => {
        torch.manual_seed(0);
        const model = new nn.Linear(5, 3);
        const optimizer = new torch.optim.SGD(model.parameters(), { lr: 0.1 });
        const scaler = new torch.amp.GradScaler('cpu', {
          init_scale: 2 ** 130,
          growth_interval: 2,
        });
        const criterion = new nn.CrossEntropyLoss();
        const [x, y] = [torch.randn(16, 5), torch.randint(3, [16])];
        const [norms, scales]: [Tensor[], number[]] = [[], []];
        for (let step = 0; step < 8; step++) {
          optimizer.zero_grad();
          const loss = torch.autocast('cpu', { dtype: torch.bfloat16 }, () =>
            criterion(model(x), y),
          );
          scaler.scale(loss).backward();
          scaler.unscale_(optimizer);
          norms.push(utils.clip_grad_norm_(model.parameters(), 0.5));
          scaler.step(optimizer);
          scaler.update();
          scales.push(scaler.get_scale());
        }
        return [norms, scales, model.weight];
      },
    ));

  it('names what it cannot take', () => {
    const p = torch.zeros(2, { requires_grad: true });
    for (const wrong of [null, 3, 'x', [p, 3], {}] as never[]) {
      expect(() => utils.clip_grad_norm_(wrong, 1)).to.throw(
        TypeError,
        "argument 'parameters' must be a Tensor or an iterable of Tensors",
      );
    }
    expect(() => utils.clip_grad_norm_([p], '1' as never)).to.throw(TypeError, "'max_norm'");
    expect(() => utils.clip_grad_value_([p], 1, { foreaches: true } as never)).to.throw(
      TypeError,
      "did you mean 'foreach'",
    );
    p.dispose();
    expect(() => utils.get_total_norm([p])).to.throw(TypeError, 'disposed');
  });
});
