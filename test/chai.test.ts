/** torch-losses/chai: the values that assertions accept and refuse, and their messages. */
import { assert, expect, use } from 'chai';
import torch, { type Tensor } from 'torch-losses';
import torchChai from 'torch-losses/chai';

use(torchChai);

const { tensor } = torch;
const float32 = (...values: number[]): Tensor => tensor(Float32Array.from(values));
const ofBits = (...bits: number[]): Tensor =>
  torch.frombuffer(Int32Array.from(bits), { dtype: torch.float32 });

/** Returns the message of a failed assertion. */
function failure(run: () => void): string {
  try {
    run();
  } catch (error) {
    expect((error as Error).name).to.equal('AssertionError');
    return (error as Error).message;
  }
  throw new Error('the assertion holds');
}

describe('torch-losses/chai: equalTensor', () => {
  const DTYPES = [...'float32 float64 float16 bfloat16 complex64 complex128'.split(' ')]
    .concat('int64 int32 int16 int8 uint8 uint16 uint32 uint64 bool'.split(' '))
    .map((name) => torch[name as 'float32']);

  it('takes tensors of the same bits, of every dtype and layout', () => {
    for (const dtype of DTYPES) {
      const x = tensor([[1, 0], [3, 1]]).to(dtype); // biome-ignore format: a matrix
      expect(x, String(dtype)).to.equalTensor(x.clone());
      expect(x.t(), String(dtype)).to.equalTensor(x.t().contiguous());
      expect(x, String(dtype)).not.to.equalTensor(x.t());
      expect(x.index(0, 0)).to.equalTensor(tensor(1).to(dtype));
      expect(x.index(0, 0)).not.to.equalTensor(tensor(0).to(dtype));
      expect(torch.empty(0, 3, { dtype })).to.equalTensor(torch.empty(0, 3, { dtype }));
    }
    const z = tensor([{ re: 1, im: 2 }]);
    expect(z.conj()).to.equalTensor(tensor([{ re: 1, im: -2 }]));
    expect(z.conj()).not.to.equalTensor(z);
    expect(float32(1).requires_grad_().mul(2)).to.equalTensor(float32(2));
  });

  it('tells apart 0 and -0, and NaNs of different bits', () => {
    expect(float32(0)).not.to.equalTensor(float32(-0));
    expect(float32(NaN)).to.equalTensor(float32(NaN));
    expect(ofBits(0x7fc00001)).not.to.equalTensor(ofBits(0x7fc00000));
    expect(tensor([{ re: 0, im: 0 }])).not.to.equalTensor(tensor([{ re: 0, im: -0 }]));
  });

  it('says what differs, where and by how much', () => {
    const [x, y] = [float32(1, 2, 3, 4).reshape(2, 2), float32(1, 2.5, 3, -0).reshape(2, 2)];
    expect(failure(() => expect(x, 'logits').to.equalTensor(y))).to.equal(
      'logits: Tensors are not equal!\n\n' +
        'Mismatched elements: 2 / 4 (50.0%)\n' +
        'Greatest absolute difference: 4.0 at index (1, 1)\n' +
        'Greatest relative difference: inf at index (1, 1)\n' +
        'First difference at index (0, 1): expected 2.5 (0x40200000) but got 2.0 (0x40000000)\n\n' +
        'The bits of 2 of 4 elements differ, by at most 1.1e+9 ulps (median 2.1e+6), relative 1.0 (median 0.20)\n' +
        'furthest at [1, 1]: expected -0 (0x80000000), actual 4 (0x40800000)\n' +
        'only at 1 of 2 indices of dimension 1: 1',
    );
    expect(
      failure(() => expect(float32(0).index(0)).to.equalTensor(float32(-0).index(0))),
    ).to.contain('index (): expected -0.0 (0x80000000) but got 0.0 (0x00000000)');
    expect(failure(() => expect(x).to.equalTensor(x.double()))).to.equal(
      "The values for attribute 'dtype' do not match: torch.float32 != torch.float64.\n\nThe numbers are the same: only the dtype is another.",
    );
    expect(failure(() => expect(x).to.equalTensor(x.flatten(), 'flat'))).to.equal(
      "flat: The values for attribute 'shape' do not match: torch.Size([2, 2]) != torch.Size([4]).\n\n" +
        'The numbers are the same in the same order: only the shape is another.',
    );
    expect(failure(() => expect(x).not.to.equalTensor(x))).to.match(
      /^Tensors are equal, .*tensor/s,
    );
  });

  it('refuses what is no tensor, or has no strides, with not too', () => {
    const x = float32(1);
    expect(() => expect([1]).to.not.equalTensor(x)).to.throw(
      TypeError,
      "'actual' must be a Tensor",
    );
    expect(() => expect(x).to.equalTensor([1] as never)).to.throw(TypeError, "'expected'");
    expect(() => expect(torch.ops.aten.to_sparse!(x)).to.equalTensor(x)).to.throw(
      TypeError,
      'sparse',
    );
  });
});

describe('torch-losses/chai: closeTo', () => {
  it("compares tensors with their dtype's own tolerances, or the given ones", () => {
    const x = float32(1, 100);
    expect(x).to.be.closeTo(x.mul(1 + 1e-6));
    expect(x).not.to.be.closeTo(x.mul(1 + 1e-5));
    expect(x).to.be.closeTo(x.mul(1 + 1e-5), { rtol: 1e-4, atol: 0 });
    expect(x).to.be.approximately(x.add(0.25), 0.5);
    expect(x).not.to.be.closeTo(x.add(0.25), 0.125);
    expect(x).not.to.be.closeTo(x.double());
    expect(x).to.be.closeTo(x.double(), { check_dtype: false });
    assert.closeTo(x, x.add(0.25), 0.5);
  });

  it('compares arrays and objects of tensors where options are given', () => {
    const x = float32(1);
    expect({ loss: 1.5, grads: [x] }).to.be.closeTo({ loss: 1.5, grads: [x.add(1e-7)] }, {});
    expect(failure(() => expect([x]).to.be.closeTo([x.add(1)], {}))).to.contain('item [0]');
  });

  it('reports as Python does, and says what should not be close', () => {
    const x = float32(1, 2);
    const report = failure(() => expect(x, 'grad').to.be.closeTo(x.mul(2)));
    const python = failureOf(() => torch.testing.assert_close(x, x.mul(2)));
    expect(report).to.equal(`grad: ${python}`);
    expect(failure(() => expect(x).not.to.be.closeTo(x, {}, 'stuck'))).to.equal(
      'stuck: Values are close!\n\ntensor([1., 2.])',
    );
  });

  it('throws for what cannot be compared, with not too', () => {
    const x = float32(1);
    expect(() => expect(x).not.to.be.closeTo(1 as never)).to.throw(TypeError, 'No comparison pair');
    expect(() => expect(x).not.to.be.closeTo(x, { rtol: 1 })).to.throw(RangeError, 'atol');
  });

  it("leaves numbers to chai's own", () => {
    expect(1.5).to.be.closeTo(1, 0.5);
    expect(1.5).not.to.be.closeTo(1, 0.25);
    expect(failure(() => expect(1.5).to.be.closeTo(1, 0.25))).to.equal(
      'expected 1.5 to be close to 1 +/- 0.25',
    );
    expect(() => expect('a').to.be.closeTo(1, 1)).to.throw('numeric');
  });

  it('is the same for import and require', async () => {
    const imported = await import('torch-losses/chai');
    expect(imported.default).to.equal(torchChai);
    expect(imported.torchChai).to.equal(torchChai);
  });
});

function failureOf(run: () => void): string {
  try {
    run();
  } catch (error) {
    return (error as Error).message;
  }
  throw new Error('nothing was thrown');
}
