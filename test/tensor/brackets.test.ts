/** `x[0]` and `x.length`, which arrays in other languages have. */
import { inspect } from 'node:util';
import { expect } from 'chai';
import torch, { nn, type Tensor } from 'torch-losses';

type Anything = Record<string | number, unknown>;

describe('brackets', () => {
  const x = torch.arange(6).view(2, 3);
  const loose = x as unknown as Anything;

  it('say what indexes a tensor', () => {
    expect(() => loose[0]).to.throw(TypeError, "Python's x[0] is x.index(0)");
    expect(() => loose[-1]).to.throw(TypeError, 'x.index(-1)');
    expect(() => loose[1.5]).to.throw(TypeError, 'x.index(…)');
    for (const index of [x.gt(2), torch.slice(1), new nn.Parameter(torch.ones(1))]) {
      expect(() => loose[index as never]).to.throw(TypeError, 'x.index(…)');
    }
    const parameter = new nn.Parameter(torch.ones(2)) as unknown as Anything;
    expect(() => parameter[0]).to.throw(TypeError, 'x.index(0)');
  });

  it('say what writes to a tensor', () => {
    expect(() => {
      loose[0] = 1;
    }).to.throw(TypeError, 'x.index_put_([0], value)');
    expect(Object.keys(x)).to.deep.equal(['content']);
    expect(x.tolist()).to.deep.equal([
      [0, 1, 2],
      [3, 4, 5],
    ]);
  });

  it('of other names are as in any object', async () => {
    expect(loose['nothing']).to.equal(undefined);
    expect(loose['then']).to.equal(undefined);
    expect('nothing' in x).to.equal(false);
    const named = torch.ones(1) as Tensor & { note?: string };
    named.note = 'mine';
    expect(named.note).to.equal('mine');
    expect(Object.keys(named)).to.deep.equal(['content', 'note']);
    expect(x instanceof Object).to.equal(true);
    expect(Object.hasOwn(x, 'shape')).to.equal(false);
    expect((torch.Tensor.prototype as unknown as Anything)[0]).to.equal(undefined);
    expect(await x).to.equal(x);
    const seen: string[] = [];
    for (const key in x) seen.push(key);
    expect(seen).to.deep.equal(['content']);
  });

  it('leave printing, JSON, comparing and spreading alone', () => {
    expect(inspect({ x })).to.equal('{\n  x: tensor([[0, 1, 2],\n          [3, 4, 5]])\n}');
    expect(JSON.stringify({ x })).to.equal('{"x":[[0,1,2],[3,4,5]]}');
    expect(inspect(x, { customInspect: false })).to.include('Tensor');
    expect(() => expect(x).to.equal(torch.ones(2))).to.throw('tensor([[0, 1, 2]');
    expect(x).to.deep.equal(x);
    expect(x).to.have.lengthOf(2);
    expect([...x].map((row) => row.tolist())).to.deep.equal([
      [0, 1, 2],
      [3, 4, 5],
    ]);
    expect(Array.from(x)).to.have.lengthOf(2);
    expect(new Float32Array(x.index(1) as never)).to.deep.equal(new Float32Array([3, 4, 5]));
    expect(structuredClone({ size: x.shape })).to.deep.equal({ size: [2, 3] });
  });

  it('and the length is the size of the first dimension', () => {
    expect(x.length).to.equal(2);
    expect(torch.ones(0).length).to.equal(0);
    expect(() => torch.tensor(1).length).to.throw(TypeError, 'len() of a 0-d tensor');
  });
});
