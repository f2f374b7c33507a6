/** Joins of several objects, users' own among them. test/distributed/ddp.test.ts has the bits of DistributedDataParallel's. */
import { expect } from 'chai';
import torch from 'torch-losses';
import { runRanks } from './ranks';

const { Join, JoinHook } = torch.distributed.algorithms;

/** Counts the inputs of all processes, as the example in PyTorch's tutorial on Join does. */
const COUNTER = `
  const { Join, JoinHook } = dist.algorithms;
  await dist.init_process_group('gloo', { timeout: 20_000 });
  class Counter {
    constructor() {
      this.join_device = torch.device('cpu');
      this.join_process_group = dist.group.WORLD;
      this.count = torch.zeros(1);
      this.max = torch.zeros(1);
    }
    async next() {
      await Join.notify_join_context(this);
      const t = torch.ones(1);
      await dist.all_reduce(t);
      this.count.add_(t);
    }
    join_hook({ sync_max_count = false }) {
      const counter = this;
      class CounterHook extends JoinHook {
        async main_hook() {
          await dist.all_reduce(torch.zeros(1));
        }
        async post_hook(isLast) {
          if (!sync_max_count) return;
          const source = torch.tensor([isLast ? rank : -1]);
          await dist.all_reduce(source, { op: dist.ReduceOp.MAX });
          if (source.item() === rank) counter.max = counter.count.clone();
          await dist.broadcast(counter.max, source.item());
        }
      }
      return new CounterHook();
    }
  }`;

async function textsOf(program: string): Promise<string[]> {
  const source = `${COUNTER} ${program} await dist.destroy_process_group();`;
  const outcomes = await runRanks([source, source]);
  return outcomes.map(({ code, output, text }) => {
    expect(code, output).to.equal(0);
    return text;
  });
}

describe('Join', function () {
  this.timeout(60_000);

  it('lets processes with fewer inputs shadow the others', async () => {
    expect(
      await textsOf(`
        const counters = [new Counter(), new Counter()];
        const join = new Join(counters, { sync_max_count: true });
        const result = await join.run(async () => {
          for (let i = 0; i < 5 + rank; i++) for (const counter of counters) await counter.next();
          return 'trained';
        });
        console.log(result, ...counters.map(({ count, max }) => count.item() + '/' + max.item()));`),
    ).to.deep.equal(['trained 10/11 10/11', 'trained 11/11 11/11']);
  });

  it('makes all processes throw if one has come to its end, where this is asked for', async () => {
    const [first, second] = await textsOf(`
      const counter = new Counter();
      const join = new Join([counter], { throw_on_early_termination: true });
      try {
        await join.run(async () => {
          for (let i = 0; i < 5 + rank; i++) await counter.next();
        });
      } catch (error) {
        console.log(error.pythonType, error.message);
      }`);
    expect(first).to.equal('RuntimeError Rank 0 exhausted all inputs.');
    expect(second).to.equal(
      'RuntimeError Detected at least one rank that exhausted inputs. Throwing across all ranks.',
    );
  });

  it('refuses what cannot take part', async () => {
    expect(() => new Join([]))
      .to.throw(RangeError, 'The join context manager requires at least one joinable')
      .with.property('code', 'ERR_TORCH_VALUE');
    for (const joinables of [[1], 1, [{}]] as unknown as [][]) {
      expect(() => new Join(joinables))
        .to.throw(TypeError, /argument 'joinables' must be an array of objects with join_hook/)
        .with.property('code', 'ERR_TORCH_TYPE');
    }
    const joinable = (): torch.distributed.algorithms.Joinable => ({
      join_device: torch.device('cpu'),
      join_process_group: {} as torch.distributed.ProcessGroup,
      join_hook: () => new JoinHook(),
    });
    expect(() => new Join([joinable(), joinable()])).to.throw(
      RangeError,
      'Using join context manager with multiple process groups',
    );
    const wrong = await Join.notify_join_context(1 as never).catch((error) => error);
    expect(wrong.message).to.match(
      /argument 'joinable' must be an object with .*, got the number 1/,
    );
    const unprepared = await Join.notify_join_context(joinable()).catch((error) => error);
    expect(unprepared.code).to.equal('ERR_TORCH_ASSERTION');
    const one = joinable();
    const disabled = new Join([one], { enable: false });
    expect(await Join.notify_join_context(one)).to.equal(null);
    expect(await disabled.run(() => 3)).to.equal(3);
    const error = await disabled.run(1 as unknown as () => void).catch((each) => each);
    expect(error.message).to.equal('run(): takes a function to run, got the number 1');
  });
});
