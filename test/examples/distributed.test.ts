/** Runs the CNN of examples/ in two processes under torchrun, beside its twin in Python. */
import { execFile } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { promisify } from 'node:util';
import { expect } from 'chai';

import { ROOT } from '../docs/root';
import { PYTHON } from '../parity/parity';
import { temporaryFolder } from '../support/folder';
import { weightsOf } from './weights';

const runFile = promisify(execFile);
const TWO = ['--standalone', '--nproc-per-node', '2'];

/** Runs a command with one thread for each process. Returns what it printed. */
async function outputOf(command: string, args: string[], env: object = {}): Promise<string> {
  const all = { ...process.env, OMP_NUM_THREADS: '1', ...env };
  return (await runFile(command, args, { cwd: ROOT, env: all })).stdout;
}

const inNode = (folder: string, options: string[] = [], env: object = {}): Promise<string> => {
  const program = ['dist-examples/cnn/distributed.mjs', folder];
  return outputOf(
    process.execPath,
    ['dist/cli/main.js', 'run', ...TWO, ...options, ...program],
    env,
  );
};

const inPython = (folder: string): Promise<string> =>
  outputOf(PYTHON, ['-m', 'torch.distributed.run', ...TWO, 'examples/cnn/distributed.py', folder]);

describe('the CNN in two processes', function () {
  this.timeout(300_000);
  const file = temporaryFolder();

  function folderOf(name: string): string {
    const folder = file(name);
    mkdirSync(folder);
    return folder;
  }

  it('prints and weighs what Python does; killed and restarted by torchrun, too', async () => {
    const whole = await inNode(folderOf('whole'));
    expect(Number(/test accuracy ([\d.]+) %/.exec(whole)?.[1])).to.be.above(90);
    // Python's process group rarely aborts the process at its end ("terminate called without an active exception").
    let python = 'python';
    const printed = await inPython(folderOf(python)).catch((error: Error) => {
      if (!error.message.includes('SIGABRT')) throw error;
      return inPython(folderOf((python = 'python again')));
    });
    expect(whole).to.equal(printed);
    expect(weightsOf(file('whole')))
      .to.have.length(16)
      .and.deep.equal(weightsOf(file(python)));

    const killing = {
      NODE_OPTIONS: '--require ./test/fixtures/distributed/killed_after.js',
      STEPS: '30',
    };
    const parts = await inNode(folderOf('parts'), ['--max-restarts', '1'], killing);
    expect(parts).to.equal(whole);
    expect(weightsOf(file('parts'))).to.deep.equal(weightsOf(file('whole')));
  });
});
