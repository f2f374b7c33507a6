/** Modules that Python exported: beside Python, after training, and back in Python. scripted.py has the modules. */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { Worker } from 'node:worker_threads';

import { expect } from 'chai';
import torch, { nn, optim, type Tensor } from 'torch-losses';

import { native } from '../../dist/bindings/native';
import { ROOT } from '../docs/root';
import { askPython, expectSample, TEXT_OF, textOf } from '../parity/parity';
import { temporaryFolder } from '../support/folder';
import { gc } from '../support/memory';

/** Python deprecates torch.jit in favour of torch.export, which Node.js has not. */
const PYTHON = `import sys, warnings
warnings.simplefilter('ignore', DeprecationWarning)
if '${ROOT}/test/jit' not in sys.path: sys.path.insert(0, '${path.join(ROOT, 'test', 'jit')}')
from scripted import *
`;

const INPUTS: Record<string, number[]> = { Convolutional: [2, 1, 8, 8], Recurrent: [6, 2, 3] };

const inputOf = (name: string): Tensor => {
  const shape = INPUTS[name]!;
  const count = shape.reduce((a, b) => a * b);
  return torch.arange(count).remainder(7).sub(2).float().div(3).reshape(shape);
};
const pythonInput = (name: string): string => {
  const shape = INPUTS[name]!.join(', ');
  return `((torch.arange(${shape.replaceAll(',', ' *')}) % 7 - 2).float() / 3).reshape(${shape})`;
};

function trained(module: nn.Module, x: Tensor, steps = 5): Tensor[] {
  torch.manual_seed(1);
  const optimizer = new optim.Adam(module.parameters(), { lr: 0.01 });
  const target = torch.tensor([0, 3]);
  return Array.from({ length: steps }, () => {
    optimizer.zero_grad();
    const loss = nn.functional.cross_entropy(module(x), target);
    loss.backward();
    optimizer.step();
    return loss.detach();
  });
}

const stateOf = (module: nn.Module): unknown[] => [...module.state_dict()].map(([...pair]) => pair);
const detached = (tensor: unknown): Tensor => (tensor as Tensor).detach();

describe('parity: torch.jit', () => {
  const file = temporaryFolder();
  let module: torch.jit.ScriptModule;
  const x = inputOf('Convolutional');

  before('save the modules', async function () {
    this.timeout(60_000);
    await askPython(
      `${PYTHON}
for name in ('Convolutional', 'Recurrent'): saved(name, '${file('')}/' + name)
torch.jit.trace(nn.Sequential(nn.Linear(3, 2), nn.Tanh()), torch.ones(1, 3)).save('${file('traced')}')`,
      [],
    );
  });
  beforeEach(() => {
    module = torch.jit.load(file('Convolutional'));
  });

  for (const name of Object.keys(INPUTS)) {
    it(`${name}: trains 5 steps and evaluates with Python’s bits, and continues in Python`, async function () {
      this.timeout(60_000);
      const source = `${PYTHON}
m = torch.jit.load('${file(name)}')
x = ${pythonInput(name)}
losses = trained(m, x)
m.eval()
last = m(x).detach()
state = [[k, v] for k, v in m.state_dict().items()]`;
      await expectSample({ source, outputs: ['losses', 'last', 'state'] }, () => {
        const m = torch.jit.load(file(name));
        const losses = trained(m, inputOf(name));
        m.eval();
        const last = detached(m(inputOf(name)));
        torch.jit.save(m, file('saved'));
        return [losses, last, stateOf(m)];
      });
      const after = `${PYTHON}
x = ${pythonInput(name)}
m = torch.jit.load('${file('saved')}')
last = [m(x).detach(), m.training]
losses = trained(m.train(), x, 2)`;
      await expectSample({ source: after, outputs: ['last', 'losses'] }, () => {
        const m = torch.jit.load(file('saved'));
        const last = [detached(m(inputOf(name))), m.training];
        return [last, trained(m.train(), inputOf(name), 2)];
      });
    });
  }

  it('runs a traced module, from a file’s bytes too', async () => {
    const source = `${PYTHON}
m = torch.jit.load('${file('traced')}')
y = m(torch.ones(2, 3)).detach()
text = repr(m)`;
    for (const f of [file('traced'), new Uint8Array(readFileSync(file('traced')))]) {
      await expectSample({ source, outputs: ['y', 'text'] }, () => {
        const traced = torch.jit.load(f);
        return [detached(traced(torch.ones(2, 3))), String(traced)];
      });
    }
  });

  it('has Python’s parameters, buffers, names and repr', async () => {
    const source = `${PYTHON}
m = torch.jit.load('${file('Convolutional')}')
found = [repr(m), m.original_name, m.training, [n for n, _ in m.named_parameters()], [n for n, _ in m.named_buffers()],
  list(m.state_dict()), [n for n, _ in m.named_modules()], m.scale, m.names, m.maybe]`;
    await expectSample({ source, outputs: ['found'] }, () => {
      const names = (all: Iterable<[string, unknown]>): string[] => Array.from(all, ([n]) => n);
      const { original_name, training, scale, names: list, maybe } = module as never;
      return [
        [
          String(module),
          original_name,
          training,
          names(module.named_parameters()),
          names(module.named_buffers()),
          [...module.state_dict().keys()],
          names(module.named_modules()),
          torch.asFloat(scale).value,
          list,
          maybe,
        ],
      ];
    });
    expect(module.get_parameter('head.weight')).to.equal(module.get_parameter('same_head.weight'));
  });

  it('converts arguments and results by the types of the method', () => {
    const { convert, same } = module as unknown as Record<string, (...args: unknown[]) => unknown>;
    const a = torch.ones(2);
    const named = { a };
    expect(convert!([a, a], named, [3, 2])).to.deep.equal([
      { total: torch.tensor(4).float() },
      [3, 2n ** 60n],
      { total: torch.tensor(4).float(), first: a },
      null,
      2,
      new Map([
        [3, 'x'],
        [1, 'y'],
      ]),
      torch.device('cpu'),
      true,
      [],
    ]);
    const byName = convert!([a, a], new Map([['a', a]]), [3, torch.asFloat(2)], {
      text: 'q',
      device: torch.device('meta'),
    }) as unknown[];
    expect([byName[3], String(byName[6]), byName[7]]).to.deep.equal(['q', 'meta', false]);
    expect(same!(a)).to.equal(a);
    expect((module(x, { times: 1 }) as Tensor).shape).to.deep.equal([2, 5]);
    expect((module(x, 1, { double: true }) as Tensor).shape).to.deep.equal([2, 5]);
  });

  it('throws TorchScript’s errors', async () => {
    const CALLS: [python: string, run: () => unknown][] = [
      ['m(5)', () => module(5)],
      ["m(x, 'a')", () => module(x, 'a')],
      ['m(x, 1.5)', () => module(x, 1.5)],
      ['m(x, 1, True, 4)', () => module(x, 1, true, 4)],
      ['m()', () => module()],
      ['m(x, z=1)', () => module(x, { z: 1 })],
      ['m(x, x=1)', () => module(x, { x: 1 })],
      ['m(torch.ones(2, 2))', () => module(torch.ones(2, 2))],
      ['m.fails(x)', () => (module as never as { fails(x: Tensor): void }).fails(x)],
      [
        'm.convert([1], {}, (1, 2.0))',
        () =>
          (module as never as Record<string, (...a: unknown[]) => void>)['convert']!(
            [1],
            {},
            [1, 2],
          ),
      ],
      [
        'm.convert([x], {}, [1, 2.0, 3])',
        () =>
          (module as never as Record<string, (...a: unknown[]) => void>)['convert']!(
            [x],
            {},
            [1, 2, 3],
          ),
      ],
      ["torch.jit.load('/none')", () => torch.jit.load('/none')],
      ["torch.jit.load('/tmp')", () => torch.jit.load('/tmp')],
    ];
    const source = `${TEXT_OF}
import re
m = torch.jit.load('${file('Convolutional')}')
x = ${pythonInput('Convolutional')}
# What Python's converter adds: the value, and why pybind11 did not take it.
strip = lambda text: re.sub(r'\\nCast error details: .*', '', re.sub(r'\\nValue: [^\\0]*?(?=\\nDeclaration)', '', text), flags=re.S)
texts = [strip(text_of(f)) for f in (${CALLS.map(([python]) => `lambda: ${python}`).join(', ')},)]`;
    const [texts] = (await askPython(source, ['texts'])) as [string[]];
    for (const [i, [python, run]] of CALLS.entries()) {
      expect(textOf(run).trimEnd(), python).to.equal(texts[i]!.trimEnd());
    }
  });

  it('moves and converts, and keeps what a copy does apart', async () => {
    const parameter = module.get_parameter('head.weight');
    module.double();
    expect(module.get_parameter('head.weight')).to.equal(parameter);
    expect(parameter.dtype).to.equal(torch.float64);
    expect((module(x.double()) as Tensor).dtype).to.equal(torch.float64);
    expect(module.get_buffer('calls').tolist()).to.equal(1);
    const copy = torch.deepcopy(module);
    expect([...copy.parameters()].every((p) => p.is_leaf && p.requires_grad)).to.equal(true);
    copy(x.double());
    expect([module, copy].map((m) => m.get_buffer('calls').item())).to.deep.equal([1, 2]);
    const loaded = torch.jit.load(file('Convolutional'));
    loaded.load_state_dict(module.state_dict());
    expect(loaded.get_buffer('calls').item()).to.equal(1);
    const moved = torch.jit.load(file('Convolutional'), 'meta');
    expect([...moved.parameters()].every((p) => p.is_meta)).to.equal(true);
  });

  it('takes other parameters, and refuses what is none', () => {
    const replaced = module as unknown as Record<string, unknown>;
    replaced['shift'] = new nn.Parameter(torch.full([1], 3.5));
    expect(module.get_parameter('shift').tolist()).to.deep.equal([3.5]);
    replaced['scale'] = 4;
    expect(replaced['scale']).to.equal(4);
    for (const [name, value] of [
      ['shift', 1],
      ['scale', 'x'],
      ['head', module],
      ['training', 1],
    ] as const) {
      expect(() => {
        replaced[name] = value;
      }, name).to.throw(torch.TorchError);
    }
    expect(() => new (torch.jit.ScriptModule as never as new () => unknown)()).to.throw(
      TypeError,
      'use torch.jit.load',
    );
    expect(() => torch.jit.save(new nn.Linear(1, 1) as never, file('x'))).to.throw(
      TypeError,
      "'m'",
    );
    expect(() => module(() => 1)).to.throw(TypeError, 'TorchScript has no value for a function');
    const cycle: unknown[] = [];
    cycle.push(cycle);
    expect(() => module(cycle)).to.throw(TypeError, 'nested deeper');
  });

  it('computes off the event loop with the same bits, in the order of the calls', async () => {
    module.eval();
    const expected = module(x) as Tensor;
    const results = await Promise.all([
      module.forwardAsync(x),
      module.forwardAsync(x, { times: 2, signal: new AbortController().signal }),
    ]);
    for (const result of results) expect(result).to.deep.equal(expected);
    const [error] = await Promise.allSettled([module.forwardAsync(x, 'a')]);
    expect(error)
      .to.have.nested.property('reason.message')
      .that.matches(/Expected a value of type/);
    // A buffer that the job writes is read only after it.
    const pending = module.forwardAsync(x);
    expect(module.get_buffer('calls').item()).to.be.a('number');
    await pending;
    expect(module.get_buffer('calls').item()).to.equal(4);
  });

  it('computes in a worker thread', async () => {
    module.eval();
    const program = `
      const { parentPort, workerData } = require('node:worker_threads');
      const torch = require(workerData.library);
      const x = torch.arange(128).remainder(7).sub(2).float().div(3).reshape(2, 1, 8, 8);
      parentPort.postMessage(torch.jit.load(workerData.file).eval()(x).tolist());`;
    const library = path.join(ROOT, 'dist');
    const worker = new Worker(program, {
      eval: true,
      workerData: { library, file: file('Convolutional') },
    });
    const result = await new Promise((resolve, reject) => {
      worker.once('message', resolve).once('error', reject);
    });
    await worker.terminate();
    expect(result).to.deep.equal((module(x) as Tensor).tolist());
  });

  it('is freed in a loop that never yields, and by tidy only if nobody has it', () => {
    const before = native.live();
    for (let i = 0; i < 300; i++) torch.jit.load(file('traced'));
    gc();
    native.sweep();
    expect(native.live() - before).to.be.lessThan(50);
    const kept = torch.tidy(() => torch.jit.load(file('traced')));
    expect((kept(torch.ones(1, 3)) as Tensor).shape).to.deep.equal([1, 2]);
  });
});
