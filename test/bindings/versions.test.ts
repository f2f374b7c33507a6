import { expect } from 'chai';
import torch, { nn } from 'torch-losses';

import { isSince, lacking } from '../../dist/bindings/libtorch/versions';
import { lackOf } from '../support/versions';

describe('versions of libtorch', () => {
  it('are compared as numbers, whatever build they are of', () => {
    expect(isSince('2.13', '2.13.0+cpu')).to.equal(true);
    expect(isSince('2.13', '2.14.1+cu130')).to.equal(true);
    expect(isSince('2.9', '2.11.0')).to.equal(true);
    expect(isSince('2.13', '2.12.0+cpu')).to.equal(false);
    expect(isSince('2.13', '2.11.0')).to.equal(false);
  });

  it('that lack a name say so, as Python does, and when it came', () => {
    const error = lacking('torch.nn', 'LinearCrossEntropyLoss', '2.13', '2.11.0');
    expect(error).to.be.instanceOf(TypeError).with.property('pythonType', 'AttributeError');
    expect(error.message).to.equal(
      "module 'torch.nn' has no attribute 'LinearCrossEntropyLoss': it came with libtorch 2.13, and this is 2.11.0",
    );
  });

  it('have linear cross entropy where Python has it, and else say so', () => {
    const [x, weight] = [torch.ones(1, 2), torch.ones(3, 2)];
    const calls = [
      () => new nn.LinearCrossEntropyLoss(2, 3),
      () => nn.functional.linear_cross_entropy(x, weight, torch.tensor([0])),
    ];
    for (const call of calls) {
      if (lackOf('linear_cross_entropy')) expect(call).to.throw(TypeError, 'it came with libtorch');
      else expect(call).not.to.throw();
    }
  });
});
