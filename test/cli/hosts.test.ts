/** Systems and processes that forbid something: what is said, and that it is said before long work begins. */
import { execFile, execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { expect } from 'chai';

import { activePythons } from '../../dist/bindings/libtorch/python';
import { libtorch } from '../../dist/bindings/native';

const ROOT = path.join(__dirname, '..', '..');
const MAIN = path.join(ROOT, 'dist', 'cli', 'main.js');
const LOAD = `try { console.log(require('./dist').ones(2).sum().item()) }
  catch ({ name, message }) { console.log(name + ': ' + message) }`;

/** Runs Node in the checkout; gives its exit status and all that it prints. */
function node(
  args: string[],
  env: NodeJS.ProcessEnv = {},
): Promise<{ status: number; output: string }> {
  const options = { cwd: ROOT, env: { ...process.env, ...env } };
  return new Promise((resolve) => {
    execFile(process.execPath, args, options, (error, stdout, stderr) =>
      resolve({ status: Number(error?.code ?? 0), output: `${stdout}${stderr}`.trim() }),
    );
  });
}

async function load(flags: string[], env: NodeJS.ProcessEnv = {}): Promise<string> {
  const { output } = await node([...flags, '-e', LOAD], { LIBTORCH: libtorch.directory, ...env });
  return output
    .split('\n')
    .filter((line) => !/Warning: |--trace-warnings/.test(line))
    .join('\n');
}

describe('a process that may not load addons or read files', () => {
  const permission = process.allowedNodeEnvironmentFlags.has('--permission')
    ? '--permission'
    : '--experimental-permission';

  it('says that --no-addons is in the way', async () => {
    expect(await load(['--no-addons'])).to.match(/^LibtorchError: Node runs with --no-addons, /);
    expect(await load([], { NODE_OPTIONS: '--no-addons' })).to.include('NODE_OPTIONS');
  });

  it('names every permission that is missing, and loads with these and no others', async () => {
    const readable = ['dist', 'node_modules', 'package.json'].map(
      (name) => `--allow-fs-read=${path.join(ROOT, name)}`,
    );
    const missing = await load([permission, ...readable]);
    const flags = /Start Node with (.+) too\.$/.exec(missing)?.[1]?.split(' ') ?? [];
    expect(flags).to.deep.equal([
      '--allow-addons',
      `--allow-fs-read=${ROOT}/`,
      `--allow-fs-read=${libtorch.directory}/`,
    ]);
    expect(await load([permission, ...flags])).to.equal('2');
  });

  it('says that LIBTORCH or a permission is needed to find libtorch', async () => {
    const flags = [permission, '--allow-fs-read=*', '--allow-addons'];
    const XDG_CACHE_HOME = path.join(os.tmpdir(), 'torch-losses-nothing-cached');
    expect(await load(flags, { LIBTORCH: '', XDG_CACHE_HOME })).to.match(
      /Start Node with --allow-child-process \(or with LIBTORCH set/,
    );
  });
});

describe('a system without glibc', () => {
  it('is named by require and by doctor', async () => {
    const folder = mkdtempSync(path.join(os.tmpdir(), 'torch-losses-'));
    try {
      const musl = path.join(folder, 'musl.cjs');
      const report = '{ value: { getReport: () => ({ header: {} }) } }';
      writeFileSync(musl, `Object.defineProperty(process, 'report', ${report});`);
      const env = { LIBC: 'musl', LIBTORCH: path.join(folder, 'none') };
      expect(await load(['--require', musl], env)).to.match(
        /^LibtorchError: This system has no glibc/,
      );
      const doctor = await node(['--require', musl, MAIN, 'doctor'], env);
      expect(doctor.status).to.equal(1);
      expect(doctor.output).to.match(/What to do\n {2}This system has no glibc, [^\n]*$/);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});

describe('a folder that cannot be written', () => {
  it('is refused by setup and build by name, before they begin', async () => {
    const cases: [string, NodeJS.ProcessEnv, RegExp][] = [
      ['setup', { TORCH_LOSSES_HOME: '/proc/torch-losses' }, /set TORCH_LOSSES_HOME to/],
      ['setup', { TORCH_LOSSES_HOME: '/dev/null/torch-losses' }, /set TORCH_LOSSES_HOME to/],
      ['build', { XDG_CACHE_HOME: '/proc/nowhere' }, /set XDG_CACHE_HOME to/],
    ];
    for (const [command, env, advice] of cases) {
      const { status, output } = await node([MAIN, command], env);
      expect(output)
        .to.match(/^Error: Cannot write to \/(proc|dev)\/\S+: E\w+/)
        .and.match(advice);
      expect(output).not.to.match(/pip install|Building/);
      expect(status).to.equal(1);
    }
  });

  it('is no reason not to load, where it is only the cache', async () => {
    expect(await load([], { LIBTORCH: '', XDG_CACHE_HOME: '/proc/nowhere' })).to.equal('2');
  });
});

describe('torch-losses setup', function () {
  this.timeout(120_000); // makes a virtual environment, and pip starts twice
  let folder: string;

  beforeEach(() => {
    folder = mkdtempSync(path.join(os.tmpdir(), 'torch-losses-'));
  });
  afterEach(() => {
    rmSync(folder, { recursive: true });
  });

  it('says at once that there is no Python', async () => {
    const { status, output } = await node([MAIN, 'setup'], {
      PATH: folder,
      VIRTUAL_ENV: '',
      TORCH_LOSSES_HOME: folder,
    });
    expect(output).to.match(/^Error: There is no Python to fetch libtorch with/m);
    expect(output).to.include('install Python 3 with pip');
    expect(status).to.equal(1);
  });

  it('says before it begins that there is no addon for what it fetches', async () => {
    writeFileSync(path.join(folder, 'python3'), '#!/bin/sh\nexit 1\n', { mode: 0o755 });
    const env = { TORCH_LOSSES_BUILD: 'none', TORCH_LOSSES_HOME: folder, PATH: folder };
    const { output } = await node([MAIN, 'setup'], { ...env, VIRTUAL_ENV: '' });
    expect(output).to.match(/^There is no addon here for torch 2\.\d+\.\d+\. [\s\S]*^Error: /m);
  });

  it('goes on without a dependency of torch that the index lacks, and names it', async () => {
    writeWheel(folder, '2.13.0+cpu', 'a-package-that-is-nowhere>=1');
    const env = {
      TORCH_LOSSES_HOME: path.join(folder, 'home'),
      PIP_NO_INDEX: '1',
      PIP_FIND_LINKS: folder,
    };
    const { status, output } = await node([MAIN, 'setup', '--torch=2.13.0'], env);
    expect(output).to.match(/because the index has no a-package-that-is-nowhere\b/);
    expect(output).to.match(/torch-losses parity` needs another Python/);
    expect(output).to.match(/torch 2\.13\.0\+cpu is ready: /);
    expect(status).to.equal(0);
  });

  it('does not go on without the libraries of a CUDA build', async () => {
    writeWheel(folder, '2.13.0', 'nvidia-nowhere>=1');
    const env = {
      TORCH_LOSSES_HOME: path.join(folder, 'home'),
      PIP_NO_INDEX: '1',
      PIP_FIND_LINKS: folder,
    };
    const { status, output } = await node([MAIN, 'setup', '--cuda', '--torch=2.13.0'], env);
    expect(output).to.match(/^Error: The index that pip uses has no nvidia-nowhere, /m);
    expect(status).to.equal(1);
  });
});

/** Writes a wheel of a torch in which nothing is real. */
function writeWheel(folder: string, version: string, requirement: string): void {
  const program = `import sys, zipfile
folder, version, requirement = sys.argv[1:]
info = f"torch-{version}.dist-info"
files = {
  "torch/__init__.py": "",
  "torch/version.py": f"__version__ = '{version}'",
  "torch/lib/libtorch_cpu.so": "",
  f"{info}/METADATA": f"Metadata-Version: 2.1\\nName: torch\\nVersion: {version}\\nRequires-Dist: {requirement}\\n",
  f"{info}/WHEEL": "Wheel-Version: 1.0\\nGenerator: test\\nRoot-Is-Purelib: true\\nTag: py3-none-any\\n",
}
files[f"{info}/RECORD"] = "".join(f"{name},,\\n" for name in [*files, f"{info}/RECORD"])
with zipfile.ZipFile(f"{folder}/torch-{version}-py3-none-any.whl", "w") as wheel:
  for name, text in files.items(): wheel.writestr(name, text)`;
  mkdirSync(folder, { recursive: true });
  execFileSync(activePythons()[0]!, ['-c', program, folder, version, requirement]);
}
