/** Hooks of modules: of calls and of state, compared with Python. */
import { expect } from 'chai';
import torch, { nn, type Tensor } from 'torch-losses';

import { expectSample, TEXT_OF, textOf } from '../../parity/parity';

class Scaled extends nn.Module<[input: Tensor, options?: { by?: number }], Tensor> {
  override forward(input: Tensor, options: { by?: number } = {}): Tensor {
    return input.mul(options.by ?? 2);
  }
}

const SCALED = `
class Scaled(nn.Module):
    def forward(self, input, by=2): return input * by
`;

describe('hooks of calls', () => {
  it('see and change arguments and results, in Python’s order', () =>
    expectSample(
      {
        source: `${SCALED}
m = Scaled(); seen = []; x = torch.ones(2)
def note(name, result=None):
    def hook(*args):
        seen.append([name] + [type(a).__name__ for a in args[1:]])
        return result(*args) if result else None
    return hook
m.register_forward_pre_hook(note('a'))
b = m.register_forward_pre_hook(note('b', lambda m, args: args[0] + 1), prepend=True)
m.register_forward_pre_hook(note('c', lambda m, args, kwargs: (args, {'by': kwargs.get('by', 3) + 1})), with_kwargs=True)
d = m.register_forward_hook(note('d', lambda m, args, out: out - args[0]))
m.register_forward_hook(note('e', lambda m, args, kwargs, out: out * kwargs['by']), with_kwargs=True)
m.register_forward_hook(note('f'), prepend=True)
out = [m(x), m(x, by=5), m.forward(x)]
b.remove(); d.remove(); out.append(m(x))`,
        outputs: ['out', 'seen'],
      },
      () => {
        const m = new Scaled();
        const seen: unknown[] = [];
        const x = torch.ones(2);
        const typeOf = (value: unknown): string => {
          if (value instanceof torch.Tensor) return 'Tensor';
          return Array.isArray(value) ? 'tuple' : 'dict';
        };
        const note =
          (name: string, result?: (...args: never[]) => unknown) =>
          (...args: unknown[]) => {
            seen.push([name, ...args.slice(1).map(typeOf)]);
            return result?.(...(args as never[]));
          };
        m.register_forward_pre_hook(note('a'));
        const b = m.register_forward_pre_hook(
          note('b', (_: unknown, [input]: [Tensor]) => input.add(1)),
          { prepend: true },
        );
        m.register_forward_pre_hook(
          note('c', (_: unknown, args: unknown[], kwargs: { by?: number }) => [
            args,
            { by: (kwargs.by ?? 3) + 1 },
          ]),
          { with_kwargs: true },
        );
        const d = m.register_forward_hook(
          note('d', (_: unknown, [input]: [Tensor], out: Tensor) => out.sub(input)),
        );
        m.register_forward_hook(
          note('e', (_: unknown, _args: unknown, kwargs: { by: number }, out: Tensor) =>
            out.mul(kwargs.by),
          ),
          { with_kwargs: true },
        );
        m.register_forward_hook(note('f'), { prepend: true });
        const out = [m(x), m(x, { by: 5 }), m.forward(x)];
        b.remove();
        d.remove();
        out.push(m(x));
        return [out, seen];
      },
    ));

  it('are called when forward throws, if they are to be', () =>
    expectSample(
      {
        source: `${TEXT_OF}
class Failing(nn.Module):
    def forward(self): raise ValueError('forward')
m = Failing(); seen = []
m.register_forward_hook(lambda *a: seen.append('never'))
m.register_forward_hook(lambda m, args, out: seen.append([len(args), out]), always_call=True)
def fail(*a): raise ValueError('a hook')
m.register_forward_hook(fail, always_call=True)
text = text_of(m)
n = nn.Identity(); n.register_forward_pre_hook(lambda m, a, k: 3, with_kwargs=True); other = text_of(lambda: n(1)).split(', but')[0]`,
        outputs: ['text', 'seen', 'other'],
      },
      () => {
        class Failing extends nn.Module<[], never> {
          override forward(): never {
            throw Object.assign(new RangeError('forward'), { pythonType: 'ValueError' });
          }
        }
        const m = new Failing();
        const seen: unknown[] = [];
        m.register_forward_hook(() => seen.push('never'));
        m.register_forward_hook(
          (_, args, out) => {
            seen.push([args.length, out ?? null]);
          },
          { always_call: true },
        );
        m.register_forward_hook(
          () => {
            throw new Error('a hook');
          },
          { always_call: true },
        );
        const n = new nn.Identity();
        n.register_forward_pre_hook(() => 3, { with_kwargs: true });
        const other = textOf(() => n(torch.ones(1))).split(', but')[0];
        return [textOf(() => m()), seen, other];
      },
    ));

  it('turn off the fast path of Transformers, and go with a copy', () => {
    const layer = new nn.TransformerEncoderLayer(4, 2, 4, { batch_first: true }).eval();
    let count = 0;
    layer.linear1.register_forward_hook(() => {
      count++;
    });
    const x = torch.ones(1, 2, 4);
    torch.no_grad(() => layer(x));
    expect(count).to.equal(1);
    torch.no_grad(() => torch.deepcopy(layer)(x));
    expect(count).to.equal(2);
  });

  it('must be functions', () => {
    const m = new nn.Identity();
    expect(() => m.register_forward_hook(3 as never)).to.throw(
      TypeError,
      "'hook' must be a function",
    );
    expect(() => m.register_forward_pre_hook(() => 1, true as never)).to.throw(
      TypeError,
      'prepend',
    );
  });
});

describe('hooks of all modules', () => {
  it('are called before those of a module, in both directions, as in Python', () =>
    expectSample(
      {
        source: `
from torch.nn.modules import module as all
m = nn.Sequential(nn.Linear(2, 2), nn.MSELoss()); seen = []
m.forward = lambda x, y: m[1](m[0](x), y)
def note(what, value=None):
    def hook(m, *rest): seen.append(f'{what} {type(m).__name__} {len(rest[0])}'); return value
    return hook
handles = [all.register_module_forward_pre_hook(note('pre')), all.register_module_forward_hook(note('after')),
    all.register_module_full_backward_pre_hook(note('pre backward')),
    all.register_module_full_backward_hook(note('backward'))]
m[0].register_forward_pre_hook(note('own pre')); m[0].register_forward_hook(note('own after'))
m[0].register_full_backward_hook(note('own backward'))
x = torch.ones(3, 2, requires_grad=True)
m(x, torch.zeros(3, 2)).backward()
for h in handles: h.remove()
m[1](x, x)`,
        outputs: ['seen', 'x.grad'],
        seed: 0,
      },
      () => {
        torch.manual_seed(0);
        const all = nn.modules.module;
        const m = new nn.Sequential(new nn.Linear(2, 2), new nn.MSELoss());
        const [linear, loss] = [...m.children()] as [nn.Linear, nn.MSELoss];
        m.forward = ((x: Tensor, y: Tensor) => loss(linear(x), y)) as never;
        const seen: string[] = [];
        const note =
          (what: string) =>
          (module: nn.Module, args: readonly unknown[]): undefined => {
            seen.push(`${what} ${module._get_name()} ${args.length}`);
          };
        const handles = [
          all.register_module_forward_pre_hook(note('pre')),
          all.register_module_forward_hook(note('after')),
          all.register_module_full_backward_pre_hook(note('pre backward')),
          all.register_module_full_backward_hook(note('backward')),
        ];
        linear.register_forward_pre_hook(note('own pre'));
        linear.register_forward_hook(note('own after'));
        linear.register_full_backward_hook(note('own backward'));
        const x = torch.ones(3, 2, { requires_grad: true });
        (m as unknown as (...args: Tensor[]) => Tensor)(x, torch.zeros(3, 2)).backward();
        for (const handle of handles) handle.remove();
        loss(x, x);
        return [seen, x.grad];
      },
    ));

  it('may change arguments and results, and are also called after an error', () =>
    expectSample(
      {
        source: `${TEXT_OF}
from torch.nn.modules import module as all
class Failing(nn.Module):
    def forward(self, x): raise ValueError('forward')
seen = []
def fail(*a): raise ValueError('a hook')
handles = [all.register_module_forward_pre_hook(lambda m, args: args[0] + 1),
    all.register_module_forward_hook(lambda m, args, kwargs, out: None if out is None else out * 2, with_kwargs=True)]
y = nn.Identity()(torch.ones(2))
handles.pop().remove()
handles += [all.register_module_forward_hook(lambda m, args, out: seen.append([len(args), out]), always_call=True),
    all.register_module_forward_hook(fail, always_call=True)]
text = text_of(lambda: Failing()(torch.ones(2)))
for h in handles: h.remove()`,
        outputs: ['y', 'text', 'seen'],
      },
      () => {
        class Failing extends nn.Module<[Tensor], never> {
          override forward(): never {
            throw Object.assign(new RangeError('forward'), { pythonType: 'ValueError' });
          }
        }
        const all = nn.modules.module;
        const seen: unknown[] = [];
        const handles = [
          all.register_module_forward_pre_hook((_, args) => (args[0] as Tensor).add(1)),
          all.register_module_forward_hook((_, _args, _kwargs: object, out: Tensor) => out.mul(2), {
            with_kwargs: true,
          }),
        ];
        const y = new nn.Identity()(torch.ones(2));
        handles.pop()!.remove();
        handles.push(
          all.register_module_forward_hook(
            (_, args, out) => {
              seen.push([args.length, out ?? null]);
            },
            { always_call: true },
          ),
          all.register_module_forward_hook(
            () => {
              throw new Error('a hook');
            },
            { always_call: true },
          ),
        );
        const text = textOf(() => (new Failing() as nn.Module)(torch.ones(2)));
        for (const handle of handles) handle.remove();
        return [y, text, seen];
      },
    ));
});

describe('hooks of state', () => {
  it('are called for each module, in Python’s order', () =>
    expectSample(
      {
        source: `${TEXT_OF}
m = nn.Sequential(nn.Linear(1, 1), nn.Sequential(nn.Linear(1, 1, bias=False))); seen = []
for name, part in m.named_modules():
    part.register_state_dict_pre_hook(lambda m, prefix, keep, name=name: seen.append(['save', name, prefix, keep]))
    part.register_state_dict_post_hook(lambda m, state, prefix, meta, name=name: seen.append(['saved', name, list(state), prefix, list(meta)]))
    part.register_load_state_dict_pre_hook(lambda m, state, prefix, meta, *rest, name=name:
        seen.append(['load', name, list(state), prefix, 'assign_to_params_buffers' in meta, [list(r) if isinstance(r, list) else r for r in rest]]))
    part.register_load_state_dict_post_hook(lambda m, keys, name=name: seen.append(['loaded', name, list(keys.missing_keys)]))
state = dict(m.state_dict(prefix='p.')); state = {k[2:]: v for k, v in state.items()}
del state['0.bias']; state['more'] = torch.ones(1)
text = str(m.load_state_dict(state, strict=False)); m.load_state_dict(m.state_dict(), assign=True)
def rename(m, state, prefix, *rest): state['bias'] = state.pop('offset')
n = nn.Linear(1, 1); n.register_load_state_dict_pre_hook(rename)
n.load_state_dict({'weight': torch.ones(1, 1), 'offset': torch.full((1,), 5.0)})
n.register_load_state_dict_post_hook(lambda m, keys: 3); n.register_state_dict_post_hook(lambda *a: 3)
texts = [text_of(lambda: n.state_dict()), text_of(lambda: n.load_state_dict({'weight': torch.ones(1, 1), 'offset': torch.full((1,), 5.0)}))]`,
        outputs: ['seen', 'text', 'n.bias', 'texts'],
      },
      () => {
        const m = new nn.Sequential(
          new nn.Linear(1, 1),
          new nn.Sequential(new nn.Linear(1, 1, { bias: false })),
        );
        const seen: unknown[] = [];
        for (const [name, part] of m.named_modules()) {
          part.register_state_dict_pre_hook((_, prefix, keep) => {
            seen.push(['save', name, prefix, keep]);
          });
          part.register_state_dict_post_hook((_, state, prefix, meta) => {
            seen.push(['saved', name, [...state.keys()], prefix, Object.keys(meta)]);
          });
          part.register_load_state_dict_pre_hook((_, state, prefix, meta, ...rest) => {
            const keys = [...state.keys()];
            const isAssigning = 'assign_to_params_buffers' in meta;
            seen.push(['load', name, keys, prefix, isAssigning, rest.map(copied)]);
          });
          part.register_load_state_dict_post_hook((_, keys) => {
            seen.push(['loaded', name, [...keys.missing_keys]]);
          });
        }
        const saved = m.state_dict({ prefix: 'p.' });
        const state = Object.fromEntries([...saved].map(([key, value]) => [key.slice(2), value]));
        delete state['0.bias'];
        state['more'] = torch.ones(1);
        const text = String(m.load_state_dict(state, { strict: false }));
        m.load_state_dict(m.state_dict(), { assign: true });
        const n = new nn.Linear(1, 1);
        n.register_load_state_dict_pre_hook((_, given) => {
          given.set('bias', given.get('offset'));
          given.delete('offset');
        });
        const other = (): Record<string, Tensor> => ({
          weight: torch.ones(1, 1),
          offset: torch.full([1], torch.asFloat(5)),
        });
        n.load_state_dict(other());
        n.register_load_state_dict_post_hook(() => 3 as never);
        n.register_state_dict_post_hook(() => 3 as never);
        const texts = [textOf(() => n.state_dict()), textOf(() => n.load_state_dict(other()))];
        return [seen, text, n.bias, texts];
      },
    ));
});

const copied = (value: unknown): unknown => (Array.isArray(value) ? [...value] : value);
