/** What the other processes see if one fails, and what one process sees if it is used wrongly. */
import net from 'node:net';
import { expect } from 'chai';
import { temporaryFolder } from '../support/folder';
import { type Outcome, runRanks } from './ranks';

const INIT = `await dist.init_process_group('gloo', { timeout: 20_000 });`;
const sleep = (ms: number): string => `await new Promise((resolve) => setTimeout(resolve, ${ms}));`;

/** Expects every process to end with status 0. Returns what each printed. */
function texts(outcomes: readonly Outcome[]): string[] {
  for (const { code, output } of outcomes) expect(code, output).to.equal(0);
  return outcomes.map(({ text }) => text);
}

/** Counts what a process has: threads, files, and bytes in memory. Idle threads end after a second. */
const COUNTS = `
  require('node:v8').setFlagsFromString('--expose-gc');
  const gc = require('node:vm').runInNewContext('gc');
  const { readdirSync } = require('node:fs');
  const count = async () => {
    for (let i = 0; i < 3; i++) {
      gc();
      await new Promise((resolve) => setTimeout(resolve, 600));
    }
    const [threads, files] = ['task', 'fd'].map((name) => readdirSync('/proc/self/' + name).length);
    console.log(JSON.stringify({ threads, files, bytes: process.memoryUsage.rss() }));
  };`;

/** Expects two lines of COUNTS to be alike. */
function expectFlat(text: string): void {
  const [before, after] = text.split('\n').map((line) => JSON.parse(line));
  expect(after.threads, text).to.be.at.most(before.threads + 2);
  expect(after.files, text).to.be.at.most(before.files + 2);
  expect(after.bytes, text).to.be.at.most(before.bytes + 2 ** 23);
}

describe('a group with a process that fails', function () {
  this.timeout(120_000);

  it('gives the others an error at once if it is killed, throws or exits, and can be made again', async () => {
    for (const end of [
      "process.kill(process.pid, 'SIGKILL');",
      'process.exit(0);',
      "throw new Error('wrong');",
    ]) {
      const [, other] = await runRanks([
        `${INIT} await dist.barrier(); ${end}`,
        `${INIT}
         await dist.barrier();
         const error = await dist.all_reduce(torch.ones(1000)).catch((error) => error);
         console.log(error.pythonType, !/Timed out/.test(error.message));
         await dist.destroy_process_group();
         const port = process.env.MASTER_PORT;
         await dist.init_process_group('gloo', \`tcp://127.0.0.1:\${port}\`, { rank: 0, world_size: 1 });
         const t = torch.ones(2);
         await dist.all_reduce(t);
         console.log(t.tolist(), dist.get_world_size());
         await dist.destroy_process_group();`,
      ]);
      expect(texts([other!])[0], end).to.equal('RuntimeError true\n[ 1, 1 ] 1');
    }
  });

  it('is made again by all processes on the same port, after an error and without one', async () => {
    const program = `
      for (let round = 0; round < 3; round++) {
        await dist.init_process_group('gloo', { timeout: 3_000 });
        const t = torch.full([3], rank + round);
        await dist.all_reduce(t);
        if (t.item === undefined || t.tolist()[0] !== 2 * round + 1) throw new Error(String(t));
        // Both wait for a message that nobody sends.
        if (round === 1) {
          const error = await dist.recv(torch.ones(1), 1 - rank).catch((error) => error);
          if (!/Timed out|closed/.test(error.message)) throw error;
        }
        await dist.destroy_process_group();
      }
      console.log('done');`;
    expect(texts(await runRanks([program, program]))).to.deep.equal(['done', 'done']);
  });

  it('is not waited for by process.exit, and is waited for by a program that ends by itself', async () => {
    const [exited, waited] = await runRanks([
      `${INIT} await dist.barrier(); dist.all_reduce(torch.ones(2)).catch(() => {}); dist.recv(torch.ones(1), 1).catch(() => {});
       setTimeout(() => process.exit(5), 500);`,
      `${INIT} await dist.barrier();
       dist.recv(torch.ones(1), 0).then(() => console.log('received'), (error) => console.log(error.pythonType, !/Timed out/.test(error.message)));`,
    ]);
    expect(exited!.code, exited!.output).to.equal(5);
    expect(texts([waited!])).to.deep.equal(['RuntimeError true']);
  });

  it('is left at once by process.exit: while it is made, in a collective, in a backward pass', async () => {
    const exit = 'setTimeout(() => process.exit(5), 300);';
    const waits = `${INIT} ${sleep(600)}`;
    for (const programs of [
      [`dist.init_process_group('gloo').catch(() => {}); ${exit}`],
      [`${INIT} dist.all_reduce(torch.ones(1000)).catch(() => {}); process.exit(5);`, waits],
      [
        `${INIT}
         const linear = new torch.nn.Linear(3, 2);
         const model = await torch.nn.parallel.DistributedDataParallel.create(linear);
         (await model(torch.ones(4, 3))).sum().backwardAsync().catch(() => {});
         ${exit}`,
        `${INIT}
         await torch.nn.parallel.DistributedDataParallel.create(new torch.nn.Linear(3, 2));
         ${sleep(600)}`,
      ],
    ]) {
      const [first] = await runRanks(programs, undefined, { WORLD_SIZE: '2' });
      expect(first!.code, first!.output).to.equal(5);
      expect(first!.output).to.equal('');
    }
  });

  it('is named by monitored_barrier if it hangs', async () => {
    const hang = `${INIT} ${sleep(4000)} process.exit(0);`;
    const first = `${INIT}
      const error = await dist.monitored_barrier({ timeout: 1_000, wait_all_ranks: true }).catch((error) => error);
      console.log(error.message);
      process.exit(0);`;
    const [text] = texts(await runRanks([first, hang]));
    expect(text).to.match(/\[Rank 0\]: Ranks 1 failed to pass monitoredBarrier in 1000 ms/);
  });

  it('times out if the other does not come, without blocking the event loop', async () => {
    const program = `
      let turns = 0;
      setInterval(() => turns++, 10).unref();
      const keep = setInterval(() => {}, 1000);
      const port = process.env.MASTER_PORT;
      for (const r of [0, 1]) {
        const error = await dist
          .init_process_group('gloo', \`tcp://127.0.0.1:\${port}\`, { rank: r, world_size: 2, timeout: 1_500 })
          .catch((error) => error);
        console.log(error.pythonType, dist.is_initialized());
      }
      console.log(turns > 20);
      clearInterval(keep);`;
    const [text] = texts(await runRanks([program]));
    expect(text).to.equal('DistStoreError false\nDistNetworkError false\ntrue');
  });

  it('is told that shapes or dtypes differ, with TORCH_DISTRIBUTED_DEBUG=DETAIL', async () => {
    const program = `${INIT}
      const t = torch.ones(2);
      await dist.all_reduce(t);
      console.log(t.tolist());
      const other = rank === 0 ? torch.ones(2) : torch.ones(3, 4);
      const error = await dist.all_reduce(other).catch((error) => error);
      console.log(error.message);
      process.exit(0);`;
    const environment = { TORCH_DISTRIBUTED_DEBUG: 'DETAIL' };
    for (const text of texts(await runRanks([program, program], undefined, environment))) {
      expect(text)
        .to.match(/^\[ 2, 2 \]\n/)
        .and.to.match(/TensorShape=/);
    }
  });
});

describe('torch.distributed in one process', function () {
  this.timeout(120_000);
  const file = temporaryFolder();

  it('belongs to the thread that calls init_process_group first, and names it to others', async () => {
    const worker = `
      const { parentPort } = require('node:worker_threads');
      const { distributed: dist } = require('torch-losses');
      dist.init_process_group('gloo').then(
        () => parentPort.postMessage('made'),
        (error) => parentPort.postMessage(error.message));`;
    const [text] = texts(
      await runRanks([
        `${INIT}
         const { Worker } = require('node:worker_threads');
         const ask = () => new Promise((resolve) => new Worker(${JSON.stringify(worker)}, { eval: true }).once('message', resolve));
         console.log(await ask());
         await dist.destroy_process_group();
         console.log(await ask());
         const error = await dist.init_process_group('gloo').catch((error) => error);
         console.log(error.message);
         process.exit(0);`,
      ]),
    );
    const lines = text!.split('\n');
    expect(lines[0]).to.match(/^torch\.distributed is in use by the main thread\./);
    expect(lines[1]).to.equal('made');
    expect(lines[2]).to.match(/in use by worker thread \d+\.|^$/);
  });

  it('refuses a port that another program uses', async () => {
    const server = net.createServer().listen(0, '127.0.0.1');
    await new Promise((resolve) => server.once('listening', resolve));
    const { port } = server.address() as net.AddressInfo;
    const program = `
      const error = await dist.TCPStore.create('127.0.0.1', ${port}, { is_master: true, timeout: 2_000 }).catch((e) => e);
      console.log(error.pythonType, error.message.split('\\n')[0]);`;
    const [text] = texts(await runRanks([program]));
    server.close();
    expect(text).to.match(/^DistNetworkError .*(EADDRINUSE|address already in use)/);
  });

  it('makes and ends 50 groups without keeping threads, files or memory', async () => {
    const program = `
      ${COUNTS}
      const port = process.env.MASTER_PORT;
      const round = async () => {
        await dist.init_process_group('gloo', \`tcp://127.0.0.1:\${port}\`, { rank, world_size: 2, timeout: 20_000 });
        const t = torch.ones(1000);
        await dist.all_reduce(t);
        await dist.destroy_process_group();
      };
      for (let i = 0; i < 60; i++) {
        await round();
        if (i === 9) await count();
      }
      await count();`;
    for (const text of texts(await runRanks([program, program]))) expectFlat(text);
  });

  it('survives 50 processes that are killed, without keeping threads, files or memory', async () => {
    const survivor = `
      ${COUNTS}
      const control = await dist.FileStore.create(process.argv[1], 2);
      const errors = new Set();
      for (let i = 0; i < 60; i++) {
        await control.set(String(i), '');
        ${INIT}
        let error;
        while (!error) await dist.all_reduce(torch.ones(100_000)).catch((each) => { error = each; });
        errors.add(error.pythonType + (/(closed|reset) by peer|Broken pipe/i.test(error.message) ? '' : error.message));
        await dist.destroy_process_group();
        if (i === 9) await count();
      }
      await count();
      console.log([...errors]);`;
    const [{ output, code, text }] = (await runRanks([survivor, 'victims.py'], () => [
      file('control'),
      '60',
    ])) as [Outcome];
    expect(code, output).to.equal(0);
    const [before, after, errors] = text.split('\n');
    expectFlat(`${before}\n${after}`);
    expect(errors).to.equal("[ 'RuntimeError' ]");
  });
});

describe('the ranks of a group', function () {
  this.timeout(120_000);
  const file = temporaryFolder();

  it('start what waits for others without waiting', async () => {
    // The second process begins when the first one has called. If that call waited, both would wait until the time-out.
    const program = `
      await dist.init_process_group('gloo', { timeout: 10_000 });
      const store = await dist.FileStore.create(process.argv[1], 2);
      const [t, u, wide] = [torch.ones(2), torch.ones(2), torch.ones(4)];
      const model = await torch.nn.parallel.DistributedDataParallel.create(
        new torch.nn.Sequential(new torch.nn.Linear(2, 3), new torch.nn.BatchNorm1d(3)));
      let output;
      const calls = {
        all_reduce: () => dist.all_reduce(t),
        broadcast: () => dist.broadcast(t, 0),
        reduce: () => dist.reduce(t, 0),
        all_gather: () => dist.all_gather([t, u], torch.ones(2)),
        all_gather_single: () => dist.all_gather_single(wide, t),
        gather: () => dist.gather(torch.ones(2), { gather_list: rank ? null : [t, u] }),
        scatter: () => dist.scatter(torch.ones(2), { scatter_list: rank ? null : [t, u] }),
        reduce_scatter: () => dist.reduce_scatter(torch.ones(2), [t, u]),
        reduce_scatter_single: () => dist.reduce_scatter_single(t, wide),
        all_to_all_single: () => dist.all_to_all_single(t, u),
        barrier: () => dist.barrier(),
        monitored_barrier: () => dist.monitored_barrier(),
        message: () => (rank ? dist.recv(t, 0) : dist.send(t, 1)),
        functional: () => torch.ops._c10d_functional.all_reduce(t, 'sum', dist.group.WORLD.group_name),
        forward: async () => { output = await model(torch.ones(4, 2)); },
        backward: () => output.sum().backwardAsync(),
        second_forward: async () => { output = await model(torch.ones(4, 2)); },
        third_forward: async () => { output = await model(torch.ones(4, 2)); },
      };
      for (const [name, call] of Object.entries(calls)) {
        if (rank) {
          await store.get(name);
          await call();
        } else {
          const done = call();
          await store.set(name, '');
          await done;
        }
      }
      console.log('done');
      await dist.destroy_process_group();`;
    expect(texts(await runRanks([program, program], () => [file('called')]))).to.deep.equal([
      'done',
      'done',
    ]);
  });

  it('join after TORCH_DIST_INIT_BARRIER, those of Python too', async () => {
    const node = `${INIT} await dist.new_group([1]); console.log('joined'); await dist.destroy_process_group();`;
    const environment = { TORCH_DIST_INIT_BARRIER: '1' };
    expect(texts(await runRanks([node, 'barrier.py'], undefined, environment))).to.deep.equal([
      'joined',
      'joined',
    ]);
  });
});
