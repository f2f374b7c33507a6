/** Custom losses, which extend torch's base classes. */
import { expect } from 'chai';
import torch, { nn, type Tensor } from 'torch-losses';

class Charbonnier extends nn._Loss {
  override forward(input: Tensor, target: Tensor): Tensor {
    const each = input.sub(target).square().add(1e-6).sqrt();
    return this.reduction === 'sum' ? each.sum() : each.mean();
  }
}

describe('a loss of one’s own', () => {
  it('has a reduction, and is called as the others are', () => {
    const [input, target] = [torch.ones(3), torch.zeros(3)];
    expect(new Charbonnier()(input, target).item()).to.be.closeTo(1, 1e-5);
    const sum = new Charbonnier({ reduction: 'sum' });
    expect(sum(input, target).item()).to.be.closeTo(3, 1e-5);
    expect(String(sum)).to.equal('Charbonnier()');
  });

  it('refuses options that are none', () => {
    for (const wrong of [null, 3, 'sum', torch.ones(1)]) {
      expect(() => new Charbonnier(wrong as never)).to.throw(
        TypeError,
        'Charbonnier(): options must be a plain object',
      );
    }
  });
});
