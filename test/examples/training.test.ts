/** Compares the programs of examples/ that train with their Python twins: what they print, and the weights. */
import { execFile } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect } from 'chai';
import torch, { nn } from 'torch-losses';

import { ROOT } from '../docs/root';
import { expectSample, PYTHON } from '../parity/parity';
import { temporaryFolder } from '../support/folder';
import { weightsOf } from './weights';

/** Runs a program as Python does. TensorBoard, which is compared elsewhere, need not be installed. */
const IN_PYTHON = `
import runpy, sys, types, unittest.mock
sys.modules['torch.utils.tensorboard'] = types.SimpleNamespace(SummaryWriter=unittest.mock.Mock())
sys.argv = sys.argv[1:]
runpy.run_path(sys.argv[0])`;

const runFile = promisify(execFile);

interface End {
  signal?: string;
  stdout: string;
}

/** Runs a command with one thread. Returns what it printed, and the signal that ended it. */
async function outputOf(command: string, args: string[], env: object = {}): Promise<End> {
  const all = { ...process.env, OMP_NUM_THREADS: '1', ...env };
  return runFile(command, args, { cwd: ROOT, env: all }).catch((error: End) => {
    if (error.signal !== 'SIGTERM') throw error;
    return error;
  });
}

const inNode = (name: string, folder: string): Promise<End> =>
  outputOf(process.execPath, [`dist-examples/${name}/main.mjs`, folder]);
const inPython = (name: string, folder: string): Promise<End> =>
  outputOf(PYTHON, ['-c', IN_PYTHON, `examples/${name}/main.py`, folder]);

/** Runs an example until SIGTERM, which it gets after some steps. */
const stopped = (name: string, folder: string, steps: number): Promise<End> =>
  outputOf(
    process.execPath,
    ['-r', './test/fixtures/stop_after.js', `dist-examples/${name}/main.mjs`, folder],
    { STEPS: String(steps) },
  );

/** Returns the lines of a program without empty ones and comments. */
const linesOf = (...file: string[]): string[] =>
  readFileSync(join(ROOT, 'examples', ...file), 'utf8')
    .split('\n')
    .filter((line) => /^\s*[^\s#/]/.test(line));

describe('examples that train', function () {
  this.timeout(300_000);
  const file = temporaryFolder();

  /** Returns a new folder for the results of a run. */
  function folderOf(name: string): string {
    const folder = file(name);
    mkdirSync(folder);
    return folder;
  }

  describe('cnn', () => {
    let whole: End;
    before('train', async () => {
      whole = await inNode('cnn', folderOf('whole'));
    });

    it('learns, prints and weighs what Python does', async () => {
      expect(Number(/test accuracy ([\d.]+) %/.exec(whole.stdout)?.[1])).to.be.above(95);
      const { stdout } = await inPython('cnn', folderOf('python'));
      expect(whole.stdout).to.equal(stdout);
      expect(weightsOf(file('whole')))
        .to.have.length(16)
        .and.deep.equal(weightsOf(file('python')));
      expect(readdirSync(file('whole')).join()).to.include('events.out.tfevents');
    });

    it('stopped twice by SIGTERM and continued, ends in the same bits', async () => {
      const folder = folderOf('parts');
      const parts = [await stopped('cnn', folder, 12), await stopped('cnn', folder, 25)];
      expect(parts.map(({ signal }) => signal)).to.deep.equal(['SIGTERM', 'SIGTERM']);
      parts.push(await inNode('cnn', folder));
      expect(parts.map(({ stdout }) => stdout).join('')).to.equal(whole.stdout);
      expect(weightsOf(folder)).to.deep.equal(weightsOf(file('whole')));
    });

    it('needs at most 1.5 times the lines of Python', () => {
      const ours = linesOf('cnn', 'main.mts').length;
      expect(ours)
        .to.be.above(40)
        .and.at.most(1.5 * linesOf('cnn', 'main.py').length);
    });
  });

  it('finetune learns, prints and weighs what Python does, and Python reads the result', async () => {
    const folders = [folderOf('tuned'), folderOf('pythons')];
    for (const folder of folders) {
      await outputOf(PYTHON, ['examples/finetune/pretrain.py', join(folder, 'pretrained.pt')]);
    }
    const { stdout } = await inNode('finetune', folders[0]!);
    expect(Number(/test accuracy ([\d.]+) %/.exec(stdout)?.[1])).to.be.above(85);
    expect(stdout).to.equal((await inPython('finetune', folders[1]!)).stdout);
    const [weights, pythons] = folders.map(weightsOf);
    expect(weights).to.have.length(6).and.deep.equal(pythons);

    const readme = readFileSync(join(ROOT, 'examples', 'README.md'), 'utf8');
    const reading = /```python\n(.*?)```/s.exec(readme)![1]!.replace(/^ {2}/gm, '');
    const source = `import torch, warnings
from torch import nn
with warnings.catch_warnings():
    warnings.simplefilter('ignore')
${reading.replaceAll('runs/finetune', folders[0]!).replace(/^/gm, '    ')}
scores = model(torch.ones(1, 1, 8, 8)).detach()`;
    await expectSample({ source, outputs: ['scores'] }, () => {
      const { features } = torch.jit.load(join(folders[0]!, 'pretrained.pt')) as never as {
        features: nn.Module;
      };
      const model = new nn.Sequential(features, new nn.Linear(128, 10)).eval();
      model.load_state_dict(torch.load(join(folders[0]!, 'weights.pt')));
      return [model(torch.ones(1, 1, 8, 8)).detach()];
    });
  });

  for (const [name, count, last, [least, most]] of [
    ['speech', 10, /phone error rate ([\d.]+) %/, [0, 5]],
    ['embeddings', 4, /epoch 5 +recall@1 ([\d.]+) %/, [95, 100]],
  ] as const) {
    it(`${name} learns, prints and weighs what Python does`, async () => {
      const [ours, pythons] = [folderOf(name), folderOf(`${name} of Python`)];
      const { stdout } = await inNode(name, ours);
      expect(Number(last.exec(stdout)?.[1])).to.be.within(least, most);
      expect(stdout).to.equal((await inPython(name, pythons)).stdout);
      expect(weightsOf(ours)).to.have.length(count).and.deep.equal(weightsOf(pythons));
    });
  }
});
