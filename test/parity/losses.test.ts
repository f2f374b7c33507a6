/**
 * Every loss as a function and as a class, compared with Python: exact values, gradients, dtypes, shapes, warnings and
 * errors.
 */
import { expect } from 'chai';
import { nn } from 'torch-losses';

import { DTYPES, type LossCase, LossCases } from '../../dist/testing/parity/generate';
import { LOSSES, nameOf } from '../../dist/testing/parity/losses';
import { describeCall, inputsOf } from './case';
import { askPython, expectParity } from './parity';

/** The number of random cases for each row. */
const RANDOM_CASES = 90;

/** Returns a case with its numbers as text. */
const textOf = ({ call, ...rest }: LossCase): string =>
  JSON.stringify([rest, describeCall(call), inputsOf(call).map(({ bytes }) => [...bytes])]);

describe('parity: losses', function () {
  this.timeout(120_000);

  it('are all those that Python has', async () => {
    const [names] = (await askPython('from torch.nn.modules import loss', [
      "loss.__all__ + ['AdaptiveLogSoftmaxWithLoss']",
    ])) as [string[]];
    expect(LOSSES.map(({ module }) => module)).to.include.members(names);
  });

  it('are tried with each of their options', () => {
    const reductions = ['reduction', 'size_average', 'reduce'];
    for (const row of LOSSES) {
      const { functional, module, options = {}, functionalOptions = {} } = row;
      const optionsOf = (callee: unknown): string[] =>
        (callee as { signature: readonly { name: string; required: boolean }[] }).signature
          .filter(({ name, required }) => !required && !reductions.includes(name))
          .map(({ name }) => name);
      const tried = Object.keys(options);
      if (functional && Object.hasOwn(nn.functional, functional)) {
        const names = optionsOf(nn.functional[functional as 'mse_loss']);
        expect([...tried, ...Object.keys(functionalOptions)], functional).to.have.members(names);
      }
      if (module && !row.construct) {
        expect(tried, module).to.have.members(optionsOf(nn[module as 'MSELoss']));
      }
    }
  });

  it('are the same cases for the same seed, whichever of them are made', () => {
    const row = LOSSES[0]!;
    const made = (seed: number): string[] => {
      const cases = new LossCases(row, seed);
      return [...cases.grid(), ...cases.random(50)].map((make) => textOf(make()));
    };
    const all = made(3);
    expect(made(3)).to.deep.equal(all);
    const last = [...new LossCases(row, 3).grid()].at(-1)!;
    const cases = new LossCases(row, 3);
    const makers = [...cases.grid(), ...cases.random(50)];
    expect(textOf(makers.at(-1)!())).to.equal(all.at(-1));
    expect(textOf(last())).to.equal(all.at(-51));
    expect(made(4).filter((text, i) => text === all[i])).to.have.length.below(all.length / 4);
  });

  for (const [i, row] of LOSSES.entries()) {
    it(nameOf(row), async function () {
      const cases = new LossCases(row, 1000 + i, DTYPES, ['float32']);
      const calls = [...cases.grid(), ...cases.random(RANDOM_CASES)].map((make) => make().call);
      this.test!.title += ` (${calls.length} cases)`;
      await expectParity(calls);
    });
  }
});
