/** What a port must check, and what is refused it. */

import path from 'node:path';
import { expect } from 'chai';
import torch, { nn, type Tensor } from 'torch-losses';
import { reportOn } from '../../../dist/testing/parity/port/replay';
import type { Run } from '../../../dist/testing/parity/port/run';
import { askPython } from '../../parity/parity';
import { FOLDER, INPUTS, RECORDER, recorded } from './recorded';

describe('testing.parity: a port', () => {
  it('must check all that was recorded, in its order', async () => {
    const file = await recorded(
      'order',
      `${INPUTS}\nrun.record('a', x + 1)\nrun.record('b', x + 2)`,
    );
    const missing = await reportOn(file, (run) => run.check('a', run.input('x').add(1)));
    expect(missing.verdict).to.equal('different');
    expect(missing.results[1]).to.include({ name: 'b', problem: 'was recorded and never checked' });
    const swapped = await reportOn(file, (run) => {
      const x = run.input('x');
      run.check('b', x.add(2));
      run.check('a', x.add(1));
    });
    expect(swapped.verdict).to.equal('different');
    expect(swapped.problems).to.deep.equal([
      'a was checked after b, and recorded before it (step 0)',
    ]);
  });

  const REFUSED: Record<string, [port: (run: Run) => unknown, message: RegExp]> = {
    'a name that is not recorded': [
      (run) => run.check('b', torch.ones(1)),
      /check\(\): step 0 of .* has no "b"; it has a/,
    ],
    'an input that is not recorded': [(run) => run.input('z'), /has no "z"; it has x, y, t, w, d/],
    'a module that is not recorded': [
      (run) => run.module('m', new nn.Linear(1, 1)),
      /module\(\): step 0 of .* has no "m"; it has none/,
    ],
    'a second check': [
      (run) => {
        run.check('a', torch.ones(1));
        run.check('a', torch.ones(1));
      },
      /"a" was checked already in step 0/,
    ],
    'what is no tensor': [
      (run) => run.check('a', 3 as unknown as Tensor),
      /check\(\): "a" must be a Tensor, got/,
    ],
    'gradients that are not recorded': [
      (run) => run.gradients(),
      /the recording has none in step 0/,
    ],
  };
  for (const [what, [port, message]] of Object.entries(REFUSED)) {
    it(`is refused ${what}`, async () => {
      const file = await recorded('refused', `${INPUTS}\nrun.record('a', y)`);
      const error = await reportOn(file, port).then(
        () => undefined,
        (error: Error) => error,
      );
      expect(error?.message).to.match(message);
    });
  }

  it('is refused another module than Python’s', async () => {
    const file = await recorded('module', "run.module('m', nn.Linear(2, 3))");
    const of = (module: nn.Module): Promise<unknown> =>
      reportOn(file, (run) => run.module('m', module as never)).then(
        () => undefined,
        (error: Error) => error.message,
      );
    expect(await of(new nn.Linear(3, 3))).to.match(
      /m.weight has the shape \[3, 3\], and Python's \[3, 2\]/,
    );
    expect(await of(new nn.Linear(2, 3, { bias: false }))).to.match(
      /m has no "bias", and Python's has/,
    );
  });

  it('in Python: refuses what the file cannot hold, and leaves no file', async () => {
    const programs = [
      "run.record('a', 3)",
      "run.record('', torch.ones(1))",
      "run.record('a', torch.ones(1)); run.record('a', torch.ones(1))",
      "run.input('a')",
    ];
    const file = path.join(FOLDER, 'none.safetensors');
    const runs = programs.map(
      (line) => `
try:
    with record_run(${JSON.stringify(file)}) as run:
        ${line}
except (TypeError, ValueError) as error:
    texts.append(str(error))`,
    );
    const [texts, files] = (await askPython(`${RECORDER}\nimport os\ntexts = []${runs.join('')}`, [
      'texts',
      `[name for name in os.listdir(${JSON.stringify(FOLDER)}) if name.startswith('none')]`,
    ])) as [string[], string[]];
    expect(texts[0]).to.match(/'a' must be a tensor, got int/);
    expect(texts[1]).to.match(/the name must be a text/);
    expect(texts[2]).to.match(/'a' is recorded twice in step 0/);
    expect(texts[3]).to.match(/'a' has no tensor/);
    expect(files).to.deep.equal([]);
  });
});
