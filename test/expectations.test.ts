/** What torch-losses/jest and torch-losses/vitest add to `expect`, without a runner. */
import { expect } from 'chai';
import torch, { type Tensor } from 'torch-losses';

import { type Closeness, extendExpect } from '../dist/testing/expectations';

const { tensor } = torch;

interface Outcome {
  pass: boolean;
  message(): string;
}
type Matcher<T> = (actual: unknown, expected: unknown, closeness?: T) => Outcome;

const added: { toEqualTensor: Matcher<never>; toBeCloseToTensor: Matcher<Closeness> }[] = [];
const testers: ((a: unknown, b: unknown) => boolean | undefined)[] = [];
extendExpect({
  extend: (matchers) => void added.push(matchers),
  addEqualityTesters: (equal) => void testers.push(...equal),
});
const { toEqualTensor, toBeCloseToTensor } = added[0]!;
const [areEqual] = testers as [(typeof testers)[0]];
const x = tensor([1.5, -2, 0]);

const isClose = (a: Tensor, b: Tensor, closeness: Closeness): boolean =>
  toBeCloseToTensor(a, b, closeness).pass;

describe('toEqualTensor', () => {
  it('compares bits, and reports as the chai plugin does', () => {
    expect(toEqualTensor(x, x.clone()).pass).to.equal(true);
    expect(toEqualTensor(x, x.clone()).message()).to.match(/^Tensors are equal, .*tensor/s);
    const { pass, message } = toEqualTensor(tensor([0.5, 0]), tensor([0.5, -0]));
    expect(pass).to.equal(false);
    expect(message()).to.contain('index (1,): expected -0.0 (0x80000000) but got 0.0 (0x00000000)');
  });

  it('refuses what is no tensor, by name', () => {
    expect(() => toEqualTensor([1], x)).to.throw(TypeError, "toEqualTensor(): argument 'actual'");
    expect(() => toEqualTensor(x, null)).to.throw(
      TypeError,
      "argument 'expected' must be a Tensor, got null",
    );
  });
});

describe('toBeCloseToTensor', () => {
  it("takes the dtype's own tolerances, or the given ones", () => {
    expect(toBeCloseToTensor(x, x.mul(1 + 1e-6)).pass).to.equal(true);
    expect(toBeCloseToTensor(x, x.mul(1 + 1e-4)).pass).to.equal(false);
    expect(isClose(x, x.mul(1 + 1e-4), { rtol: 1e-3, atol: 0 })).to.equal(true);
    expect(toBeCloseToTensor(x, x.add(1)).message()).to.contain('Tensor-likes are not close!');
    expect(toBeCloseToTensor(x, x).message()).to.match(/^Values are close!.*tensor/s);
  });

  it('counts the representable numbers between two', () => {
    const next = (value: Tensor, steps: number): Tensor =>
      value.view(torch.int32).add(steps).view(torch.float32);
    const positive = tensor([1.5, 2]);
    expect(isClose(next(positive, 3), positive, { ulps: 3 })).to.equal(true);
    expect(isClose(next(positive, 4), positive, { ulps: 3 })).to.equal(false);
    const double = (value: number): Tensor => tensor([value], { dtype: torch.float64 });
    expect(isClose(double(5e-324), double(-5e-324), { ulps: 2 })).to.equal(true);
    expect(isClose(double(5e-324), double(-5e-324), { ulps: 1 })).to.equal(false);
    expect(isClose(double(1e308), double(-1e308), { ulps: 2 ** 53 })).to.equal(false);
    expect(isClose(tensor([0.5, 0]), tensor([0.5, -0]), { ulps: 0 })).to.equal(true);
    expect(isClose(tensor([3, 4]), tensor([3, 5]), { ulps: 1 })).to.equal(true);
    expect(isClose(tensor([3, 4]), tensor([3, 6]), { ulps: 1 })).to.equal(false);
    expect(isClose(tensor([1.5]).bfloat16(), tensor([1.5078125]).bfloat16(), { ulps: 1 })).to.equal(
      true,
    );
    const z = (im: number): Tensor => tensor([{ re: 1, im }]);
    expect(isClose(z(2.5), z(2.5000002), { ulps: 1 })).to.equal(true);
    expect(isClose(z(2.5), z(2.5000005), { ulps: 1 })).to.equal(false);
  });

  it('takes nothing for near to infinity or NaN', () => {
    const inf = tensor([Infinity]);
    expect(isClose(inf, inf, { ulps: 0 })).to.equal(true);
    expect(isClose(inf, tensor([3.4028234663852886e38]), { ulps: 1e9 })).to.equal(false);
    expect(isClose(tensor([NaN]), tensor([NaN]), { ulps: 1e9 })).to.equal(false);
    expect(isClose(tensor([NaN]), tensor([NaN]), { ulps: 0, equal_nan: true })).to.equal(true);
  });

  it('takes a tolerance beside ulps, for what is near to zero', () => {
    expect(isClose(tensor([1e-9, 1.5]), tensor([0, 1.5]), { ulps: 1 })).to.equal(false);
    expect(isClose(tensor([1e-9, 1.5]), tensor([0, 1.5]), { ulps: 1, atol: 1e-8 })).to.equal(true);
  });

  it('says how many ulps, and where', () => {
    const { message } = toBeCloseToTensor(tensor([[1.5, 2]]), tensor([[1.5, 3]]), { ulps: 4 });
    expect(message()).to.contain(
      'Greatest distance: 4194304 ulps at index (0, 1) (up to 4 allowed)',
    );
    expect(toBeCloseToTensor(x, x.double(), { ulps: 1 }).message()).to.contain("attribute 'dtype'");
  });

  it('refuses other options, by name', () => {
    const call = (closeness: object) => () => toBeCloseToTensor(x, x, closeness);
    expect(call({ ulps: -1 })).to.throw(RangeError, "'ulps' must not be negative, got -1");
    expect(call({ ulps: '1' })).to.throw(
      TypeError,
      '\'ulps\' must be a number, got the string "1"',
    );
    expect(call({ ulps: 1, check_dtype: false })).to.throw(
      TypeError,
      "'check_dtype' does not go with 'ulps'",
    );
    expect(call({ rtol: 1 })).to.throw(RangeError, 'atol');
    expect(call({ delta: 1 })).to.throw(TypeError, "'delta'");
  });
});

describe('the equality tester', () => {
  it('is for two tensors, and agrees with deep comparison', () => {
    expect(areEqual(x, x.clone())).to.equal(true);
    expect(areEqual(x, x.add(1))).to.equal(false);
    expect(areEqual(tensor([NaN]), tensor([NaN]).neg())).to.equal(true);
    expect(areEqual(new torch.nn.Parameter(x), x)).to.equal(false);
    expect(areEqual(x, [1.5, -2, 0])).to.equal(undefined);
    expect(areEqual(1, 1)).to.equal(undefined);
  });
});

describe('torch.testing.assert_equal', () => {
  const { assert_equal } = torch.testing;

  it('throws unless the bits are the same', () => {
    assert_equal(x, x.clone());
    expect(() => assert_equal(x, x.add(1)))
      .to.throw(torch.TorchError, 'Mismatched elements: 3 / 3')
      .with.property('code', 'ERR_TORCH_ASSERTION');
    expect(() => assert_equal(x, x.double())).to.throw("attribute 'dtype'");
  });

  it('says what msg says', () => {
    expect(() => assert_equal(x, x.add(1), { msg: 'no' })).to.throw(/^no$/);
    expect(() => assert_equal(x, x.add(1), { msg: (text) => `grad: ${text}` })).to.throw(
      /^grad: Tensors are not/,
    );
  });

  it('refuses what is no tensor', () => {
    expect(() => assert_equal([1] as never, x)).to.throw(
      TypeError,
      "assert_equal(): argument 'actual'",
    );
    expect(() => assert_equal(x, x, { rtol: 1 } as never)).to.throw(TypeError, "'rtol'");
  });
});
