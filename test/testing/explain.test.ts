/** What assertions say beside torch's own message: ulps, bits and what may be the cause. */
import { expect } from 'chai';
import torch, { type Tensor } from 'torch-losses';

import { differenceOf } from '../../dist/testing/difference/difference';
import { sideOf } from '../../dist/testing/difference/side';
import { explain } from '../../dist/testing/explain';

const { assert_close, assert_equal } = torch.testing;

function failure(run: () => unknown): Error & { pythonMessage?: string } {
  try {
    run();
  } catch (error) {
    return error as Error;
  }
  throw new Error('nothing failed');
}

describe('testing: what a failed assertion says', () => {
  const x = torch.rand(6, 4).add(0.5);

  const CAUSES: Record<string, [actual: (x: Tensor) => Tensor, says: RegExp]> = {
    'a constant ratio': [(x) => x.mul(4), /Every number is the expected times 4\./],
    'the other sign': [(x) => x.neg(), /The sign is the opposite everywhere\./],
    'rows in another order': [(x) => x.flip([0]), /row 0 is the expected row 5/],
    'softmax once too often': [(x) => x.softmax(1), /numbers are softmax of the expected/],
    'swapped dimensions': [(x) => x.t(), /The numbers are the expected with dimensions 0 and 1/],
    'half precision': [(x) => x.half().float(), /one of float16, and the expected are not/],
  };
  for (const [name, [actual, says]] of Object.entries(CAUSES)) {
    it(`names ${name}`, () => {
      expect(failure(() => assert_equal(actual(x), x)).message).to.match(says);
      expect(failure(() => assert_close(actual(x), x, { rtol: 0, atol: 0 })).message).to.match(
        says,
      );
    });
  }

  it('has ulps and bits after Python’s text, which stays by itself', () => {
    const [ours, theirs] = [torch.tensor([1, 2 + 2 ** -22]), torch.tensor([1.5, 2])];
    const { message, pythonMessage } = failure(() => assert_close([ours], [theirs]));
    expect(pythonMessage).to.match(/^Tensor-likes are not close![\s\S]*item \[0\]$/);
    expect(message).to.equal(
      `${pythonMessage}\n\n` +
        'The bits of 2 of 2 elements differ, by at most 4.2e+6 ulps (median 1), relative 0.33 (median 1.2e-7)\n' +
        'furthest at [0]: expected 1.5 (0x3fc00000), actual 1 (0x3f800000)',
    );
  });

  it('says nothing of numbers without a relation, nor of tensors without elements', () => {
    expect(explain(x, torch.rand(6, 4))).not.to.match(/expected times|softmax|order/);
    expect(explain(torch.empty(0), torch.empty(0))).to.equal('');
  });

  it('compares large tensors in parts, and says that causes are of the first', () => {
    const large = torch.rand(2 ** 20 + 100).add(0.5);
    const other = large.clone();
    other.narrow(0, 2 ** 20 + 5, 3).mul_(2);
    const { different, count, at, where, histogram } = differenceOf(sideOf(large), sideOf(other))!;
    expect({ different, count }).to.deep.equal({ different: 3, count: 2 ** 20 + 100 });
    expect(at[0]).to.be.within(2 ** 20 + 5, 2 ** 20 + 7);
    expect(where).to.deep.equal([
      'only at 3 of 1048676 indices of dimension 0: 1048581, 1048582, 1048583',
    ]);
    expect(histogram.reduce((sum, one) => sum + one, 0)).to.equal(3);
    expect(explain(large.mul(3), large)).to.match(/Of the first 1,048,576 elements: Every number/);
  });

  it('gradcheck names the worst entry of a Jacobian, after Python’s text', () => {
    const input = torch.tensor([1, 2, 3], { dtype: torch.float64, requires_grad: true });
    const factors = torch.tensor([1, 1, 5], { dtype: torch.float64 });
    const wrong = (x: Tensor): Tensor => x.mul(x.detach().mul(factors));
    for (const fast_mode of [false, true]) {
      const error = failure(() => torch.autograd.gradcheck(wrong, input, { fast_mode }));
      expect(error.message.startsWith(error.pythonMessage!)).to.equal(true);
      expect(error.message.slice(error.pythonMessage!.length)).to.match(
        /^\n3 of 9 entries are beyond the tolerance\. The worst is \[2, 2\], of element 2 of the input and element 2 of the output: numerical (29\.99|30\.0)\d*, analytical 15\.0\.\n$/,
      );
    }
  });
});
