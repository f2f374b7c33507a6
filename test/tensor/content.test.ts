/** Deep comparisons and copies of tensors, as JavaScript and its test runners make them. */
import assert from 'node:assert';
import { inspect } from 'node:util';
import { serialize } from 'node:v8';
import { MessageChannel } from 'node:worker_threads';
import { expect } from 'chai';
import torch, { nn, type Tensor } from 'torch-losses';

const { tensor } = torch;
const ofBits = (...bits: number[]): Tensor =>
  torch.frombuffer(Int32Array.from(bits), { dtype: torch.float32 });

const sparse = (value: number): Tensor =>
  torch.ops.aten.to_sparse!(tensor([0, value])) as unknown as Tensor;

const DIFFERENT: Record<string, [Tensor, Tensor]> = {
  'of other values': [tensor([1, 2.5]), tensor([1, 2.25])],
  'of another last bit': [ofBits(0x3f800000, 0x3f800000), ofBits(0x3f800000, 0x3f800001)],
  'of another value among many': [torch.zeros(50, 50), torch.eye(50).mul(1e-30)],
  'of another shape': [tensor([1, 2]), torch.zeros(5, 5)],
  'of another dtype': [tensor([1, 2]), tensor([1, 2]).float()],
  'without dimensions': [tensor(1), tensor(2)],
  'without elements': [torch.empty(0, 3), torch.empty(0, 5)],
  'without elements, of another dtype': [torch.zeros(0), torch.zeros(0).long()],
  'with 0 and -0': [tensor([0.5, 0]), tensor([0.5, -0])],
  'in half precision': [tensor([1.5]).half(), tensor([1.25]).half()],
  'of complex numbers': [tensor([{ re: 1, im: NaN }]), tensor([{ re: 2, im: NaN }])],
  'that are sparse': [sparse(1), sparse(2)],
  'on the meta device': [torch.empty(2, { device: 'meta' }), torch.empty(3, { device: 'meta' })],
  'of which one is disposed': [tensor([1]), disposed()],
};

function disposed(): Tensor {
  const x = tensor([1]);
  x.dispose();
  return x;
}

const EQUAL: Record<string, [Tensor, Tensor]> = {
  'of the same values': [tensor([1, 2.5]), tensor([1, 2.5])],
  'of many': [torch.ones(50, 50), torch.ones(50, 50)],
  'without dimensions': [tensor(1), tensor(1)],
  'without elements': [torch.empty(0, 3), torch.empty(0, 3)],
  'of other strides': [tensor([[1, 2], [3, 4]]).t(), tensor([[1, 3], [2, 4]])], // biome-ignore format: matrices
  'with NaNs of other bits': [ofBits(0x7fc00001, 0), ofBits(-0x00400000, 0)],
  'with NaNs in half precision': [tensor([NaN]).half(), tensor([NaN]).half().neg()],
  'with NaNs in bfloat16': [tensor([NaN]).bfloat16(), tensor([NaN]).bfloat16().neg()],
  'of which one is conjugated': [tensor([{ re: 1, im: 2 }]).conj(), tensor([{ re: 1, im: -2 }])],
  'of which one is in a graph': [
    torch.ones(2, { requires_grad: true }).mul(2),
    tensor([2.0, 2]).float(),
  ],
  'that are sparse': [sparse(1), sparse(1)],
  'on the meta device': [torch.empty(2, { device: 'meta' }), torch.empty(2, { device: 'meta' })],
};

type Compare = (a: unknown, b: unknown) => void;

const COMPARISONS: Record<string, Compare> = {
  'assert.deepStrictEqual': (a, b) => assert.deepStrictEqual(a, b),
  'assert.deepEqual': (a, b) => assert.deepEqual(a, b),
  "chai's deep.equal": (a, b) => void expect(a).to.deep.equal(b),
};

describe('deep comparison of tensors', () => {
  for (const [name, compare] of Object.entries(COMPARISONS)) {
    it(`with ${name}`, () => {
      for (const [which, [a, b]] of Object.entries(EQUAL)) {
        assert.doesNotThrow(() => compare(a, b), which);
        assert.doesNotThrow(() => compare({ list: [a] }, { list: [b] }), which);
      }
      for (const [which, [a, b]] of Object.entries(DIFFERENT)) {
        assert.throws(() => compare(a, b), { name: 'AssertionError' }, which);
        assert.throws(
          () => compare({ list: [a] }, { list: [b] }),
          { name: 'AssertionError' },
          which,
        );
      }
      assert.throws(() => compare(tensor([1]), [1]), { name: 'AssertionError' });
    });
  }

  it('says what the tensors are', () => {
    const [a, b] = DIFFERENT['of other values']!;
    assert.throws(
      () => assert.deepStrictEqual(a, b),
      /tensor\(\[1\.0000, 2\.5000\]\).*tensor\(\[1\.0000, 2\.2500\]\)/s,
    );
    assert.throws(
      () => expect(a).to.deep.equal(b),
      /expected tensor\(.*2\.5.* to deeply equal tensor\(.*2\.25/,
    );
  });

  it('takes Parameters for tensors of another class', () => {
    const x = tensor([1.5]);
    assert.throws(() => assert.deepStrictEqual(new nn.Parameter(x), x));
    assert.deepStrictEqual(new nn.Parameter(x), new nn.Parameter(x.clone()));
  });
});

describe('copies of tensors', () => {
  const x = tensor([1, 2.5]);
  const { port1, port2 } = new MessageChannel();
  const copies: Record<string, (value: unknown) => unknown> = {
    structuredClone,
    postMessage: (value) => port1.postMessage(value),
    'v8.serialize': serialize,
  };
  after(() => port1.close());

  for (const [name, copy] of Object.entries(copies)) {
    it(`are refused by ${name}, which names share()`, () => {
      for (const value of [x, { list: [x] }, new nn.Parameter(x), tensor(1)]) {
        expect(() => copy(value)).to.throw(/a Tensor; send the token that its share\(\) returns/);
      }
      copy({ token: x.share({ timeout: 1 }) });
      port2.close();
    });
  }
});

describe('a tensor as an object', () => {
  const x = tensor([1, 2.5]);

  it('prints as in Python, alone and in others', () => {
    expect(inspect(x)).to.equal('tensor([1.0000, 2.5000])');
    expect(inspect({ x, list: [tensor(1)] })).to.equal(
      '{ x: tensor([1.0000, 2.5000]), list: [ tensor(1) ] }',
    );
  });

  it('has one own property, without elements', () => {
    expect(Object.keys(x)).to.deep.equal(['content']);
    expect(Object.keys({ ...x })).to.deep.equal(['content']);
    expect(JSON.parse(JSON.stringify({ ...x })).content).to.match(/^tensor\(.* of torch\.float32/);
    expect(JSON.stringify({ x })).to.equal('{"x":[1,2.5]}');
    expect(() => torch.ones(2, { ...x } as never)).to.throw(TypeError, "'content'");
  });

  it('iterates where it has dimensions, and else is not iterable', () => {
    expect([...tensor([1, 2])].map((row) => row.item())).to.deep.equal([1, 2]);
    expect(tensor(1)[Symbol.iterator]).to.equal(undefined);
    expect(() => [...tensor(1)]).to.throw(TypeError, 'not iterable');
    expect(() => [...disposed()]).to.throw(TypeError, 'disposed');
  });
});
