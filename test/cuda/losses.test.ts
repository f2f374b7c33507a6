/**
 * Every loss, option, reduction and dtype on a GPU: against Python on the same GPU and libtorch, and against the CPU.
 */
import { expect } from 'chai';
import { type Call, describeCall } from '../parity/case';
import { lossCalls } from '../parity/losses.cases';
import { LOSSES } from '../parity/losses.table';
import { expectParity, outcomeOf } from '../parity/parity';
import { Input, Random } from '../support/data';
import { differences } from '../support/outcome';
import { closeDifferences } from './close';
import { describeCuda } from './gpu';

const onCuda = (call: Call): Call => ({ ...call, device: 'cuda' });

/**
 * Kernels that add with atomics, in whatever order threads come: class indices in space (nll_loss2d), and CTC's
 * gradient. Their bits differ from run to run, in Python too.
 */
function isDeterministic(call: Call): boolean {
  if (/ctc/i.test(call.callee)) return false;
  if (!/(cross_entropy|nll_loss|CrossEntropyLoss|NLLLoss)/.test(call.callee)) return true;
  const [input] = call.forward ?? call.args ?? [];
  return !(input instanceof Input && input.shape.length > 2);
}

const differOf = (call: Call): typeof differences =>
  isDeterministic(call) ? differences : closeDifferences(4);

const rowsOfCalls = (): { title: string; calls: Call[] }[] =>
  LOSSES.map((row, i) => ({
    title: `${row.functional} and ${row.module}`,
    calls: lossCalls(row, 7000 + i, { invalid: false, random: 40 }),
  }));

const ctcCalls = (): Call[] => {
  const random = new Random(77);
  return ['none', 'mean', 'sum'].flatMap((reduction) =>
    [true, false].flatMap((zero_infinity) =>
      (['float32', 'float64'] as const).map((dtype) => ({
        callee: 'F.ctc_loss',
        args: [
          random.normal([12, 3, 6], { dtype, requires_grad: true }),
          random.integers([3, 4], 1, 6),
          [12, 11, 9],
          [4, 2, 3],
        ],
        kwargs: { reduction, zero_infinity },
      })),
    ),
  );
};

describeCuda('losses against Python on the same GPU', function () {
  this.timeout(300_000);
  for (const { title, calls } of rowsOfCalls()) {
    it(`${title} (${calls.length} cases)`, () => expectParity(calls.map(onCuda), differOf));
  }
  it('ctc_loss', () => expectParity(ctcCalls().map(onCuda), differOf));
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
      // Halves are summed in other steps, and what one device computes in them the other may not.
      const exact = calls.filter((call) => !/float16/.test(describeCall(call)));
      const failures = exact.flatMap((call) => {
        const expected = outcomeOf(call);
        if (expected.error) return []; // its text names the device
        const found = closeDifferences(8)(expected, outcomeOf(onCuda(call)));
        return found.length ? [`${describeCall(call)}\n    ${found.join('\n    ')}`] : [];
      });
      expect(failures.slice(0, 6), `${failures.length} of ${exact.length}`).to.deep.equal([]);
    });
  }
});
