/** Own kernels: how they are enabled, their reported state, and the exclusion of one that differs from libtorch. */
import { execFileSync } from 'node:child_process';

import { expect } from 'chai';
import torch, { nn, type Tensor } from 'torch-losses';

import { CAPABILITIES } from '../support/capabilities';

const { kernels } = torch.backends;
const F = nn.functional;

const NAMES = ['cross_entropy', 'huber_loss', 'l1_loss', 'mse_loss', 'smooth_l1_loss'];
/** Whether kernels were tested with this libtorch. */
const isTested = ['2.13.0'].includes(torch.__version__.split('+')[0]!);

/**
 * Runs a program in its own process, in which no kernel was tested yet. Returns its JSON output. `first` runs before
 * the package is loaded.
 */
function inProcess<T>(body: string, env: Record<string, string> = {}, first = ''): T {
  const source = `${first} const torch = require('torch-losses'); const { nn } = torch; const F = nn.functional;
    const { kernels } = torch.backends; const { native } = require('./dist/bindings/native');
    const warnings = []; process.on('warning', (warning) => warnings.push(warning.message));
    const x = torch.arange(12, { dtype: torch.float32 }).requires_grad_(); const y = torch.zeros(12);
    ${body}`;
  const { TORCH_LOSSES_KERNELS: _, ...inherited } = process.env;
  const output = execFileSync(process.execPath, ['--no-warnings', '-e', source], {
    env: { ...inherited, ...env },
    encoding: 'utf8',
  });
  return JSON.parse(output) as T;
}

const enabledAtStart = (value: string): unknown =>
  inProcess('console.log(JSON.stringify(kernels.enabled))', { TORCH_LOSSES_KERNELS: value });

describe('backends.kernels', () => {
  let before: boolean | readonly string[];
  beforeEach(() => {
    before = kernels.enabled;
    kernels.enabled = false;
  });
  afterEach(() => {
    kernels.enabled = before;
  });

  it('are named after the losses that they compute', () => {
    expect(kernels.available()).to.deep.equal(NAMES);
    expect(F).to.include.keys(...NAMES);
  });

  it('are off, unless somebody asks for them', () => {
    expect(inProcess('console.log(JSON.stringify(kernels.enabled))')).to.equal(false);
    for (const { state, reason } of Object.values(kernels.states()))
      expect([state, reason]).to.deep.equal(['off', '']);
  });

  it('are enabled all, by name, or none', () => {
    kernels.enabled = true;
    expect(kernels.enabled).to.equal(true);
    kernels.enabled = ['huber_loss', 'mse_loss'];
    expect(kernels.enabled).to.deep.equal(['huber_loss', 'mse_loss']);
    expect(kernels.state('l1_loss').state).to.equal('off');
    expect(kernels.state('mse_loss').state).not.to.equal('off');
    kernels.enabled = [];
    expect(kernels.enabled).to.equal(false);
  });

  it('are enabled while a function runs', () => {
    kernels.enabled = ['mse_loss'];
    const inside = kernels.flags({ enabled: ['huber_loss'] }, () => kernels.enabled);
    expect(inside).to.deep.equal(['huber_loss']);
    expect(kernels.flags({ enabled: true }, () => kernels.enabled)).to.equal(true);
    expect(kernels.flags(() => kernels.enabled)).to.equal(false);
    const failing = (): never =>
      kernels.flags({ enabled: true }, () => {
        throw new Error('no');
      });
    expect(failing).to.throw('no');
    expect(kernels.enabled).to.deep.equal(['mse_loss']);
  });

  it('refuse names and values that there are not', () => {
    const set = (value: unknown) => () => {
      kernels.enabled = value as boolean;
    };
    const all = `the kernels are ${NAMES.join(', ')}`;
    expect(set(['nll_loss'])).to.throw(`there is no kernel "nll_loss": ${all}`);
    expect(set('on')).to.throw(TypeError, 'must be a boolean or an array of names, got');
    expect(set([1])).to.throw(TypeError, 'must be a boolean or an array of names, got');
    expect(() => kernels.state('nothing')).to.throw('there is no kernel "nothing"');
    const flags = kernels.flags as (...args: unknown[]) => unknown;
    expect(() => flags({ enable: true }, () => 1)).to.throw(TypeError, "argument 'enable'");
    expect(() => flags(null, () => 1)).to.throw(TypeError, 'expects an object');
    expect(() => flags({ enabled: true }, 1)).to.throw(TypeError, 'takes a function to run');
    expect(kernels.enabled).to.equal(false);
  });

  it('follow TORCH_LOSSES_KERNELS', () => {
    expect(enabledAtStart('on')).to.equal(true);
    expect(enabledAtStart('off')).to.equal(false);
    expect(enabledAtStart('huber_loss, l1_loss')).to.deep.equal(['huber_loss', 'l1_loss']);
  });

  it('warn of a name in TORCH_LOSSES_KERNELS that there is not, and list those that there are', () => {
    const found = inProcess<{ enabled: unknown; warnings: string[] }>(
      'setImmediate(() => console.log(JSON.stringify({ enabled: kernels.enabled, warnings })))',
      { TORCH_LOSSES_KERNELS: 'huber,l1_loss' },
    );
    expect(found.enabled).to.deep.equal(['l1_loss']);
    expect(found.warnings).to.have.length(1);
    expect(found.warnings[0]).to.include('"huber"').and.to.include(NAMES.join(', '));
  });

  it('are tested before their first use, and only where tests with this libtorch passed', () => {
    const states = inProcess<string[]>(`
      kernels.enabled = ['mse_loss', 'huber_loss'];
      const states = [kernels.state('mse_loss').state];
      F.mse_loss(x, y);
      states.push(kernels.state('mse_loss').state, kernels.state('huber_loss').state);
      console.log(JSON.stringify(states));`);
    expect(states).to.deep.equal(
      isTested ? ['untested', 'on', 'untested'] : ['left out', 'left out', 'left out'],
    );
  });

  it('say so and stay off with another version of libtorch', () => {
    const [state, reason] = inProcess<[string, string]>(
      `F.mse_loss(x, y);
      const { state, reason } = kernels.state('mse_loss');
      console.log(JSON.stringify([state, reason]));`,
      { TORCH_LOSSES_KERNELS: 'on' },
      "require('./dist/bindings/native').libtorch.version = '2.13.7+cpu';",
    );
    expect(state).to.equal('left out');
    expect(reason).to.include('2.13.7').and.to.include('2.13.0');
  });

  if (!isTested) return;

  it('leave one out that differs, with one warning that names it', () => {
    const found = inProcess<{ states: string[]; reason: string; warnings: string[]; ok: boolean }>(`
      kernels.enabled = ['huber_loss', 'mse_loss'];
      native.fail_kernel_self_test('huber_loss');
      const expected = kernels.flags(() => F.huber_loss(x, y).item());
      const values = [1, 2].map(() => F.huber_loss(x, y).item());
      F.mse_loss(x, y);
      const { state, reason } = kernels.state('huber_loss');
      setImmediate(() => console.log(JSON.stringify({ states: [state, kernels.state('mse_loss').state], reason, warnings,
        ok: values.every((value) => value === expected) })));`);
    expect(found.states).to.deep.equal(['left out', 'on']);
    expect(found.reason).to.include("differ from libtorch's");
    expect(found.warnings).to.have.length(1);
    expect(found.warnings[0]).to.include('huber_loss').and.to.include('left out');
    expect(found.ok).to.equal(true);
  });

  it('are tested again when the number of threads changes', () => {
    const states = inProcess<string[]>(`
      torch.set_num_threads(1);
      kernels.enabled = ['l1_loss'];
      F.l1_loss(x, y);
      native.fail_kernel_self_test('l1_loss');
      F.l1_loss(x, y);
      const states = [kernels.state('l1_loss').state];
      torch.set_num_threads(2);
      const large = torch.zeros(5000); // small work stays on one thread
      F.l1_loss(large, large);
      states.push(kernels.state('l1_loss').state);
      console.log(JSON.stringify(states));`);
    expect(states).to.deep.equal(['on', 'left out']);
  });

  it('compute in asynchronous jobs and in workers too', () => {
    const states = inProcess<string[]>(`
      const { Worker } = require('node:worker_threads');
      kernels.enabled = ['l1_loss', 'mse_loss'];
      new nn.L1Loss().forwardAsync(x, y).then(() => {
        const source = "const torch = require('torch-losses'); torch.nn.functional.mse_loss(torch.zeros(2), torch.ones(2))";
        new Worker(source, { eval: true }).on('exit', () =>
          console.log(JSON.stringify(['l1_loss', 'mse_loss'].map((name) => kernels.state(name).state))));
      });`);
    expect(states).to.deep.equal(['on', 'on']);
  });

  /** Returns arguments for each kernel that only this kernel accepts. */
  const accepted = (rows: number, columns: number): Record<string, () => Tensor> => {
    const leaf = (): Tensor => torch.randn([rows, columns], { requires_grad: true });
    const [x, z] = [leaf(), torch.randn(rows, columns)];
    const classes = torch.randint(0, columns, [rows]);
    return {
      cross_entropy: () => F.cross_entropy(x, classes),
      huber_loss: () => F.huber_loss(x, z),
      l1_loss: () => F.l1_loss(x, z),
      mse_loss: () => F.mse_loss(x, z),
      smooth_l1_loss: () => F.smooth_l1_loss(x, z),
    };
  };

  it('take what they are written for, and pass their self-tests', () => {
    kernels.enabled = true;
    for (const [name, compute] of Object.entries(accepted(8, 40))) {
      compute().backward();
      // A kernel's self-test runs when the kernel has accepted arguments.
      const needsVectors =
        name === 'cross_entropy' && torch.backends.cpu.get_cpu_capability() === 'DEFAULT';
      expect(kernels.state(name).state, name).to.equal(needsVectors ? 'untested' : 'on');
    }
  });

  for (const capability of CAPABILITIES) {
    it(`pass their self-tests with the instructions of ${capability}, on one thread and on two`, function () {
      this.timeout(0);
      const failed = inProcess<string[]>(
        `const failed = [];
        for (const threads of [1, 2]) {
          torch.set_num_threads(threads);
          for (const name of kernels.available()) {
            if (name === 'cross_entropy' && '${capability}' === 'default') continue;
            if (!native.run_kernel_self_test(name)) failed.push(name + ' on ' + threads);
          }
        }
        console.log(JSON.stringify(failed));`,
        { ATEN_CPU_CAPABILITY: capability },
      );
      expect(failed).to.deep.equal([]);
    });
  }
});
