/** nn.utils: parametrizations, weight norms, and parameters as vectors, compared with Python. */
import { expect } from 'chai';
import torch, { nn, type Tensor } from 'torch-losses';

import { expectSample, TEXT_OF, textOf } from '../../parity/parity';

const { parametrize: P, parametrizations } = nn.utils;

class Symmetric extends nn.Module<[X: Tensor], Tensor> {
  override forward(X: Tensor): Tensor {
    return X.triu().add(X.triu(1).t());
  }
  right_inverse(A: Tensor): Tensor {
    return A.triu();
  }
}
class Doubled extends nn.Module<[X: Tensor], Tensor> {
  override forward(X: Tensor): Tensor {
    return X.mul(2);
  }
}

const CLASSES = `
import torch.nn.utils.parametrize as P
from torch.nn.utils import parametrizations
class Symmetric(nn.Module):
    def forward(self, X): return X.triu() + X.triu(1).t()
    def right_inverse(self, A): return A.triu()
class Doubled(nn.Module):
    def forward(self, X): return X * 2
`;

describe('nn.utils.parametrize against Python', () => {
  it('registers, computes, inverts, copies and removes', () =>
    expectSample(
      {
        source: `${CLASSES}
m = nn.Linear(3, 3); w = m.weight; out = []
P.register_parametrization(m, 'weight', Symmetric())
out += [repr(m), m.weight, w, list(m.state_dict()), P.is_parametrized(m), P.is_parametrized(m, 'bias'), m.parametrizations.weight.original is w]
m(torch.ones(2, 3)).sum().backward(); out += [w.grad]
P.register_parametrization(m, 'weight', Doubled()); P.register_parametrization(m, 'bias', Doubled())
out += [m.weight, m.bias, repr(m), [n for n, _ in m.named_parameters()], P.type_before_parametrizations(m).__name__]
import copy
c = copy.deepcopy(m); out += [c.weight, repr(c)]
P.remove_parametrizations(m, 'weight'); out += [m.weight, m.weight is w, repr(m), list(m.state_dict())]
P.remove_parametrizations(m, 'bias', leave_parametrized=False); out += [m.bias, repr(m), P.is_parametrized(m)]
n = nn.Linear(3, 3); P.register_parametrization(n, 'weight', Symmetric()); n.weight = torch.arange(9.).view(3, 3); out += [n.weight]
with P.cached(): out += [n.weight is n.weight]
out += [n.weight is n.weight]
o = P.transfer_parametrizations_and_params(n, nn.Linear(3, 3)); out += [o.weight, repr(o)]
b = nn.BatchNorm1d(2) if False else nn.Module(); b.register_buffer('scale', torch.ones(2)); P.register_parametrization(b, 'scale', Doubled())
out += [b.scale, list(b.state_dict())]; P.remove_parametrizations(b, 'scale'); out += [list(b.named_buffers())[0][1]]`,
        outputs: ['out'],
        seed: 0,
      },
      () => {
        torch.manual_seed(0);
        const m = new nn.Linear(3, 3);
        const w = m.weight;
        const out: unknown[] = [];
        P.register_parametrization(m, 'weight', new Symmetric());
        const lists = (m as unknown as { parametrizations: { weight: { original: Tensor } } })
          .parametrizations;
        out.push(String(m), m.weight, w, [...m.state_dict().keys()], P.is_parametrized(m));
        out.push(P.is_parametrized(m, 'bias'), lists.weight.original === w);
        m(torch.ones(2, 3)).sum().backward();
        out.push(w.grad);
        P.register_parametrization(m, 'weight', new Doubled());
        P.register_parametrization(m, 'bias', new Doubled());
        const names = [...m.named_parameters()].map(([name]) => name);
        out.push(m.weight, m.bias, String(m), names);
        out.push((P.type_before_parametrizations(m) as typeof nn.Linear).name);
        const c = torch.deepcopy(m);
        out.push(c.weight, String(c));
        P.remove_parametrizations(m, 'weight');
        out.push(m.weight, m.weight === w, String(m), [...m.state_dict().keys()]);
        P.remove_parametrizations(m, 'bias', { leave_parametrized: false });
        out.push(m.bias, String(m), P.is_parametrized(m));
        const n = new nn.Linear(3, 3);
        P.register_parametrization(n, 'weight', new Symmetric());
        n.weight = torch.arange(9, { dtype: torch.float }).view(3, 3) as nn.Parameter;
        out.push(n.weight);
        const isSame = (): boolean => new Set([n.weight, n.weight]).size === 1;
        out.push(P.cached(isSame));
        out.push(isSame());
        const o = P.transfer_parametrizations_and_params(n, new nn.Linear(3, 3));
        out.push(o.weight, String(o));
        const b = new nn.Module();
        b.register_buffer('scale', torch.ones(2));
        P.register_parametrization(b, 'scale', new Doubled());
        out.push((b as unknown as { scale: Tensor }).scale, [...b.state_dict().keys()]);
        P.remove_parametrizations(b, 'scale');
        out.push([...b.named_buffers()][0]![1]);
        return [out];
      },
    ));

  it('refuses what Python refuses', () =>
    expectSample(
      {
        source: `${TEXT_OF}${CLASSES}
class Gives(nn.Module):
    def __init__(self, forward, inverse=None):
        super().__init__(); self.f = forward
        if inverse: self.right_inverse = inverse
    def forward(self, *x): return self.f(*x)
def register(*modules, unsafe=False):
    m = nn.Linear(2, 2)
    for each in modules: P.register_parametrization(m, 'weight', each, unsafe=unsafe)
    return m
same = lambda x: x
def assign():
    register(Doubled()).weight = torch.ones(2, 2)
def assign_two():
    m = register(Gives(lambda x, y: x + y, lambda z: [z, z])); m.parametrizations.weight[0].right_inverse = lambda z: [z]; m.weight = torch.ones(2, 2)
texts = [text_of(f) for f in [
  lambda: register(Gives(lambda x: 3)), lambda: register(Gives(lambda x: x.double())), lambda: register(Gives(lambda x: x[0])),
  lambda: register(Gives(same, lambda x: x.double())), lambda: register(Gives(same, lambda x: 3)), lambda: register(Gives(same, lambda x: [x, 3])),
  lambda: register(Doubled(), Gives(lambda x: 3)), lambda: register(Doubled(), Gives(lambda x: x.double())),
  lambda: register(Doubled(), Gives(lambda x: x[0])), lambda: register(Doubled(), Gives(same, lambda x: 3)),
  lambda: register(Doubled(), Gives(same, lambda x: x.double())), lambda: register(Doubled(), Gives(same, lambda x: x[0])),
  assign, assign_two, lambda: P.register_parametrization(nn.Linear(2, 2), 'none', Doubled()), lambda: P.remove_parametrizations(nn.Linear(2, 2), 'weight'),
  lambda: P.remove_parametrizations(register(Gives(lambda x, y: x + y, lambda z: [z, z])), 'weight', False),
  lambda: parametrizations.orthogonal(nn.Linear(2, 2), 'none'), lambda: parametrizations.orthogonal(nn.Linear(2, 2), 'bias'),
  lambda: parametrizations.orthogonal(nn.Linear(2, 2), orthogonal_map='qr'), lambda: parametrizations.spectral_norm(nn.Linear(2, 2), dim=2),
  lambda: parametrizations.spectral_norm(nn.Linear(2, 2), n_power_iterations=0),
  lambda: setattr(parametrizations.orthogonal(nn.Linear(2, 2), use_trivialization=False), 'weight', torch.ones(2, 2)),
  lambda: setattr(parametrizations.orthogonal(nn.Linear(2, 2)), 'weight', torch.ones(2, 3)), lambda: nn.utils.remove_weight_norm(nn.Linear(2, 2))]]`,
        outputs: ['texts'],
      },
      () => {
        type Inverse = (value: Tensor) => unknown;
        class Gives extends nn.Module<Tensor[], unknown> {
          right_inverse?: Inverse;
          readonly f: (...x: Tensor[]) => unknown;
          constructor(forward: (...x: Tensor[]) => unknown, inverse?: Inverse) {
            super();
            this.f = forward;
            if (inverse) this.right_inverse = inverse;
          }
          override forward(...x: Tensor[]): unknown {
            return this.f(...x);
          }
        }
        type Settable = { weight: unknown };
        const register = (...modules: nn.Module[]): nn.Linear => {
          const m = new nn.Linear(2, 2);
          for (const each of modules) P.register_parametrization(m, 'weight', each);
          return m;
        };
        const gives = (f: (...x: Tensor[]) => unknown, inverse?: Inverse): nn.Module =>
          new Gives(f, inverse) as unknown as nn.Module;
        const same = (x: Tensor): Tensor => x;
        const row = (x: Tensor): Tensor => x.select(0, 0);
        const double = (x: Tensor): Tensor => x.double();
        const pair = (): nn.Module =>
          gives(
            (x, y) => x!.add(y!),
            (z) => [z, z],
          );
        const set = (module: nn.Module, value: Tensor): void => {
          (module as unknown as Settable).weight = value;
        };
        const ones = torch.ones(2, 2);
        const linear = (): nn.Linear => new nn.Linear(2, 2);
        const { orthogonal, spectral_norm } = parametrizations;
        const cases = [
          () => register(gives(() => 3)),
          () => register(gives((x) => x!.double())),
          () => register(gives((x) => row(x!))),
          () => register(gives((x) => x, double)),
          () =>
            register(
              gives(
                (x) => x,
                () => 3,
              ),
            ),
          () =>
            register(
              gives(
                (x) => x,
                (x) => [x, 3],
              ),
            ),
          () =>
            register(
              new Doubled(),
              gives(() => 3),
            ),
          () =>
            register(
              new Doubled(),
              gives((x) => x!.double()),
            ),
          () =>
            register(
              new Doubled(),
              gives((x) => row(x!)),
            ),
          () =>
            register(
              new Doubled(),
              gives(
                (x) => same(x!),
                () => 3,
              ),
            ),
          () =>
            register(
              new Doubled(),
              gives((x) => x, double),
            ),
          () =>
            register(
              new Doubled(),
              gives((x) => x, row),
            ),
          () => set(register(new Doubled()), ones),
          () => {
            const two = pair();
            const m = register(two);
            (two as unknown as Gives).right_inverse = (z) => [z];
            set(m, ones);
          },
          () => P.register_parametrization(linear(), 'none', new Doubled()),
          () => P.remove_parametrizations(linear(), 'weight'),
          () => P.remove_parametrizations(register(pair()), 'weight', false),
          () => orthogonal(linear(), 'none'),
          () => orthogonal(linear(), 'bias'),
          () => orthogonal(linear(), { orthogonal_map: 'qr' as never }),
          () => spectral_norm(linear(), { dim: 2 }),
          () => spectral_norm(linear(), { n_power_iterations: 0 }),
          () => set(orthogonal(linear(), { use_trivialization: false }), ones),
          () => set(orthogonal(linear()), torch.ones(2, 3)),
          () => nn.utils.remove_weight_norm(linear()),
        ];
        return [cases.map((run) => textOf(run))];
      },
    ));
});

describe('nn.utils.parametrizations against Python', () => {
  it('weight_norm, and state of the older one', () =>
    expectSample(
      {
        source: `${CLASSES}
out = []
for dim in (0, 1, None):
    m = parametrizations.weight_norm(nn.Linear(3, 2), dim=dim); x = torch.randn(4, 3); y = m(x); y.square().sum().backward()
    out += [y, m.weight, list(m.state_dict()), [p.grad for p in m.parameters()], repr(m)]
m.weight = torch.ones(2, 3); out += [list(m.state_dict().values())]
P.remove_parametrizations(m, 'weight'); out += [m.weight, repr(m)]
n = parametrizations.weight_norm(nn.Linear(3, 2))
out += [str(n.load_state_dict({'bias': torch.ones(2), 'weight_g': torch.ones(2, 1), 'weight_v': torch.ones(2, 3)})), n.weight]`,
        outputs: ['out'],
        seed: 0,
      },
      () => {
        torch.manual_seed(0);
        const out: unknown[] = [];
        let m!: nn.Linear;
        for (const dim of [0, 1, null]) {
          m = parametrizations.weight_norm(new nn.Linear(3, 2), { dim });
          const x = torch.randn(4, 3);
          const y = m(x);
          y.square().sum().backward();
          const gradients = [...m.parameters()].map(({ grad }) => grad);
          out.push(y, m.weight, [...m.state_dict().keys()], gradients, String(m));
        }
        m.weight = torch.ones(2, 3) as nn.Parameter;
        out.push([...m.state_dict().values()]);
        P.remove_parametrizations(m, 'weight');
        out.push(m.weight, String(m));
        const n = parametrizations.weight_norm(new nn.Linear(3, 2));
        const state = {
          bias: torch.ones(2),
          weight_g: torch.ones(2, 1),
          weight_v: torch.ones(2, 3),
        };
        out.push(String(n.load_state_dict(state)), n.weight);
        return [out];
      },
    ));

  it('spectral_norm', () =>
    expectSample(
      {
        source: `${CLASSES}
out = []
for make, kwargs in [(lambda: nn.Linear(3, 4), {}), (lambda: nn.Linear(3, 4), dict(dim=1, n_power_iterations=3)), (lambda: nn.ConvTranspose2d(3, 2, 2), {}),
                     (lambda: nn.Linear(3, 4), dict(name='bias', eps=0.5))]:
    m = parametrizations.spectral_norm(make(), **kwargs); name = kwargs.get('name', 'weight')
    w = getattr(m, name); v = getattr(m, name); m.eval(); e = getattr(m, name)
    e.square().sum().backward()
    out += [w, v, e, list(m.state_dict()), list(m.state_dict().values()), [p.grad for p in m.parameters()], repr(m)]`,
        outputs: ['out'],
        seed: 0,
      },
      () => {
        torch.manual_seed(0);
        const out: unknown[] = [];
        const cases = [
          [() => new nn.Linear(3, 4), {}],
          [() => new nn.Linear(3, 4), { dim: 1, n_power_iterations: 3 }],
          [() => new nn.ConvTranspose2d(3, 2, 2), {}],
          [() => new nn.Linear(3, 4), { name: 'bias', eps: 0.5 }],
        ] as const;
        for (const [make, options] of cases) {
          const m = parametrizations.spectral_norm<nn.Module>(make(), options);
          const name = 'name' in options ? options.name : 'weight';
          const read = (): Tensor => (m as unknown as Record<string, Tensor>)[name]!;
          const [w, v] = [read(), read()];
          m.eval();
          const e = read();
          e.square().sum().backward();
          const state = m.state_dict();
          const gradients = [...m.parameters()].map(({ grad }) => grad);
          out.push(w, v, e, [...state.keys()], [...state.values()], gradients, String(m));
        }
        return [out];
      },
    ));

  it('orthogonal, by every map', () =>
    expectSample(
      {
        source: `${CLASSES}
out = []
for shape in [(3, 3), (4, 2), (2, 4)]:
    for kwargs in [{}, dict(orthogonal_map='matrix_exp'), dict(orthogonal_map='cayley'), dict(orthogonal_map='householder'),
                   dict(orthogonal_map='householder', use_trivialization=False), dict(orthogonal_map='cayley', use_trivialization=False)]:
        m = parametrizations.orthogonal(nn.Linear(*shape), **kwargs)
        with torch.no_grad(): m.parametrizations.weight.original.add_(torch.randn(shape[::-1]) * 0.25)
        m.weight.sum().backward()
        out += [m.weight, m.parametrizations.weight.original.grad, list(m.state_dict()), repr(m)]
b = nn.Bilinear(3, 3, 2); parametrizations.orthogonal(b); out += [b.weight]; b.weight = torch.randn(2, 3, 3); out += [b.weight]`,
        outputs: ['out'],
        seed: 0,
      },
      () => {
        torch.manual_seed(0);
        const out: unknown[] = [];
        type Originals = { parametrizations: { weight: { original: Tensor } } };
        for (const [inputs, outputs] of [
          [3, 3],
          [4, 2],
          [2, 4],
        ] as const) {
          for (const options of [
            {},
            { orthogonal_map: 'matrix_exp' },
            { orthogonal_map: 'cayley' },
            { orthogonal_map: 'householder' },
            { orthogonal_map: 'householder', use_trivialization: false },
            { orthogonal_map: 'cayley', use_trivialization: false },
          ] as const) {
            const m = parametrizations.orthogonal(new nn.Linear(inputs, outputs), options);
            const { original } = (m as unknown as Originals).parametrizations.weight;
            torch.no_grad(() => original.add_(torch.randn(outputs, inputs).mul(0.25)));
            m.weight.sum().backward();
            out.push(m.weight, original.grad, [...m.state_dict().keys()], String(m));
          }
        }
        const b = parametrizations.orthogonal(new nn.Bilinear(3, 3, 2));
        out.push(b.weight);
        b.weight = torch.randn(2, 3, 3) as nn.Parameter;
        out.push(b.weight);
        return [out];
      },
    ));

  it('are computed off the event loop', async () => {
    const m = parametrizations.weight_norm(new nn.Linear(3, 2));
    const x = torch.randn(4, 3);
    expect((await m.forwardAsync(x)).tolist()).to.deep.equal(m(x).tolist());
  });
});

describe('nn.utils against Python', () => {
  it('the older weight_norm', () =>
    expectSample(
      {
        source: `
m = nn.utils.weight_norm(nn.Linear(3, 2)); x = torch.randn(4, 3); m.weight_g.data.mul_(2); y = m(x); y.sum().backward()
out = [y, m.weight, list(m.state_dict()), [p.grad for p in m.parameters()], repr(m)]
nn.utils.remove_weight_norm(m); out += [m.weight, list(m.state_dict()), m(x)]
n = nn.utils.weight_norm(nn.Linear(3, 2), dim=None); out += [n.weight_g]`,
        outputs: ['out'],
        seed: 0,
      },
      () => {
        torch.manual_seed(0);
        const m = nn.utils.weight_norm(new nn.Linear(3, 2));
        const x = torch.randn(4, 3);
        const normOf = (module: nn.Module): Tensor =>
          (module as unknown as { weight_g: Tensor }).weight_g;
        normOf(m).data.mul_(2);
        const y = m(x);
        y.sum().backward();
        const gradients = [...m.parameters()].map(({ grad }) => grad);
        const out: unknown[] = [y, m.weight, [...m.state_dict().keys()], gradients, String(m)];
        expect(() => nn.utils.weight_norm(m)).to.throw('two weight_norm hooks');
        nn.utils.remove_weight_norm(m);
        out.push(m.weight, [...m.state_dict().keys()], m(x));
        out.push(normOf(nn.utils.weight_norm(new nn.Linear(3, 2), { dim: null })));
        return [out];
      },
    ));

  it('parameters as a vector', () =>
    expectSample(
      {
        source: `
m = nn.Linear(2, 3); v = nn.utils.parameters_to_vector(m.parameters()); v.sum().backward()
nn.utils.vector_to_parameters(torch.arange(9.), m.parameters())`,
        outputs: ['v', 'm.weight', 'm.bias', 'm.weight.grad'],
        seed: 0,
      },
      () => {
        torch.manual_seed(0);
        const m = new nn.Linear(2, 3);
        const v = nn.utils.parameters_to_vector(m.parameters());
        v.sum().backward();
        nn.utils.vector_to_parameters(torch.arange(9, { dtype: torch.float }), m.parameters());
        return [v, m.weight, m.bias, m.weight.grad];
      },
    ));

  it('vectors refuse what is no list of tensors', () => {
    const { parameters_to_vector, vector_to_parameters } = nn.utils;
    expect(() => parameters_to_vector(3 as never)).to.throw(TypeError, 'an iterable of Tensors');
    expect(() => parameters_to_vector([3] as never)).to.throw(TypeError, 'must be a Tensor');
    expect(() => vector_to_parameters(3 as never, [])).to.throw(TypeError, "'vec'");
  });
});
