/** Sequential, ModuleList, ModuleDict. */
import { expect } from 'chai';
import torch, { nn } from 'torch-losses';

const names = (module: nn.Module): string[] => [...module.named_children()].map(([name]) => name);

describe('nn.Sequential', () => {
  it('calls one module after the other', () => {
    const network = new nn.Sequential(new nn.ReLU(), new nn.Flatten({ start_dim: 0 }));
    expect(network(torch.tensor([[-1.5], [2.5]])).tolist()).to.deep.equal([0, 2.5]);
    expect(new nn.Sequential()(torch.ones(1)).item()).to.equal(1);
  });

  it('takes names from a plain object, in its order', () => {
    const network = new nn.Sequential({ act: new nn.ReLU(), out: new nn.Identity() });
    expect(names(network)).to.deep.equal(['act', 'out']);
    network.append(new nn.Tanh());
    expect(names(network)).to.deep.equal(['act', 'out', '2']);
    expect([...network].map((module) => module.constructor.name)).to.deep.equal([
      'ReLU',
      'Identity',
      'Tanh',
    ]);
  });

  it('is indexed, iterated, and changed', () => {
    const [a, b, c, d] = [new nn.ReLU(), new nn.Tanh(), new nn.Sigmoid(), new nn.Identity()];
    const network = new nn.Sequential(a, b);
    expect(network[0]).to.equal(a);
    expect(network.at(-1)).to.equal(b);
    expect(network.length).to.equal(2);
    network.extend([c]).insert(1, d);
    expect([...network]).to.deep.equal([a, d, b, c]);
    expect(names(network)).to.deep.equal(['0', '1', '2', '3']);
    expect(network.pop(1)).to.equal(d);
    expect([...network]).to.deep.equal([a, b, c]);
    expect(network.pop(-1)).to.equal(c);
    expect(names(network)).to.deep.equal(['0', '1']);
    network[1] = c;
    expect([...network]).to.deep.equal([a, c]);
  });

  it('refuses what is no module, and indices that are not there', () => {
    expect(() => new nn.Sequential(3 as never)).to.throw(TypeError, 'int is not a Module subclass');
    const network = new nn.Sequential(new nn.ReLU());
    expect(() => network.at(1)).to.throw(RangeError, 'index 1 is out of range');
    expect(() => network.at(0.5)).to.throw(RangeError, 'index 0.5 is out of range');
    expect(() => network.insert(3, new nn.ReLU())).to.throw(RangeError, 'Index out of range: 3');
    expect(() => network.extend(3 as never)).to.throw(
      TypeError,
      'should be called with an iterable',
    );
    expect(() => new nn.Sequential({ forward: new nn.ReLU() })).to.throw(
      "attribute 'forward' already exists",
    );
  });

  it('counts more than nine modules in order', () => {
    const network = new nn.Sequential(...Array.from({ length: 12 }, () => new nn.Identity()));
    expect(names(network)).to.deep.equal(Array.from({ length: 12 }, (_, index) => String(index)));
  });
});

describe('nn.ModuleList', () => {
  it('holds submodules, and prints equal ones once', () => {
    const list = new nn.ModuleList([
      new nn.Linear(2, 2),
      new nn.Linear(2, 2),
      new nn.ReLU(),
      new nn.Sequential(new nn.Tanh()),
      new nn.Sequential(new nn.Tanh()),
    ]);
    expect([...list.parameters()]).to.have.length(4);
    expect(String(list)).to.equal(
      [
        'ModuleList(',
        '  (0-1): 2 x Linear(in_features=2, out_features=2, bias=True)',
        '  (2): ReLU()',
        '  (3-4): 2 x Sequential(',
        '    (0): Tanh()',
        '  )',
        ')',
      ].join('\n'),
    );
    expect(String(new nn.ModuleList())).to.equal('ModuleList()');
  });

  it('cannot be called', () => {
    expect(() => new nn.ModuleList().call(null)).to.throw('missing the required "forward"');
  });
});

describe('nn.ModuleDict', () => {
  it('holds submodules by name', () => {
    const [a, b] = [new nn.ReLU(), new nn.Tanh()];
    const modules = new nn.ModuleDict({ a });
    modules.set('b', b);
    expect([...modules]).to.deep.equal(['a', 'b']);
    expect(modules.keys()).to.deep.equal(['a', 'b']);
    expect(modules.values()).to.deep.equal([a, b]);
    expect(modules.get('b')).to.equal(b);
    expect(modules.has('c')).to.equal(false);
    expect(modules.length).to.equal(2);
    expect(String(modules)).to.equal('ModuleDict(\n  (a): ReLU()\n  (b): Tanh()\n)');
    expect(modules.pop('a')).to.equal(a);
    expect(() => modules.get('a')).to.throw("'a'");
    modules.update([['c', a]]);
    modules.update(new nn.ModuleDict({ d: b }));
    expect(modules.keys()).to.deep.equal(['b', 'c', 'd']);
    modules.clear();
    expect(modules.length).to.equal(0);
  });
});
