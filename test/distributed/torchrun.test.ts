/** `npx torch-losses run`: programs under torchrun. */
import { execFile } from 'node:child_process';
import path from 'node:path';
import { expect } from 'chai';
import { argumentsOf } from '../../dist/cli/commands/run';
import { FIXTURES } from './ranks';

const ROOT = path.join(__dirname, '..', '..');
const MAIN = path.join(ROOT, 'dist', 'cli', 'main.js');

interface Outcome {
  status: number;
  stdout: string;
  stderr: string;
}

function torchrun(...args: string[]): Promise<Outcome> {
  const all = [MAIN, 'run', '--standalone', '--nproc', '2', ...args];
  return new Promise((resolve) => {
    execFile(process.execPath, all, { cwd: ROOT }, (error, stdout, stderr) =>
      resolve({ status: Number(error?.code ?? 0), stdout, stderr }),
    );
  });
}

const PROGRAM = path.join(FIXTURES, 'restarted.js');

describe('torch-losses run', function () {
  this.timeout(120_000);

  it('starts the processes anew if one is killed', async () => {
    const { status, stdout, stderr } = await torchrun('--max-restarts', '1', PROGRAM);
    expect(status, stderr).to.equal(0);
    expect(stdout.trim().split('\n')).to.deep.equal(['attempt 1: 4,4', 'attempt 1: 4,4']);
  });

  it('has torchrun report the error of Node that ended a process', async () => {
    const { status, stderr } = await torchrun(PROGRAM, 'throw');
    expect(status).to.equal(1);
    expect(stderr).to.match(
      /Root Cause[\s\S]*rank {6}: 1 [\s\S]*traceback : Error: thrown by rank 1\n +at .*restarted\.js/,
    );
  });

  it('passes everything on, and inserts Node before the program', () => {
    const [node, ...others] = argumentsOf([
      '--nproc=2',
      '--nnodes',
      '1',
      'x.mjs',
      '--nproc',
      'a.js',
    ]).slice(4);
    expect(argumentsOf(['--', '--help'])).to.deep.equal(['--help']);
    expect(node).to.equal(process.execPath);
    expect(others[0]).to.equal('--require');
    expect(others.slice(2)).to.deep.equal(['x.mjs', '--nproc', 'a.js']);
    expect(argumentsOf(['--nproc', '2', 'x.js']).slice(0, 3)).to.deep.equal([
      '--no-python',
      '--nproc-per-node',
      '2',
    ]);
  });
});
