/** Exact sums beside Python's math.fsum, and quotients beside its fractions. */
import { execFileSync } from 'node:child_process';
import { expect } from 'chai';

import { ExactSum } from '../../dist/batch/exact';
import { CHECKOUT_SETUP, pythonOf } from '../../dist/bindings/libtorch/setups';
import { Random } from '../support/data';

const PYTHON = process.env['TORCH_LOSSES_PYTHON'] ?? pythonOf(CHECKOUT_SETUP);
const SCRIPT = `
import json, math, sys
from fractions import Fraction
for values, divisor in json.load(sys.stdin):
    values = [float.fromhex(value) for value in values]
    total = sum(map(Fraction, values))
    print(json.dumps([math.fsum(values).hex(), float(total / Fraction(float.fromhex(divisor))).hex()]))
`;

/** Returns a number as float.fromhex reads it. */
function hex(value: number): string {
  const [bits] = new BigUint64Array(new Float64Array([value]).buffer);
  const exponent = Number((bits! >> 52n) & 0x7ffn);
  const fraction = (bits! & ((1n << 52n) - 1n)).toString(16).padStart(13, '0');
  const sign = bits! >> 63n ? '-' : '';
  return exponent ? `${sign}0x1.${fraction}p${exponent - 1023}` : `${sign}0x0.${fraction}p-1022`;
}

function inPython(
  cases: readonly (readonly [values: Float64Array, divisor: number])[],
): string[][] {
  const input = JSON.stringify(cases.map(([values, by]) => [Array.from(values, hex), hex(by)]));
  const output = execFileSync(PYTHON!, ['-c', SCRIPT], { input, encoding: 'utf8' });
  return output
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));
}

const normalized = (text: string): number => {
  const [, sign, whole, fraction, power] = /^(-?)0x(\d)(?:\.([0-9a-f]*))?p([+-]\d+)$/.exec(text)!;
  const bits = (BigInt(whole!) << 52n) | BigInt(`0x${(fraction ?? '').padEnd(13, '0')}`);
  const scale = Number(power);
  const size = Number(bits) * 2 ** -52;
  return (
    (sign ? -1 : 1) *
    (scale < -1000 ? size * 2 ** 100 * 2 ** (scale + 900) * 2 ** -1000 : size * 2 ** scale)
  );
};

describe('batch: exact sums', () => {
  const random = new Random(5);
  const uniform = (): number => random.next() * 2 - 1;
  const wide = (count: number, from: number, to: number): Float64Array =>
    Float64Array.from(
      { length: count },
      () => uniform() * 2 ** (from + Math.floor(random.next() * (to - from))),
    );

  it('equal Python’s fsum and fractions, whatever the exponents', () => {
    const cases = Array.from({ length: 300 }, (_, i) => {
      const [from, to] = [
        [-1074, -1000],
        [-300, 300],
        [900, 1010],
        [-20, 0],
        [-1074, 1000],
      ][i % 5]!;
      return [wide(1 + (i % 17), from!, to!), i % 3 ? 1 + i : Math.abs(uniform()) + 0.1] as const;
    });
    const expected = inPython(cases);
    for (const [index, [values, divisor]] of cases.entries()) {
      const sum = new ExactSum();
      sum.add(values);
      const by = new ExactSum();
      by.add(Float64Array.of(divisor));
      const [total, quotient] = expected[index]!.map(normalized);
      expect(sum.value(), `${index}`).to.equal(total);
      expect(sum.over(by), `${index}`).to.equal(quotient);
      if (Number.isInteger(divisor)) expect(sum.over(divisor)).to.equal(quotient);
    }
  });

  it('do not depend on the order, the chunks, or being written as JSON', () => {
    const values = Float32Array.from(wide(10_000, -40, 40));
    const whole = new ExactSum();
    whole.add(values);
    const parts = new ExactSum();
    for (let from = 0; from < values.length; from += 777) {
      const part = new ExactSum();
      part.add(values.slice(from, from + 777).reverse());
      parts.addSum(ExactSum.of(JSON.parse(JSON.stringify(part.state))));
    }
    expect(parts.state).to.deep.equal(whole.state);
    expect(parts.value()).to.equal(whole.value());
    const doubles = new ExactSum();
    doubles.add(Float64Array.from(values));
    expect(doubles.state).to.deep.equal(whole.state);
  });

  it('follow torch where numbers are not finite, and for nothing', () => {
    const of = (...values: number[]): number => {
      const sum = new ExactSum();
      sum.add(Float32Array.from(values));
      return sum.over(values.length);
    };
    expect(of(1, Number.POSITIVE_INFINITY)).to.equal(Number.POSITIVE_INFINITY);
    expect(of(1, Number.NEGATIVE_INFINITY)).to.equal(Number.NEGATIVE_INFINITY);
    expect(of(Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY)).to.be.NaN;
    expect(of(Number.NaN, 1)).to.be.NaN;
    expect(of()).to.be.NaN;
  });
});
