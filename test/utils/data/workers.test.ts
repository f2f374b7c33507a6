/** DataLoader with worker threads, against Python's with processes. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { expect } from 'chai';
import torch, { type Tensor } from 'torch-losses';

import { liveBytes, until } from '../../support/memory';
import { withWarnings } from '../../support/warnings';
import { all, errorOf, moduleUrl, same } from './support';

const { DataLoader, get_worker_info, TensorDataset } = torch.utils.data;
const ROOT = path.join(__dirname, '..', '..', '..');

const SETUP = `
class Noisy(Dataset):
    def __len__(self): return 23
    def __getitem__(self, index):
        info = torch.utils.data.get_worker_info()
        noise, chosen = torch.rand(2), torch.randperm(5)
        kept = F.dropout(torch.ones(4), p=0.5)
        return {'index': index, 'seed': info.id if info else -1, 'noise': noise, 'chosen': chosen, 'kept': kept}
class Stream(IterableDataset):
    def __iter__(self):
        info = torch.utils.data.get_worker_info()
        worker, count = (info.id, info.num_workers) if info else (0, 1)
        for i in range(worker, 17, count):
            if worker == 1 and i > 8: return
            yield i, torch.rand(1)
def passes(loader): return [list(loader), list(loader)]
`;

type Ours = () => AsyncIterable<unknown>;
const noisy = moduleUrl('noisy.js');
const stream = moduleUrl('stream.js');
const faulty = moduleUrl('faulty.js');

const CASES: readonly (readonly [python: string, ours: Ours])[] = [
  ['DataLoader(Noisy(), 4, True)', () => new DataLoader(noisy, 4, true)],
  [
    'DataLoader(Noisy(), 4, True, num_workers=1)',
    () => new DataLoader(noisy, 4, true, { num_workers: 1 }),
  ],
  [
    'DataLoader(Noisy(), 4, True, num_workers=2)',
    () => new DataLoader(noisy, 4, true, { num_workers: 2 }),
  ],
  [
    'DataLoader(Noisy(), None, num_workers=2, prefetch_factor=1)',
    () => new DataLoader(noisy, { batch_size: null, num_workers: 2, prefetch_factor: 1 }),
  ],
  [
    'DataLoader(Noisy(), 3, True, num_workers=2, persistent_workers=True)',
    () => new DataLoader(noisy, 3, true, { num_workers: 2, persistent_workers: true }),
  ],
  [
    'DataLoader(Noisy(), 3, True, num_workers=2, generator=torch.Generator().manual_seed(4))',
    () =>
      new DataLoader(noisy, 3, true, {
        num_workers: 2,
        generator: new torch.Generator().manual_seed(4),
      }),
  ],
  ['DataLoader(Stream(), 2, num_workers=2)', () => new DataLoader(stream, 2, { num_workers: 2 })],
  [
    'DataLoader(Stream(), 2, num_workers=2, drop_last=True, persistent_workers=True)',
    () => new DataLoader(stream, 2, { num_workers: 2, drop_last: true, persistent_workers: true }),
  ],
  [
    'DataLoader(Stream(), None, num_workers=2)',
    () => new DataLoader(stream, { batch_size: null, num_workers: 2 }),
  ],
];

/** A loader of the samples of faulty.js with one worker. */
const faults = (sampler: number[], options: object = {}) =>
  new DataLoader<unknown>(faulty, { batch_size: null, num_workers: 1, sampler, ...options });

describe('torch.utils.data: workers', function () {
  this.timeout(60_000);

  for (const [python, ours] of CASES) {
    it(`${python} gives Python's batches and random numbers in two passes`, () =>
      same({ setup: SETUP, value: `passes(${python})` }, async () => {
        const loader = ours();
        return [await all(loader), await all(loader)];
      }));
  }

  it('leave the number of threads and the default generator of this thread alone', async () => {
    const threads = torch.get_num_threads();
    torch.manual_seed(1);
    const loader = new DataLoader(noisy, { num_workers: 2, generator: new torch.Generator() });
    await all(loader);
    const drawn = torch.rand(1).item();
    torch.manual_seed(1);
    expect(torch.rand(1).item()).to.equal(drawn);
    expect(torch.get_num_threads()).to.equal(threads);
    expect(get_worker_info()).to.equal(null);
  });

  it('use what the module exports', async () => {
    const seen = await all(
      new DataLoader(moduleUrl('exports.js'), { batch_size: 2, num_workers: 2 }),
    );
    expect(seen).to.deep.equal([
      { samples: [102, 103], threads: 1 },
      { samples: [204, 205], threads: 1 },
    ]);
    const joined = new DataLoader(moduleUrl('esm.mjs'), { batch_size: 2, num_workers: 1 });
    expect(await all(joined)).to.deep.equal(['ab', 'c']);
    expect(joined.length).to.equal(2);
    expect(joined.dataset).to.deep.equal(['a', 'b', 'c']);
  });

  it('send tensors in containers, and copy those on memory of JavaScript', async () => {
    const [data, view] = (await all(faults([9, 6]))) as [
      { map: Map<string, Tensor>; list: unknown[] },
      Tensor,
    ];
    expect(data.map.get('x')!.tolist()).to.deep.equal([1]);
    expect(data.list.slice(1)).to.deep.equal(['text', null]);
    expect((data.list[0] as Tensor).tolist()).to.deep.equal([1]);
    expect(view.tolist()).to.deep.equal([0, 0]);
  });

  it('pass on errors with the stack of the worker', async () => {
    const range = await errorOf(() => all(faults([0, 1])));
    expect(range).to.be.instanceOf(RangeError);
    expect(range.message)
      .to.match(/^Caught RangeError in DataLoader worker thread 0\.\nOriginal stack:\n/)
      .and.include('no such sample')
      .and.include('faulty.js:');
    const runtime = await errorOf(() => all(faults([2])));
    expect(runtime).to.include({ code: 'ERR_TORCH_RUNTIME' });
    expect(runtime.message).to.include('Caught RuntimeError').and.include('must match the size');
    const graph = await errorOf(() => all(faults([7])));
    expect(graph.message).to.include('share its detach()');
  });

  it('that end are an error', async () => {
    const message = /^DataLoader worker \(thread id\(s\) \d+\) exited unexpectedly$/;
    expect((await errorOf(() => all(faults([3])))).message).to.match(message);
    const crashed = await errorOf(() => all(faults([8])));
    expect(crashed.message).to.match(message);
    expect((crashed.cause as Error).message).to.equal('later');
  });

  it('that take too long are an error', async () => {
    const error = await errorOf(() => all(faults([4], { timeout: 0.2 })));
    expect(error).to.include({ code: 'ERR_TORCH_RUNTIME' });
    expect(error.message).to.equal('DataLoader timed out after 0.2 seconds');
  });

  it('end with a pass that is left, and free the batches that were loaded ahead', async () => {
    const before = liveBytes();
    for (const leave of ['break', 'throw'] as const) {
      const loader = new DataLoader(moduleUrl('large.js'), { num_workers: 2, prefetch_factor: 3 });
      try {
        for await (const batch of loader) {
          expect((batch as Tensor).shape).to.deep.equal([1, 1_000_000]);
          (batch as Tensor).dispose();
          if (leave === 'break') break;
          throw new Error('left');
        }
      } catch (error) {
        expect((error as Error).message).to.equal('left');
      }
      expect(torch.memoryStats().shared.tensors).to.equal(0);
      await until(() => liveBytes() < before + 1_000_000);
    }
  });

  it('end in the middle of a sample that never ends', async () => {
    for await (const data of faults([0, 5])) {
      expect(data).to.equal('fine');
      break;
    }
  });

  it('that are persistent drop what a pass that was left had asked for', async () => {
    const loader = new DataLoader<number>(moduleUrl('exports.js'), {
      num_workers: 2,
      persistent_workers: true,
    });
    for await (const _ of loader) break;
    expect(await all(loader)).to.have.length(4);
    expect(await all(loader)).to.have.length(4);
    await loader[Symbol.asyncDispose]();
    expect(await all(loader)).to.have.length(4);
    await loader[Symbol.asyncDispose]();
  });

  it('give batches as they come with in_order: false', async () => {
    const loader = new DataLoader(noisy, { batch_size: 4, num_workers: 2, in_order: false });
    const indices = (await all(loader)).flatMap(
      (batch) => (batch as { index: Tensor }).index.tolist() as number[],
    );
    expect(indices.sort((a, b) => a - b)).to.deep.equal(Array.from({ length: 23 }, (_, i) => i));
  });

  it('continue where a pass was left, with the same random numbers', async () => {
    for (const make of [
      () => new DataLoader(noisy, 4, true, { num_workers: 2 }),
      () => new DataLoader(stream, 2, { num_workers: 2 }),
    ]) {
      torch.manual_seed(5);
      const whole: unknown[] = [];
      const loader = make();
      let state = loader.state_dict();
      let rng = torch.get_rng_state();
      for await (const batch of loader) {
        whole.push(batch, torch.rand(1));
        if (whole.length !== 6) continue;
        state = loader.state_dict();
        rng = torch.get_rng_state();
      }
      const again = make();
      again.load_state_dict(state);
      torch.set_rng_state(rng);
      const rest: unknown[] = [];
      for await (const batch of again) rest.push(batch, torch.rand(1));
      expect(rest).to.deep.equal(whole.slice(6));
    }
  });

  it('need the dataset as a module, and say so', () => {
    const dataset = new TensorDataset(torch.ones(2));
    expect(() => new DataLoader(dataset, { num_workers: 1 })).to.throw(
      TypeError,
      /'dataset' must be the URL of a module .* got TensorDataset: a live object cannot go to another thread/,
    );
    expect(() => new DataLoader(noisy, { num_workers: 1, collate_fn: () => 1 })).to.throw(
      TypeError,
      "'collate_fn' must be an export of the dataset's module",
    );
    expect(
      () => new DataLoader(noisy, { num_workers: 1, multiprocessing_context: 'fork' as never }),
    ).to.throw(TypeError, 'workers are threads');
    const wrong: readonly (readonly [string, string])[] = [
      ['unnamed.js', 'must export a function that makes the dataset as its default'],
      ['promised.js', 'got a promise of it'],
      ['number.js', 'the dataset must have at(index) or be iterable, got the number 5'],
    ];
    for (const [name, text] of wrong) {
      expect(() => new DataLoader(moduleUrl(name)), name).to.throw(TypeError, text);
    }
    expect(() => new DataLoader(new URL('data:text/javascript,1'))).to.throw(
      TypeError,
      'that of a file',
    );
  });

  it('more than processors are a warning', async () => {
    const { warnings } = await withWarnings(() => new DataLoader(noisy, { num_workers: 1000 }));
    expect(warnings[0]![1]).to.match(/^This DataLoader will create 1000 worker processes in total/);
  });

  for (const [how, program, expected] of [
    ['ends', 'for await (const _ of loader) break; console.log("end")', 'end\n'],
    [
      'has an iterator that nobody ends',
      'await loader[Symbol.asyncIterator]().next(); console.log("end")',
      'end\n',
    ],
    [
      'exits in a pass',
      'for await (const _ of loader) { console.log("end"); process.exit() }',
      'end\n',
    ],
  ] as const) {
    it(`let a process end that ${how}`, async () => {
      const source = `const torch = require('torch-losses');
        const loader = new torch.utils.data.DataLoader(new URL(${JSON.stringify(noisy.href)}), { num_workers: 2 });
        (async () => { ${program}; })();`;
      const child = spawn(process.execPath, ['-e', source], { cwd: ROOT });
      let output = '';
      child.stdout.on('data', (data) => (output += data));
      child.stderr.on('data', (data) => (output += data));
      const [code] = await once(child, 'exit');
      expect([code, output]).to.deep.equal([0, expected]);
    });
  }
});
