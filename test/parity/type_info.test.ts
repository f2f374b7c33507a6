/** torch.finfo and torch.iinfo, compared with Python: each number of each dtype, and errors. */
import { expect } from 'chai';
import torch from 'torch-losses';

import { expectSample } from './parity';

const NAMES = (
  'float16 bfloat16 float32 float64 complex32 complex64 complex128 float8_e5m2 float8_e4m3fn float8_e5m2fnuz ' +
  'float8_e4m3fnuz float8_e8m0fnu uint8 int8 int16 int32 int64 uint16 uint32 uint64 bool'
).split(' ');
const dtypeOf = (name: string): torch.DType =>
  (torch as unknown as Record<string, torch.DType>)[name]!;

describe('parity: finfo and iinfo', () => {
  for (const name of NAMES) {
    it(`finfo(${name})`, () =>
      expectSample(
        {
          source: `r = torch.finfo(torch.${name}); s = str(r)`,
          outputs: 's r.bits r.eps r.max r.min r.smallest_normal r.tiny r.resolution r.dtype'.split(
            ' ',
          ),
        },
        () => {
          const r = torch.finfo(dtypeOf(name));
          const { bits, eps, max, min, smallest_normal, tiny, resolution, dtype } = r;
          return [String(r), bits, eps, max, min, smallest_normal, tiny, resolution, dtype];
        },
      ));

    it(`iinfo(${name})`, () =>
      expectSample(
        {
          source: `r = torch.iinfo(torch.${name}); s = str(r)`,
          outputs: ['s', 'r.bits', 'str(r.max)', 'str(r.min)', 'r.dtype'],
        },
        () => {
          const r = torch.iinfo(dtypeOf(name));
          return [String(r), r.bits, String(r.max), String(r.min), r.dtype];
        },
      ));
  }

  it('finfo() is that of the default dtype', () => {
    expect(torch.finfo()).to.equal(torch.finfo(torch.float32));
    torch.set_default_dtype(torch.float64);
    expect(torch.finfo()).to.equal(torch.finfo(torch.float64));
    torch.set_default_dtype(torch.float32);
  });

  it('numbers of 64 bits are bigints, those of fewer numbers', () => {
    expect(torch.iinfo(torch.int64).max).to.equal(2n ** 63n - 1n);
    expect(torch.iinfo(torch.uint32).max).to.equal(2 ** 32 - 1);
  });

  it('take a dtype alone', () => {
    for (const wrong of ['float32', 3, null, [torch.float32]] as never[]) {
      expect(() => torch.finfo(wrong)).to.throw(TypeError, /finfo\(\)/);
      expect(() => torch.iinfo(wrong)).to.throw(TypeError, /iinfo\(\)/);
    }
  });
});
