/**
 * Mixes asynchronous calls on shared tensors with synchronous calls that write to them. The results must be those of
 * the serial order in which the calls were made.
 */
import { expect } from 'chai';
import torch, { nn, type Tensor } from 'torch-losses';

import { Random } from '../support/data';

const F = nn.functional;

interface State {
  readonly x: Tensor;
  readonly y: Tensor;
  readonly w: Tensor;
}

type Result = number[];

/** A step as a synchronous call and as a job. Both return its numbers when they are done. */
interface Step {
  readonly name: string;
  now(state: State): Result;
  later(state: State): Promise<Result>;
}

const numbers = (tensor: Tensor): Result => Array.from(tensor.toTypedArray(), Number);
const laterNumbers = async (tensor: Promise<Tensor>): Promise<Result> => numbers(await tensor);

const criteria = [new nn.MSELoss(), new nn.L1Loss({ reduction: 'sum' }), new nn.HuberLoss()];

const computed = (
  name: string,
  now: (state: State) => Tensor,
  later: (state: State) => Promise<Tensor>,
): Step => ({
  name,
  now: (state) => numbers(now(state)),
  later: (state) => laterNumbers(later(state)),
});

/** Returns a step that writes in place. It is synchronous in both forms, since it must wait for jobs. */
const written = (name: string, write: (state: State) => void): Step => ({
  name,
  now: (state) => {
    write(state);
    return [];
  },
  later: async (state) => {
    write(state);
    return [];
  },
});

const STEPS: readonly Step[] = [
  ...criteria.map((criterion) =>
    computed(
      criterion.constructor.name,
      ({ x, y }) => criterion(x, y),
      ({ x, y }) => criterion.forwardAsync(x, y),
    ),
  ),
  computed(
    'mm',
    ({ x, w }) => torch.ops.aten.mm(x.detach(), w),
    ({ x, w }) => torch.ops.aten.mm.async(x.detach(), w),
  ),
  {
    name: 'backward',
    now: ({ x, y, w }) => {
      x.grad = null;
      F.mse_loss(torch.mm(x, w), y).backward();
      return numbers(x.grad!);
    },
    later: async ({ x, y, w }) => {
      const [gradient] = torch.autograd.grad(F.mse_loss(torch.mm(x, w), y), [x]);
      return numbers(gradient!);
    },
  },
  written('x.add_', ({ x }) => torch.no_grad(() => x.add_(0.25))),
  written('y.mul_', ({ y }) => y.mul_(0.5)),
  written('w.copy_', ({ w, y }) => w.copy_(torch.mm(y, y).div(64))),
  written('y.zero_ and fill_', ({ y }) => y.zero_().fill_(1)),
];

function fresh(seed: number): State {
  torch.manual_seed(seed);
  const size = 24;
  return {
    x: torch.randn(size, size, { requires_grad: true }),
    y: torch.randn(size, size),
    w: torch.randn(size, size),
  };
}

const SEEDS = 150;
const STEPS_EACH = 25;

describe('asynchronous calls on shared tensors', () => {
  it(`give the results of the order they were made in, over ${SEEDS} seeds`, async () => {
    for (let seed = 1; seed <= SEEDS; seed++) {
      const random = new Random(seed);
      const steps = Array.from({ length: STEPS_EACH }, () => random.pick(STEPS));
      const serial = fresh(seed);
      const expected = steps.map((step) => step.now(serial));
      const shared = fresh(seed);
      const results = await Promise.all(steps.map((step) => step.later(shared)));
      const names = steps.map(({ name }) => name).join(', ');
      expect(results, `seed ${seed}: ${names}`).to.deep.equal(expected);
    }
  }).timeout(120_000);

  it('add up gradients of asynchronous backward passes in the order they were made', async () => {
    for (let seed = 1; seed <= 30; seed++) {
      const random = new Random(seed);
      const serial = fresh(seed);
      const shared = fresh(seed);
      const pending: Promise<void>[] = [];
      for (let step = 0; step < 12; step++) {
        const criterion = random.pick(criteria);
        criterion(serial.x, serial.y).backward();
        pending.push(criterion(shared.x, shared.y).backwardAsync());
      }
      await Promise.all(pending);
      expect(numbers(shared.x.grad!), `seed ${seed}`).to.deep.equal(numbers(serial.x.grad!));
    }
  }).timeout(120_000);

  it('refuse a second backward pass through a graph that another freed', async () => {
    const { x, y } = fresh(1);
    const loss = F.mse_loss(x.exp(), y);
    const outcomes = await Promise.allSettled([loss.backwardAsync(), loss.backwardAsync()]);
    expect(outcomes.map(({ status }) => status)).to.deep.equal(['fulfilled', 'rejected']);
    expect((outcomes[1] as PromiseRejectedResult).reason).to.include({ code: 'ERR_TORCH_RUNTIME' });
  });

  it('refuse a backward pass through what was changed since', async () => {
    const { x, y } = fresh(1);
    const squared = x.exp();
    const loss = squared.mul(squared).sum();
    torch.no_grad(() => squared.add_(1));
    const [outcome] = await Promise.allSettled([loss.backwardAsync()]);
    expect((outcome as PromiseRejectedResult).reason.message).to.include(
      'modified by an inplace operation',
    );
    expect(F.mse_loss(x, y).item()).to.be.a('number');
  });
});
