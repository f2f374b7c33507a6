/** Linear, Embedding, activations, distances and dropout, with messages and errors, compared with Python. */
import { execFileSync } from 'node:child_process';

import { expect } from 'chai';
import torch, { nn, TorchError } from 'torch-losses';

import { expectSample } from '../../parity/parity';

describe('layers against Python', () => {
  it('Bilinear', () =>
    expectSample(
      {
        source: 'm = nn.Bilinear(3, 4, 5); y = m(torch.randn(2, 3), torch.randn(2, 4))',
        outputs: ['m.weight', 'm.bias', 'y', 'repr(m)'],
        seed: 0,
      },
      () => {
        torch.manual_seed(0);
        const m = new nn.Bilinear(3, 4, 5);
        const y = m(torch.randn(2, 3), torch.randn(2, 4));
        return [m.weight, m.bias, y, String(m)];
      },
    ));

  it('Embedding with every option', () =>
    expectSample(
      {
        source: `
m = nn.Embedding(10, 3, padding_idx=-2, max_norm=1.0, norm_type=1.5, scale_grad_by_freq=True)
y = m(torch.randint(0, 10, (4, 5))); y.square().sum().backward()
p = nn.Embedding.from_pretrained(torch.randn(4, 3), padding_idx=1)
s = nn.Embedding(5, 2, sparse=True); s(torch.tensor([1, 1])).sum().backward()`,
        outputs: [
          'm.weight',
          'y',
          'm.weight.grad',
          'repr(m)',
          'p.weight',
          'repr(p)',
          's.weight.grad.to_dense()',
          'repr(s)',
        ],
        seed: 0,
      },
      () => {
        torch.manual_seed(0);
        const m = new nn.Embedding(10, 3, {
          padding_idx: -2,
          max_norm: 1,
          norm_type: 1.5,
          scale_grad_by_freq: true,
        });
        const y = m(torch.randint(0, 10, [4, 5]));
        y.square().sum().backward();
        const p = nn.Embedding.from_pretrained(torch.randn(4, 3), { padding_idx: 1 });
        const s = new nn.Embedding(5, 2, { sparse: true });
        s(torch.tensor([1, 1]))
          .sum()
          .backward();
        const dense = torch.ops.aten.to_dense!(s.weight.grad);
        return [m.weight, y, m.weight.grad, String(m), p.weight, String(p), dense, String(s)];
      },
    ));

  it('activations, values, gradients and texts', () =>
    expectSample(
      {
        source: `
x = torch.randn(3, 5, requires_grad=True)
ms = [nn.LogSigmoid(), nn.Softplus(), nn.Softplus(beta=2.5, threshold=3.0), nn.GELU(), nn.GELU(approximate='tanh'),
      nn.SiLU(), nn.LeakyReLU(), nn.LeakyReLU(negative_slope=0.3), nn.ELU(), nn.ELU(alpha=0.4), nn.Softsign(),
      nn.Softmin(dim=1), nn.Unflatten(1, (5, 1)), nn.Dropout(), nn.Dropout(p=0.25), nn.Identity()]
ys = [m(x) for m in ms]
for y in ys: y.sum().backward()`,
        outputs: ['ys', 'x.grad', '[repr(m) for m in ms]'],
        seed: 0,
      },
      () => {
        torch.manual_seed(0);
        const x = torch.randn(3, 5, { requires_grad: true });
        const ms = [
          new nn.LogSigmoid(),
          new nn.Softplus(),
          new nn.Softplus({ beta: 2.5, threshold: 3 }),
          new nn.GELU(),
          new nn.GELU({ approximate: 'tanh' }),
          new nn.SiLU(),
          new nn.LeakyReLU(),
          new nn.LeakyReLU({ negative_slope: 0.3 }),
          new nn.ELU(),
          new nn.ELU({ alpha: 0.4 }),
          new nn.Softsign(),
          new nn.Softmin({ dim: 1 }),
          new nn.Unflatten(1, [5, 1]),
          new nn.Dropout(),
          new nn.Dropout({ p: 0.25 }),
          new nn.Identity('anything', 3),
        ];
        const ys = ms.map((m) => m(x));
        for (const y of ys) y.sum().backward();
        return [ys, x.grad, ms.map(String)];
      },
    ));

  it('texts of the others', () =>
    expectSample(
      {
        source: `
ms = [nn.Linear(3, 4, bias=False), nn.Embedding(3, 4), nn.Sigmoid(), nn.Tanh(), nn.ReLU(), nn.ReLU(inplace=True),
      nn.LeakyReLU(inplace=True), nn.ELU(inplace=True), nn.Softmax(dim=-1), nn.LogSoftmax(), nn.Flatten(),
      nn.Flatten(0, 2), nn.PairwiseDistance(p=1.0), nn.CosineSimilarity(dim=2), nn.Dropout(inplace=True)]`,
        outputs: ['[repr(m) for m in ms]'],
      },
      () => {
        const ms = [
          new nn.Linear(3, 4, { bias: false }),
          new nn.Embedding(3, 4),
          new nn.Sigmoid(),
          new nn.Tanh(),
          new nn.ReLU(),
          new nn.ReLU({ inplace: true }),
          new nn.LeakyReLU({ inplace: true }),
          new nn.ELU({ inplace: true }),
          new nn.Softmax({ dim: -1 }),
          new nn.LogSoftmax(),
          new nn.Flatten(),
          new nn.Flatten({ start_dim: 0, end_dim: 2 }),
          new nn.PairwiseDistance({ p: 1 }),
          new nn.CosineSimilarity({ dim: 2 }),
          new nn.Dropout({ inplace: true }),
        ];
        return [ms.map(String)];
      },
    ));

  it('AdaptiveLogSoftmaxWithLoss: predictions from the head, the tail, and both', () =>
    expectSample(
      {
        source: `
m = nn.AdaptiveLogSoftmaxWithLoss(8, 20, [18]); out = [repr(m)]
for _ in range(3):
    x = torch.randn(6, 8); out += [m.predict(x), m.log_prob(x)]
m.reset_parameters(); n = nn.AdaptiveLogSoftmaxWithLoss(8, 20, [3, 7], div_value=1.7)
for _ in range(3):
    x = 9 * torch.randn(6, 8); out += [n.predict(x), n.log_prob(x)]`,
        outputs: ['out', 'list(m.parameters())', 'list(n.parameters())'],
        seed: 0,
      },
      () => {
        torch.manual_seed(0);
        const m = new nn.AdaptiveLogSoftmaxWithLoss(8, 20, [18]);
        const out: unknown[] = [String(m)];
        for (let i = 0; i < 3; i++) {
          const x = torch.randn(6, 8);
          out.push(m.predict(x), m.log_prob(x));
        }
        m.reset_parameters();
        const n = new nn.AdaptiveLogSoftmaxWithLoss(8, 20, [3, 7], { div_value: 1.7 });
        for (let i = 0; i < 3; i++) {
          const x = torch.randn(6, 8).mul(9);
          out.push(n.predict(x), n.log_prob(x));
        }
        return [out, [...m.parameters()], [...n.parameters()]];
      },
    ));
});

describe('layers', () => {
  it('make parameters of the dtype and on the device that is asked for', () => {
    const layer = new nn.Linear(2, 3, { dtype: torch.bfloat16, device: 'meta' });
    expect(layer.weight.dtype).to.equal(torch.bfloat16);
    expect(layer.bias!.device.type).to.equal('meta');
    expect(layer.weight.shape).to.deep.equal([3, 2]);
  });

  it('refuse what is missing, unknown, surplus or of another type', () => {
    const Linear = nn.Linear as unknown as new (...args: unknown[]) => nn.Module;
    expect(() => new Linear(2)).to.throw(TypeError, "missing required argument 'out_features'");
    expect(() => new Linear(2, 3, 0)).to.throw(
      TypeError,
      "argument 'bias' must be a boolean, got the number 0",
    );
    expect(() => new Linear(2, 3, true, null, null, 4)).to.throw(
      TypeError,
      'takes at most 5 positional argument(s), got the number 4 as argument 6',
    );
    expect(() => new Linear(2, 3, { biass: false })).to.throw(TypeError, "did you mean 'bias'?");
    expect(() => new Linear(2.5, 3)).to.throw(
      TypeError,
      "Linear(): argument 'in_features' must be an integer, got the number 2.5",
    );
    expect(() => new Linear(2, Number.NaN)).to.throw(
      TypeError,
      "'out_features' must be an integer",
    );
    expect(() => new Linear(2, 3, { dtype: 'float32' })).to.throw(
      TypeError,
      "'dtype' must be a torch.dtype",
    );
    expect(() => new Linear(2, 3, torch.ones(1))).to.throw(TypeError, 'Tensor');
    expect(() => new nn.Linear(-2, 3)).to.throw(TorchError);
  });

  it('take null and undefined as Python’s None and as the default', () => {
    const layer = new nn.Linear(2, 3, { bias: undefined, dtype: null, device: null });
    expect(layer.bias).to.be.instanceOf(nn.Parameter);
  });

  it('check what they are given as Python does', () => {
    const Embedding = nn.Embedding;
    for (const padding_idx of [4, -5]) {
      const make = (): unknown => new Embedding(4, 2, { padding_idx });
      expect(make).to.throw(TorchError, 'Padding_idx must be within num_embeddings');
    }
    expect(() => new Embedding(4, 2, { _weight: torch.ones(2, 4) })).to.throw('Shape of weight');
    expect(() => Embedding.from_pretrained(torch.ones(2))).to.throw('2-dimensional');
    expect(() => new nn.Dropout({ p: 1.5 })).to.throw(
      RangeError,
      'dropout probability has to be between 0 and 1, but got 1.5',
    );
    expect(() => new nn.Unflatten(1, [1.5])).to.throw(TypeError, 'unflattened_size');
  });

  it('leave the input alone in dropout, unless they train', () => {
    const x = torch.ones(50);
    const dropout = new nn.Dropout();
    dropout.eval();
    expect(dropout(x).tolist()).to.deep.equal(x.tolist());
    expect(new nn.Dropout({ p: 1, inplace: true })(x)).to.equal(x);
    expect(x.sum().item()).to.equal(0);
  });

  it('change their input where they are inplace', () => {
    const x = torch.tensor([-1.5, 1.5]);
    expect(new nn.ReLU({ inplace: true })(x)).to.equal(x);
    expect(x.tolist()).to.deep.equal([0, 1.5]);
  });

  it('describe their parameters', () => {
    expect(nn.Linear.signature.map(({ name }) => name)).to.deep.equal([
      'in_features',
      'out_features',
      'bias',
      'device',
      'dtype',
    ]);
  });

  it('that few programs use are loaded when they are first used', () => {
    const program = `
      const { nn } = require(${JSON.stringify(require.resolve('torch-losses'))});
      const files = /nn\\/(modules|functional)\\/(conv[./]|padding|pooling|batchnorm|normalization)/;
      const loaded = () => Object.keys(require.cache).some((file) => files.test(file));
      const before = loaded();
      new nn.Conv2d(1, 1, 1);
      console.log(before, loaded(), nn.Conv2d === nn.modules.Conv2d);`;
    const printed = execFileSync(process.execPath, ['-e', program], { encoding: 'utf8' });
    expect(printed.trim()).to.equal('false true true');
  });
});
