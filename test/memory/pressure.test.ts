/** Bounds of memory in loops that never yield to the event loop and never dispose. */
import { execFile } from 'node:child_process';
import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { expect } from 'chai';
import torch, { nn } from 'torch-losses';

import { BUILD_FOLDER } from '../../dist/bindings/libtorch/addons';
import { libtorch } from '../../dist/bindings/native';
import { gc, liveBytes } from '../support/memory';

const MB = 2 ** 20;
const cpu = () => torch.memoryStats().devices['cpu']!;

/** Returns by how much the resident memory of a loop exceeds that at its start, at most. */
function growth(times: number, step: () => void): number {
  const start = process.memoryUsage.rss();
  let peak = start;
  for (let i = 0; i < times; i++) {
    step();
    if (i % 16 === 0) peak = Math.max(peak, process.memoryUsage.rss());
  }
  return (peak - start) / MB;
}

const ROOT = path.join(__dirname, '..', '..');

/** Runs a program in which `torch` and `cpu()` are defined. Returns its output. */
async function run(program: string, env: NodeJS.ProcessEnv = {}): Promise<string> {
  const beginning = `const torch = require('torch-losses');
    const cpu = () => torch.memoryStats().devices.cpu;
    const rss = () => process.memoryUsage.rss() / 2 ** 20;`;
  const { stdout } = await promisify(execFile)(
    process.execPath,
    ['--expose-gc', '-e', beginning + program],
    {
      cwd: ROOT,
      env: { ...process.env, ...env },
    },
  );
  return stdout.trim();
}

describe('memory', () => {
  // One thread, so that CPU time equals the loop's time.
  const threads = torch.get_num_threads();
  before(() => torch.set_num_threads(1));
  after(() => torch.set_num_threads(threads));
  const square = torch.zeros(1000, 1000);
  const other = torch.ones(1000, 1000);

  it('stays flat over results of 1 MB', () => {
    const half = torch.zeros(500, 500);
    expect(
      growth(1500, () => nn.functional.mse_loss(half, half, { reduction: 'none' })),
    ).to.be.lessThan(300);
  }).timeout(60_000);

  it('stays flat over small results of large work', () => {
    expect(growth(300, () => nn.functional.huber_loss(square, other))).to.be.lessThan(300);
  }).timeout(60_000);

  it('stays flat over graphs that keep their inputs', () => {
    const input = torch.ones(1000, 1000, { requires_grad: true });
    expect(growth(300, () => nn.functional.huber_loss(input.mul(2), other))).to.be.lessThan(300);
  }).timeout(60_000);

  it('stays flat over many tiny losses', () => {
    const tiny = torch.ones(2, 2);
    expect(growth(50_000, () => nn.functional.mse_loss(tiny, tiny))).to.be.lessThan(100);
  }).timeout(60_000);

  it('is counted exactly', () => {
    const before = liveBytes();
    const kept = torch.empty(1000, 1000);
    expect(cpu().live_bytes - before).to.equal(4e6);
    kept.dispose();
    expect(cpu().live_bytes).to.equal(before);
  });

  it('is given back when asked', () => {
    torch.empty(1000, 1000).dispose();
    expect(cpu().cached_bytes).to.be.greaterThan(0);
    torch.emptyCache();
    expect(cpu().cached_bytes).to.equal(0);
  });

  it('that no machine has is an error, with the size that was asked for', () => {
    expect(() => torch.empty(2 ** 50)).to.throw(`you tried to allocate ${4 * 2 ** 50} bytes`);
    expect(torch.ones(2).sum().item()).to.equal(2);
  });

  it('survives what lives long', () => {
    const kept = Array.from({ length: 20_000 }, (_, i) => torch.full([1], i));
    for (let i = 0; i < 20_000; i++) torch.empty(1);
    expect(kept.every((tensor, i) => tensor.item() === i)).to.equal(true);
  });

  it('of this thread’s tensors is counted by device, shared memory once', () => {
    gc();
    const before = torch.memoryStats();
    const x = torch.empty(1000, 1000);
    const views = [x.index(0), x.T, x.detach()];
    const after = torch.memoryStats();
    expect(after.tensors - before.tensors).to.equal(1 + views.length);
    expect(after.bytes['cpu']! - (before.bytes['cpu'] ?? 0)).to.equal(4e6);
  });

  it('is kept up to an eighth of what the process may use', async () => {
    const constrained = process.constrainedMemory();
    const usable = constrained > 0 ? Math.min(constrained, os.totalmem()) : os.totalmem();
    expect(await run('console.log(cpu().cache_limit)')).to.equal(String(Math.floor(usable / 8)));
  });

  it('is kept up to the chosen limit, which a worker leaves alone', async () => {
    const program = `torch.setCacheLimit(1e6);
      torch.empty(1e6).dispose();
      const { Worker } = require('worker_threads');
      new Worker("require('torch-losses')", { eval: true }).on('exit', () => {
        const { cache_limit, cached_bytes } = cpu();
        console.log(cache_limit, cached_bytes);
      });`;
    expect(await run(program)).to.equal('1000000 0');
    for (const bad of [-1, Number.NaN, '1' as unknown as number]) {
      expect(() => torch.setCacheLimit(bad)).to.throw(TypeError, 'number of bytes');
    }
  });

  it('goes back to the system, from between what lives on', async () => {
    const program = `const kept = [];
      const large = Array.from({ length: 400 }, () => {
        const x = torch.ones(500_000 / 4); // below and above what malloc maps by itself
        kept.push(torch.ones(10), torch.ones(10_000));
        return [x, torch.ones(300_000)];
      }).flat();
      const full = rss();
      for (const x of large) x.dispose();
      torch.emptyCache();
      console.log(cpu().cached_bytes, full - rss() > 500);`;
    expect(await run(program)).to.equal('0 true');
  });

  it('that runs out is found again among the garbage', async () => {
    // Old garbage, which only a major collection frees, but too little to cause one.
    const program = `let garbage = Array.from({ length: 30 }, () => torch.ones(1e6));
      gc();
      gc();
      torch.emptyCache();
      garbage = undefined;
      const [, size] = /VmSize:\\s+(\\d+)/.exec(require('fs').readFileSync('/proc/self/status'));
      const limit = Number(size) * 1024 + 60e6;
      require('child_process').execFileSync('prlimit', ['--pid', String(process.pid), '--as=' + limit]);
      console.log(torch.ones(25e6).sum().item());
      try { torch.ones(1e9); } catch (error) { console.log(error.message); }`;
    for (const allocator of ['', 'system']) {
      const output = await run(program, { TORCH_LOSSES_ALLOCATOR: allocator });
      const [sum, message] = output.split('\n');
      expect(sum, allocator).to.equal('25000000');
      expect(message).to.include("can't allocate memory: you tried to allocate 4000000000 bytes");
    }
  });

  it('is counted, and stays flat, with the system’s allocator too', async () => {
    const program = `const before = cpu().live_bytes;
      const x = torch.zeros(500, 500);
      const held = cpu().live_bytes - before;
      const start = rss();
      let peak = start;
      for (let i = 0; i < 1500; i++) { x.add(1); if (i % 16 === 0) peak = Math.max(peak, rss()); }
      x.dispose();
      gc();
      const { live_bytes, cached_bytes } = cpu();
      console.log(held >= 1e6 && held < 1.01e6, live_bytes === before, cached_bytes, peak - start < 300);`;
    expect(await run(program, { TORCH_LOSSES_ALLOCATOR: 'system' })).to.equal('true true 0 true');
  });

  it('is one for two copies of the package', async () => {
    const copy = mkdtempSync(path.join(os.tmpdir(), 'torch-losses-'));
    try {
      for (const name of ['package.json', 'dist', 'node_modules/node-gyp-build']) {
        cpSync(path.join(ROOT, name), path.join(copy, name), { recursive: true });
      }
      cpSync(BUILD_FOLDER, path.join(copy, 'addons'), { recursive: true });
      const program = `const other = require(${JSON.stringify(copy)});
        const before = cpu().live_bytes;
        const x = other.empty(1e6);
        const counted = other.memoryStats().devices.cpu.live_bytes - before;
        let refused;
        try { torch.Tensor.fromShared(x.share()); } catch (error) { refused = error.message; }
        const start = rss();
        let peak = start;
        for (let i = 0; i < 500; i++) { x.add(1); peak = Math.max(peak, rss()); }
        other.emptyCache();
        console.log(other !== torch, counted, cpu().cached_bytes, peak - start < 300);
        console.log(refused);`;
      expect((await run(program, { LIBTORCH: libtorch.directory })).split('\n')).to.deep.equal([
        'true 4000000 0 true',
        'fromShared(): the token is of another process, or of another copy of torch-losses',
      ]);
    } finally {
      rmSync(copy, { recursive: true });
    }
  });
});
