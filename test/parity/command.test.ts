/** `torch-losses parity` as a shell sees it, with the Python of the tests, and with one that computes other results. */
import { execFile, execFileSync } from 'node:child_process';
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';

import { expect } from 'chai';

import { PACKAGE_ROOT } from '../../dist/bindings/libtorch/folders';
import type { ParityReport } from '../../dist/testing/parity/run';
import { PYTHON } from './parity';

const MAIN = path.join(__dirname, '..', '..', 'dist', 'cli', 'main.js');

let folder: string;
before(() => {
  folder = mkdtempSync(path.join(os.tmpdir(), 'torch-losses-'));
});
after(() => rmSync(folder, { recursive: true }));

function parity(...args: string[]): Promise<{ status: number; stdout: string; stderr: string }> {
  return new Promise((resolve) => {
    execFile(process.execPath, [MAIN, 'parity', ...args], (error, stdout, stderr) =>
      resolve({ status: Number(error?.code ?? 0), stdout, stderr }),
    );
  });
}

/** Makes an interpreter whose mse_loss is slightly wrong. */
const inexactPython = (): string =>
  otherPython(
    'inexact',
    `exact = F.mse_loss
F.mse_loss = lambda input, *args, **kwargs: exact(input * 1.0000002, *args, **kwargs)`,
  );

/** Makes an interpreter with a changed torch. `change` is code that runs first. */
function otherPython(name: string, change: string): string {
  const file = path.join(folder, name);
  const program = `#!${PYTHON}
import runpy, sys, warnings
warnings.filterwarnings('ignore')
import torch.nn.functional as F
${change}
sys.argv = sys.argv[1:]
runpy.run_path(sys.argv[0], run_name='__main__')
`;
  writeFileSync(file, program);
  chmodSync(file, 0o755);
  return file;
}

describe('parity: the command', function () {
  this.timeout(300_000);

  it('finds every loss equal, and says so on the terminal, in HTML and in JSON', async () => {
    const [html, json] = ['report.html', 'report.json'].map((name) => path.join(folder, name)) as [
      string,
      string,
    ];
    const run = await parity(
      ...['--python', PYTHON, '--cases', '400', '--seed', '3', '--html', html, '--json-file', json],
    );
    expect(run.stdout + run.stderr).to.include('All 400 cases equal Python bit for bit');
    expect(run.status).to.equal(0);
    const report = JSON.parse(readFileSync(json, 'utf8')) as ParityReport;
    expect(report).to.include({ verdict: 'equal' });
    expect(report.total).to.include({ cases: 400, equal: 400, different: 0 });
    expect(Object.keys(report.by.loss)).to.have.length.at.least(22);
    expect(report.python.torch).to.equal(report.ours.torch);
    expect(report.build_differences).to.deep.equal([]);
    const page = readFileSync(html, 'utf8');
    expect(page).to.include('<h1>All 400 cases equal Python bit for bit</h1>');
    expect(page).to.match(/<svg[\s\S]*cross_entropy[\s\S]*<\/svg>/);
    expect(page, 'nothing is fetched').not.to.match(/(src|href)=|@import|url\(/);
  });

  it('sees a Python that computes otherwise; a tolerance decides', async () => {
    const args = ['--python', inexactPython(), '--loss', 'MSELoss', '--dtype', 'float32'];
    const tolerance = ['--rtol', '1e-3', '--atol', '1e-3'];
    const junit = path.join(folder, 'strict.xml');
    const pages = ['strict', 'lenient', 'narrow'].map((name) => path.join(folder, `${name}.html`));
    const [strict, lenient, narrow] = await Promise.all([
      parity(...args, '--cases', '60', '--json', '--html', pages[0]!, '--junit', junit),
      parity(...args, '--cases', '60', ...tolerance, '--html', pages[1]!),
      parity(
        ...args,
        '--atol',
        '1e-30',
        '--python-device',
        'cpu',
        '--threads',
        '1',
        '--html',
        pages[2]!,
      ),
    ]);
    expect(strict.status).to.equal(1);
    const report = JSON.parse(strict.stdout) as ParityReport;
    expect(report.verdict).to.equal('different');
    expect(report.total.different).to.be.greaterThan(20);
    expect(report.total.ulps.value).to.be.at.least(1);
    expect(report.failures[0]!.call).to.match(/mse_loss/i);
    expect(report.failures[0]!.differences.join()).to.match(/elements differ, by at most \d+ ulps/);
    expect(readFileSync(junit, 'utf8')).to.match(
      /<testcase classname="mse_loss" name="float32"><failure message="\d+ of 60 cases differ">/,
    );
    expect(lenient.stdout).to.include('the others are close (rtol 0.001, atol 0.001)');
    expect(lenient.status).to.equal(0);
    expect(narrow.stdout).to.match(
      /cases are further from Python than rtol 0, atol 1e-30; \d+ of \d+/,
    );
    expect(narrow.status).to.equal(1);
    const [strictPage, lenientPage, narrowPage] = pages.map((page) => readFileSync(page, 'utf8'));
    expect(strictPage)
      .to.match(/\d+ cases differ from Python/)
      .and.not.to.include('within the tolerance');
    expect(lenientPage).to.include('within the tolerance');
    expect(narrowPage).to.match(/--threads 1 .*--python-device cpu --rtol 0 --atol 1e-30/);
    const { total } = report;
    expect(report.failures, 'all are listed').to.have.length(total.close + total.different);
    expect(strictPage!.match(/<details>/g)).to.have.length(total.different);
  });

  it('sees a Python that warns otherwise, which no tolerance excuses', async () => {
    const args = ['--loss', 'MSELoss', '--dtype', 'float32', '--cases', '200'];
    const altered = otherPython(
      'altered',
      `warn = warnings.warn
warnings.warn = lambda text, *args, **kwargs: warn(str(text).replace('broadcasting', 'spreading'), *args, **kwargs)`,
    );
    const page = path.join(folder, 'warnings.html');
    const [same, json, shown] = await Promise.all([
      parity(...args, '--python', PYTHON, '--json'),
      parity(...args, '--python', altered, '--json', '--rtol', '1', '--html', page),
      parity(...args, '--python', altered),
    ]);
    const { total } = JSON.parse(same.stdout) as ParityReport;
    expect(total.warned, 'cases that warn').to.be.greaterThan(0);
    expect(total).to.include({ equal: 200, different: 0 });
    expect(same.stderr, 'warnings of cases are recorded, not shown').not.to.match(/Warning/);
    const report = JSON.parse(json.stdout) as ParityReport;
    expect(report.verdict).to.equal('different');
    expect(report.total.ulps).to.deep.equal({ value: 0, gradient: 0 });
    expect(report.failures[0]!.differences).to.have.length(1);
    const difference = /Python: UserWarning: .*spreading[\s\S]*ours: +UserWarning: .*broadcasting/;
    expect(report.failures[0]!.differences[0]).to.match(difference);
    expect(json.status).to.equal(1);
    expect(shown.stdout).to.match(difference);
    expect(shown.status).to.equal(1);
    expect(readFileSync(page, 'utf8')).to.match(difference);
  });

  it('runs a case that Python saved', async () => {
    const file = path.join(folder, 'case.safetensors');
    const lib = JSON.stringify(path.join(PACKAGE_ROOT, 'lib', 'testing', 'parity'));
    const save = (change: string) =>
      execFileSync(PYTHON, [
        '-W',
        'ignore',
        '-c',
        `import sys; sys.dont_write_bytecode = True; sys.path.insert(0, ${lib})
import torch; from torch_losses_case import save_case
exact = torch.nn.functional.mse_loss
${change}
torch.nn.functional.mse_loss = mse_loss
save_case(${JSON.stringify(file)}, torch.nn.functional.mse_loss, torch.ones(3, requires_grad=True), torch.zeros(3))`,
      ]);
    save('mse_loss = exact');
    const equal = await parity('--case', file);
    expect(equal.stdout).to.include('mse_loss').and.to.match(/equal/i);
    expect(equal.status).to.equal(0);
    save('def mse_loss(input, target, **options): return exact(input, target, **options) * 1.5');
    const [different, json] = await Promise.all([
      parity('--case', file),
      parity('--case', file, '--rtol', '0.9', '--json'),
    ]);
    expect(different.stdout).to.match(/differ/i);
    expect(different.status).to.equal(1);
    expect(JSON.parse(json.stdout)).to.include({ verdict: 'close' });
    expect(json.status).to.equal(0);
  });

  it('says what is wrong with its arguments, its Python and its case', async () => {
    const wrong: [string[], number, RegExp][] = [
      [['--seed', 'x'], 2, /--seed must be an integer of at least 0, but got "x"/],
      [['--cases', '0'], 2, /--cases must be an integer of at least 1/],
      [['--rtol', '-1'], 2, /--rtol must be a number of at least 0/],
      [['--loss', 'mse'], 2, /--loss must be one of l1_loss, /],
      [['--dtype', 'float'], 2, /--dtype must be one of float32, /],
      [['--device', 'cuda:7'], 2, /no CUDA device here, which cuda:7 needs/],
      [['--python-device', 'cuda:7'], 2, /this Python's torch has no CUDA device cuda:7/],
      [['--device', 'tpu'], 2, /must be cpu, cuda or cuda:NUMBER, but got "tpu"/],
      [['--python', path.join(folder, 'none')], 2, /ENOENT[\s\S]*--python/],
      [['--python', '/bin/true'], 2, /Python ended/],
      [['--case', path.join(folder, 'none')], 2, /cannot be run: ENOENT/],
    ];
    const runs = await Promise.all(wrong.map(([args]) => parity(...args)));
    for (const [i, { status, stderr }] of runs.entries()) {
      expect(stderr, wrong[i]![0].join(' ')).to.match(wrong[i]![2]);
      expect(status).to.equal(wrong[i]![1]);
    }
  });
});
