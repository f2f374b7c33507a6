/** Messages, objects, groups and operators of torch.ops, between processes. */
import { expect } from 'chai';
import torch from 'torch-losses';
import { askPython } from '../parity/parity';
import { runRanks } from './ranks';

const dist = torch.distributed;
const BEGIN = `await dist.init_process_group('gloo', { timeout: 20_000 });
  const other = 1 - rank;
  const results = [];
  const note = (...values) => results.push(...values);`;
const END =
  'await dist.barrier(); await dist.destroy_process_group(); console.log(JSON.stringify(results));';

/** Runs two Node processes. Returns what each noted. */
async function notesOf(program: string): Promise<unknown[][]> {
  const source = `${BEGIN} ${program} ${END}`;
  const outcomes = await runRanks([source, source]);
  return outcomes.map(({ code, output, text }) => {
    expect(code, output).to.equal(0);
    return JSON.parse(text);
  });
}

describe('between two processes', function () {
  this.timeout(120_000);

  it('messages arrive, by sender and tag, and from any sender', async () => {
    const [first, second] = await notesOf(`
      const t = torch.zeros(3, { dtype: torch.long });
      if (rank === 0) {
        const works = [dist.isend(torch.tensor([1, 2, 3]), 1, { tag: 7 }), dist.isend(torch.tensor([4, 5, 6]), 1, { tag: 8 })];
        for (const work of works) note(await work.wait());
        note(await dist.recv(t), t.tolist());
      } else {
        note(await dist.recv(t, 0, { tag: 8 }), t.tolist(), await dist.recv(t, { src: 0, tag: 7 }), t.tolist());
        await dist.send(torch.tensor([9, 9, 9]), { group_dst: 0 });
      }`);
    expect(first).to.deep.equal([true, true, 1, [9, 9, 9]]);
    expect(second).to.deep.equal([0, [4, 5, 6], 0, [1, 2, 3]]);
  });

  it('one buffer is sent in parts while others are received', async () => {
    const notes = await notesOf(`
      const buffer = torch.arange(8).add(rank * 100);
      const works = dist.batch_isend_irecv([
        new dist.P2POp(dist.isend, buffer.narrow(0, 0, 4), other),
        new dist.P2POp(dist.irecv, buffer.narrow(0, 4, 4), other),
      ]);
      for (const work of works) await work.wait();
      note(buffer.tolist());`);
    expect(notes[0]).to.deep.equal([[0, 1, 2, 3, 100, 101, 102, 103]]);
    expect(notes[1]).to.deep.equal([[100, 101, 102, 103, 0, 1, 2, 3]]);
  });

  it('an operator waits for the collective that writes its tensor, and a collective for a job', async () => {
    for (const notes of await notesOf(`
      const t = torch.full([1000], rank + 1);
      const work = dist.all_reduce(t, { async_op: true });
      note(work.is_completed(), t.sum().item());
      const u = torch.rand(200, 200);
      u.fill_(1);
      const job = torch.ops.aten.mul_.Scalar.async(u, rank + 1);
      await dist.all_reduce(u);
      note(u.sum().item());
      await job;
      await Promise.all([dist.all_reduce(u), dist.all_reduce(u), torch.ops.aten.mul_.Scalar.async(u, 2)]);
      note(u.sum().item(), await work.wait(), work.is_success(), work.result()[0] === t);`)) {
      expect(notes).to.deep.equal([false, 3000, 120_000, 960_000, true, true, true]);
    }
  });

  it('objects are exchanged as JSON, in all ways', async () => {
    const [first, second] = await notesOf(`
      const list = [null, null];
      await dist.all_gather_object(list, { rank, text: 'é'.repeat(rank + 1) });
      const gathered = rank === 0 ? [0, 0] : null;
      await dist.gather_object({ from: rank }, gathered);
      const sent = rank === 0 ? ['x', 2, { a: [1] }] : [null, null, null];
      // A collective that is started meanwhile comes after all steps, in both processes.
      const t = torch.ones(1);
      await Promise.all([dist.broadcast_object_list(sent), dist.all_reduce(t)]);
      const own = [null];
      await dist.scatter_object_list(own, rank === 0 ? ['zero', { one: 1 }] : null);
      const messages = [0, 0];
      if (rank === 0) await dist.send_object_list([1, 'two'], 1);
      else note(await dist.recv_object_list(messages, 0), messages);
      note(list, gathered, sent, own, t.item());`);
    const list = [
      { rank: 0, text: 'é' },
      { rank: 1, text: 'éé' },
    ];
    const sent = ['x', 2, { a: [1] }];
    expect(first).to.deep.equal([list, [{ from: 0 }, { from: 1 }], sent, ['zero'], 2]);
    expect(second).to.deep.equal([0, [1, 'two'], list, null, sent, [{ one: 1 }], 2]);
  });

  it('groups of some of the processes work, in any order of ranks', async () => {
    const [first, second] = await notesOf(`
      const local = await dist.new_group([0, 1], { use_local_synchronization: true });
      note(local.group_name, dist.get_process_group_ranks(local));
      const one = await dist.new_group([1]);
      note(dist.get_rank(one), dist.get_world_size(one));
      const reversed = await dist.new_group([1, 0], { sort_ranks: false });
      const t = torch.full([1], rank);
      await dist.broadcast(t, { group: reversed, group_src: 0 });
      note(dist.get_rank(reversed), dist.get_group_rank(reversed, 0), dist.get_global_rank(reversed, 0), t.item());
      const [current, all] = await dist.new_subgroups(1);
      note(dist.get_process_group_ranks(current), all.length, dist.get_pg_count());
      const elsewhere = rank === 0 ? dist.GroupMember.NON_GROUP_MEMBER : one;
      note(await dist.all_reduce(t, { group: elsewhere }), dist.get_backend(), dist.get_backend_config());`);
    const rest = [null, 'gloo', 'cpu:gloo,cuda:gloo'];
    const name = '4a2ad14e7181d5235b64cf37fcd715cb5ce5c8e7'; // sha1 of 0_1_1
    expect(first).to.deep.equal([name, [0, 1], -1, -1, 1, 1, 1, 1, [0], 2, 5, ...rest]);
    expect(second).to.deep.equal([name, [0, 1], 0, 1, 0, 1, 1, 1, [1], 2, 5, ...rest]);
  });

  it('torch.ops takes groups, and names of groups', async () => {
    for (const notes of await notesOf(`
      const x = torch.full([2], rank + 1);
      const { _c10d_functional: functional, c10d } = torch.ops;
      note((await functional.all_reduce(x, 'sum', '0')).tolist());
      note((await functional.all_gather_into_tensor(x, 2, dist.group.WORLD)).tolist());
      const [[y], work] = await c10d.allreduce_([x], dist.group.WORLD, dist.ReduceOp.MAX, null, true, -1);
      note(y.tolist(), work.is_success(), x.tolist());
      const error = await c10d.allreduce_([x], 'WORLD', dist.ReduceOp.MAX, null).catch((e) => e);
      note(error.message.split('\\n')[0]);`)) {
      expect(notes).to.deep.equal([
        [3, 3],
        [1, 1, 2, 2],
        [2, 2],
        true,
        [2, 2],
        'c10d.allreduce_(): argument \'process_group\' must be a ProcessGroup, got the string "WORLD"',
      ]);
    }
  });

  it('an aborted message ends, and the group goes on', async () => {
    for (const notes of await notesOf(`
      const aborter = new AbortController();
      setTimeout(() => aborter.abort(new Error('enough')), 100);
      note(await dist.recv(torch.ones(1), other, { tag: 3, signal: aborter.signal }).catch((error) => error.message));
      const t = torch.ones(1);
      await dist.all_reduce(t);
      note(t.item());`)) {
      expect(notes).to.deep.equal(['enough', 2]);
    }
  });
});

describe('torch.distributed with wrong arguments', () => {
  const SETUP = `
import torch, torch.distributed as dist
store = dist.TCPStore('127.0.0.1', 0, is_master=True)
dist.init_process_group('gloo', store=store, rank=0, world_size=1)
def error(call):
    try: call()
    except Exception as e: return [type(e).__name__, str(e)]
t, u = torch.ones(2), torch.ones(2, dtype=torch.int32)
gone = dist.new_group([0]); dist.destroy_process_group(gone)
`;
  const ROWS: readonly [
    python: string,
    call: (x: { t: torch.Tensor; u: torch.Tensor }) => unknown,
  ][] = [
    ['dist.init_process_group()', () => dist.init_process_group()],
    ['dist.broadcast(t)', ({ t }) => dist.broadcast(t)],
    ['dist.broadcast(t, 0, group_src=0)', ({ t }) => dist.broadcast(t, 0, { group_src: 0 })],
    ['dist.gather(t)', ({ t }) => dist.gather(t)],
    ['dist.gather(t, [u])', ({ t, u }) => dist.gather(t, [u])],
    ['dist.scatter(t)', ({ t }) => dist.scatter(t)],
    ['dist.send(t, 0)', ({ t }) => dist.send(t, 0)],
    ['dist.recv(t, 0)', ({ t }) => dist.recv(t, 0)],
    ['dist.new_group([0, 0])', () => dist.new_group([0, 0])],
    ['dist.new_group([1])', () => dist.new_group([1])],
    ['dist.new_group([-1])', () => dist.new_group([-1])],
    ['dist.new_group([0], backend="nccl")', () => dist.new_group([0], { backend: 'nccl' })],
    ['dist.new_subgroups(2)', () => dist.new_subgroups(2)],
    ['dist.new_subgroups(0)', () => dist.new_subgroups(0)],
    ['dist.new_subgroups_by_enumeration([])', () => dist.new_subgroups_by_enumeration([])],
    ['dist.reduce_scatter(t, [u])', ({ t, u }) => dist.reduce_scatter(t, [u])],
    ['dist.all_to_all_single(t, u)', ({ t, u }) => dist.all_to_all_single(t, u)],
    ['dist.all_gather([t, t], t)', ({ t }) => dist.all_gather([t, t], t)],
    ['dist.all_gather_single(t, t)', ({ t }) => dist.all_gather_single(t, t).then(() => null)],
    ['dist.P2POp(dist.send, t, 0)', ({ t }) => new dist.P2POp(dist.send as never, t, 0)],
    ['dist.batch_isend_irecv([1])', () => dist.batch_isend_irecv([1] as never)],
    [
      'dist.get_backend(dist.GroupMember.NON_GROUP_MEMBER)',
      () => dist.get_backend(dist.GroupMember.NON_GROUP_MEMBER),
    ],
    ['dist.get_global_rank(dist.group.WORLD, 5)', () => dist.get_global_rank(dist.group.WORLD, 5)],
    [
      'dist.destroy_process_group(dist.GroupMember.NON_GROUP_MEMBER)',
      () => dist.destroy_process_group(dist.GroupMember.NON_GROUP_MEMBER),
    ],
    ['dist.get_node_local_rank()', () => dist.get_node_local_rank()],
    ['dist.scatter_object_list([None])', () => dist.scatter_object_list([null])],
    ['dist.scatter_object_list([])', () => dist.scatter_object_list([])],
    [
      'dist.all_reduce(torch.ones(2, dtype=torch.cfloat), dist.ReduceOp.MAX)',
      () => dist.all_reduce(torch.ones(2, { dtype: torch.complex64 }), dist.ReduceOp.MAX),
    ],
  ];
  let store: torch.distributed.TCPStore;

  before(async () => {
    store = await dist.TCPStore.create('127.0.0.1', 0, { is_master: true });
    await dist.init_process_group('gloo', { store, rank: 0, world_size: 1 });
  });
  after(async () => {
    await dist.destroy_process_group();
    await store.close();
  });

  it('gives the errors of Python', async () => {
    const list = ROWS.map(([python]) => `error(lambda: ${python})`).join(', ');
    const source = `${SETUP}\nresult = [${list}]\ndist.destroy_process_group()`;
    const [expected] = (await askPython(source, ['result'])) as [([string, string] | null)[]];
    const x = { t: torch.ones(2), u: torch.ones(2, { dtype: torch.int32 }) };
    for (const [index, [python, call]] of ROWS.entries()) {
      let found: [string, string] | null = null;
      try {
        await call(x);
      } catch (error) {
        const { pythonType, message } = error as Error & { pythonType: string };
        found = [pythonType, message];
      }
      const masked = (pair?: [string, string] | null): unknown =>
        pair && [pair[0], pair[1].replace(/(127\.0\.0\.1\]:)\d+/g, '$1PORT')];
      expect(masked(found), python).to.deep.equal(masked(expected![index]));
    }
  });

  it('refuses what libtorch would crash at', async () => {
    const { c10d, _c10d_functional: functional } = torch.ops;
    const group = dist.group.WORLD!;
    const [t, scalar] = [torch.ones(2), torch.tensor(1)];
    const other = /the other process must have a rank from 0 to 0, got (5|-1)$/;
    const without = /takes no tensor without a dimension$/;
    const ROWS: readonly [call: () => unknown, text: RegExp][] = [
      [() => dist.isend(t, { group_dst: 5 }), other],
      [() => dist.recv(t, { group_src: -1 }), other],
      [() => c10d.send([t], group, 5, 0), other],
      [() => functional.isend(t, 5, 0, group.group_name), other],
      [
        () => dist.reduce_scatter_single(torch.ones(2, 2), t),
        /the output has 2 dimensions, and the input 1$/,
      ],
      [
        () => c10d.allgather_([], [t], group, false, 1000),
        /takes as many outputs as inputs, got 0 and 1$/,
      ],
      [
        () => c10d.reduce_scatter_([t], [], group, dist.ReduceOp.SUM, false, 1000),
        /takes as many outputs as inputs, got 1 and 0$/,
      ],
      [() => dist.reduce_scatter_single(scalar, scalar), without],
      [() => functional.all_gather_into_tensor(scalar, 1, group), without],
      [
        () => functional.reduce_scatter_tensor(t, 'sum', 0, group),
        /group_size must be positive, got 0$/,
      ],
    ];
    for (const [call, text] of ROWS) {
      const error = await (async () => call())().then(
        () => undefined,
        (each: Error) => each,
      );
      expect(error, String(call)).to.be.instanceOf(RangeError);
      expect(error!.message).to.match(text);
    }
  });

  it('names its groups as Python does, and knows when they have ended', async () => {
    const group = await dist.new_group([0]);
    expect(dist.get_rank(group as torch.distributed.ProcessGroup)).to.equal(0);
    await dist.destroy_process_group(group);
    for (const call of [
      () => dist.all_reduce(torch.ones(1), { group }),
      () => dist.destroy_process_group(group),
    ]) {
      const error = await call().then(
        () => undefined,
        (each: Error) => each,
      );
      expect(error).to.be.instanceOf(RangeError);
      expect(error!.message).to.match(/^Invalid process group specified/);
    }
  });

  it('leaves the modes of the calling thread as they are', async () => {
    await dist.all_reduce(torch.ones(1));
    expect(torch.is_autocast_cache_enabled()).to.equal(true);
  });

  it('stores have keys and values, in order', async () => {
    const part = new dist.PrefixStore('part', store);
    await part.set('a', 'text');
    await part.append('a', new Uint8Array([33]));
    expect(String(await part.get('a'))).to.equal('text!');
    expect(await part.add('n', 2)).to.equal(2);
    expect(await part.add('n', 3)).to.equal(5);
    expect(await part.check(['a', 'missing'])).to.equal(false);
    expect(String(await part.compare_set('a', 'text!', 'new'))).to.equal('new');
    await part.multi_set(['x', 'y'], ['1', '2']);
    expect((await part.multi_get(['x', 'y'])).map(String)).to.deep.equal(['1', '2']);
    await part.queue_push('q', 'first');
    expect(await part.queue_len('q')).to.equal(1);
    expect(String(await part.queue_pop('q'))).to.equal('first');
    expect(await part.delete_key('a')).to.equal(true);
    const error = await part.wait(['never'], 100).then(
      () => undefined,
      (each: Error) => each,
    );
    expect(error).to.have.property('pythonType', 'DistStoreError');
    // A clone does not wait for the call of this store.
    const twin = await store.clone();
    const later = store.get('later');
    await twin.set('later', 'now');
    expect(String(await later)).to.equal('now');
    await Promise.all([part.close(), twin.close()]);
    expect(() => part.timeout).to.throw(RangeError, 'closed');
    expect(() => new (dist.TCPStore as never as new () => unknown)()).to.throw(
      TypeError,
      'await TCPStore.create',
    );
  });
});
