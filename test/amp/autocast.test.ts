/** Autocast as JavaScript uses it: functions, promises and calls off the event loop. */
import { expect } from 'chai';
import torch, { nn } from 'torch-losses';

describe('autocast', () => {
  it('returns what the function returns', () => {
    expect(torch.autocast('cpu', () => 7)).to.equal(7);
    expect(
      torch.autocast('cpu', torch.float16, true, () => torch.get_autocast_dtype('cpu')),
    ).to.equal(torch.float16);
  });

  it('refuses what is no synchronous function, and leaves nothing on', () => {
    expect(() => torch.autocast('cpu', (async () => 1) as never)).to.throw(
      TypeError,
      'must be synchronous',
    );
    expect(() => torch.autocast('cpu', {} as never)).to.throw(
      TypeError,
      'autocast(): takes a function',
    );
    expect(() => torch.autocast('cpu', { dtyp: 1 } as never, () => 0)).to.throw(
      TypeError,
      "did you mean 'dtype'",
    );
    expect(() => torch.autocast('cpu', { enabled: 1 } as never, () => 0)).to.throw(
      TypeError,
      "argument 'enabled'",
    );
    expect(() => torch.autocast(3 as never, () => 0)).to.throw(RangeError, 'device_type');
    expect(torch.is_autocast_enabled('cpu')).to.equal(false);
  });

  it('goes with calls off the event loop, whatever it is when they run', async () => {
    const x = torch.randn(4, 8);
    const target = torch.tensor([0, 1, 2, 0]);
    const criterion = new nn.CrossEntropyLoss();
    const matmul = (): Promise<unknown> => torch.ops.aten.matmul.async(x, x.t());
    const pending = [matmul()];
    torch.autocast('cpu', { dtype: torch.float16 }, () => {
      pending.push(matmul(), criterion.forwardAsync(x.half(), target));
    });
    torch.autocast('cpu', { dtype: torch.bfloat16 }, () => {
      pending.push(matmul());
    });
    const results = (await Promise.all([...pending, matmul()])) as torch.Tensor[];
    const dtypes = results.map(({ dtype }) => dtype);
    const { float16, bfloat16, float32 } = torch;
    expect(dtypes).to.deep.equal([float32, float16, float32, bfloat16, float32]);
    const expected = torch.autocast('cpu', { dtype: float16 }, () => criterion(x.half(), target));
    expect(results[2]!.item()).to.equal(expected.item());
  });

  it('leaves no stale cast of a weight behind calls off the event loop', async () => {
    const layer = new nn.Linear(8, 8);
    const x = torch.randn(2, 8);
    const run = (): torch.Tensor => torch.autocast('cpu', () => layer(x));
    let pending: Promise<unknown> = Promise.resolve();
    torch.autocast('cpu', () => {
      pending = torch.ops.aten.linear.async(x, layer.weight, layer.bias);
    });
    await pending;
    const before = run();
    torch.no_grad(() => layer.weight.add_(1));
    expect(run().equal(before)).to.equal(false);
  });
});
