/** Checkpoints: what they hold, and a training that is stopped and continued. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect } from 'chai';
import torch, { nn, optim } from 'torch-losses';

const { Checkpointer } = torch.utils.checkpointing;
const ROOT = path.join(__dirname, '..', '..', '..');
const PROGRAM = path.join(ROOT, 'test', 'fixtures', 'training.js');

/** Something with a state. */
class Holder {
  constructor(public state: unknown) {}
  state_dict(): unknown {
    return this.state;
  }
  load_state_dict(state: unknown): void {
    this.state = state;
  }
}

interface End {
  code: number | null;
  signal: string | null;
  lines: string[];
}

/** Runs the training, and sends a signal after some lines of output. */
async function train(directory: string, workers: number, stopAfter = 0): Promise<End> {
  const args = [PROGRAM, directory, String(workers), ...(stopAfter ? ['3'] : [])];
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  let output = '';
  let isStopped = false;
  child.stdout.on('data', (data) => {
    output += data;
    const count = output.split('\n').length - 1;
    if (stopAfter === 0 || count < stopAfter || isStopped) return;
    isStopped = true;
    child.kill('SIGTERM');
  });
  const [code, signal] = (await once(child, 'close')) as [number | null, string | null];
  return { code, signal, lines: output.trim().split('\n') };
}

describe('torch.utils.checkpointing', () => {
  let directory: string;
  beforeEach(() => {
    directory = mkdtempSync(path.join(tmpdir(), 'torch-losses-'));
  });
  afterEach(() => rmSync(directory, { recursive: true }));

  for (const workers of [0, 2]) {
    it(`a training stopped by SIGTERM ends in the same bits, with ${workers} workers`, async () => {
      const whole = await train(path.join(directory, 'whole'), workers);
      expect(whole).to.include({ code: 0, signal: null });
      expect(whole.lines).to.have.length(3 * 6 + 1);
      const parts: End[] = [];
      for (const stopAfter of [1, 5, 4]) {
        parts.push(await train(path.join(directory, 'parts'), workers, stopAfter));
      }
      expect(parts.map(({ signal }) => signal)).to.deep.equal(['SIGTERM', 'SIGTERM', 'SIGTERM']);
      parts.push(await train(path.join(directory, 'parts'), workers));
      expect(parts.flatMap(({ lines }) => lines)).to.deep.equal(whole.lines);
    }).timeout(120_000);
  }

  it('holds tensors, numbers and containers, exactly', () => {
    const state = {
      numbers: [1, -0, 0.1, Number.NaN, Number.POSITIVE_INFINITY, Number.MAX_VALUE, 5e-324],
      big: 2n ** 70n,
      tensors: new Map<string | number, unknown>([
        ['half', torch.tensor([1.5], { dtype: torch.bfloat16 })],
        [3, { scalar: torch.tensor(2n ** 60n, { dtype: torch.int64 }), none: null, yes: true }],
      ]),
      $torch: 'a key of ours',
    };
    const [saved, loaded] = [new Holder(state), new Holder(null)];
    new Checkpointer(directory, { saved }).save({ step: 3 });
    expect(new Checkpointer(directory, { saved: loaded }).restore()).to.deep.equal({ step: 3 });
    expect(loaded.state).to.deep.equal(state);
    expect(Object.is((loaded.state as typeof state).numbers[1], -0)).to.equal(true);
  });

  it('restores every scheduler, optimizer and generator', () => {
    const make = () => {
      const model = new nn.Linear(2, 2);
      const optimizer = new optim.SGD(model.parameters(), { lr: 0.1, momentum: 0.9 });
      const scheduler = new optim.lr_scheduler.LambdaLR(optimizer, (epoch) => 1 / (epoch + 1));
      const scaler = new torch.amp.GradScaler('cpu');
      return { model, optimizer, scheduler, scaler };
    };
    const first = make();
    first.model(torch.ones(1, 2)).sum().backward();
    first.optimizer.step();
    first.scheduler.step();
    new Checkpointer(directory, first).save();
    const drawn = torch.rand(3);
    const second = make();
    new Checkpointer(directory, second).restore();
    expect(torch.rand(3)).to.deep.equal(drawn);
    for (const name of ['model', 'optimizer', 'scheduler', 'scaler'] as const) {
      expect(second[name].state_dict(), name).to.deep.equal(first[name].state_dict());
    }
  });

  it('restores a generator from bytes that are not aligned, such as those of a mapped file', () => {
    const bytes = torch.cat([torch.zeros(3).to(torch.uint8), torch.get_rng_state()]);
    const drawn = torch.rand(2);
    torch.set_rng_state(bytes.index(torch.slice(3, null)));
    expect(torch.rand(2)).to.deep.equal(drawn);
  });

  it('keeps the last files, and never a part of one', () => {
    const checkpointer = new Checkpointer(directory, {}, { keepLast: 2 });
    expect(checkpointer.restore()).to.equal(null);
    for (let step = 0; step < 5; step++) checkpointer.save({ step });
    expect(readdirSync(directory)).to.deep.equal([
      'checkpoint-00000004.safetensors',
      'checkpoint-00000005.safetensors',
    ]);
    writeFileSync(
      path.join(directory, '.checkpoint.unfinished'),
      'left by a process that was killed',
    );
    expect(checkpointer.restore()).to.deep.equal({ step: 4 });
    expect(path.basename(checkpointer.save())).to.equal('checkpoint-00000006.safetensors');
    expect(existsSync(path.join(directory, '.checkpoint.unfinished'))).to.equal(false);
  });

  it('saves at once on a signal if there is no loader, and can be told not to', async () => {
    const source = `const torch = require('torch-losses');
      const checkpointer = new torch.utils.checkpointing.Checkpointer(${JSON.stringify(directory)}, {});
      checkpointer.onSignal(() => ({ step: 1 }), 'SIGUSR2').remove();
      checkpointer.onSignal(() => ({ step: 2 }), 'SIGINT');
      setInterval(() => {}, 1000);
      process.kill(process.pid, 'SIGINT');`;
    const child = spawn(process.execPath, ['-e', source], { cwd: ROOT, stdio: 'inherit' });
    expect((await once(child, 'exit'))[1]).to.equal('SIGINT');
    expect(new Checkpointer(directory, {}).restore()).to.deep.equal({ step: 2 });
  });

  it('refuses what it cannot save or restore', () => {
    const bad = (state: unknown) => () =>
      new Checkpointer(directory, { a: new Holder(state) }).save();
    expect(bad({ f: [() => 1] })).to.throw(
      TypeError,
      'checkpoint.states.a.f.0 cannot be saved: it is a function',
    );
    expect(bad(new Date(0))).to.throw(TypeError, 'it is Date');
    const cycle: unknown[] = [];
    cycle.push(cycle);
    expect(bad(cycle)).to.throw(torch.TorchError, 'recursion depth');
    expect(readdirSync(directory)).to.deep.equal([]);
    expect(() => new Checkpointer(directory, { a: {} as never })).to.throw(
      TypeError,
      '"a" must have state_dict()',
    );
    expect(() => new Checkpointer(directory, 5 as never)).to.throw(
      TypeError,
      "'objects' must be a plain object",
    );
    expect(() => new Checkpointer(directory, {}, { keepLast: 0 })).to.throw(RangeError, 'keepLast');
    expect(() => new Checkpointer(directory, {}).onSignal(() => ({}), 'SIGKILL')).to.throw(
      RangeError,
      'SIGKILL',
    );
    expect(() => new Checkpointer(directory, {}).save(5 as never)).to.throw(
      TypeError,
      "'values' must be",
    );
    new Checkpointer(directory, { a: new Holder(1) }).save();
    expect(() => new Checkpointer(directory, { b: new Holder(1) }).restore()).to.throw(
      RangeError,
      'has no "b"',
    );
    torch.safetensors.save_file({}, path.join(directory, 'checkpoint-00000009.safetensors'));
    expect(() => new Checkpointer(directory, {}).restore()).to.throw(
      RangeError,
      'is no checkpoint',
    );
  });
});
