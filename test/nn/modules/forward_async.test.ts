/** forwardAsync of modules: the bits of a call, off the event loop, in order. */
import { expect } from 'chai';
import torch, { nn, type Tensor } from 'torch-losses';

const tensorsIn = (value: unknown): Tensor[] => {
  if (value instanceof torch.Tensor) return [value];
  return Array.isArray(value) ? value.flatMap(tensorsIn) : [];
};

/** Runs both forms with the same seed, and compares results, gradients and buffers. */
async function expectSame(module: nn.Module, ...args: unknown[]): Promise<void> {
  const copy = torch.deepcopy(module);
  const finish = (of: nn.Module, result: unknown): unknown => {
    const results = tensorsIn(result);
    for (const each of results) if (each.requires_grad) each.sum().backward({ retain_graph: true });
    return [
      results.map((each) => each.tolist()),
      results.map((each) => String(each.grad_fn)),
      [...of.parameters()].map(({ grad }) => grad?.tolist()),
      [...of.buffers()].map((buffer) => buffer.tolist()),
      torch.rand(1).item(),
    ];
  };
  torch.manual_seed(3);
  const expected = finish(copy, copy(...args));
  torch.manual_seed(3);
  expect(finish(module, await module.forwardAsync(...args))).to.deep.equal(expected);
}

const randn = (...shape: number[]): Tensor => torch.randn(shape);

describe('forwardAsync of modules', () => {
  const [x, steps] = [randn(3, 4), randn(5, 3, 4)];
  const MODULES: [string, () => nn.Module, ...unknown[]][] = [
    ['Linear', () => new nn.Linear(4, 2), x],
    ['Dropout', () => new nn.Dropout(), x],
    ['ReLU in place', () => new nn.ReLU(true), x.clone()],
    ['Embedding', () => new nn.Embedding(5, 2, { max_norm: 1 }), torch.tensor([1, 1, 3])],
    ['Conv1d', () => new nn.Conv1d(3, 2, 2, { padding_mode: 'circular', padding: 1 }), steps],
    ['ConvTranspose1d', () => new nn.ConvTranspose1d(3, 2, 2), steps],
    ['BatchNorm1d', () => new nn.BatchNorm1d(3), steps],
    ['InstanceNorm1d', () => new nn.InstanceNorm1d(3), steps],
    ['ReflectionPad1d', () => new nn.ReflectionPad1d(1), steps],
    ['ZeroPad1d', () => new nn.ZeroPad1d(1), steps],
    ['MaxPool1d', () => new nn.MaxPool1d(2), steps],
    ['a subclass that keeps forward', () => new (class extends nn.Conv1d {})(3, 2, 2), steps],
    ['LSTM', () => new nn.LSTM(4, 3, 2, { dropout: 0.5, bidirectional: true }), steps],
    ['GRUCell', () => new nn.GRUCell(4, 3), x],
    ['MultiheadAttention', () => new nn.MultiheadAttention(4, 2, 0.5), steps, steps, steps],
    ['TransformerEncoderLayer', () => new nn.TransformerEncoderLayer(4, 2, 8), steps],
    ['Transformer', () => new nn.Transformer(4, 2, 2, 2, 8), steps, steps],
    [
      'Sequential',
      () =>
        new nn.Sequential(
          new nn.Linear(4, 8),
          new nn.Sequential(new nn.ReLU(), new nn.Dropout(0.3)),
          new nn.Linear(8, 2),
        ),
      x,
    ],
  ];
  for (const [name, make, ...args] of MODULES) {
    it(`${name}: the same bits`, () => expectSame(make(), ...args));
  }

  it('takes packed sequences and options', async () => {
    const lstm = new nn.LSTM(4, 3);
    const packed = nn.utils.rnn.pack_sequence([randn(3, 4), randn(2, 4)]);
    const hx = [randn(1, 2, 3), randn(1, 2, 3)] as const;
    const [output, [h]] = (await lstm.forwardAsync(packed, { hx })) as unknown as [
      nn.utils.rnn.PackedSequence,
      [Tensor],
    ];
    const [expected, [state]] = lstm(packed, hx);
    expect(output.data.tolist()).to.deep.equal(expected.data.tolist());
    expect(h.tolist()).to.deep.equal(state.tolist());
  });

  it('keeps the order of calls', async () => {
    const model = new nn.Sequential(new nn.Dropout(), new nn.Dropout());
    const y = torch.ones(100);
    torch.manual_seed(0);
    const expected = [model(y), model(y)].map((each) => each.tolist());
    torch.manual_seed(0);
    const calls = [model.forwardAsync(y), model.forwardAsync(y)];
    expect((await Promise.all(calls)).map((each) => each.tolist())).to.deep.equal(expected);
  });

  it('leaves the event loop free', async () => {
    let isDone = false;
    const call = new nn.Linear(4, 2).forwardAsync(x).then(() => {
      isDone = true;
    });
    for (let turn = 0; turn < 100; turn++) await undefined;
    expect(isDone).to.equal(false);
    await call;
    expect(isDone).to.equal(true);
  });

  it('has the grad mode of the call', async () => {
    const layer = new nn.Linear(4, 2);
    let result!: Promise<Tensor>;
    torch.no_grad(() => {
      result = layer.forwardAsync(x);
    });
    expect((await result).requires_grad).to.equal(false);
  });

  it('has autocast and inference mode of the call in every submodule, and leaves them', async () => {
    const model = new nn.Sequential(new nn.Linear(4, 8), new nn.ReLU(), new nn.Linear(8, 2));
    const scopes: (<T>(run: () => T) => T)[] = [
      (run) => torch.autocast('cpu', torch.bfloat16, run),
      (run) => torch.inference_mode(run),
      (run) => torch.inference_mode(() => torch.autocast('cpu', torch.float16, run)),
    ];
    const describeResult = (y: Tensor): unknown => [y.dtype, y.is_inference(), y.tolist()];
    for (const scope of scopes) {
      const expected = scope(() => model(x));
      const results = scope(() => [model.forwardAsync(x), model.forwardAsync(x)]);
      const plain = model.forwardAsync(x);
      for (const result of await Promise.all(results)) {
        expect(describeResult(result)).to.deep.equal(describeResult(expected));
      }
      expect(describeResult(await plain)).to.deep.equal(describeResult(model(x)));
      expect([torch.is_autocast_enabled('cpu'), torch.is_inference_mode_enabled()]).to.deep.equal([
        false,
        false,
      ]);
    }
  });

  it('calls hooks once', async () => {
    const model = new nn.Sequential(new nn.Linear(4, 4), new nn.Linear(4, 2));
    const seen: string[] = [];
    for (const [name, module] of model.named_modules()) {
      module.register_forward_pre_hook(() => {
        seen.push(`before ${name}`);
      });
      module.register_forward_hook((_, _args, out: Tensor) => {
        seen.push(`after ${name}`);
        return out.add(1);
      });
    }
    await expectSame(model, x);
    const order = ['before ', 'before 0', 'after 0', 'before 1', 'after 1', 'after '];
    expect(seen).to.deep.equal([...order, ...order]);
  });

  it('awaits a submodule’s own forwardAsync', async () => {
    class Scaled extends nn.Module<[input: Tensor], Tensor> {
      inner = new nn.Linear(4, 4);
      override forward(input: Tensor): Tensor {
        return this.inner(input).mul(2);
      }
      override async forwardAsync(input: Tensor): Promise<Tensor> {
        return (await this.inner.forwardAsync(input)).mul(2);
      }
    }
    await expectSame(new nn.Sequential(new nn.ReLU(), new Scaled(), new nn.ReLU()), x);
  });

  it('refuses a class that defines forward alone, by its name', async () => {
    class Mine extends nn.Linear {
      override forward(input: Tensor): Tensor {
        return super.forward(input);
      }
    }
    for (const module of [new Mine(4, 4), new nn.Sequential(new nn.ReLU(), new Mine(4, 4))]) {
      const error = await (module as nn.Module).forwardAsync(x).catch((reason: unknown) => reason);
      expect(error).to.be.instanceOf(TypeError);
      expect((error as Error).message).to.match(
        /^Mine\.forwardAsync\(\): a class that defines forward/,
      );
    }
    class Named extends nn.Sequential {}
    await expectSame(new Named(new nn.Linear(4, 2)), x);
  });

  it('rejects with the error of a call, and for a signal', async () => {
    const layer = new nn.Sequential(new nn.ReLU(), new nn.Linear(5, 2));
    const error = (await layer.forwardAsync(x).catch((reason: unknown) => reason)) as Error;
    expect(() => layer(x)).to.throw(error.message);
    const signal = AbortSignal.abort(new Error('enough'));
    const reason = await layer.forwardAsync(x, { signal }).catch((each: unknown) => each);
    expect((reason as Error).message).to.equal('enough');
    expect((await new nn.Linear(4, 2).forwardAsync(x)).shape).to.deep.equal([3, 2]);
  });
});
