/** Deterministic release of memory: `tidy` and `keep`. */
import { expect } from 'chai';
import torch, { nn, type Tensor } from 'torch-losses';

const live = (): number => torch.memoryStats().tensors;

describe('tidy', () => {
  it('frees what was made and not returned', () => {
    let inner: Tensor | undefined;
    const result = torch.tidy(() => {
      inner = torch.ones(3);
      return inner.add(1);
    });
    expect(inner!.isDisposed).to.equal(true);
    expect(result.tolist()).to.deep.equal([2, 2, 2]);
  });

  it('finds tensors in what is returned, however deep', () => {
    const result = torch.tidy(() => ({
      list: [torch.ones(1)],
      map: new Map([['x', torch.ones(2)]]),
      top: torch.ones(3).topk(1),
    }));
    expect(result.list[0]!.isDisposed).to.equal(false);
    expect(result.map.get('x')!.isDisposed).to.equal(false);
    expect(result.top.values.isDisposed).to.equal(false);
  });

  it('nests: what an inner one returns belongs to the outer', () => {
    let returned: Tensor | undefined;
    torch.tidy(() => {
      returned = torch.tidy(() => torch.ones(1));
      expect(returned.isDisposed).to.equal(false);
    });
    expect(returned!.isDisposed).to.equal(true);
  });

  it('leaves kept tensors, and those of before', () => {
    const before = torch.ones(1);
    const kept = torch.tidy(() => {
      const tensor = torch.keep(torch.ones(1));
      before.add(1);
      return { number: 1, tensor: undefined, get: () => tensor };
    });
    expect(kept.get().isDisposed).to.equal(false);
    expect(before.isDisposed).to.equal(false);
  });

  it('leaves the parameters of a module made in it', () => {
    const layer = torch.tidy(() => ({ layer: () => new nn.Linear(2, 2) })).layer();
    const made: nn.Linear[] = [];
    torch.tidy(() => {
      made.push(new nn.Linear(2, 2));
    });
    expect(made[0]!.weight.isDisposed).to.equal(false);
    expect(layer.weight.isDisposed).to.equal(false);
  });

  it('frees when the function throws', () => {
    const made: Tensor[] = [];
    const fail = (): never => {
      made.push(torch.ones(1));
      throw new Error('mine');
    };
    expect(() => torch.tidy(fail)).to.throw('mine');
    expect(made[0]!.isDisposed).to.equal(true);
  });

  it('waits for an asynchronous function, and tells two of them apart', async () => {
    const run = async (value: number): Promise<{ result: Tensor; inner: Tensor }> => {
      const made: Tensor[] = [];
      const result = await torch.tidy(async () => {
        made.push(torch.full([1], value));
        await new Promise((resolve) => setTimeout(resolve, 5));
        made.push(made[0]!.add(1));
        await null;
        return made[1]!.mul(2);
      });
      return { result, inner: made[1]! };
    };
    const both = await Promise.all([run(1), run(2)]);
    expect(both.map(({ result }) => result.item())).to.deep.equal([4, 6]);
    expect(both.map(({ inner }) => inner.isDisposed)).to.deep.equal([true, true]);
  });

  it('leaves nothing behind in a training step', () => {
    const layer = new nn.Linear(4, 2);
    const criterion = new nn.MSELoss();
    const input = torch.ones(3, 4);
    const target = torch.zeros(3, 2);
    const step = (): number =>
      torch.tidy(() => {
        const loss = criterion(layer(input), target);
        loss.backward();
        layer.zero_grad();
        return loss.item();
      });
    step();
    const before = live();
    for (let i = 0; i < 20; i++) step();
    expect(live()).to.equal(before);
  });
});
