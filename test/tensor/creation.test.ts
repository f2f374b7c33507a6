/** Tensors from data and from sizes. */
import { expect } from 'chai';
import torch from 'torch-losses';

const kind = (pythonType: string) => (error: Error) => {
  expect(error).to.have.property('pythonType', pythonType);
  return true;
};

function refused(make: () => unknown, pythonType: string, text: string | RegExp): void {
  let failure: Error | undefined;
  try {
    make();
  } catch (error) {
    failure = error as Error;
  }
  expect(failure, String(make)).to.be.instanceOf(Error);
  expect(failure!.message).to.match(typeof text === 'string' ? new RegExp(quoted(text)) : text);
  kind(pythonType)(failure!);
}

const quoted = (text: string): string => text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');

describe('torch.tensor', () => {
  it('of a typed array takes a shape that fits', () => {
    const data = new Float32Array([1, 2, 3, 4]);
    expect(torch.tensor(data, { shape: [2, 2] }).tolist()).to.deep.equal([
      [1, 2],
      [3, 4],
    ]);
    expect(torch.tensor(data, { shape: [4], dtype: torch.int64 }).dtype).to.equal(torch.int64);
    refused(
      () => torch.tensor(data, { shape: [3] }),
      'ValueError',
      'shape [3] has 3 elements, the array 4',
    );
    for (const shape of [[-1], [1.5], 4, null]) {
      refused(
        () => torch.tensor(data, { shape: shape as number[] }),
        'TypeError',
        "'shape' must be an array of sizes",
      );
    }
    refused(
      () => torch.tensor([1], { shape: [1] } as never),
      'TypeError',
      "'shape' is for typed arrays only",
    );
    refused(
      () => torch.tensor(new Float32Array(3), { dtype: torch.complex64 }),
      'ValueError',
      '3 numbers are not pairs',
    );
    expect(torch.tensor(torch.ones(2) as never).tolist()).to.deep.equal([1, 1]);
  });

  it('of lists of typed arrays is one tensor', () => {
    const rows = [new Float32Array([1, 2]), new Float32Array([3, 4]), new Float32Array([5, 6])];
    const x = torch.tensor(rows);
    expect(x.dtype).to.equal(torch.float32);
    expect(x.tolist()).to.deep.equal([
      [1, 2],
      [3, 4],
      [5, 6],
    ]);
    expect(torch.tensor([[rows[0]!], [rows[1]!]], { dtype: torch.float64 }).shape).to.deep.equal([
      2, 1, 2,
    ]);
    const part = new Int16Array([9, 1, 2, 9]).subarray(1, 3);
    expect(torch.tensor([part, part]).tolist()).to.deep.equal([
      [1, 2],
      [1, 2],
    ]);
    expect(torch.tensor([new BigInt64Array([2n ** 60n])]).toTypedArray()).to.deep.equal(
      new BigInt64Array([2n ** 60n]),
    );
    const half = torch.tensor([new Uint16Array([0x3c00])], { dtype: torch.float16 });
    expect(half.tolist()).to.deep.equal([[1]]);
    const pairs = torch.tensor([new Float32Array([1, 2, 3, 4])], { dtype: torch.complex64 });
    expect(pairs.shape).to.deep.equal([1, 2]);
    expect(torch.as_tensor(rows).shape).to.deep.equal([3, 2]);
    expect(torch.FloatTensor([new Float64Array(2)] as never).dtype).to.equal(torch.float32);
    expect(torch.tensor([new Float32Array(0), new Float32Array(0)]).shape).to.deep.equal([2, 0]);
  });

  it('refuses lists of typed arrays that do not fit, and names torch.stack', () => {
    const one = new Float32Array(1);
    refused(
      () => torch.tensor([one, new Float32Array(2)]),
      'ValueError',
      'expected sequence of length 1 at dim 1 (got 2)',
    );
    refused(
      () => torch.tensor([[one], [one, one]]),
      'ValueError',
      'expected sequence of length 1 at dim 1 (got 2)',
    );
    for (const other of [new Float64Array(1), [1], 1, torch.ones(1), null]) {
      refused(
        () => torch.tensor([one, other] as never),
        'TypeError',
        /typed arrays in a list must all be Float32Array, got .*\. torch\.stack\(\)/,
      );
    }
    refused(
      () => torch.tensor([1, one] as never),
      'TypeError',
      /got Float32Array.*torch\.stack\(\)/,
    );
  });

  it('goes through JSON as its elements', () => {
    const x = torch.tensor([
      [1.5, 2],
      [-3, 0.25],
    ]);
    expect(JSON.stringify({ x, loss: x.sum(), empty: torch.ones(0, 2) })).to.equal(
      '{"x":[[1.5,2],[-3,0.25]],"loss":0.75,"empty":[]}',
    );
    expect(torch.tensor(JSON.parse(JSON.stringify(x))).equal(x)).to.equal(true);
    expect(JSON.stringify(torch.tensor([true, false]))).to.equal('[true,false]');
    expect(JSON.stringify(torch.tensor([Number.NaN, Infinity]))).to.equal('[null,null]');
    expect(JSON.stringify(torch.tensor([1, 2]).to(torch.complex64))).to.equal(
      '[{"re":1,"im":0},{"re":2,"im":0}]',
    );
    expect(() => JSON.stringify(torch.tensor([2n ** 60n + 1n]))).to.throw(
      RangeError,
      'toTypedArray',
    );
    x.dispose();
    expect(() => JSON.stringify(x)).to.throw(TypeError, 'disposed');
  });

  it('takes its dtype from the data', () => {
    expect(torch.tensor([1, 0, 4]).dtype).to.equal(torch.int64);
    expect(torch.tensor([1.5, 2]).dtype).to.equal(torch.float32);
    expect(torch.tensor(-0).dtype).to.equal(torch.float32);
    expect(torch.tensor([true, false]).dtype).to.equal(torch.bool);
    expect(torch.tensor([true, 2]).dtype).to.equal(torch.int64);
    expect(torch.tensor([1, { re: 0, im: 2 }]).dtype).to.equal(torch.complex64);
    expect(torch.tensor([]).dtype).to.equal(torch.float32);
    expect(torch.tensor([1, 2], { requires_grad: true }).dtype).to.equal(torch.float32);
    expect(torch.tensor(torch.asFloat(2)).dtype).to.equal(torch.float32);
  });

  it('takes its shape from the nesting', () => {
    expect(torch.tensor(3).shape).to.deep.equal([]);
    expect(torch.tensor([[1, 2, 3]]).shape).to.deep.equal([1, 3]);
    expect(torch.tensor([[], []]).shape).to.deep.equal([2, 0]);
  });

  it('refuses what Python refuses, with its texts', () => {
    const { uint8, int8, int64, float32 } = torch;
    refused(
      () => torch.tensor([[1, 2], [3]]),
      'ValueError',
      'expected sequence of length 2 at dim 1 (got 1)',
    );
    refused(() => torch.tensor([[1], 2]), 'TypeError', 'not a sequence');
    refused(() => torch.tensor([1.5, [2]]), 'TypeError', 'must be real number, not list');
    refused(
      () => torch.tensor(300, { dtype: uint8 }),
      'RuntimeError',
      'value cannot be converted to type uint8 without overflow',
    );
    refused(() => torch.tensor([300], { dtype: int8 }), 'RuntimeError', 'without overflow');
    refused(
      () => torch.tensor(Number.NaN, { dtype: int64 }),
      'RuntimeError',
      'type int64 without overflow',
    );
    refused(() => torch.tensor(2n ** 63n), 'ValueError', 'Overflow when unpacking long long');
    refused(
      () => torch.tensor({ re: 1, im: 1 }, { dtype: float32 }),
      'TypeError',
      'must be real number, not complex',
    );
    refused(
      () => torch.tensor(true, { requires_grad: true }),
      'RuntimeError',
      'Only Tensors of floating point and complex dtype can require gradients',
    );
  });

  it('never rounds an integer of 64 bits', () => {
    const big = torch.tensor(2n ** 60n + 1n);
    expect(big.toTypedArray()[0]).to.equal(2n ** 60n + 1n);
    expect(() => big.item()).to.throw(RangeError, 'toTypedArray()');
    expect(() => big.tolist()).to.throw(RangeError, 'toTypedArray()');
    const bigger = torch.tensor([2n ** 64n - 1n], { dtype: torch.uint64 });
    expect(() => bigger.item()).to.throw(RangeError, 'toTypedArray()');
    expect(() => bigger.tolist()).to.throw(RangeError, 'toTypedArray()');
  });

  it('copies typed arrays', () => {
    const numbers = Float32Array.of(1, 2, 3, 4);
    const x = torch.tensor(numbers, { shape: [2, 2] });
    numbers[0] = 9;
    expect(x.tolist()).to.deep.equal([
      [1, 2],
      [3, 4],
    ]);
    expect(torch.tensor(Uint16Array.of(0x3c00), { dtype: torch.half }).tolist()).to.deep.equal([1]);
    expect(torch.tensor(Uint16Array.of(7)).dtype).to.equal(torch.uint16);
    expect(torch.tensor(Float64Array.of(1, 2), { dtype: torch.cdouble }).tolist()).to.deep.equal([
      { re: 1, im: 2 },
    ]);
  });
});

describe('torch.frombuffer', () => {
  it('refuses what it cannot take', () => {
    const buffer = new ArrayBuffer(12);
    const dtype = torch.float32;
    refused(
      () => torch.frombuffer(buffer, { dtype: 5 as never }),
      'TypeError',
      "'dtype' must be a torch.dtype",
    );
    refused(() => torch.frombuffer('text' as never, { dtype }), 'TypeError', "'buffer' must be");
    refused(
      () => torch.frombuffer(buffer, { dtype, count: 1.5 }),
      'TypeError',
      "'count' must be an integer",
    );
    refused(
      () => torch.frombuffer(buffer, { dtype, count: 4 }),
      'ValueError',
      'requested buffer length',
    );
    const shared = new Uint8Array(new SharedArrayBuffer(12)).subarray(2, 10);
    refused(() => torch.frombuffer(shared, { dtype }), 'ValueError', 'must be aligned to 4 bytes');
    expect(torch.frombuffer(buffer, { dtype, requires_grad: true }).requires_grad).to.equal(true);
  });

  it('shares the memory of a SharedArrayBuffer, and copies that of an ArrayBuffer', () => {
    for (const [buffer, seen] of [
      [new SharedArrayBuffer(8), 5],
      [new ArrayBuffer(8), 0],
    ] as const) {
      const x = torch.frombuffer(buffer, { dtype: torch.float32 });
      new Float32Array(buffer)[1] = 5;
      expect(x.tolist()).to.deep.equal([0, seen]);
    }
  });

  it('checks offset, count and length as Python does', () => {
    const { float32: dtype } = torch;
    const buffer = new ArrayBuffer(8);
    refused(
      () => torch.frombuffer(new ArrayBuffer(0), { dtype }),
      'ValueError',
      'both buffer length (0) and count (-1) must not be 0',
    );
    refused(() => torch.frombuffer(buffer, { dtype, offset: 8 }), 'ValueError', 'minus 1');
    refused(
      () => torch.frombuffer(buffer, { dtype, offset: 1 }),
      'ValueError',
      'must be a multiple of element size (4)',
    );
    refused(
      () => torch.frombuffer(buffer, { dtype, count: 3 }),
      'ValueError',
      'requested buffer length (12 bytes)',
    );
    expect(torch.frombuffer(buffer, { dtype, offset: 4, count: 1 }).shape).to.deep.equal([1]);
  });
});

describe('factories', () => {
  it('take sizes one by one or as a list', () => {
    expect(torch.zeros(2, 3).shape).to.deep.equal([2, 3]);
    expect(torch.zeros([2, 3], { dtype: torch.int64 }).dtype).to.equal(torch.int64);
    expect(torch.zeros([]).shape).to.deep.equal([]);
    expect(torch.randn(2, { requires_grad: true }).requires_grad).to.equal(true);
    expect(torch.ones(2).new_zeros(3, 1).shape).to.deep.equal([3, 1]);
  });

  it('refuse what is no size, naming it', () => {
    expect(() => torch.zeros(2, Number.NaN)).to.throw(TypeError, /'size'.*NaN/);
    expect(() => torch.zeros(2.5)).to.throw(TypeError, /'size'/);
    expect(() => torch.zeros(2 ** 60)).to.throw(TypeError, /'size'/);
    expect(() => torch.zeros([2], { dtpye: torch.long } as object)).to.throw(
      TypeError,
      "did you mean 'dtype'",
    );
  });

  it('write into a given tensor', () => {
    const out = torch.empty(2);
    expect(torch.ones(2, { out })).to.equal(out);
    expect(out.tolist()).to.deep.equal([1, 1]);
    expect(torch.add(out, 1, { out })).to.equal(out);
    expect(out.tolist()).to.deep.equal([2, 2]);
  });

  it('gives tensors that count as unchanged', () => {
    const made = [torch.randn(2, { requires_grad: true }), torch.arange(3), torch.randperm(3)];
    expect(made.map(({ _version }) => _version)).to.deep.equal([0, 0, 0]);
    expect(torch.zeros(2).add_(1)._version).to.equal(1);
  });
});
