/** Steps of training that are recorded on one side and replayed on the other. */

import path from 'node:path';
import { expect } from 'chai';
import torch, { nn, type Tensor } from 'torch-losses';
import type { RunReport } from '../../../dist/testing/parity/port/comparison';
import { reportOn } from '../../../dist/testing/parity/port/replay';
import type { Run } from '../../../dist/testing/parity/port/run';
import { askPython } from '../../parity/parity';
import { FOLDER, RECORDER, recorded } from './recorded';

const F = nn.functional;
const { record, replay } = torch.testing.parity;

describe('testing.parity: a port', () => {
  const TRAINING = `
model = run.module('model', nn.Sequential(nn.Linear(4, 3), nn.Dropout(0.5)))
optimizer = torch.optim.SGD(model.parameters(), lr=run.options['lr'], momentum=0.9)
for i in range(3):
    x = run.input('x', torch.randn(5, 4))
    y = run.input('y', torch.randint(0, 3, (5,)))
    optimizer.zero_grad()
    logits = run.record('logits', model(x))
    loss = run.output('loss', F.cross_entropy(logits, y))
    loss.backward()
    run.gradients()
    optimizer.step()
    run.step()`;

  /** The same program, recorded or replayed. */
  function train(
    run: Run,
    { lr = run.options['lr'] as number, given = {} }: TrainOptions = {},
  ): void {
    const model = run.module('model', new nn.Sequential(new nn.Linear(4, 3), new nn.Dropout(0.5)));
    const optimizer = new torch.optim.SGD(model.parameters(), { lr, momentum: 0.9 });
    for (let i = 0; i < 3; i++) {
      const x = run.input('x', given.x?.());
      const y = run.input('y', given.y?.());
      optimizer.zero_grad();
      const logits = run.check('logits', model.forward(x) as Tensor);
      run.output('loss', F.cross_entropy(logits, y)).backward();
      run.gradients();
      optimizer.step();
      run.step();
    }
  }
  interface TrainOptions {
    lr?: number;
    given?: { x?: () => Tensor; y?: () => Tensor };
  }
  it('of three steps of training with dropout is equal, with the state at the end', async () => {
    const file = await recorded('training', TRAINING, ', lr=0.1');
    const before = torch.get_rng_state();
    const report = await replay(file, train);
    expect(report.verdict).to.equal('equal');
    expect(report.notes).to.deep.equal([]);
    expect(report.results.map(({ name, step }) => `${step} ${name}`)).to.deep.equal([
      ...[0, 1, 2].flatMap((step) =>
        ['logits', 'loss', 'grad.model.0.weight', 'grad.model.0.bias'].map(
          (name) => `${step} ${name}`,
        ),
      ),
      '3 final.model.0.weight',
      '3 final.model.0.bias',
    ]);
    expect(
      torch.equal(torch.get_rng_state(), before),
      'the random generator is as before',
    ).to.equal(true);
  });

  it('says the first tensor that differs, and the last before it that does not', async () => {
    const file = await recorded('training', TRAINING, ', lr=0.1');
    const report = await reportOn(file, (run) => train(run, { lr: 0.2 }));
    expect(report.first).to.equal('logits (step 1)');
    expect(report.last).to.equal('grad.model.0.bias (step 0)');
  });

  it('throws the report as text', async () => {
    const file = await recorded('training', TRAINING, ', lr=0.1');
    const error = await replay(file, (run) => train(run, { lr: 0.2 })).then(
      () => undefined,
      (error: Error & { report: RunReport }) => error,
    );
    expect(error!.message).to.match(/The first that differs is logits \(step 1\)/);
    expect(error!.message).to.match(/by at most [\d.e+,]+ ulps \(median .*furthest at \[/s);
    expect(error!.report.verdict).to.equal('different');
  });

  it('is recorded in the same format, and replayed', async () => {
    const file = path.join(FOLDER, 'typescript.safetensors');
    const given = {
      x: () => torch.randn(5, 4, { requires_grad: true }),
      y: () => torch.randint(0, 3, [5]),
    };
    await record(file, (run) => train(run, { given }), { options: { lr: 0.1 } });
    expect((await replay(file, train)).verdict).to.equal('equal');
    const own = path.join(FOLDER, 'own.safetensors');
    await record(own, (run) => run.check('a', torch.ones(1)));
    const { results } = await reportOn(own, (run) => run.check('a', torch.ones(1).double()));
    expect(results[0]!.problem).to.equal(
      'The recording has torch.float32[1], here it is torch.float64[1]',
    );
    const twice = record(file, (run) => {
      run.check('a', torch.ones(1));
      run.check('a', torch.ones(1));
    });
    const error = await twice.then(
      () => undefined,
      (error: Error) => error,
    );
    expect(error?.message).to.match(/"a" is recorded twice in step 0/);
    expect((await replay(file, train)).verdict, 'the file is as it was').to.equal('equal');
  });

  it('recorded where CUDA is in use has the states of its generators, which a CPU leaves alone', async () => {
    const cuda = `
states = [torch.zeros(16, dtype=torch.uint8) for _ in range(2)]
real = {name: getattr(torch.cuda, name) for name in ('is_available', 'is_initialized', 'device_count', 'get_rng_state', 'set_rng_state')}
torch.cuda.is_available = torch.cuda.is_initialized = lambda: True
torch.cuda.device_count = lambda: 2
torch.cuda.get_rng_state = lambda i: states[i].clone()
torch.cuda.set_rng_state = lambda state, i: states[i].copy_(state)
try:
    with record_run(FILE_) as run:
        x = run.input('x', torch.ones(2))
        states[1][8] += 4
        run.step()
    states[0].fill_(9)
    with record_run(OTHER_, given=FILE_) as again:
        again.input('x')
        again.step()
finally:
    for name, value in real.items():
        setattr(torch.cuda, name, value)
import json
def keys(path):
    with open(path, 'rb') as file:
        return sorted(key for key in json.loads(file.read(int.from_bytes(file.read(8), 'little'))) if 'rng@' in key)
`;
    const [file, other] = ['cuda', 'cuda-again'].map((name) =>
      JSON.stringify(path.join(FOLDER, `${name}.safetensors`)),
    ) as [string, string];
    const program = cuda.replaceAll('FILE_', file).replaceAll('OTHER_', other);
    const [keys, set] = await askPython(`${RECORDER}${program}`, [
      `keys(${file})`,
      '[state.tolist()[8] for state in states]',
    ]);
    expect(keys).to.deep.equal([
      '0/rng@cuda:0/start',
      '0/rng@cuda:1/start',
      '1/rng@cuda:0/end',
      '1/rng@cuda:1/end',
      '1/rng@cuda:1/step',
    ]);
    expect(set, 'the given run sets them').to.deep.equal([0, 4]);
    const { verdict } = await replay(JSON.parse(file) as string, (run) => {
      run.input('x');
      run.step();
    });
    expect(verdict).to.equal('equal');
  });
});
