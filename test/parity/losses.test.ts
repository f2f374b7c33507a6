/**
 * Every loss, functional and class, against Python: values, gradients, dtypes, shapes, warnings and
 * errors, to the last bit.
 */
import { DTYPES, LossCases } from '../../dist/parity/generate';
import { LOSSES, nameOf } from '../../dist/parity/losses';
import { expectParity } from './parity';

/** Cases with every axis drawn at random, for each row. */
const RANDOM_CASES = 90;

describe('parity: losses', function () {
  this.timeout(120_000);

  for (const [i, row] of LOSSES.entries()) {
    it(nameOf(row), async function () {
      const cases = new LossCases(row, 1000 + i, DTYPES, ['float32']);
      const calls = [...cases.grid(), ...cases.random(RANDOM_CASES)].map((make) => make().call);
      this.test!.title += ` (${calls.length} cases)`;
      await expectParity(calls);
    });
  }
});
