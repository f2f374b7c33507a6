/** Groups with CUDA tensors: NCCL with one process, Gloo with two. */
import { expect } from 'chai';
import { runRanks } from '../distributed/ranks';
import { describeCuda } from './gpu';

/** Runs programs as the processes of a group. Returns the JSON that each writes. */
async function valuesOf(programs: readonly string[]): Promise<unknown[]> {
  const outcomes = await runRanks(programs);
  return outcomes.map(({ code, output, text }) => {
    expect(code, output).to.equal(0);
    return JSON.parse(text);
  });
}

/** Trains a model for three steps on the device that a program names. */
const TRAINING = `
  const { nn, optim } = torch;
  const train = async (model, forward) => {
    const sgd = new optim.SGD(model.parameters(), { lr: 0.1, foreach: false });
    const data = new torch.Generator().manual_seed(3);
    for (let step = 0; step < 3; step++) {
      sgd.zero_grad();
      const x = torch.randn([8, 4], { generator: data });
      const loss = (await forward(x)).square().mean();
      await loss.backwardAsync();
      sgd.step();
    }
    return [...model.parameters()].map((each) => each.tolist());
  };
  const build = () => {
    torch.manual_seed(1);
    return new nn.Sequential(new nn.Linear(4, 8), new nn.Tanh(), new nn.Linear(8, 2)).to('cuda');
  };`;

describeCuda('torch.distributed', function () {
  this.timeout(240_000);

  for (const init of [
    `'nccl', { device_id: 'cuda:0' }`,
    `'cpu:gloo,cuda:nccl'`,
    `{ device_id: 'cuda:0' }`,
    ``,
  ]) {
    it(`computes with NCCL in a group of one: init_process_group(${init})`, async () => {
      const [values] = await valuesOf([
        `await dist.init_process_group(${init});
        const world = dist.group.WORLD;
        const t = torch.tensor([1, 2], { dtype: torch.float32, device: 'cuda' });
        const gathered = torch.zeros(2, { device: 'cuda' });
        await dist.all_reduce(t);
        await dist.broadcast(t, 0);
        await dist.all_gather([gathered], t);
        const scattered = torch.zeros(2, { device: 'cuda' });
        await dist.reduce_scatter(scattered, [t]);
        const work = dist.all_reduce(scattered, { op: dist.ReduceOp.MAX, async_op: true });
        await work.wait();
        await dist.barrier();
        const part = await dist.new_group([0]);
        await dist.all_reduce(t, { group: part });
        const objects = [null];
        await dist.all_gather_object(objects, { a: 1 });
        const side = new torch.cuda.Stream();
        const large = torch.ones(1 << 20, { device: 'cuda' });
        side.wait_stream(torch.cuda.current_stream());
        const reduced = torch.cuda.stream(side, () => {
          large.mul_(3);
          return dist.all_reduce(large, { async_op: true });
        });
        await reduced.wait();
        const sum = torch.cuda.stream(side, () => large.sum()).item();
        const values = [world.name(), t.tolist(), gathered.tolist(), scattered.tolist(), objects, sum];
        await dist.destroy_process_group();
        console.log(JSON.stringify(values));`,
      ]);
      const sum = 3 * 2 ** 20;
      expect(values).to.deep.equal(['nccl', [1, 2], [1, 2], [1, 2], [{ a: 1 }], sum]);
    });
  }

  it('trains with NCCL in a group of one, as without a group', async () => {
    const [values] = await valuesOf([
      `${TRAINING}
      const plain = build();
      const expected = await train(plain, (x) => plain(x.to('cuda')));
      await dist.init_process_group('nccl');
      const { DistributedDataParallel } = nn.parallel;
      const own = async (state, bucket) => {
        await dist.all_reduce(bucket.buffer());
        return bucket.buffer();
      };
      const results = [];
      for (const hook of [null, dist.algorithms.ddp_comm_hooks.default_hooks.allreduce_hook, own]) {
        const ddp = await DistributedDataParallel.create(build(), { device_ids: [0] });
        if (hook) ddp.register_comm_hook(null, hook);
        results.push(await train(ddp, (x) => ddp(x)));
      }
      await dist.destroy_process_group();
      console.log(JSON.stringify(results.map((each) => JSON.stringify(each) === JSON.stringify(expected))));`,
    ]);
    expect(values).to.deep.equal([true, true, true]);
  });

  it('computes with Gloo in two processes, also on a stream of the caller', async () => {
    const program = `
      await dist.init_process_group('gloo');
      const t = torch.arange(1000, { dtype: torch.float32, device: 'cuda' }).add_(rank);
      await dist.all_reduce(t);
      const parts = [torch.zeros(2, { device: 'cuda' }), torch.zeros(2, { device: 'cuda' })];
      await dist.all_gather(parts, torch.full([2], rank, { dtype: torch.float32, device: 'cuda' }));
      const side = new torch.cuda.Stream();
      side.wait_stream(torch.cuda.current_stream());
      const large = torch.ones(1 << 20, { device: 'cuda' });
      side.wait_stream(torch.cuda.current_stream());
      const work = torch.cuda.stream(side, () => {
        large.add_(rank);
        return dist.all_reduce(large, { async_op: true });
      });
      await work.wait();
      const sum = torch.cuda.stream(side, () => large.sum()).item();
      console.log(JSON.stringify([t.sum().item(), parts.map((each) => each.tolist()), sum]));
      await dist.destroy_process_group();`;
    const parts = [
      [0, 0],
      [1, 1],
    ];
    const expected = [1_000_000, parts, 3 * 2 ** 20];
    expect(await valuesOf([program, program])).to.deep.equal([expected, expected]);
  });

  it('trains with Gloo in two processes, which stay equal', async () => {
    const program = `${TRAINING}
      await dist.init_process_group('gloo');
      const ddp = await nn.parallel.DistributedDataParallel.create(build(), { device_ids: [0] });
      const trained = await train(ddp, (x) => ddp(x.add(rank)));
      await dist.destroy_process_group();
      console.log(JSON.stringify(trained));`;
    const [first, second] = await valuesOf([program, program]);
    expect(first).to.deep.equal(second);
  });
});
