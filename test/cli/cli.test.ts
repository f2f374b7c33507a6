/** The command line as a shell sees it: help, options, errors and exit codes. */
import { execFile, execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { expect } from 'chai';

const MAIN = path.join(__dirname, '..', '..', 'dist', 'cli', 'main.js');
const { version } = require('../../package.json') as { version: string };

interface Outcome {
  status: number;
  stdout: string;
  stderr: string;
}

function torchLosses(args: string[], env: NodeJS.ProcessEnv = {}): Promise<Outcome> {
  const { NO_COLOR, FORCE_COLOR, ...inherited } = process.env;
  return new Promise((resolve) => {
    execFile(
      process.execPath,
      [MAIN, ...args],
      { env: { ...inherited, ...env } },
      (error, stdout, stderr) => resolve({ status: Number(error?.code ?? 0), stdout, stderr }),
    );
  });
}

describe('the command line', () => {
  it('lists its commands, on standard error where none is given', async () => {
    const help = await torchLosses(['--help']);
    expect(help.status).to.equal(0);
    expect(help.stdout).to.match(/^ {2}doctor {2,}\S/m);
    const none = await torchLosses([]);
    expect(none).to.deep.equal({ status: 2, stdout: '', stderr: help.stdout });
  });

  it('shows help for one command, whatever else is given', async () => {
    const help = await torchLosses(['doctor', '--help']);
    expect(help.status).to.equal(0);
    expect(help.stdout).to.include('--json').and.to.include('npx torch-losses doctor');
    for (const args of [
      ['help', 'doctor'],
      ['doctor', 'surplus', '-h'],
    ]) {
      expect(await torchLosses(args)).to.deep.equal(help);
    }
  });

  it('prints the version, and as JSON', async () => {
    expect((await torchLosses(['--version'])).stdout).to.equal(`${version}\n`);
    expect(JSON.parse((await torchLosses(['--version', '--json'])).stdout)).to.deep.equal({
      version,
    });
  });

  it('answers a wrong command or option with the nearest right one, and exit status 2', async () => {
    const wrong: [string[], string][] = [
      [['docter'], 'Did you mean `torch-losses doctor`?'],
      [['xyzzyplugh'], '`torch-losses --help` lists the commands'],
      [['constructor'], 'Unknown command "constructor"'],
      [['--vresion'], 'Unknown option "--vresion"'],
      [['doctor', '--jsno'], 'Unknown option --jsno\nDid you mean --json?'],
      [['doctor', '--__proto__'], 'Unknown option --__proto__'],
      [['doctor', '-x'], 'Unknown option -x'],
      [['doctor', '--json=yes'], '--json takes no value, but got "yes"'],
      [['doctor', 'here'], 'Unexpected argument "here"'],
      [['setup', '--torch'], '--torch needs a value: --torch VERSION'],
      [['setup', '--torch', '--cuda'], '--torch needs a value'],
      [['setup', '--torch=1.13.1'], '--torch must be a version of PyTorch 2.11, '],
      [['setup', '--requirements', '/nowhere'], 'there is no file /nowhere'],
      [['build', '--debgu'], 'Did you mean --debug?'],
    ];
    const outcomes = await Promise.all(wrong.map(([args]) => torchLosses(args)));
    for (const [index, [, message]] of wrong.entries()) {
      const { status, stdout, stderr } = outcomes[index]!;
      expect(status, message).to.equal(2);
      expect(`${stdout}${stderr}`).to.include(message).and.not.to.include('    at ');
    }
  });

  it('prints errors as JSON where JSON was asked for', async () => {
    const { status, stdout } = await torchLosses(['docter', '--json']);
    expect(status).to.equal(2);
    expect(JSON.parse(stdout)).to.have.nested.property('error.name', 'UsageError');
  });

  it('uses colours only where they are wanted', async () => {
    const control = '\u001b[';
    const coloured: [string[], NodeJS.ProcessEnv, boolean][] = [
      [[], {}, false],
      [[], { FORCE_COLOR: '1' }, true],
      [[], { FORCE_COLOR: '0' }, false],
      [['--no-color'], { FORCE_COLOR: '1' }, false],
      [['--color'], { NO_COLOR: '1' }, true],
    ];
    for (const [args, env, expected] of coloured) {
      const { stdout } = await torchLosses(['doctor', '--help', ...args], env);
      expect(stdout.includes(control), `${args} ${JSON.stringify(env)}`).to.equal(expected);
    }
  });
});

describe('torch-losses doctor', () => {
  it('says what is used, and that it loads', async () => {
    const { status, stdout } = await torchLosses(['doctor', '--json']);
    const report = JSON.parse(stdout);
    expect(status).to.equal(0);
    expect(report.loads).to.include({ ok: true, loss: 1 });
    expect(report.loads.libtorch.version).to.equal(report.libtorch.used.version);
    expect(report.addon.found).to.include(report.addon.wanted);
    expect(report.advice).to.deep.equal([]);
    const shown = await torchLosses(['doctor']);
    expect(shown.stdout).to.include(`✓ libtorch ${report.loads.libtorch.version} in`);
    expect(shown.stdout).not.to.include('What to do');
    expect(shown.status).to.equal(0);
  });

  it('fails, and says what to do, where there is no libtorch', async () => {
    const env = { LIBTORCH: '/nowhere' };
    const { status, stdout } = await torchLosses(['doctor'], env);
    expect(status).to.equal(1);
    expect(stdout).to.match(/✗ LIBTORCH=\/nowhere has no \S+libtorch_cpu\.so/);
    expect(stdout).to.include('What to do').and.to.include('Unset it');
    const { loads } = JSON.parse((await torchLosses(['doctor', '--json'], env)).stdout);
    expect(loads.ok).to.equal(false);
    expect(loads.error).to.include('/nowhere');
  });

  it('says of each libtorch what is wrong with it', async () => {
    const folder = mkdtempSync(path.join(os.tmpdir(), 'torch-losses-'));
    /** Makes a folder that looks like a libtorch, optionally with headers. */
    const fake = (name: string, version: string, hasHeaders: boolean): string => {
      const directory = path.join(folder, name);
      mkdirSync(path.join(directory, 'lib'), { recursive: true });
      writeFileSync(path.join(directory, 'lib', 'libtorch_cpu.so'), '');
      if (version)
        writeFileSync(path.join(directory, 'version.py'), `__version__ = '${version}'\n`);
      if (hasHeaders) mkdirSync(path.join(directory, 'include', 'ATen'), { recursive: true });
      return directory;
    };
    const none = path.join(folder, 'none');
    const cases: [env: NodeJS.ProcessEnv, RegExp][] = [
      [
        { LIBTORCH: none },
        /has no \S+libtorch_cpu\.so[\s\S]*LIBTORCH is set, so nothing else was tried/,
      ],
      [{ LIBTORCH: fake('nameless', '', false) }, /has torch of an unknown version/],
      [
        { LIBTORCH: fake('old', '1.9.0', true) },
        /has torch 1\.9\.0, which torch-losses does not support[\s\S]*No addon fits the libtorch that is there\. There are addons here for 2\./,
      ],
      [
        { LIBTORCH: fake('bare', '2.11.3', false) },
        /torch 2\.11\.3, for which there is no addon, and not its headers/,
      ],
      [
        { LIBTORCH: fake('empty', '2.11.3', true) },
        /libtorch_cpu\.so does not load: .*file too short[\s\S]*do not load together/,
      ],
    ];
    cases.push([
      { LIBTORCH: fake('empty', '2.11.3', true), TORCH_LOSSES_BUILD: 'none' },
      /There is no addon that opens libtorch for this system \(platform=linux .*\) in build\/ or prebuilds\/ of \S+none\/loader/,
    ]);
    cases.push([
      { LIBTORCH: fake('empty', '2.11.3', true), TORCH_LOSSES_BUILD: 'none', PREBUILDS_ONLY: '1' },
      /in prebuilds\/ of \S+none\/loader\. PREBUILDS_ONLY is set, .* unset PREBUILDS_ONLY/,
    ]);
    try {
      const runs = await Promise.all(cases.map(([env]) => torchLosses(['doctor'], env)));
      for (const [i, { status, stdout }] of runs.entries()) {
        expect(stdout).to.match(cases[i]![1]);
        expect(status).to.equal(1);
      }
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  it('says which library of another libtorch is in the process already', () => {
    const program = `const torch = require('torch-losses');
      const { libtorch } = require('./dist/bindings/native');
      const other = fs.mkdtempSync(os.tmpdir() + '/torch-losses-');
      fs.mkdirSync(other + '/lib');
      fs.writeFileSync(other + '/lib/libtorch_cpu.so', '');
      fs.copyFileSync(libtorch.directory + '/version.py', other + '/version.py');
      fs.mkdirSync(other + '/include/ATen', { recursive: true });
      process.env.LIBTORCH = other;
      for (const file of Object.keys(require.cache)) if (file.includes('dist')) delete require.cache[file];
      try { require('torch-losses'); } catch (error) { console.log(error.code, error.message.split(',')[0]); }
      fs.rmSync(other, { recursive: true });`;
    const output = execFileSync(process.execPath, ['-e', program], {
      cwd: path.join(__dirname, '..', '..'),
      encoding: 'utf8',
    });
    expect(output).to.match(
      /^ERR_TORCH_LOAD Another libtorch is already loaded in this process: .*libtorch_cpu\.so/,
    );
  });
});
