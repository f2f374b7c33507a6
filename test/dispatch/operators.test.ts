/** The arguments of methods, functions and `torch.ops`. */
import path from 'node:path';
import { expect } from 'chai';
import torch, { type Tensor } from 'torch-losses';

import { libtorch } from '../../dist/bindings/native';

describe('methods', () => {
  const x = torch.tensor([
    [1, 2],
    [3, 4.5],
  ]);

  it('take arguments by position or by name', () => {
    expect(x.sum(0, true).equal(x.sum({ dim: 0, keepdim: true }))).to.equal(true);
    expect(x.sum(0, { keepdim: true }).shape).to.deep.equal([1, 2]);
    expect(torch.add({ input: x, other: 1 }).equal(x.add(1))).to.equal(true);
    expect(x.view(4).equal(x.view([4]))).to.equal(true);
  });

  it('name what is wrong', () => {
    const wrong = x as unknown as Record<string, (...args: unknown[]) => unknown>;
    expect(() => wrong.add!('a')).to.throw(
      TypeError,
      /add\(\): argument 'other' must be a Tensor or a number/,
    );
    expect(() => wrong.add!()).to.throw(TypeError, "missing required argument 'other'");
    expect(() => wrong.add!(x, 2)).to.throw(TypeError, '{ alpha: … }');
    expect(() => wrong.add!(x, { other: x })).to.throw(TypeError, 'given twice');
    expect(() => wrong.sum!({ dmi: 1 })).to.throw(TypeError, "did you mean 'dim'");
    expect(() => wrong.sum!(Number.NaN)).to.throw(TypeError, 'NaN');
    expect(() => wrong.softmax!()).to.throw(TypeError, "'dim'");
    expect(() => wrong.mul!({ a: 1 })).to.throw(TypeError, "unexpected keyword argument 'a'");
  });

  it('return the tensor itself where torch does', () => {
    const y = torch.ones(2, 2);
    for (const same of [
      y.add_(1),
      y.zero_(),
      y.contiguous(),
      y.to(torch.float32),
      y.float(),
      y.fill_(3),
    ]) {
      expect(same).to.equal(y);
    }
    expect(y.to(torch.float64)).not.to.equal(y);
  });

  it('give several results by name and in order', () => {
    const result = x.max(1);
    const [values, indices] = result;
    expect(values).to.equal(result.values);
    expect(indices!.tolist()).to.deep.equal([1, 1]);
  });

  it('keep integers and floats apart', () => {
    const i = torch.tensor([1, 2]);
    expect(i.mul(2).dtype).to.equal(torch.int64);
    expect(i.mul(torch.asFloat(2)).dtype).to.equal(torch.float32);
    expect(i.div(2).dtype).to.equal(torch.float32);
  });

  it('record the names that Python records', () => {
    const y = torch.ones(2, { requires_grad: true });
    const names = [
      y.add(1),
      y.div(2),
      y.pow(2),
      torch.rsub(y, 1),
      y.sum(),
      y.sum(0),
      torch.pow(2, y),
    ];
    expect(names.map(({ grad_fn }) => grad_fn!.name())).to.deep.equal([
      'AddBackward0',
      'DivBackward0',
      'PowBackward0',
      'RsubBackward1',
      'SumBackward0',
      'SumBackward1',
      'PowBackward2',
    ]);
  });

  it('iterate over the first dimension', () => {
    expect([...x].map((row) => row.tolist())).to.deep.equal([
      [1, 2],
      [3, 4.5],
    ]);
    expect(() => [...torch.tensor(1)]).to.throw(TypeError, 'not iterable');
  });
});

describe('torch.ops', () => {
  it('opens libraries, and says which does not open', () => {
    expect(() => torch.ops.load_library('/nowhere.so')).to.throw(torch.TorchError, '/nowhere.so');
    torch.ops.load_library(path.join(libtorch.directory, 'lib', 'libc10.so'));
    expect(torch.ones(2).neg().tolist()).to.deep.equal([-1, -1]);
  });

  it('refuses types that JavaScript has not', () => {
    const aten = torch.ops.aten as unknown as Record<string, (...args: unknown[]) => unknown>;
    expect(() => aten['dict']!()).to.throw(torch.TorchError, 'which JavaScript has not');
    expect(() => aten['keys']!({})).to.throw(TypeError);
  });

  it('takes lists of tensors and none off the event loop', async () => {
    const index = torch.ops.aten.index as unknown as {
      Tensor: { async(input: Tensor, indices: (Tensor | null)[]): Promise<Tensor> };
    };
    const x = torch.arange(6).reshape(2, 3);
    const found = await index.Tensor.async(x, [null, torch.tensor([2, 0])]);
    expect(found.tolist()).to.deep.equal([
      [2, 0],
      [5, 3],
    ]);
    const set = torch.ops.aten.set_ as unknown as { async(x: Tensor): Promise<Tensor> };
    const error: unknown = await set.async(x).catch((thrown: unknown) => thrown);
    expect(error).to.have.property('message').that.includes('cannot be called asynchronously');
  });

  it('calls any operator and overload', () => {
    const x = torch.ones(2);
    expect(torch.ops.aten.add(x, x).tolist()).to.deep.equal([2, 2]);
    expect(torch.ops.aten.add.Tensor(x, x, { alpha: 3 }).tolist()).to.deep.equal([4, 4]);
    expect(torch.ops.aten.add.overloads()).to.include('Tensor').and.to.include('out');
    expect(torch.ops.aten.mm).to.equal(torch.ops.aten.mm);
  });

  it('says what there is not', () => {
    expect(() => torch.ops.aten.nope).to.throw(
      TypeError,
      "'_OpNamespace' 'aten' object has no attribute 'nope'",
    );
    expect(() => torch.ops.aten.add.nope).to.throw(
      TypeError,
      "The underlying op of 'aten.add' has no overload name 'nope'",
    );
    expect(() => torch.ops.load_library('/nowhere.so')).to.throw(Error, 'nowhere.so');
  });

  // Each of these calls crashes Python.
  it('refuses what libtorch would die of, and computes the rest', () => {
    const { copy, native_batch_norm, mkldnn_rnn_layer } = torch.ops.aten as unknown as Record<
      string,
      (...args: unknown[]) => Tensor & Tensor[]
    >;
    const sparse = torch.ops.aten.to_sparse_csr(torch.ones(2, 3)) as unknown as Tensor;
    expect(() => copy!(sparse, true)).to.throw(torch.TorchError, 'self to be a strided tensor');
    expect(() => copy!(sparse, sparse, { out: sparse })).to.throw(torch.TorchError, 'SparseCsr');
    expect(copy!(torch.zeros(2), torch.ones(1)).tolist()).to.deep.equal([1, 1]);

    const { ctc_loss } = torch.ops.aten as unknown as Record<
      string,
      (...args: unknown[]) => Tensor
    >;
    const logs = torch.zeros(3, 1, 4).log_softmax(2);
    const label = (of: number): Tensor => torch.tensor([[of]]);
    const length = [torch.tensor([3]), torch.tensor([1])];
    for (const lengths of [[[3], [1]], length]) {
      expect(() => ctc_loss!(logs, label(4), ...lengths)).to.throw(
        RangeError,
        'target 4 is out of bounds',
      );
      expect(ctc_loss!(logs, label(3), ...lengths).item()).to.be.above(0);
    }

    const meta = torch.ones(2, 3).to('meta');
    for (const call of [
      () => torch.ops.aten.fbgemm_pack_gemm_matrix_fp16(meta),
      () => torch.ops.aten.choose_qparams_optimized(meta, 6, 200, 0.16, 8),
    ]) {
      expect(call).to.throw(
        torch.TorchError,
        'expected strided CPU tensors, but got one of Strided on meta',
      );
    }

    expect(() => torch.combinations(torch.arange(1), 2 ** 50)).to.throw(
      torch.TorchError,
      'r to be at most',
    );
    expect(torch.combinations(torch.arange(3)).tolist()).to.have.length(3);

    const x = torch.tensor([[1.5], [3.5]]);
    const normalized = (mean: Tensor | null, variance: Tensor | null): unknown =>
      native_batch_norm!(x, null, null, mean, variance, false, 0, 0)[0]!.tolist();
    expect(() => normalized(null, null)).to.throw(torch.TorchError, 'running_mean must be defined');
    expect(() => normalized(torch.ones(0), torch.ones(1))).to.throw(
      torch.TorchError,
      'running_mean should contain 1 elements not 0',
    );
    expect(normalized(torch.ones(1), torch.ones(1))).to.deep.equal([[0.5], [2.5]]);

    const lstm = (hx: Tensor, mode = 2): Tensor[] =>
      mkldnn_rnn_layer!(
        ...[torch.ones(4, 1, 3), torch.ones(8, 3), torch.ones(8, 2), torch.ones(8), torch.ones(8)],
        ...[hx, torch.zeros(1, 2), false, [], mode, 2, 1, true, false, false, false],
      );
    expect(() => lstm(torch.zeros(1))).to.throw(torch.TorchError, 'expected hx_ to be a contig');
    expect(() => lstm(torch.zeros(1, 1).expand(1, 2))).to.throw(torch.TorchError, 'contiguous');
    expect(() => lstm(torch.zeros(1, 2), 3)).to.throw(torch.TorchError, 'mode 2 (LSTM)');
    expect(lstm(torch.zeros(1, 2))[0]!.shape).to.deep.equal([4, 1, 2]);
  });

  it('shows the declaration in errors', () => {
    expect(() => torch.ops.aten.mse_loss(torch.ones(1))).to.throw(
      TypeError,
      'aten::mse_loss(Tensor self, Tensor target',
    );
  });
});

describe('torch.no_grad', () => {
  it('holds while the function runs, and not beyond, errors or not', () => {
    expect(torch.no_grad(() => torch.is_grad_enabled())).to.equal(false);
    expect(() =>
      torch.no_grad(() => {
        throw new Error('mine');
      }),
    ).to.throw('mine');
    expect(torch.is_grad_enabled()).to.equal(true);
    expect(torch.no_grad(() => torch.enable_grad(() => torch.is_grad_enabled()))).to.equal(true);
  });

  it('refuses a function that returns a promise', () => {
    expect(() => torch.no_grad(async () => 1)).to.throw(TypeError, 'synchronous');
    expect(torch.is_grad_enabled()).to.equal(true);
  });
});

describe('torch.autograd', () => {
  it('differentiates, twice where asked to', () => {
    const x = torch.tensor([2, 3], { requires_grad: true });
    const [first] = torch.autograd.grad(x.pow(3).sum(), x, { create_graph: true });
    first!.sum().backward();
    expect(first!.tolist()).to.deep.equal([12, 27]);
    expect((x.grad as Tensor).tolist()).to.deep.equal([12, 18]);
  });

  it('refuses what Python refuses, with its texts', () => {
    const x = torch.ones(2, { requires_grad: true });
    const { grad } = torch.autograd;
    expect(() => x.mul(2).backward()).to.throw(
      'grad can be implicitly created only for scalar outputs',
    );
    expect(() => grad(x.sum(), [])).to.throw('`inputs` argument to `grad()` cannot be empty.');
    expect(() => grad(x.sum(), torch.ones(1, { requires_grad: true }))).to.throw(
      'appears to not have been used',
    );
    const [zeros] = grad(x.sum(), torch.ones(1, { requires_grad: true }), {
      materialize_grads: true,
    });
    expect(zeros!.tolist()).to.deep.equal([0]);
    expect(() => grad(x.sum(), x, { allow_unused: false, materialize_grads: true })).to.throw(
      RangeError,
      'allow_unused',
    );
  });
});
