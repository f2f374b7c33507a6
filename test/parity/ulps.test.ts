/** Distances in ulps, and closeness, compared with Python's `torch.isclose`. */
import { expect } from 'chai';

import { deviationOf, type TensorValue } from '../../dist/testing/parity/outcome';
import { type DType, Input, Random } from '../support/data';
import { askPython } from './parity';

const value = ({ dtype, shape, bytes }: Input): TensorValue => ({
  dtype: `torch.${dtype}`,
  shape,
  bytes,
  requires_grad: false,
  grad_fn: null,
});
const tensor = (dtype: DType, ...values: number[]): TensorValue =>
  value(Input.of(dtype, [values.length], (i) => values[i]!));

const measure = (a: TensorValue, b: TensorValue) => deviationOf(a, b)!;
const distance = (a: TensorValue, b: TensorValue): number => measure(a, b).ulps.greatest;

describe('parity: ulps', () => {
  /** A number, the next larger one, and the next smaller one. */
  const NEIGHBOURS: [DType, number, number, number][] = [
    ['float64', 1, 1 + 2 ** -52, 1 - 2 ** -53],
    ['float32', 1, 1 + 2 ** -23, 1 - 2 ** -24],
    ['float16', 1, 1 + 2 ** -10, 1 - 2 ** -11],
    ['bfloat16', 1, 1 + 2 ** -7, 1 - 2 ** -8],
    ['float32', 0, 2 ** -149, -(2 ** -149)],
    ['float32', -3, -3 + 2 ** -22, -3 - 2 ** -22],
    ['int64', 5, 6, 4],
    ['uint8', 200, 201, 199],
  ];

  for (const [dtype, at, next, before] of NEIGHBOURS) {
    it(`${dtype}: the numbers beside ${at} are 1 away, and 2 from each other`, () => {
      expect(distance(tensor(dtype, at), tensor(dtype, next))).to.equal(1);
      expect(distance(tensor(dtype, at), tensor(dtype, before))).to.equal(1);
      expect(distance(tensor(dtype, before), tensor(dtype, next))).to.equal(2);
    });
  }

  it('counts both zeros and all NaNs as one number; what is not finite is infinitely far', () => {
    const ulps = (a: number, b: number): number =>
      distance(tensor('float32', a), tensor('float32', b));
    expect(ulps(0, -0)).to.equal(0);
    expect(ulps(1, NaN)).to.equal(Infinity);
    expect(ulps(NaN, 1)).to.equal(Infinity);
    expect(ulps(3e38, Infinity)).to.equal(Infinity);
    expect(ulps(Infinity, -Infinity)).to.equal(Infinity);
    const quiet = tensor('float32', NaN);
    const other = { ...quiet, bytes: Uint8Array.of(1, 0, 0xc0, 0x7f) };
    expect(distance(quiet, other)).to.equal(0);
    expect(measure(quiet, other).different).to.equal(1);
  });

  it('names the element that is furthest off', () => {
    const a = Input.of('float32', [2, 3], (i) => i + 1);
    const b = Input.of('float32', [2, 3], (i) => i + 1 + (i === 4 ? 1e-3 : i === 1 ? 1e-6 : 0));
    expect(measure(value(a), value(b))).to.deep.include({ different: 2, count: 6, at: [1, 1] });
    const c = value(Input.of('complex64', [2], (i) => i));
    const d = value(Input.of('complex64', [2], (i) => (i === 3 ? 3.5 : i)));
    expect(measure(c, d)).to.deep.include({ different: 1, count: 4, at: [1, 1] });
    expect(measure(c, d).values).to.deep.equal(['3', '3.5']);
  });

  it('finds close what torch.isclose finds close', async () => {
    const random = new Random(8);
    const special = [0, -0, NaN, Infinity, -Infinity, 1e-30, 3e38, 1];
    const pairs = Array.from({ length: 400 }, (_, i): [number, number] => {
      if (i < 64) return [special[i >> 3]!, special[i & 7]!];
      const at = random.next() * 10 - 5;
      return [at, at + (random.next() - 0.5) * random.pick([1e-3, 1e-5, 1e-7])];
    });
    const tolerances = [
      { rtol: 0, atol: 0 },
      { rtol: 1e-5, atol: 1e-8 },
      { rtol: 0, atol: 1e-4 },
    ];
    const text = (number: number): string => `float('${Object.is(number, -0) ? '-0' : number}')`;
    const list = pairs.map(([a, b]) => `(${text(a)}, ${text(b)})`).join(', ');
    const python = await askPython(
      `pairs = [${list}]\none = lambda x: torch.tensor(x, dtype=torch.float64)`,
      tolerances.map(
        ({ rtol, atol }) =>
          `[bool(torch.isclose(one(b), one(a), rtol=${rtol}, atol=${atol}, equal_nan=True)) for a, b in pairs]`,
      ),
    );
    const ours = tolerances.map((tolerance) =>
      pairs.map(
        ([a, b]) =>
          deviationOf(tensor('float64', a), tensor('float64', b), tolerance)?.isClose !== false,
      ),
    );
    expect(ours).to.deep.equal(python);
    expect(ours.flat().filter(Boolean).length).to.be.within(100, 1100);
  });
});
