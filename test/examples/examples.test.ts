/**
 * Compares the programs in examples/losses with their Python twins. Tests the command that runs one, and
 * examples/digits.
 */
import { execFile } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect } from 'chai';

import { ROOT } from '../docs/root';
import { askPython, PYTHON } from '../parity/parity';
import { itWhereThere, lackOf } from '../support/versions';

const FOLDER = join(ROOT, 'examples', 'losses');
const NAMES = namesOf('ts');

const IN_NODE = `
for (const name of process.argv.slice(1)) {
  console.log('# ' + name);
  require('./dist-examples/losses/' + name);
}`;
const IN_PYTHON = `
import runpy, sys
for name in sys.argv[1:]:
    print('# ' + name)
    runpy.run_path(f'examples/losses/{name}.py')`;

/** Returns the names of the programs in one language. */
function namesOf(extension: 'ts' | 'py'): string[] {
  const files = readdirSync(FOLDER).filter((file) => file.endsWith(`.${extension}`));
  return files.map((file) => file.slice(0, -1 - extension.length)).sort();
}

/** Returns the loss classes that a program uses. */
function lossesOf(file: string): string[] {
  const source = readFileSync(join(FOLDER, file), 'utf8');
  return Array.from(source.matchAll(/\bnn\.(\w+Loss)\(/g), ([, name]) => name!);
}

const runFile = promisify(execFile);

/** Runs programs one after the other in one process. Returns the output of each, by name. */
async function outputsOf(command: string, args: readonly string[]): Promise<Map<string, string>> {
  const { stdout } = await runFile(command, args, { cwd: ROOT });
  const [, ...parts] = stdout.split(/^# (\w+)\n/m);
  return new Map(parts.flatMap((name, i) => (i % 2 === 0 ? [[name, parts[i + 1]!] as const] : [])));
}

/** Runs `npm run example` with arguments. */
async function example(...args: string[]): Promise<{ status: number; output: string }> {
  const program = [join(ROOT, 'scripts', 'example.mjs'), ...args];
  return runFile(process.execPath, program).then(
    ({ stdout }) => ({ status: 0, output: stdout }),
    ({ code, stderr }: { code: number; stderr: string }) => ({ status: code, output: stderr }),
  );
}

describe('examples', function () {
  this.timeout(300_000);
  let ours: Map<string, string>;
  let pythons: Map<string, string>;

  before('run all', async () => {
    const names = NAMES.filter((name) => !lackOf(name));
    ours = await outputsOf(process.execPath, ['-e', IN_NODE, ...names]);
    pythons = await outputsOf(PYTHON, ['-c', IN_PYTHON, ...names]);
  });

  it('are one pair of programs for each loss of torch.nn', async () => {
    const [all] = (await askPython('from torch.nn.modules import loss', ['loss.__all__'])) as [
      string[],
    ];
    expect(namesOf('py')).to.deep.equal(NAMES);
    expect(readdirSync(FOLDER)).to.have.length(2 * NAMES.length);
    const readme = readFileSync(join(FOLDER, '..', 'README.md'), 'utf8');
    for (const name of NAMES) {
      const [loss] = lossesOf(`${name}.ts`);
      expect(readme).to.include(`| [\`${name}\`](losses/${name}.ts) | \`${loss}\` | `);
    }
    for (const extension of ['ts', 'py']) {
      const used = NAMES.flatMap((name) => lossesOf(`${name}.${extension}`));
      expect(used.filter((name) => !lackOf(name))).to.have.members(
        all.filter((name) => name !== 'NLLLoss2d'),
      );
    }
  });

  for (const name of NAMES) {
    itWhereThere(`${name} prints what Python prints`, () => {
      const printed = pythons.get(name)!;
      // Matches a loss and a gradient that are not zero.
      expect(printed).to.match(/^tensor\((?!0\.,)[\d.]+, grad_fn=<\w+>\)\ntensor\(.*[1-9]/s);
      expect(ours.get(name)).to.equal(printed);
    });
  }

  it('digits learns to classify, and shows every loss', async () => {
    const { stdout } = await runFile(process.execPath, ['dist-examples/digits/main.js'], {
      cwd: ROOT,
      env: { ...process.env, OMP_NUM_THREADS: '1' }, // small work: one thread is fastest
    });
    expect(Number(/test accuracy ([\d.]+) %/.exec(stdout)?.[1])).to.be.above(95);
    for (const loss of NAMES.flatMap((name) => lossesOf(`${name}.ts`))) {
      expect(stdout).to.match(new RegExp(`^${loss} `, 'm'));
    }
  });

  describe('npm run example', () => {
    it('lists the programs, with a line about each', async () => {
      const { status, output } = await example();
      expect(status).to.equal(0);
      const listed = Array.from(output.matchAll(/^ {2}(\w+) +(\S.+)$/gm), ([, name]) => name);
      const folders = readdirSync(join(ROOT, 'examples'), { withFileTypes: true })
        .filter((entry) => entry.isDirectory() && !['digits', 'losses'].includes(entry.name))
        .map(({ name }) => name);
      expect(listed).to.have.members([...folders, ...NAMES]);
    });

    it('runs one by its name', async () => {
      const { status, output } = await example('mse_loss');
      expect(status).to.equal(0);
      expect(output.endsWith(`\n${pythons.get('mse_loss')}`), output).to.equal(true);
    });

    it('refuses a name that no program has, and lists those that there are', async () => {
      for (const args of [['mse'], ['mse_loss', 'l1_loss'], ['--all']]) {
        const { status, output } = await example(...args);
        expect(status).to.equal(1);
        expect(output).to.include(args.join(' '));
      }
      expect((await example('mse')).output).to.include('  triplet_margin_loss ');
    });
  });
});
