/** `torch-losses parity --port` and `--in-python`, as a shell sees them. */
import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';

import { expect } from 'chai';

import { PACKAGE_ROOT } from '../../../dist/bindings/libtorch/folders';
import type { RunReport } from '../../../dist/testing/parity/port/comparison';
import { PYTHON } from '../../parity/parity';

const MAIN = path.join(PACKAGE_ROOT, 'dist', 'cli', 'main.js');

const PORT = `
import torch from 'torch-losses';
export default (run) => {
  const x = run.input('x', torch.rand(4, 3, { requires_grad: true }));
  const p = run.check('p', x.softmax(1));
  run.output('loss', p.pow(run.options.gamma).FACTOR).backward();
  run.gradients();
};`;

const RECORD = `
import torch from 'torch-losses';
import port from './right.mjs';
await torch.testing.parity.record('typescript.safetensors', port, { options: { gamma: 2.5 } });`;

const PYTHON_PROGRAM = `
import torch
from torch_losses_run import record_run

def program(run):
    x = run.input('x', torch.rand(4, 3, requires_grad=True))
    p = run.record('p', x.softmax(1))
    run.output('loss', p.pow(run.options['gamma']).mean()).backward()
    run.gradients()

def other(run):
    x = run.input('x')
    p = run.record('p', x.softmax(1))
    run.output('loss', p.pow(run.options['gamma']).sum()).backward()
    run.gradients()

if __name__ == '__main__':
    for name in ('one', 'two'):
        with record_run(f'runs/{name}.safetensors', gamma=2.5) as run:
            program(run)
`;

describe('testing.parity: the command', function () {
  this.timeout(300_000);

  let folder: string;
  const inFolder = (
    program: string,
    ...args: string[]
  ): Promise<{ status: number; stdout: string; stderr: string }> =>
    new Promise((resolve) => {
      execFile(program, args, { cwd: folder }, (error, stdout, stderr) =>
        resolve({ status: Number(error?.code ?? 0), stdout, stderr }),
      );
    });
  const parity = (...args: string[]) => inFolder(process.execPath, MAIN, 'parity', ...args);

  before(async () => {
    folder = mkdtempSync(path.join(os.tmpdir(), 'torch-losses-'));
    mkdirSync(path.join(folder, 'node_modules'));
    mkdirSync(path.join(folder, 'runs'));
    symlinkSync(PACKAGE_ROOT, path.join(folder, 'node_modules', 'torch-losses'));
    const files = {
      'right.mjs': PORT.replace('FACTOR', 'mean()'),
      'wrong.mjs': PORT.replace('FACTOR', 'sum()'),
      'broken.mjs': 'export default (run) => run.input("none");',
      'empty.mjs': 'export const answer = 42;',
      'record.mjs': RECORD,
      'program.py': PYTHON_PROGRAM,
    };
    for (const [name, text] of Object.entries(files)) {
      writeFileSync(path.join(folder, name), text);
    }
    const written = await parity('--recorder');
    expect(written.stdout).to.include('torch_losses_run.py');
    const ran = await inFolder(PYTHON, '-B', '-W', 'ignore', 'program.py');
    expect(ran.stderr).to.equal('');
    writeFileSync(path.join(folder, 'damaged.safetensors'), 'nothing');
  });
  after(() => rmSync(folder, { recursive: true }));

  it('runs a port on all files, and ends with the worst status', async () => {
    const [right, wrong, damaged, broken] = await Promise.all([
      parity('--port', 'right.mjs', '--run', 'runs/*.safetensors', '--json-file', 'report.json'),
      parity('--port', 'wrong.mjs', '--run', 'runs/one.safetensors', 'runs/two.safetensors'),
      parity('--port', 'wrong.mjs', '--run', 'damaged.safetensors', '--run', 'runs/**'),
      parity('--port', 'broken.mjs', '--run', 'runs/one.safetensors'),
    ]);
    expect(right.stdout).to.match(/2 of 2 files equal or close/);
    expect(right.status).to.equal(0);
    const report = JSON.parse(readFileSync(path.join(folder, 'report.json'), 'utf8'));
    expect(report.map(({ verdict }: { verdict: string }) => verdict)).to.deep.equal([
      'equal',
      'equal',
    ]);
    expect(wrong.stdout).to.match(/a sum where Python has a mean/);
    expect(wrong.stdout).to.match(/0 of 2 files equal or close, 2 differ/);
    expect(wrong.status).to.equal(1);
    expect(damaged.stdout).to.match(/2 differ, 1 could not be run/);
    expect(damaged.stderr).to.match(/damaged.safetensors cannot be run/);
    expect(damaged.status).to.equal(2);
    expect(broken.stderr).to.match(/has no "none"; it has x/);
    expect(broken.status).to.equal(2);
  });

  it('runs Python on what TypeScript recorded', async () => {
    const recorded = await inFolder(process.execPath, 'record.mjs');
    expect(recorded.stderr).to.equal('');
    const run = ['--run', 'typescript.safetensors', '--python', PYTHON];
    const [equal, different, failed, replayed] = await Promise.all([
      parity('--in-python', 'program.py:program', ...run),
      parity('--in-python', 'program:other', ...run),
      parity('--in-python', 'program:none', ...run),
      parity('--port', 'right.mjs', '--run', 'typescript.safetensors'),
    ]);
    expect(equal.stdout).to.match(
      /typescript.safetensors: Equal bit for bit, 3 of 3 tensors equal/,
    );
    expect(equal.status).to.equal(0);
    expect(different.stdout).to.match(/a mean where Python has a sum/);
    expect(different.status).to.equal(1);
    expect(failed.stderr).to.match(/has no attribute 'none'/);
    expect(failed.status).to.equal(2);
    expect(replayed.status).to.equal(0);
  });

  it('writes pages, JSON and JUnit that hold every difference', async () => {
    const runs = ['--run', 'runs/*.safetensors', '--run', 'damaged.safetensors'];
    const reports = ['--html', 'all.html', '--json-file', 'all.json', '--junit', 'all.xml'];
    const { status } = await parity('--port', 'wrong.mjs', ...runs, ...reports);
    expect(status).to.equal(2);
    const [page, json, junit] = ['html', 'json', 'xml'].map((kind) =>
      readFileSync(path.join(folder, `all.${kind}`), 'utf8'),
    ) as [string, string, string];
    expect(page.match(/<details id/g), 'loss and gradient, twice').to.have.length(4);
    expect(page).to.include('<li class="equal">p</li>');
    expect(page).to.match(/<li class="different first"><a href="#0-1">loss<\/a>/);
    expect(page).to.match(
      /<p class="cause">Every number is Python&#39;s|<p class="cause">Every number is Python's/,
    );
    expect(page).to.include('Heat map of ulps').and.to.include('Histogram of ulps');
    expect(page).to.match(/<td>CPU capability<\/td><td>(\w+)<\/td><td>\1<\/td>/);
    expect(page).to.match(/damaged.safetensors<\/h2><p>It could not be run/);
    expect(page, 'nothing is fetched').not.to.match(/(src|href)="(?!#)|@import|url\(/);
    const [one] = JSON.parse(json) as RunReport[];
    expect(one!.results.map(({ verdict }) => verdict)).to.deep.equal([
      'equal',
      'different',
      'different',
    ]);
    expect(one!.sides.recorded.runtime).to.match(/^Python 3/);
    expect(junit).to.match(
      /<testsuites name="torch-losses parity" tests="7" failures="4" errors="1">/,
    );
    expect(junit).to.match(/<testcase classname="runs\/one.safetensors" name="step 0: p"\/>/);
    expect(junit).to.match(
      /name="step 0: loss"><failure message="[^"]+">[^<]*a sum where Python has a mean/,
    );
  });

  it('takes the worst of several cases', async () => {
    const missing = await parity('--case', 'none.safetensors', '--case', 'other.npz');
    expect(missing.stderr).to.match(/none.safetensors cannot be run[\s\S]*other.npz cannot be run/);
    expect(missing.status).to.equal(2);
  });

  it('says what is wrong with its arguments', async () => {
    const one = 'runs/one.safetensors';
    const wrong: [string[], RegExp][] = [
      [['--run', one], /--run needs a program: --port or --in-python/],
      [['--port', 'right.mjs'], /--run must name a file/],
      [['--port', 'right.mjs', '--run', 'x/*.safetensors'], /There is no file x\/\*/],
      [['--port', 'right.mjs', '--case', one], /--case and --port exclude each other/],
      [['--case', one, '--loss', 'mse_loss'], /--loss is not for --case/],
      [['--case', one, '--run', one], /--run is not for --case/],
      [['--port', 'right.mjs', '--run', one, '--cases', '3'], /--cases is not for --port/],
      [['--port', 'right.mjs', '--run', one, '--seed', '3'], /--seed is not for --port/],
      [['--port', 'right.mjs', '--run', one, '--python', 'x'], /--python is not for --port/],
      [['--in-python', 'program:program', '--run', one, '--threads', '1'], /--threads is not for/],
      [['--in-python', 'program:program', '--run', one, '--kernels'], /--kernels is not for/],
      [['--recorder', '--html', 'x.html'], /--recorder goes without --html/],
      [['--port', 'empty.mjs', '--run', one], /empty.mjs exports no function/],
      [['--port', 'none.mjs', '--run', one], /The port cannot be loaded/],
      [['--in-python', 'program', '--run', one], /--in-python must be MODULE:FUNCTION/],
      [['--port', 'right.mjs', '--run', one, '--rtol', 'p=x'], /--rtol must be a number/],
      [['surplus'], /Unexpected argument "surplus"/],
      [['--ulps', '1'], /--ulps is for --port/],
    ];
    for (const [args, message] of wrong) {
      const { stderr, status } = await parity(...args);
      expect(stderr, args.join(' ')).to.match(message);
      expect(status, args.join(' ')).to.equal(2);
    }
  });
});
