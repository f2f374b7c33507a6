/**
 * Every loss under autocast on the CPU, compared with Python: the operators that are cast, exact values and gradients.
 * Also autocast's settings, the cache of casts, and GradScaler.
 */
import torch, { nn, optim, type Tensor } from 'torch-losses';

import { DTYPES, LossCases } from '../../dist/testing/parity/generate';
import { LOSSES, nameOf } from '../../dist/testing/parity/losses';
import type { Call } from './case';
import { expectParity, expectSample } from './parity';

const FAST = ['bfloat16', 'float16'] as const;
/** One call in this many of a row is tested. The others differ in ways that autocast does not depend on. */
const EVERY = 6;

const underAutocast = (calls: readonly Call[]): Call[] =>
  calls.map((call, i) => ({ ...call, autocast: { device: 'cpu', dtype: FAST[i % 2]! } }));

describe('parity: losses under autocast', function () {
  this.timeout(120_000);

  for (const [i, row] of LOSSES.entries()) {
    it(nameOf(row), async () => {
      const cases = new LossCases(row, 3000 + i, DTYPES, ['float32']);
      const calls = [...cases.grid(), ...cases.random(30)]
        .filter((_, at) => at % EVERY === 0)
        .map((make) => make().call);
      await expectParity(underAutocast(calls));
    });
  }
});

describe('parity: autocast', () => {
  it('casts a weight once for all its uses, and forgets the cast when the region ends', () =>
    expectSample(
      {
        source: `
torch.manual_seed(0)
layer = nn.Linear(8, 8); x = torch.randn(4, 8)
def run(cache):
    layer.zero_grad()
    with torch.autocast('cpu', dtype=torch.bfloat16, cache_enabled=cache):
        y = layer(layer(x)).float().sum()
    y.backward()
    return [y, layer.weight.grad.clone(), layer.bias.grad.clone()]
cached, uncached = run(True), run(False)
with torch.no_grad(): layer.weight.add_(1)
changed = run(True)
with torch.autocast('cpu'):
    first = layer(x)
    with torch.no_grad(): layer.weight.add_(1)
    stale = layer(x)
    torch.clear_autocast_cache()
    fresh = layer(x)`,
        outputs: ['cached', 'uncached', 'changed', 'first', 'stale', 'fresh'],
      },
      () => {
        torch.manual_seed(0);
        const layer = new nn.Linear(8, 8);
        const x = torch.randn(4, 8);
        const add = (): unknown => torch.no_grad(() => layer.weight.add_(1));
        const run = (cache_enabled: boolean): Tensor[] => {
          layer.zero_grad();
          const y = torch.autocast('cpu', { dtype: torch.bfloat16, cache_enabled }, () =>
            layer(layer(x)).float().sum(),
          );
          y.backward();
          return [y, layer.weight.grad!.clone(), layer.bias!.grad!.clone()];
        };
        const [cached, uncached] = [run(true), run(false)];
        add();
        const changed = run(true);
        const within = torch.autocast('cpu', () => {
          const first = layer(x);
          add();
          const stale = layer(x);
          torch.clear_autocast_cache();
          return [first, stale, layer(x)];
        });
        return [cached, uncached, changed, ...within];
      },
    ));

  it('holds in a backward pass within the region, with and without the engine', () =>
    expectSample(
      {
        source: `
torch.manual_seed(1)
layer = nn.Linear(8, 5); x = torch.randn(4, 8, requires_grad=True); y = torch.tensor([0, 1, 2, 3]); results = []
for retain in [False, True]:
    layer.zero_grad(); x.grad = None
    with torch.autocast('cpu', dtype=torch.bfloat16):
        loss = F.cross_entropy(layer(x).tanh(), y) + F.mse_loss(layer(x), x[:, :5])
        if retain: loss.register_hook(lambda g: g) # the engine's
        loss.backward(retain_graph=retain)
    results.append([loss, layer.weight.grad.clone(), layer.bias.grad.clone(), x.grad.clone()])
with torch.autocast('cpu', dtype=torch.float16):
    (g,) = torch.autograd.grad(F.binary_cross_entropy(layer(x).sigmoid().float(), torch.full((4, 5), 0.3)), [x])`,
        outputs: ['results', 'g'],
      },
      () => {
        torch.manual_seed(1);
        const layer = new nn.Linear(8, 5);
        const x = torch.randn(4, 8, { requires_grad: true });
        const y = torch.tensor([0, 1, 2, 3]);
        const { cross_entropy, mse_loss, binary_cross_entropy } = nn.functional;
        const results = [false, true].map((retain_graph) => {
          layer.zero_grad();
          x.grad = null;
          const loss = torch.autocast('cpu', { dtype: torch.bfloat16 }, () => {
            const sum = cross_entropy(layer(x).tanh(), y).add(
              mse_loss(layer(x), x.narrow(1, 0, 5)),
            );
            sum.backward({ retain_graph });
            return sum;
          });
          const gradients = [layer.weight, layer.bias!, x].map(({ grad }) => grad!.clone());
          return [loss, ...gradients];
        });
        const [g] = torch.autocast('cpu', { dtype: torch.float16 }, () =>
          torch.autograd.grad(
            binary_cross_entropy(layer(x).sigmoid().float(), torch.full([4, 5], 0.3)),
            [x],
          ),
        );
        return [results, g];
      },
    ));

  it('nests, and restores what was set before', () =>
    expectSample(
      {
        source: `
def state(): return [torch.is_autocast_enabled('cpu'), torch.is_autocast_enabled(), str(torch.get_autocast_dtype('cpu')), torch.is_autocast_cache_enabled()]
states = [state()]
with torch.autocast('cpu', dtype=torch.float16, cache_enabled=False):
    states.append(state())
    with torch.autocast('cpu', enabled=False): states.append(state())
    states.append(state())
states.append(state())
try:
    with torch.autocast('cpu'): raise KeyError('x')
except KeyError: pass
states.append(state())
torch.set_autocast_dtype('cpu', torch.float16); torch.set_autocast_enabled('cpu', True); torch.set_autocast_cache_enabled(False)
states.append(state())
torch.set_autocast_dtype('cpu', torch.bfloat16); torch.set_autocast_enabled('cpu', False); torch.set_autocast_cache_enabled(True)
states.append(state())`,
        outputs: ['states'],
      },
      () => {
        const state = (): unknown[] => [
          torch.is_autocast_enabled('cpu'),
          torch.is_autocast_enabled(),
          String(torch.get_autocast_dtype('cpu')),
          torch.is_autocast_cache_enabled(),
        ];
        const states = [state()];
        torch.autocast('cpu', { dtype: torch.float16, cache_enabled: false }, () => {
          states.push(state());
          torch.autocast('cpu', { enabled: false }, () => states.push(state()));
          states.push(state());
        });
        states.push(state());
        try {
          torch.autocast('cpu', () => {
            throw new Error('x');
          });
        } catch {
          states.push(state());
        }
        for (const on of [true, false]) {
          torch.set_autocast_dtype('cpu', on ? torch.float16 : torch.bfloat16);
          torch.set_autocast_enabled('cpu', on);
          torch.set_autocast_cache_enabled(!on);
          states.push(state());
        }
        return [states];
      },
    ));

  const REFUSED: readonly (readonly [python: string, ours: () => unknown])[] = [
    ["torch.autocast('nonsense')", () => torch.autocast('nonsense', () => 0)],
    ["torch.autocast('meta')", () => torch.autocast('meta', () => 0)],
    [
      "torch.autocast('cpu', dtype=torch.float32)",
      () => torch.autocast('cpu', { dtype: torch.float32 }, () => null),
    ],
    ["torch.get_autocast_dtype('meta')", () => torch.get_autocast_dtype('meta')],
    ["torch.amp.is_autocast_available('meta')", () => torch.amp.is_autocast_available('meta')],
    ["torch.amp.is_autocast_available('xpu')", () => torch.amp.is_autocast_available('xpu')],
  ];
  for (const [python, ours] of REFUSED) {
    it(`answers ${python} as Python does`, () =>
      expectSample(
        { source: `r = ${python}`, outputs: ['r if isinstance(r, bool) else None'] },
        () => [ours()],
      ));
  }
});

describe('parity: amp.GradScaler', () => {
  for (const fused of [false, true]) {
    it(`scales, skips a step that overflowed, backs off and grows${fused ? ', in the fused kernel' : ''}`, () =>
      expectSample(
        {
          source: `
torch.manual_seed(0)
net = nn.Linear(6, 3); x = torch.randn(5, 6); y = torch.tensor([0, 1, 2, 0, 1])
optimizer = torch.optim.SGD(net.parameters(), lr=0.1, momentum=0.9, fused=${fused ? 'True' : 'None'})
scaler = torch.amp.GradScaler('cpu', init_scale=2.0**10, growth_interval=2)
trace = []
for step in range(7):
    optimizer.zero_grad()
    with torch.autocast('cpu', dtype=torch.bfloat16):
        loss = F.cross_entropy(net(x), y)
    if step == 3: loss = loss * float('inf')
    scaler.scale(loss).backward()
    if step == 5: scaler.unscale_(optimizer)
    scaler.step(optimizer); scaler.update()
    trace.append([loss, scaler.get_scale(), net.weight.grad.clone(), net.weight.detach().clone(), scaler.state_dict()])`,
          outputs: ['trace'],
        },
        () => {
          torch.manual_seed(0);
          const net = new nn.Linear(6, 3);
          const x = torch.randn(5, 6);
          const y = torch.tensor([0, 1, 2, 0, 1]);
          const optimizer = new optim.SGD(net.parameters(), {
            lr: 0.1,
            momentum: 0.9,
            fused: fused || null,
          });
          const scaler = new torch.amp.GradScaler('cpu', {
            init_scale: 2 ** 10,
            growth_interval: 2,
          });
          const trace: unknown[] = [];
          for (let step = 0; step < 7; step++) {
            optimizer.zero_grad();
            let loss = torch.autocast('cpu', { dtype: torch.bfloat16 }, () =>
              nn.functional.cross_entropy(net(x), y),
            );
            if (step === 3) loss = loss.mul(Infinity);
            scaler.scale(loss).backward();
            if (step === 5) scaler.unscale_(optimizer);
            scaler.step(optimizer);
            scaler.update();
            trace.push([
              loss,
              scaler.get_scale(),
              net.weight.grad!.clone(),
              net.weight.detach().clone(),
              Object.entries(scaler.state_dict()),
            ]);
          }
          return [trace];
        },
      ));
  }

  it('scales lists, takes a scale, and restores its state', () =>
    expectSample(
      {
        source: `
s = torch.amp.GradScaler('cpu', init_scale=8.0)
a, b = torch.tensor(1.5), torch.tensor([2.0, 3.0])
scaled = s.scale([a, (b, [a])])
before = s.state_dict()
s.update(4.0)
after = s.scale(a)
s.update(torch.tensor(2.0))
t = torch.amp.GradScaler('cpu'); t.load_state_dict(s.state_dict())
restored = [t.get_scale(), t.scale(a), t.state_dict()]
off = torch.amp.GradScaler('cpu', enabled=False)
disabled = [off.scale(a), off.get_scale(), off.state_dict(), off.is_enabled()]`,
        outputs: ['scaled', 'before', 'after', 'restored', 'disabled'],
      },
      () => {
        const s = new torch.amp.GradScaler('cpu', { init_scale: 8 });
        const [a, b] = [torch.tensor(1.5), torch.tensor([torch.asFloat(2), torch.asFloat(3)])];
        const scaled = s.scale([a, [b, [a]]]);
        const before = Object.entries(s.state_dict());
        s.update(4);
        const after = s.scale(a);
        s.update(torch.tensor(torch.asFloat(2)));
        const t = new torch.amp.GradScaler('cpu');
        t.load_state_dict(s.state_dict());
        const restored = [t.get_scale(), t.scale(a), Object.entries(t.state_dict())];
        const off = new torch.amp.GradScaler('cpu', { enabled: false });
        const disabled = [off.scale(a), off.get_scale(), [], off.is_enabled()];
        return [scaled, before, after, restored, disabled];
      },
    ));

  const SETUP = `
p = torch.ones(2, requires_grad=True); o = torch.optim.SGD([p], lr=0.1)
s = torch.amp.GradScaler('cpu')
def grad(dtype=torch.float32): p.grad = None; s.scale(p.sum()).backward()
`;
  const prepared = (): { p: Tensor; o: optim.SGD; s: torch.amp.GradScaler; grad: () => void } => {
    const p = torch.ones(2, { requires_grad: true });
    const s = new torch.amp.GradScaler('cpu');
    const grad = (): void => {
      p.grad = null;
      s.scale(p.sum()).backward();
    };
    return { p, o: new optim.SGD([p], { lr: 0.1 }), s, grad };
  };
  type Prepared = ReturnType<typeof prepared>;
  const MISUSES: readonly (readonly [python: string, ours: (given: Prepared) => unknown])[] = [
    ['s.step(o)', ({ s, o }) => s.step(o)],
    ['s.update()', ({ s }) => s.update()],
    ['s.unscale_(o)', ({ s, o }) => s.unscale_(o)],
    ['s.scale(p.sum()); s.step(o)', ({ s, p, o }) => [s.scale(p.sum()), s.step(o)]],
    ['s.scale(p.sum()); s.update()', ({ s, p }) => [s.scale(p.sum()), s.update()]],
    ['grad(); s.step(o); s.step(o)', ({ s, o, grad }) => [grad(), s.step(o), s.step(o)]],
    [
      'grad(); s.unscale_(o); s.unscale_(o)',
      ({ s, o, grad }) => [grad(), s.unscale_(o), s.unscale_(o)],
    ],
    ['grad(); s.step(o); s.unscale_(o)', ({ s, o, grad }) => [grad(), s.step(o), s.unscale_(o)]],
    ['grad(); s.update(torch.ones(2))', ({ s, grad }) => [grad(), s.update(torch.ones(2))]],
    [
      'grad(); p.data = p.data.half(); p.grad = torch.ones(2, dtype=torch.half); s.step(o)',
      ({ s, o, p, grad }) => {
        grad();
        p.data = p.data.half();
        p.grad = torch.ones(2, { dtype: torch.half });
        return s.step(o);
      },
    ],
    [
      "torch.amp.GradScaler('cpu', growth_factor=1.0)",
      () => new torch.amp.GradScaler('cpu', { growth_factor: 1 }),
    ],
    [
      "torch.amp.GradScaler('cpu', backoff_factor=1.0)",
      () => new torch.amp.GradScaler('cpu', { backoff_factor: 1 }),
    ],
    ['s.load_state_dict({})', ({ s }) => s.load_state_dict({})],
    ['s.scale(3)', ({ s }) => s.scale(3 as never)],
  ];
  for (const [python, ours] of MISUSES) {
    it(`refuses ${python} as Python does`, () =>
      expectSample({ source: SETUP + python, outputs: [] }, () => {
        ours(prepared());
        return [];
      }));
  }
});
