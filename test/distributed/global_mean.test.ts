/** The mean of a loss over processes: the bits that one process computes of the whole batch. */
import { expect } from 'chai';
import { runRanks } from './ranks';

const PROGRAM = `
  const { nn } = torch;
  const F = nn.functional;
  class Scale extends nn.Module {
    scale = new nn.Parameter(torch.tensor([0.5, -1, 2]));
    forward(x) { return x.mul(this.scale); }
  }
  await dist.init_process_group('gloo');
  const x = torch.tensor([[0.3, 1.1, -0.7], [2, 1, 0.4], [0.9, -0.2, 0.6]]);
  const target = torch.tensor([2, -100, 0]);
  const weight = torch.tensor([0.3, 1, 1.7]);
  const one = new Scale();
  const expected = F.cross_entropy(one(x), target, { weight });
  expected.backward();

  // Two rows in the first process, of which one is ignored. One row in the second.
  const [start, length] = rank === 0 ? [0, 2] : [2, 1];
  const [input, own] = [x.narrow(0, start, length), target.narrow(0, start, length)];
  const two = await nn.parallel.DistributedDataParallel.create(new Scale());
  const sum = F.cross_entropy(await two(input), own, { weight, reduction: 'sum' });
  const counted = weight.index_select(0, own.clamp(0)).mul(own.ne(-100)).sum();
  const loss = await nn.parallel.globalMean(sum, counted);
  await loss.backwardAsync();
  console.log(loss.item() === expected.item(), torch.equal(two.module.scale.grad, one.scale.grad));

  two.zero_grad();
  const mean = F.cross_entropy(await two(input), own, { weight });
  await mean.backwardAsync();
  console.log(torch.allclose(two.module.scale.grad, one.scale.grad));

  const count = await nn.parallel.globalMean(torch.tensor(3 + rank), 2);
  console.log(count.item());
  await dist.destroy_process_group();`;

describe('globalMean', function () {
  this.timeout(60_000);

  it('is the mean of one process, and so are the gradients; the mean of means is not', async () => {
    const outcomes = await runRanks([PROGRAM, PROGRAM]);
    for (const { code, output } of outcomes) {
      expect(output).to.equal('true true\nfalse\n1.75\n');
      expect(code).to.equal(0);
    }
  });
});
