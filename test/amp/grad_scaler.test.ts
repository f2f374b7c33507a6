/** GradScaler and the deprecated names in torch.cuda.amp without a GPU: results and errors. */
import { expect } from 'chai';
import torch, { nn, optim } from 'torch-losses';

import { expectSample } from '../parity/parity';

const { GradScaler } = torch.amp;

describe('GradScaler', () => {
  it('refuses what is no tensor, without end or not', () => {
    const scaler = new GradScaler('cpu');
    for (const outputs of ['abc', 3, null, [torch.ones(1), 'a'], [[null]]]) {
      expect(() => scaler.scale(outputs as never))
        .to.throw(RangeError, 'outputs must be a Tensor or an iterable of Tensors')
        .with.property('pythonType', 'ValueError');
    }
    expect(scaler.scale([torch.ones(1), [torch.ones(1)]])).to.have.length(2);
  });

  it('takes a state that is whole, or none of it', () => {
    const scaler = new GradScaler('cpu', { init_scale: 8 });
    const state = scaler.state_dict() as torch.amp.GradScalerState;
    const { scale: _, ...lacking } = state;
    expect(() => scaler.load_state_dict(lacking as never))
      .to.throw(torch.TorchError, "'scale'")
      .with.property('pythonType', 'KeyError');
    expect(() =>
      scaler.load_state_dict({ ...state, scale: '3', growth_factor: 7 } as never),
    ).to.throw(TypeError, 'load_state_dict(): scale must be a number');
    expect(() => scaler.load_state_dict(null as never)).to.throw(TypeError, 'a plain object');
    expect(scaler.state_dict()).to.deep.equal(state);
    scaler.load_state_dict({ ...state, scale: 2, growth_factor: 3 });
    expect([scaler.get_scale(), scaler.get_growth_factor()]).to.deep.equal([2, 3]);
  });

  it('refuses factors that are no numbers', () => {
    const scaler = new GradScaler('cpu');
    expect(() => scaler.set_growth_factor('2' as never)).to.throw(TypeError, 'new_factor');
    expect(() => scaler.set_backoff_factor(null as never)).to.throw(TypeError, 'new_factor');
    expect(() => scaler.set_growth_interval({} as never)).to.throw(TypeError, 'new_interval');
  });

  it('gives a loss back with the graph that Python’s has, on the device of the scale', () =>
    expectSample(
      {
        source: `
s = torch.amp.GradScaler('cpu', init_scale=4.0); x = torch.tensor([1.5, 2.0], requires_grad=True)
y = s.scale(x.sum()); z = s.scale([x, (x * 2).sum()]); y.backward()
names = [t.grad_fn.name() for t in [y, *z]]`,
        outputs: ['y', 'z', 'x.grad', 'names'],
      },
      () => {
        const scaler = new GradScaler('cpu', { init_scale: 4 });
        const x = torch.tensor([1.5, 2], { requires_grad: true });
        const y = scaler.scale(x.sum());
        const z = scaler.scale([x, x.mul(2).sum()]) as torch.Tensor[];
        y.backward();
        return [y, z, x.grad, [y, ...z].map((tensor) => tensor.grad_fn!.name())];
      },
    ));
});

describe('parity: torch.cuda.amp', () => {
  before(function () {
    if (torch.cuda.is_available()) this.skip();
  });

  const state = (): unknown[] => [
    torch.is_autocast_enabled('cuda'),
    String(torch.get_autocast_dtype('cuda')),
    torch.is_autocast_cache_enabled(),
  ];
  const { amp } = torch.cuda;
  const off = { enabled: false, dtype: torch.bfloat16, cache_enabled: false };
  const SAMPLES: readonly (readonly [python: string, ours: () => unknown])[] = [
    ['with torch.cuda.amp.autocast(): r = state()', () => amp.autocast(state)],
    [
      'with torch.cuda.amp.autocast(False, torch.bfloat16, False): r = state()',
      () => amp.autocast(off, state),
    ],
    ['with torch.cuda.amp.autocast(False): r = state()', () => amp.autocast(false, state)],
    ['r = torch.cuda.amp.GradScaler().is_enabled()', () => new amp.GradScaler().is_enabled()],
    [
      'r = torch.cuda.amp.GradScaler(8.0, enabled=False).is_enabled()',
      () => new amp.GradScaler(8, { enabled: false }).is_enabled(),
    ],
  ];
  for (const [python, ours] of SAMPLES) {
    it(`warns that its names are old, and does what the newer ones do: ${python}`, () => {
      const source = `
def state(): return [torch.is_autocast_enabled('cuda'), str(torch.get_autocast_dtype('cuda')), torch.is_autocast_cache_enabled()]
${python}`;
      return expectSample({ source, outputs: ['r'] }, () => [ours()]);
    });
  }

  it('is GradScaler, whose steps are the optimizer’s where it is not enabled', () => {
    const scaler = new torch.cuda.amp.GradScaler(16, { enabled: false });
    expect(scaler).to.be.an.instanceOf(GradScaler);
    const layer = new nn.Linear(1, 1);
    const optimizer = new optim.SGD(layer.parameters(), { lr: 0.5 });
    const before = layer.bias!.item();
    scaler.scale(layer.bias!.sum()).backward();
    scaler.step(optimizer);
    scaler.update();
    expect(layer.bias!.item()).to.be.closeTo(before - 0.5, 1e-6);
    expect(() => new torch.cuda.amp.GradScaler({ init: 1 } as never)).to.throw(TypeError, "'init'");
  });
});

describe('parity: settings of autocast', () => {
  type Row = readonly [python: string, ours: () => unknown];
  const ROWS: readonly Row[] = [
    ['torch.is_autocast_enabled()', () => torch.is_autocast_enabled()],
    ["torch.is_autocast_enabled('cuda:1')", () => torch.is_autocast_enabled('cuda:1')],
    ["torch.is_autocast_enabled('meta')", () => torch.is_autocast_enabled('meta')],
    ["torch.is_autocast_enabled('foo')", () => torch.is_autocast_enabled('foo')],
    ["torch.set_autocast_enabled('meta', True)", () => torch.set_autocast_enabled('meta', true)],
    ["str(torch.get_autocast_dtype('xpu'))", () => String(torch.get_autocast_dtype('xpu'))],
    ["torch.get_autocast_dtype('meta')", () => torch.get_autocast_dtype('meta')],
    ["torch.amp.is_autocast_available('meta')", () => torch.amp.is_autocast_available('meta')],
    ["torch.amp.is_autocast_available('foo')", () => torch.amp.is_autocast_available('foo')],
    [
      '[torch.set_autocast_enabled(True), torch.is_autocast_enabled(), torch.set_autocast_enabled(False)][1]',
      () => {
        torch.set_autocast_enabled(true);
        const enabled = torch.is_autocast_enabled();
        torch.set_autocast_enabled(false);
        return enabled;
      },
    ],
    [
      "[type(torch.autocast('cuda:0')), torch.is_autocast_enabled('cuda')][1]",
      () => torch.is_autocast_enabled('cuda'),
    ],
  ];
  for (const [python, ours] of ROWS) {
    it(python, () => expectSample({ source: `r = ${python}`, outputs: ['r'] }, () => [ours()]));
  }

  it('name the argument that is wrong', () => {
    expect(() => torch.is_autocast_enabled(3 as never)).to.throw(
      TypeError,
      "'device_type' must be",
    );
    expect(() => torch.set_autocast_enabled('cpu', 1 as never)).to.throw(
      TypeError,
      "'enabled' must be",
    );
    expect(() => torch.set_autocast_enabled('cpu' as never)).to.throw(TypeError, "'enabled'");
    expect(() => torch.get_autocast_dtype(null as never)).to.throw(
      TypeError,
      "'device_type' must be",
    );
    expect(() => torch.set_autocast_dtype('cpu', 'half' as never)).to.throw(
      TypeError,
      "'dtype' must be",
    );
    expect(() => torch.set_autocast_cache_enabled(0 as never)).to.throw(
      TypeError,
      "'enabled' must be",
    );
    expect(() => torch.amp.is_autocast_available(0 as never)).to.throw(TypeError, "'device_type'");
  });
});
