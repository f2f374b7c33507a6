/**
 * Errors and warnings compared with Python: wrong calls of every loss, generated from the possible arguments.
 *
 * PARITY_BAD_CALLS=2000 makes this many calls for every loss. PARITY_SEED sets another seed.
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
  // Invalid targets overwrite memory in Python. errors.test.ts tests our errors.
  ctc_loss: ([logProbs, targets]) =>
    !(logProbs instanceof Input) || outOf(targets, logProbs.shape.at(-1) ?? 0) === 0,
  // With several wrong targets, the error names the one that a thread meets first.
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
