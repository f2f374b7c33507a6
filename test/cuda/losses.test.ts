/**
 * Every loss, option, reduction and dtype on a GPU, compared with Python on the same GPU and libtorch, and with the
 * CPU.
 */
import { expect } from 'chai';

import { DTYPES, LossCases } from '../../dist/testing/parity/generate';
import { Input } from '../../dist/testing/parity/inputs';
import { LOSSES, nameOf } from '../../dist/testing/parity/losses';
import { differences, outcomeOf } from '../../dist/testing/parity/outcome';
import { type Call, describeCall, runCall } from '../parity/case';
import { type Differ, expectParity } from '../parity/parity';
import { closeDifferences } from './close';
import { describeCuda } from './gpu';

const onCuda = (call: Call): Call => ({ ...call, device: 'cuda' });

/**
 * Returns whether a call gives the same bits in each run. Some kernels add with atomics, in random order: class indices
 * with spatial dimensions (nll_loss2d), and the gradient of CTC. This is so in Python, too.
 */
function isDeterministic(call: Call): boolean {
  if (/ctc/i.test(call.callee)) return false;
  if (!/(cross_entropy|nll_loss|CrossEntropyLoss|NLLLoss)/.test(call.callee)) return true;
  const [input] = call.forward ?? call.args ?? [];
  return !(input instanceof Input && input.shape.length > 2);
}

const differOf = (call: Call): Differ =>
  isDeterministic(call) ? differences : closeDifferences(4);

/** Returns calls without values that kernels check, since a failed check on a GPU ends all GPU work in the process. */
function callsOf(row: (typeof LOSSES)[number], seed: number): Call[] {
  const cases = new LossCases(row, seed, DTYPES, ['float32'], false);
  return [...cases.grid(), ...cases.random(40)].map((make) => make().call);
}

const rowsOfCalls = (): { title: string; calls: Call[] }[] =>
  LOSSES.map((row, i) => ({ title: nameOf(row), calls: callsOf(row, 7000 + i) }));

describeCuda('losses against Python on the same GPU', function () {
  this.timeout(300_000);
  for (const { title, calls } of rowsOfCalls()) {
    it(`${title} (${calls.length} cases)`, () => expectParity(calls.map(onCuda), differOf));
  }
});

describeCuda('losses under autocast against Python on the same GPU', function () {
  this.timeout(300_000);
  for (const { title, calls } of rowsOfCalls()) {
    it(title, () =>
      expectParity(
        calls
          .filter((_, i) => i % 6 === 0)
          .map((call, i) => ({
            ...onCuda(call),
            autocast: { device: 'cuda', dtype: i % 2 ? 'bfloat16' : 'float16' },
          })),
        differOf,
      ),
    );
  }
});

describeCuda('losses against the CPU', function () {
  this.timeout(300_000);
  for (const { title, calls } of rowsOfCalls()) {
    it(title, () => {
      // Half-precision sums are computed in other steps, and a device may not support what another one does.
      const exact = calls.filter((call) => !/float16/.test(describeCall(call)));
      const failures = exact.flatMap((call) => {
        const expected = outcomeOf(runCall(call));
        if (expected.error) return []; // its text names the device
        const found = closeDifferences(8)(expected, outcomeOf(runCall(onCuda(call)))).map(
          ({ text }) => text,
        );
        return found.length ? [`${describeCall(call)}\n    ${found.join('\n    ')}`] : [];
      });
      expect(failures.slice(0, 6), `${failures.length} of ${exact.length}`).to.deep.equal([]);
    });
  }
});
