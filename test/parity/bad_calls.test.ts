/**
 * Errors and warnings against Python: calls of every loss as people get them wrong, made from the space of arguments.
 *
 * PARITY_BAD_CALLS=2000 makes that many for every loss, PARITY_SEED other ones.
 */
import { LOSSES, nameOf } from '../../dist/testing/parity/losses';
import { Input, Random } from '../support/data';
import { badCalls, type IsDefinite, type Parameter } from './bad_calls';
import type { Argument } from './case';
import { askPython, expectParity } from './parity';

const COUNT = Number(process.env['PARITY_BAD_CALLS'] ?? 60);
const SEED = Number(process.env['PARITY_SEED'] ?? 5000);

const SIGNATURES = `
import inspect

def parameters(owner, name):
    function = getattr(owner, name, None)
    if isinstance(function, type):
        function = getattr(function.__init__, '__wrapped__', function.__init__)
    found = inspect.signature(function).parameters.values() if function else []
    return [[p.name, None if p.default is p.empty else type(p.default).__name__]
            for p in found if p.name != 'self']
`;

const outOf = (targets: Argument | undefined, classes: number): number =>
  targets instanceof Input
    ? targets.integers().filter((target) => target < 0 || target >= classes).length
    : 0;

const DEFINITE: Readonly<Record<string, IsDefinite>> = {
  // Targets that are no classes overwrite memory in Python; errors.test.ts has what we say of them.
  ctc_loss: ([logProbs, targets]) =>
    !(logProbs instanceof Input) || outOf(targets, logProbs.shape.at(-1) ?? 0) === 0,
  // Of several the thread names one that is first to meet it.
  LinearCrossEntropyLoss: ([, targets], [, classes]) => outOf(targets, Number(classes)) < 2,
};

describe('parity: bad calls', function () {
  this.timeout(20_000 + COUNT * 500);

  for (const [i, row] of LOSSES.entries()) {
    const name = nameOf(row);
    it(`${COUNT} of ${name}`, async () => {
      const [parameters, classParameters] = (await askPython(SIGNATURES, [
        `parameters(F, '${row.functional}')`,
        `parameters(nn, '${row.module}')`,
      ])) as [Parameter[], Parameter[]];
      const subject = { row, parameters, classParameters, isDefinite: DEFINITE[name] };
      await expectParity(badCalls(subject, new Random(SEED + i), COUNT));
    });
  }
});
