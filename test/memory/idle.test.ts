/** Memory while no tensors are made. */
import { execFile } from 'node:child_process';
import path from 'node:path';
import { promisify } from 'node:util';
import { expect } from 'chai';

import { type IdleNative, watchIdleTime } from '../../dist/memory/idle';

const ROOT = path.join(__dirname, '..', '..');
const MB = 2 ** 20;

/** Returns a fake native side and a fake timer. */
function makeIdle(cached: number) {
  const calls: string[] = [];
  const stats: [number, number, number] = [0, cached, Number.POSITIVE_INFINITY];
  const native: IdleNative = {
    allocator_stats: () => [...stats],
    empty_cache: (keep = 0) => {
      calls.push(`keep ${keep / MB}`);
      stats[1] = keep;
    },
    notify_next_creation: () => void calls.push('notify_next_creation'),
    sweep: () => calls.push('sweep'),
  };
  let onTimer: (() => void) | undefined;
  const awake = watchIdleTime(native, (next) => {
    onTimer = next;
  });
  const pass = (): boolean => {
    const due = onTimer;
    onTimer = undefined;
    due?.();
    return due !== undefined;
  };
  return { awake, calls, pass, stats };
}

describe('idle memory', () => {
  it('is not looked after before there is a tensor', () => {
    expect(makeIdle(0).pass()).to.equal(false);
  });

  it('is swept after a while, then given back in slices, and then no timer runs', () => {
    const { awake, calls, pass } = makeIdle(200 * MB);
    awake();
    while (pass());
    expect(calls).to.deep.equal([
      'notify_next_creation',
      'sweep',
      'keep 136',
      'keep 72',
      'keep 8',
      'keep 0',
    ]);
  });

  it('waits while tensors are made', () => {
    const { awake, calls, pass } = makeIdle(MB);
    awake();
    for (let second = 0; second < 50; second++) {
      pass();
      awake();
    }
    expect(new Set(calls)).to.deep.equal(new Set(['notify_next_creation']));
  });

  it('is kept while another thread works', () => {
    const { awake, calls, pass, stats } = makeIdle(MB);
    awake();
    for (let second = 0; second < 50; second++) {
      stats[0]++;
      expect(pass()).to.equal(true);
    }
    expect(calls).to.deep.equal(['notify_next_creation', 'sweep']);
    while (pass());
    expect(calls).to.include('keep 0');
  });

  it('that only a major collection finds is collected once, if it is much', () => {
    const { awake, calls, pass, stats } = makeIdle(0);
    stats[0] = 100 * MB;
    for (let rest = 0; rest < 2; rest++) {
      awake();
      while (pass());
    }
    // Each idle time has one sweep, that of the minor collection.
    expect(calls.filter((call) => call === 'sweep')).to.have.length(3);
  });
});

// Measures live bytes without memoryStats(), which sweeps.
const PROGRAM = `
  const torch = require('torch-losses');
  const { native } = require(${JSON.stringify(path.join(ROOT, 'dist', 'bindings', 'native', 'index.js'))});
  const live = () => native.allocator_stats()[0];
  function untilFreed(base) {
    const done = (freed) => { clearInterval(timer); console.log(freed); };
    const timer = setInterval(() => live() === base && done(true), 20);
  }
  (() => {
    const base = live();
    let tensors = Array.from({ length: 100 }, () => torch.empty(1000));
    if (live() - base !== 400_000) throw new Error('not counted');
    STEP
    tensors = undefined;
    untilFreed(base);
  })();
  `;
const STEPS = {
  'what died young, by itself': '',
  'what a collection by V8 finds': 'gc(); gc(); setImmediate(gc);',
};

async function run(program: string): Promise<string> {
  const { stdout } = await promisify(execFile)(process.execPath, ['--expose-gc', '-e', program], {
    cwd: ROOT,
  });
  return stdout.trim();
}

describe('an idle process frees', () => {
  for (const [what, step] of Object.entries(STEPS)) {
    const program = PROGRAM.replace('STEP', step);
    it(what, async () => {
      expect(await run(program)).to.equal('true');
    });
    it(`${what}, in a worker too`, async () => {
      const inWorker = `new (require('worker_threads').Worker)(${JSON.stringify(program)}, { eval: true });`;
      expect(await run(inWorker)).to.equal('true');
    });
  }

  it('nothing that keeps it alive', async () => {
    const program = `const torch = require('torch-losses'); torch.ones(10);
      setImmediate(() => console.log(process.getActiveResourcesInfo().includes('Timeout')));`;
    expect(await run(program)).to.equal('false');
  });
});
