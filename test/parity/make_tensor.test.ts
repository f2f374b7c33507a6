/** `torch.testing.make_tensor`, compared with Python: the same numbers for the same seed, and the same errors. */
import torch from 'torch-losses';

import { Random } from '../support/data';
import { type Argument, type Call, dtype, float, PerLanguage, scalar } from './case';
import { expectParity } from './parity';

const DTYPES = (
  'bool uint8 int8 int16 int32 int64 uint16 float16 bfloat16 float32 float64 complex64 complex128 ' +
  'float8_e5m2 float8_e4m3fn float8_e8m0fnu'
).split(' ');
const SHAPES = [[2, 3], [], [0], [1], [5], [2, 1, 4], [2, 3, 2, 2]];
const BIG = 2n ** 63n;
const BOUNDS: readonly Argument[] = [
  ...[0, 1, -1, 5, 300, -300, 2 ** 40],
  ...[0.5, -0.5, 1, 2.5, NaN, Infinity, -Infinity, 1e300, -1e300].map(scalar),
  new PerLanguage(String(BIG), BIG),
  new PerLanguage(String(-BIG), -BIG),
  null,
];

const random = new Random(47);
const maybe = (probability: number): boolean => random.next() < probability;

function anyCall(name: string): Call {
  const kwargs: Record<string, Argument> = { dtype: dtype(name), device: 'cpu' };
  if (maybe(0.4)) kwargs['low'] = random.pick(BOUNDS);
  if (maybe(0.4)) kwargs['high'] = random.pick(BOUNDS);
  if (maybe(0.1)) kwargs['high'] = kwargs['low'] = float(1.5);
  for (const flag of ['requires_grad', 'noncontiguous', 'exclude_zero']) {
    if (maybe(0.2)) kwargs[flag] = maybe(0.9);
  }
  if (maybe(0.1)) {
    kwargs['memory_format'] = new PerLanguage('torch.contiguous_format', torch.contiguous_format);
  }
  return {
    callee: 'torch.testing.make_tensor',
    args: [random.pick(SHAPES)],
    kwargs,
    seed: random.integer(0, 1000),
    wordsTypeErrors: true,
  };
}

describe('parity: torch.testing.make_tensor', () => {
  for (const name of DTYPES) {
    it(name, () => expectParity(Array.from({ length: 40 }, () => anyCall(name))));
  }

  it('takes sizes one by one, too', () =>
    expectParity([
      {
        callee: 'torch.testing.make_tensor',
        args: [2, 3],
        kwargs: { dtype: dtype('int64'), device: 'cpu' },
        seed: 1,
      },
    ]));
});
