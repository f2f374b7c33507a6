/**
 * Random numbers on devices: `torch.cuda`'s generators without a GPU, `torch.random.fork_rng`, and functions for
 * programs that support several devices. The last suite needs a GPU.
 */
import { expect } from 'chai';
import torch from 'torch-losses';

import { describeCuda } from '../cuda/gpu';
import { askPython, expectSample } from './parity';

const { cuda, random } = torch;
const x = torch.get_rng_state();

type Row = readonly [python: string, ours: () => unknown];

const ROWS: readonly Row[] = [
  ['torch.cuda.get_rng_state()', () => cuda.get_rng_state()],
  ["torch.cuda.get_rng_state('cuda:1')", () => cuda.get_rng_state('cuda:1')],
  ['torch.cuda.get_rng_state_all()', () => cuda.get_rng_state_all()],
  ['torch.cuda.set_rng_state(x)', () => cuda.set_rng_state(x) ?? null],
  ["torch.cuda.set_rng_state(x, 'cuda:3')", () => cuda.set_rng_state(x, 'cuda:3') ?? null],
  ['torch.cuda.set_rng_state(x, 3)', () => cuda.set_rng_state(x, 3) ?? null],
  ['torch.cuda.set_rng_state(x, -1)', () => cuda.set_rng_state(x, -1)],
  ["torch.cuda.set_rng_state(x, 'nonsense')", () => cuda.set_rng_state(x, 'nonsense')],
  ['torch.cuda.set_rng_state_all([x, x])', () => cuda.set_rng_state_all([x, x]) ?? null],
  ['torch.cuda.seed()', () => cuda.seed() ?? null],
  ['torch.cuda.seed_all()', () => cuda.seed_all() ?? null],
  ['torch.cuda.initial_seed()', () => cuda.initial_seed()],
  ['list(torch.cuda.default_generators)', () => [...cuda.default_generators]],
  ['torch.cuda.manual_seed(-1)', () => cuda.manual_seed(-1) ?? null],
  ['torch.Generator().get_offset()', () => new torch.Generator().get_offset()],
  ['torch.Generator().set_offset(4)', () => new torch.Generator().set_offset(4)],
];

describe('parity: random numbers of CUDA, without a GPU', () => {
  before(function () {
    if (cuda.is_available()) this.skip();
  });

  for (const [python, ours] of ROWS) {
    it(python, () =>
      expectSample({ source: `x = torch.get_rng_state(); r = ${python}`, outputs: ['r'] }, () => [
        ours(),
      ]),
    );
  }

  it('refuse what is no device and no state, where Python lets it pass', () => {
    expect(() => cuda.set_rng_state(x, 'cpu')).to.throw(RangeError, 'Expected a cuda device');
    expect(() => cuda.set_rng_state(3 as never)).to.throw(
      TypeError,
      "'new_state' must be a Tensor",
    );
    expect(() => cuda.set_rng_state_all(null as never)).to.throw(
      TypeError,
      'an iterable of Tensors',
    );
    expect(() => cuda.manual_seed(1.5)).to.throw(TypeError, 'must be an integer');
    expect(() => new torch.Generator().set_offset(-4)).to.throw(TypeError, 'at least 0');
    expect(cuda.is_initialized()).to.equal(false);
  });
});

const FORKS: readonly Row[] = [
  ['fork_rng()', () => random.fork_rng(() => null)],
  ['fork_rng(devices=[])', () => random.fork_rng({ devices: [] }, () => null)],
  ['fork_rng(devices=[0])', () => random.fork_rng({ devices: [0] }, () => null)],
  ['fork_rng([0], False)', () => random.fork_rng([0], false, () => null)],
  ["fork_rng(device_type='cuda')", () => random.fork_rng({ device_type: 'cuda' }, () => null)],
  ["fork_rng(device_type='cpu')", () => random.fork_rng({ device_type: 'cpu' }, () => null)],
  ["fork_rng(device_type='meta')", () => random.fork_rng({ device_type: 'meta' }, () => null)],
  ["fork_rng(device_type='hpu')", () => random.fork_rng({ device_type: 'hpu' }, () => null)],
  [
    "fork_rng(enabled=False, device_type='cpu')",
    () => random.fork_rng({ enabled: false, device_type: 'cpu' }, () => null),
  ],
  ["fork_rng(device_type='foo')", () => random.fork_rng({ device_type: 'foo' }, () => null)],
];

describe('parity: torch.random', () => {
  for (const [python, ours] of FORKS) {
    if (cuda.is_available()) break;
    it(`with ${python}`, () =>
      expectSample({ source: `with torch.random.${python}: r = None`, outputs: ['r'] }, () => [
        ours(),
      ]));
  }

  it('brings the generator back after fork_rng, after an error too', () =>
    expectSample(
      {
        source: `
torch.manual_seed(3)
with torch.random.fork_rng():
    torch.manual_seed(4); a = torch.randn(3)
b = torch.randn(3)
try:
    with torch.random.fork_rng():
        torch.rand(7); raise ValueError()
except ValueError: pass
c = torch.randn(3)
with torch.random.fork_rng(enabled=False): d = torch.randn(3)
e = torch.randn(3)`,
        outputs: [...'abcde'],
      },
      () => {
        torch.manual_seed(3);
        const a = random.fork_rng(() => {
          random.manual_seed(4);
          return torch.randn(3);
        });
        const b = torch.randn(3);
        expect(() =>
          random.fork_rng(() => {
            torch.rand(7);
            throw new RangeError('stop');
          }),
        ).to.throw(RangeError, 'stop');
        const c = torch.randn(3);
        const d = random.fork_rng({ enabled: false }, () => torch.randn(3));
        return [a, b, c, d, torch.randn(3)];
      },
    ));

  it('takes nothing but a synchronous function, and brings the generator back all the same', () => {
    torch.manual_seed(5);
    const expected = torch.rand(2).tolist();
    torch.manual_seed(5);
    const promise = (): Promise<unknown> => {
      torch.rand(2);
      return Promise.resolve();
    };
    expect(() => random.fork_rng(promise)).to.throw(TypeError, 'must be synchronous');
    expect(torch.rand(2).tolist()).to.deep.equal(expected);
    expect(() => random.fork_rng(3 as never)).to.throw(TypeError, "'devices' must be an iterable");
    expect(() => random.fork_rng({ device: [] } as never, () => 0)).to.throw(
      TypeError,
      "did you mean 'devices'",
    );
  });

  it('has the functions that torch has', () => {
    const { default_generator, get_rng_state, initial_seed, manual_seed, seed, set_rng_state } =
      torch;
    expect(random).to.include({
      default_generator,
      get_rng_state,
      initial_seed,
      manual_seed,
      seed,
      set_rng_state,
    });
  });

  it('clones a generator with its state, and they go on apart', () =>
    expectSample(
      {
        source: `
g = torch.Generator().manual_seed(9); torch.rand(3, generator=g); h = g.clone_state()
a = torch.rand(4, generator=g); b = torch.rand(4, generator=h); c = torch.rand(2, generator=g)`,
        outputs: ['a', 'b', 'c'],
      },
      () => {
        const generator = new torch.Generator().manual_seed(9);
        torch.rand(3, { generator });
        const clone = generator.clone_state();
        const draw = (from: torch.Generator, n: number): unknown =>
          torch.rand(n, { generator: from });
        return [draw(generator, 4), draw(clone, 4), draw(generator, 2)];
      },
    ));
});

const MODULES: readonly Row[] = [
  [
    "torch.get_device_module('cpu') is torch.cpu",
    () => torch.get_device_module('cpu') === torch.cpu,
  ],
  [
    "torch.get_device_module(torch.device('cuda', 1)) is torch.cuda",
    () => torch.get_device_module(torch.device('cuda', 1)) === cuda,
  ],
  ['torch.get_device_module() is torch.cuda', () => torch.get_device_module() === cuda],
  ["torch.get_device_module('meta')", () => torch.get_device_module('meta')],
  ["torch.get_device_module('foo')", () => torch.get_device_module('foo')],
  ['torch.get_device_module(3)', () => torch.get_device_module(3 as never)],
  ['torch.cpu.is_available()', () => torch.cpu.is_available()],
  ['torch.cpu.is_initialized()', () => torch.cpu.is_initialized()],
  ['torch.cpu.device_count()', () => torch.cpu.device_count()],
  ['torch.cpu.current_device()', () => torch.cpu.current_device()],
  ["torch.cpu.set_device('cpu')", () => torch.cpu.set_device('cpu') ?? null],
  ['torch.cpu.synchronize()', () => torch.cpu.synchronize() ?? null],
];

describe('parity: functions by device', () => {
  for (const [python, ours] of MODULES) {
    it(python, () => expectSample({ source: `r = ${python}`, outputs: ['r'] }, () => [ours()]));
  }

  it('run a function in a stream of the CPU', () => {
    const current = torch.cpu.current_stream();
    expect(torch.cpu.stream(current, () => 7)).to.equal(7);
    expect(torch.cpu.stream(null, () => 8)).to.equal(8);
    expect(() => torch.cpu.stream(3 as never, () => 0)).to.throw(TypeError, 'takes a torch.Stream');
  });
});

describeCuda('generators of devices', () => {
  it('have Python’s states and seeds', async () => {
    const [state, seed, drawn] = await askPython(
      `
torch.cuda.manual_seed_all(11); torch.randn(5, device='cuda'); s = torch.cuda.get_rng_state(0).tolist(); i = torch.cuda.initial_seed()
d = torch.randn(3, device='cuda').tolist()`,
      ['s', 'i', 'd'],
    );
    cuda.manual_seed_all(11);
    torch.randn(5, { device: 'cuda' });
    expect(cuda.get_rng_state(0).tolist()).to.deep.equal(state);
    expect(cuda.initial_seed()).to.equal(seed);
    expect(torch.randn(3, { device: 'cuda' }).tolist()).to.deep.equal(drawn);
  });

  it('go back to a state of before', () => {
    const draw = (): unknown => torch.randn(4, { device: 'cuda' }).tolist();
    const state = cuda.get_rng_state();
    const first = draw();
    cuda.set_rng_state(state);
    expect(draw()).to.deep.equal(first);
    cuda.set_rng_state_all([state]);
    const forked = random.fork_rng(draw);
    expect(forked).to.deep.equal(first);
    expect(draw()).to.deep.equal(first);
    expect(cuda.default_generators).to.have.length(cuda.device_count());
    expect(cuda.default_generators[0]!.get_state().tolist()).to.deep.equal(
      cuda.get_rng_state('cuda:0').tolist(),
    );
    expect(() => cuda.get_rng_state(99)).to.throw(RangeError, 'tuple index out of range');
  });

  it('are seeded by the system’s random source', () => {
    cuda.seed();
    const first = cuda.initial_seed();
    cuda.seed_all();
    expect(cuda.initial_seed()).to.not.equal(first);
  });
});
