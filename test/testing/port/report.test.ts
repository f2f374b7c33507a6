/** What is said of a tensor that differs, and what tolerances allow. */
import { expect } from 'chai';
import torch, { type Tensor } from 'torch-losses';
import { reportOn } from '../../../dist/testing/parity/port/replay';
import type { Run } from '../../../dist/testing/parity/port/run';
import { INPUTS, inputsOf, recorded } from './recorded';

const { replay } = torch.testing.parity;

describe('testing.parity: a port', () => {
  it('whose gradient is detached is told so, where the value is equal', async () => {
    const file = await recorded(
      'detached',
      `${INPUTS}
run.output('loss', (x * x.softmax(1)).sum()).backward()
run.gradients()`,
    );
    const port =
      (change: (p: Tensor) => Tensor) =>
      (run: Run): void => {
        const { x } = inputsOf(run);
        run.output('loss', x.mul(change(x.softmax(1))).sum());
        x.mul(change(x.softmax(1)))
          .sum()
          .backward();
        run.gradients();
      };
    expect(
      (
        await reportOn(
          file,
          port((p) => p),
        )
      ).verdict,
    ).to.equal('equal');
    const { results } = await reportOn(
      file,
      port((p) => p.detach()),
    );
    expect(results.map(({ name, verdict }) => [name, verdict])).to.deep.equal([
      ['loss', 'equal'],
      ['grad.x', 'different'],
    ]);
    expect(results[1]!.diagnoses[0]).to.match(
      /values of this step are equal and the gradient is not/,
    );
    const none = await reportOn(file, (run) => {
      const { x } = inputsOf(run);
      run.output('loss', x.mul(x.softmax(1)).sum());
      run.gradients();
    });
    expect(none.results[1]!.problem).to.match(/Python has it, and here there is none/);
    expect(none.results[1]!.diagnoses[0]).to.match(/no gradient arrives here/);
  });

  it('says what stands out, with values and bits', async () => {
    const file = await recorded('rows', `${INPUTS}\nrun.record('a', x.clamp(1, 1))`);
    const { results } = await reportOn(file, (run) => {
      const ours = torch.ones(16, 10);
      ours.index_put_([3], 1 + 2 ** -23);
      ours.index_put_([5, 2], 1 - 2 ** -24);
      ours.index_put_([5], 1 + 2 ** -20);
      run.input('x');
      run.check('a', ours);
    });
    const { different, count, ulps, relative, at, values, bits, where } = results[0]!.difference!;
    expect({ different, count, ulps, at }).to.deep.equal({
      different: 20,
      count: 160,
      ulps: { greatest: 8, median: 1 },
      at: [5, 0],
    });
    expect(relative.greatest).to.be.closeTo(2 ** -20, 1e-11);
    expect(values).to.deep.equal(['1', String(1 + 2 ** -20)]);
    expect(bits).to.deep.equal(['0x3f800000', '0x3f800008']);
    expect(where).to.deep.equal(['only at 2 of 16 indices of dimension 0: 3, 5']);
  });

  it('is within tolerances, of all tensors and by name', async () => {
    const file = await recorded(
      'tolerance',
      `${INPUTS}\nrun.record('a', y)\nrun.record('b', y * 0)`,
    );
    const port = (run: Run): void => {
      const { y } = inputsOf(run);
      run.check('a', y.mul(1 + 2 ** -22));
      run.check('b', y.mul(-0));
    };
    const verdict = async (options: object): Promise<string[]> =>
      (await reportOn(file, port, options)).results.map(({ verdict }) => verdict);
    expect(await verdict({})).to.deep.equal(['different', 'different']);
    expect(await verdict({ ulps: 0 })).to.deep.equal(['different', 'close']);
    expect(await verdict({ ulps: 4 })).to.deep.equal(['close', 'close']);
    expect(await verdict({ rtol: 1e-6 })).to.deep.equal(['close', 'close']);
    expect(await verdict({ tolerances: { a: { rtol: 1e-6 } } })).to.deep.equal([
      'close',
      'different',
    ]);
  });

  it('with another dtype or shape is told so', async () => {
    const file = await recorded('shape', `${INPUTS}\nrun.record('a', y)\nrun.record('b', y)`);
    const { results } = await reportOn(file, (run) => {
      const { y } = inputsOf(run);
      run.check('a', y.to(torch.float64));
      run.check('b', y.t());
    });
    expect(results[0]!.problem).to.match(/Python has torch\.float32.*here it is torch\.float64/);
    expect(results[0]!.diagnoses).to.match(/only the dtype is another/);
    expect(results[1]!.diagnoses).to.match(/dimensions 0 and 1 swapped/);
  });

  it('gets inputs in the memory layout that Python had', async () => {
    const file = await recorded(
      'layout',
      `run.input('a', torch.randn(6, 4).t())
run.input('b', torch.randn(1, 4).expand(6, 4))`,
    );
    await replay(file, (run) => {
      expect(run.input('a').stride()).to.deep.equal([1, 4]);
      expect(run.input('b').stride()).to.deep.equal([0, 1]);
    });
  });
});
