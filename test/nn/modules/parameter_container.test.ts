/** ParameterList and ParameterDict, compared with Python, and parts of containers. */
import { expect } from 'chai';
import torch, { nn } from 'torch-losses';

import { expectSample, TEXT_OF, textOf } from '../../parity/parity';

describe('nn.ParameterList', () => {
  it('registers, indexes, and prints as Python does', () =>
    expectSample(
      {
        source: `
m = nn.ParameterList([torch.ones(2), nn.Parameter(torch.zeros(3, 1, dtype=torch.double), requires_grad=False)])
m.append(torch.arange(2.0)).append('text')
m.extend([3, 2.5, None, [1]])
m[-7] = torch.full((2, 2), 5.0)
part = m[1:3]
one = nn.ParameterList([torch.ones(2)])
state = [[k, v] for k, v in m.state_dict().items()]
shapes = [list(p.shape) for p in m.parameters()]`,
        outputs: [
          'repr(m)',
          'repr(part)',
          'repr(one)',
          'repr(nn.ParameterList())',
          'state',
          'shapes',
          'len(m)',
          '[p.requires_grad for p in m.parameters()]',
        ],
      },
      () => {
        const m = new nn.ParameterList<unknown>([
          torch.ones(2),
          new nn.Parameter(torch.zeros(3, 1, { dtype: torch.double }), false),
        ]);
        m.append(torch.arange(2, { dtype: torch.float })).append('text');
        m.extend([3, 2.5, null, [1]]);
        m.set(-7, torch.full([2, 2], torch.asFloat(5)));
        return [
          String(m),
          String(m.slice(1, 3)),
          String(new nn.ParameterList([torch.ones(2)])),
          String(new nn.ParameterList()),
          [...m.state_dict()],
          [...m.parameters()].map(({ shape }) => shape),
          m.length,
          [...m.parameters()].map((p) => p.requires_grad),
        ];
      },
    ));

  it('keeps parameters, and is copied whole', () => {
    const p = new nn.Parameter(torch.ones(2));
    const m = new nn.ParameterList([p]);
    expect(m[0]).to.equal(p);
    expect(m.at(-1)).to.equal(p);
    expect([...m]).to.deep.equal([p]);
    const copy = torch.deepcopy(m);
    copy.append(torch.zeros(1));
    expect(copy.at(0).tolist()).to.deep.equal([1, 1]);
    expect([m.length, copy.length]).to.deep.equal([1, 2]);
  });

  it('refuses what Python refuses', () =>
    expectSample(
      {
        source: `${TEXT_OF}
m = nn.ParameterList([torch.ones(2)])
texts = [text_of(lambda: m[1]), text_of(lambda: m(1)), text_of(lambda: m[-2])]`,
        outputs: ['texts'],
      },
      () => {
        const m = new nn.ParameterList([torch.ones(2)]);
        const call = m as unknown as (x: number) => unknown;
        return [[textOf(() => m.at(1)), textOf(() => call(1)), textOf(() => m.at(-2))]];
      },
    ));

  it('refuses what cannot be iterated, a tensor too', () => {
    for (const values of [3, torch.ones(2)]) {
      expect(() => new nn.ParameterList(values as never)).to.throw(
        TypeError,
        'should be called with an iterable',
      );
    }
  });
});

describe('nn.ParameterDict', () => {
  it('registers, orders, and prints as Python does', () =>
    expectSample(
      {
        source: `
from collections import OrderedDict
m = nn.ParameterDict({'right': torch.ones(2), 'left': nn.Parameter(torch.zeros(1, 2))})
o = nn.ParameterDict(OrderedDict([('right', torch.ones(2)), ('left', torch.ones(3))]))
m['middle'] = 'text'
m.update(o.copy())
m.update([('last', 3)])
default = m.setdefault('new', torch.ones(1))
again = m.setdefault('new', torch.zeros(1))
popped = [m.popitem()[0], m.pop('last'), m.get('none'), m.get('none', 7)]
made = m.fromkeys(['b', 'a'], 1)`,
        outputs: [
          'repr(m)',
          'repr(o)',
          'repr(made)',
          'list(m.keys())',
          '[[k, v] for k, v in m.named_parameters()]',
          'popped',
          'default is again',
          '"left" in m, "last" in m, len(m)',
        ],
      },
      () => {
        const m = new nn.ParameterDict<unknown>({
          right: torch.ones(2),
          left: new nn.Parameter(torch.zeros(1, 2)),
        });
        const o = new nn.ParameterDict(
          new Map([
            ['right', torch.ones(2)],
            ['left', torch.ones(3)],
          ]),
        );
        m.set('middle', 'text');
        m.update(o.copy());
        m.update([['last', 3]]);
        const isSame = m.setdefault('new', torch.ones(1)) === m.setdefault('new', torch.zeros(1));
        const popped = [m.popitem()[0], m.pop('last'), m.get('none'), m.get('none', 7)];
        return [
          String(m),
          String(o),
          String(m.fromkeys(['b', 'a'], 1)),
          m.keys(),
          [...m.named_parameters()],
          popped,
          isSame,
          [m.has('left'), m.has('last'), m.length],
        ];
      },
    ));

  it('has its values as properties, and is copied whole', () => {
    const m = new nn.ParameterDict({ a: torch.ones(1) });
    expect((m as unknown as { a: nn.Parameter }).a).to.equal(m.get('a'));
    const copy = torch.deepcopy(m);
    expect(copy.pop('a').item()).to.equal(1);
    expect([m.keys(), copy.keys(), [...copy]]).to.deep.equal([['a'], [], []]);
    m.clear();
    expect(m.length).to.equal(0);
  });

  it('refuses what Python refuses', () => {
    const m = new nn.ParameterDict<unknown>();
    expect(() => m.set(3 as never, 1)).to.throw(TypeError, "is not a string (type is 'int')");
    for (const name of ['keys', '__proto__', 'forward']) {
      expect(() => m.set(name, torch.ones(1))).to.throw(`attribute '${name}' already exists`);
      expect(() => m.set(name, 1)).to.throw(`attribute '${name}' already exists`);
    }
    expect(() => m.pop('none')).to.throw("'none'");
    expect(() => m.popitem()).to.throw('dictionary is empty');
    expect(() => m.update(3 as never)).to.throw(TypeError, 'iterable of key/value pairs');
    expect(() => m.update([3] as never)).to.throw(TypeError, 'element #0 should be Iterable');
    expect(() => m.update([[1, 2, 3]] as never)).to.throw(
      RangeError,
      'has length 3; 2 is required',
    );
    expect(() => m.fromkeys(3 as never)).to.throw(TypeError, 'iterable of names');
    expect(() => m.call(null)).to.throw('ParameterDict should not be called.');
  });
});

describe('parts of containers', () => {
  it('have integers as indices', () => {
    for (const list of [new nn.ParameterList(), new nn.ModuleList(), new nn.Sequential()]) {
      for (const wrong of [2n, 'one', 0.5]) {
        expect(() => list.slice(wrong as number)).to.throw(TypeError, 'start');
      }
    }
  });

  it('are what Python’s slices are', () =>
    expectSample(
      {
        source: `
from collections import OrderedDict
s = nn.Sequential(OrderedDict([('a', nn.ReLU()), ('7', nn.Tanh()), ('b', nn.Sigmoid())]))
l = nn.ModuleList([nn.ReLU(), nn.Tanh(), nn.Sigmoid()])`,
        outputs: ['[repr(s[:-1]), repr(s[1:]), repr(l[1:]), repr(l[:])]'],
      },
      () => {
        const s = new nn.Sequential();
        s.add_module('a', new nn.ReLU());
        s.add_module('7', new nn.Tanh());
        s.add_module('b', new nn.Sigmoid());
        const l = new nn.ModuleList([new nn.ReLU(), new nn.Tanh(), new nn.Sigmoid()]);
        return [[s.slice(0, -1), s.slice(1), l.slice(1), l.slice()].map(String)];
      },
    ));
});
