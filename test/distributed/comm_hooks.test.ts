/** Communication hooks in JavaScript: what they may do, and what goes wrong. test/distributed/ddp.test.ts has their bits. */
import { expect } from 'chai';
import torch, { type Tensor } from 'torch-losses';
import { runRanks } from './ranks';

const BEGIN = `
  const { nn } = torch;
  await dist.init_process_group('gloo', { timeout: 20_000 });
  const notes = [];
  const create = (options) => {
    torch.manual_seed(1);
    const layers = [new nn.Linear(4, 8), new nn.Tanh(), new nn.Linear(8, 2)];
    return nn.parallel.DistributedDataParallel.create(new nn.Sequential(...layers), options);
  };
  const step = async (net) => (await net(torch.ones(3, 4).mul(rank + 1))).sum().backwardAsync();
  const failure = async (run) => {
    try {
      return (await run()) ?? null;
    } catch (error) {
      return [error.code, error.message];
    }
  };`;
const END = 'await dist.destroy_process_group(); console.log(JSON.stringify(notes));';

async function notesOf(program: string): Promise<unknown[][]> {
  const source = `${BEGIN} ${program} ${END}`;
  const outcomes = await runRanks([source, source]);
  return outcomes.map(({ code, output, text }) => {
    expect(code, output).to.equal(0);
    return JSON.parse(text);
  });
}

describe('communication hooks', function () {
  this.timeout(60_000);

  it('get the gradients in buckets, and the parameters themselves', async () => {
    for (const notes of await notesOf(`
      const net = await create({ bucket_cap_mb: 1e-4 });
      const parameters = [...net.parameters()];
      let buckets = [];
      net.register_comm_hook('state', async (state, bucket) => {
        const own = bucket.parameters();
        buckets.push([state, bucket.index(), bucket.is_last(), own.map((each) => parameters.indexOf(each))]);
        const shapes = bucket.gradients().map(({ shape }) => shape);
        notes.push(JSON.stringify(shapes) === JSON.stringify(own.map(({ shape }) => shape)));
        return bucket.buffer();
      });
      await step(net);
      await step(net);
      notes.push(...buckets.slice(-2));`)) {
      expect(notes.slice(0, -2).every((each) => each === true)).to.equal(true);
      const [first, last] = notes.slice(-2) as [string, number, boolean, number[]][];
      expect(first!.slice(0, 3)).to.deep.equal(['state', 0, false]);
      expect(last![2]).to.equal(true);
    }
  });

  it('may start collectives one after another, of objects too, while other jobs go on', async () => {
    for (const notes of await notesOf(`
      const net = await create({ bucket_cap_mb: 1e-4, find_unused_parameters: true });
      net.register_comm_hook(null, async (_, bucket) => {
        const sum = bucket.buffer().clone();
        await dist.all_reduce(sum);
        const ranks = [null, null];
        await dist.all_gather_object(ranks, rank);
        await dist.broadcast(sum, 1);
        return sum.div_(ranks.length);
      });
      const other = new nn.Linear(4, 2);
      const outputs = await Promise.all([
        step(net),
        other.forwardAsync(torch.ones(1, 4)),
        dist.all_reduce(torch.ones(2)),
      ]);
      const plain = await create();
      await step(plain);
      const gradients = [net, plain].map((each) => [...each.parameters()].map(({ grad }) => grad.tolist()));
      notes.push(outputs[1].shape, JSON.stringify(gradients[0]) === JSON.stringify(gradients[1]));`)) {
      expect(notes).to.deep.equal([[1, 2], true]);
    }
  });

  it('fail the backward pass with what they throw, and with a wrong result', async () => {
    for (const notes of await notesOf(`
      const hooks = [
        () => { throw new RangeError('at once'); },
        async () => { await dist.barrier(); throw new Error('later'); },
        async () => 7,
        async (_, bucket) => { bucket.buffer().dispose(); return bucket.buffer(); },
        async (_, bucket) => { bucket.set_buffer(1); },
      ];
      for (const hook of hooks) {
        const net = await create();
        net.register_comm_hook(null, hook);
        notes.push(await failure(() => step(net)));
      }`)) {
      expect(notes.slice(0, 2)).to.deep.equal([
        [null, 'at once'],
        [null, 'later'],
      ]);
      const [, , number, disposed, buffer] = notes as [string, string][];
      expect(number).to.deep.equal([
        'ERR_TORCH_TYPE',
        'a communication hook must return a promise of a Tensor, got a promise of the number 7',
      ]);
      expect(disposed![0]).to.equal('ERR_TORCH_TYPE');
      expect(buffer![1]).to.match(/set_buffer\(\).*'tensor' must be a Tensor/);
    }
  });

  it('need backwardAsync, and refuse a call that would wait for their pass', async () => {
    for (const notes of await notesOf(`
      const net = await create();
      let attempt;
      net.register_comm_hook(null, async (_, bucket) => {
        await dist.barrier();
        attempt = await failure(() => net.module[0].bias.grad.zero_());
        return bucket.buffer();
      });
      notes.push(await failure(async () => (await net(torch.ones(3, 4))).sum().backward()));
      net.zero_grad({ set_to_none: false });
      await step(net);
      notes.push(attempt);
      await net.no_sync(async () => (await net(torch.ones(3, 4))).sum().backward());
      notes.push(await failure(() => net.register_comm_hook(null, async () => {})));
      const other = await create();
      notes.push(await failure(() => other.register_comm_hook(null, 1)));
      const { allreduce_hook } = dist.algorithms.ddp_comm_hooks.default_hooks;
      notes.push(await failure(() => other.register_comm_hook(1, allreduce_hook)));
      notes.push(await failure(() => allreduce_hook(null, 1)));`)) {
      const [sync, attempt, again, type, state, bucket] = notes as [string, string][];
      expect(sync![1]).to.match(/backward\(\) cannot wait for a communication hook/);
      expect(attempt![1]).to.match(
        /a backward pass waits for its communication hook in JavaScript/,
      );
      expect(again![1]).to.match(/register_comm_hook.*can only be called once/);
      expect(type).to.deep.equal([
        'ERR_TORCH_TYPE',
        "register_comm_hook(): argument 'hook' must be a function, got the number 1",
      ]);
      expect(state![0]).to.equal('ERR_TORCH_TYPE');
      expect(bucket![1]).to.match(/argument 'bucket' must be a GradBucket, got the number 1/);
    }
  });

  it('leave the hooks of tensors alone, in a pass that is the first asynchronous call', async () => {
    for (const notes of await notesOf(`
      const net = await create();
      const output = await net(torch.ones(3, 4));
      output.register_hook((gradient) => {
        notes.push(gradient.shape);
        return gradient.mul(2);
      });
      await output.sum().backwardAsync();
      notes.push(net.module[2].bias.grad.tolist());`)) {
      expect(notes).to.deep.equal([
        [3, 2],
        [6, 6],
      ]);
    }
  });

  it('are given buckets, which nobody else makes', () => {
    const { GradBucket } = torch.distributed;
    const New = GradBucket as unknown as new (state: object) => unknown;
    expect(() => new New({}))
      .to.throw(TypeError, 'no constructor')
      .with.property('code', 'ERR_TORCH_TYPE');
    const bucket = GradBucket._of({
      index: 2,
      isLast: true,
      buffer: torch.arange(6),
      parameters: [torch.ones(2, 2), torch.ones(2)],
    });
    const values = (tensors: readonly Tensor[]) => tensors.map((each) => each.tolist());
    expect(values(bucket.gradients())).to.deep.equal([
      [
        [0, 1],
        [2, 3],
      ],
      [4, 5],
    ]);
    bucket.set_buffer(torch.arange(6).mul(2));
    expect(values(bucket.gradients())[1]).to.deep.equal([8, 10]);
    expect(String(bucket)).to.equal('<GradBucket 2: 2 parameters>');
  });
});
