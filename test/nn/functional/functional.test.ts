/** The functions of nn.functional except losses. */
import { expect } from 'chai';
import torch, { nn } from 'torch-losses';

import { expectSample } from '../../parity/parity';
import { withWarnings } from '../../support/warnings';

const F = nn.functional;

describe('nn.functional', () => {
  it('computes what Python computes', () =>
    expectSample(
      {
        source: `
x = torch.randn(3, 5, requires_grad=True)
ys = [F.relu(x), F.relu6(x), F.leaky_relu(x, 0.2), F.elu(x, 0.5), F.celu(x, alpha=0.7), F.selu(x), F.silu(x),
      F.mish(x), F.hardtanh(x, -0.3), F.hardsigmoid(x), F.hardswish(x), F.sigmoid(x), F.tanh(x), F.logsigmoid(x),
      F.softsign(x), F.tanhshrink(x), F.softplus(x, 2.0), F.gelu(x), F.gelu(x, approximate='tanh'),
      F.glu(x[:, :4]), F.softmax(x, 1), F.log_softmax(x, dim=0), F.softmin(x, 1), F.softmax(x, 1, dtype=torch.float64),
      F.normalize(x), F.normalize(x, p=1.0, dim=0), F.pdist(x), F.pdist(x, 1.5), F.cosine_similarity(x, x.exp()),
      F.pairwise_distance(x, x.exp(), 3.0, keepdim=True), F.linear(x, x), F.linear(x, x, x.new_ones(3)),
      F.dropout(x, 0.3), F.dropout(x, training=False)]
for y in ys: y.sum().backward()
ids = torch.randint(0, 3, (4,))`,
        outputs: [
          'ys',
          'x.grad',
          'F.one_hot(ids)',
          'F.one_hot(ids, 5)',
          'F.embedding(ids, x)',
          'F.embedding(ids, x.detach().clone(), padding_idx=0, max_norm=0.5, norm_type=1.0)',
        ],
        seed: 0,
      },
      () => {
        torch.manual_seed(0);
        const x = torch.randn(3, 5, { requires_grad: true });
        const ys = [
          F.relu(x),
          F.relu6(x),
          F.leaky_relu(x, 0.2),
          F.elu(x, 0.5),
          F.celu(x, { alpha: 0.7 }),
          F.selu(x),
          F.silu(x),
          F.mish(x),
          F.hardtanh(x, -0.3),
          F.hardsigmoid(x),
          F.hardswish(x),
          F.sigmoid(x),
          F.tanh(x),
          F.logsigmoid(x),
          F.softsign(x),
          F.tanhshrink(x),
          F.softplus(x, 2),
          F.gelu(x),
          F.gelu(x, { approximate: 'tanh' }),
          F.glu(x.narrow(1, 0, 4)),
          F.softmax(x, 1),
          F.log_softmax(x, { dim: 0 }),
          F.softmin(x, 1),
          F.softmax(x, 1, { dtype: torch.float64 }),
          F.normalize(x),
          F.normalize(x, { p: 1, dim: 0 }),
          F.pdist(x),
          F.pdist(x, 1.5),
          F.cosine_similarity(x, x.exp()),
          F.pairwise_distance(x, x.exp(), { p: 3, keepdim: true }),
          F.linear(x, x),
          F.linear(x, x, torch.ones(3)),
          F.dropout(x, 0.3),
          F.dropout(x, { training: false }),
        ];
        for (const y of ys) y.sum().backward();
        const ids = torch.randint(0, 3, [4]);
        const options = { padding_idx: 0, max_norm: 0.5, norm_type: 1 };
        return [
          ys,
          x.grad,
          F.one_hot(ids),
          F.one_hot(ids, 5),
          F.embedding(ids, x),
          F.embedding(ids, x.detach().clone(), options),
        ];
      },
    ));

  it('changes the input where that is asked for', () => {
    const x = torch.tensor([-1.5, 2.5]);
    expect(F.relu(x, { inplace: true })).to.equal(x);
    expect(F.hardtanh(x, { max_val: 2, inplace: true })).to.equal(x);
    expect(x.tolist()).to.deep.equal([0, 2]);
    const out = torch.empty(1, 2);
    expect(F.normalize(torch.tensor([[3.5, 0]]), { out })).to.equal(out);
    expect(out.tolist()).to.deep.equal([[1, 0]]);
  });

  it('refuses what Python refuses, and wrong types by name', () => {
    const x = torch.ones(2, 2);
    const ids = torch.tensor([0]);
    expect(() => F.dropout(x, 2)).to.throw(RangeError, 'between 0 and 1, but got 2.0');
    expect(() => F.hardtanh(x, 1, -1)).to.throw(
      RangeError,
      'min_val cannot be greater than max_val',
    );
    expect(() => F.embedding(ids, x, { padding_idx: 2 })).to.throw('Padding_idx must be within');
    expect(() => F.relu('x' as never)).to.throw(
      TypeError,
      "relu(): argument 'input' must be a Tensor",
    );
    expect(() => F.sigmoid({} as never)).to.throw(TypeError, 'sigmoid');
    expect(() => F.softmax(x, 0.5)).to.throw(TypeError, "'dim' must be an integer or null");
    expect(() => F.linear(x, 3 as never)).to.throw(TypeError, "'weight' must be a Tensor");
    expect(() => F.leaky_relu(x, { negativeslope: 1 } as never)).to.throw(
      TypeError,
      "'negative_slope'",
    );
  });

  it('warns of a dimension that is a guess', async () => {
    const { warnings } = await withWarnings(() => F.softmax(torch.ones(2, 2)));
    expect(warnings).to.deep.equal([
      [
        'UserWarning',
        'Implicit dimension choice for softmax has been deprecated. Change the call to include dim=X as an argument.',
      ],
    ]);
  });
});
