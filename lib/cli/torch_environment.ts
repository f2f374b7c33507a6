import { createHash } from 'node:crypto';
import { existsSync, readFileSync, rmSync } from 'node:fs';
import path from 'node:path';

import { PYTHON_NEEDED } from '../bindings/libtorch/find';
import { activePythons, torchOfPython } from '../bindings/libtorch/python';
import { pythonOf } from '../bindings/libtorch/setups';
import { CommandError } from './errors';
import { adviceFor } from './failures';
import { capture, run } from './programs';

/** The version that is fetched by default. Most tests run with it. */
export const PINNED_TORCH = '2.13.0';

const PYTORCH_CPU_INDEX = 'https://download.pytorch.org/whl/cpu';

/** The torch to fetch. */
interface TorchRequest {
  /** The version, such as `2.13.0`. */
  readonly version: string;
  readonly cuda: boolean;
  /** A requirements file with a hash for each package, in place of the version. */
  readonly requirements?: string | undefined;
}

/** A file that pip fetched. */
export interface Fetched {
  readonly name: string;
  readonly version: string;
  readonly sha256: string | undefined;
}

/** Returns the name of the folder for a request. */
export function folderNameOf({ version, cuda, requirements }: TorchRequest): string {
  const what = requirements
    ? `requirements-${createHash('sha256').update(readFileSync(requirements)).digest('hex').slice(0, 12)}`
    : `torch-${version}`;
  return `${what}-${cuda ? 'cuda' : 'cpu'}`;
}

/**
 * Makes a folder a virtual environment of the active Python, and has its pip install torch into it.
 *
 * Only wheels are taken, so nothing that comes from the network is run.
 *
 * If the index has torch and lacks one of its dependencies, torch is installed alone: its C++ library needs none of them,
 * except in a CUDA build.
 *
 * @returns what was fetched; empty where pip is too old to say
 * @throws CommandError
 */
export async function fetchTorch(
  request: TorchRequest,
  folder: string,
  note: (text: string) => void,
): Promise<Fetched[]> {
  const [python] = activePythons();
  if (!python) {
    throw new CommandError(
      'There is no Python to fetch libtorch with: no python3 or python on PATH.',
      `To mend it, ${PYTHON_NEEDED}, or set LIBTORCH to a libtorch that you have.`,
    );
  }
  const report = path.join(folder, 'pip-report.json');
  const pip = await makeEnvironment(python, folder);
  const missing = await installTorch(pip, request, report, note);
  const directory = torchOfPython(pythonOf(folder));
  if (missing && directory && existsSync(path.join(directory, 'lib', 'libtorch_cuda.so'))) {
    throw withoutCudaLibraries(missing);
  }
  if (missing) {
    note(
      `torch was installed without its dependencies, because the index has no ${missing}. torch-losses does not need ` +
        'them. `import torch` does, so `torch-losses parity` needs another Python, or the dependencies in ' +
        `${pythonOf(folder)}.`,
    );
  }
  if (request.cuda && !(directory && existsSync(path.join(directory, 'lib', 'libtorch_cuda.so')))) {
    throw new CommandError(
      `The index that pip uses has no CUDA build of torch ${request.version}.`,
      'Give pip an index that has one, for example PIP_EXTRA_INDEX_URL=https://download.pytorch.org/whl/cu130.',
    );
  }
  const fetched = readReport(report);
  rmSync(report, { force: true });
  return fetched;
}

/** Returns how to run pip for an environment, and whether that pip can write a report. */
interface Pip {
  readonly command: readonly string[];
  readonly reports: boolean;
}

// Uses Python's own pip if it can install into another environment, because the Python of some systems cannot put pip
// into a new one. Else uses the environment's pip.
async function makeEnvironment(python: string, folder: string): Promise<Pip> {
  const inside = pythonOf(folder);
  const pip = /^pip (\d+)\.(\d+)/.exec(capture(python, ['-m', 'pip', '--version']));
  const reachesIn = !!pip && Number(pip[1]) + Number(pip[2]) / 100 >= 22.03; // the first version that has --python
  const options = reachesIn ? ['--without-pip'] : [];
  const made = await run(python, ['-m', 'venv', ...options, folder], { quiet: true });
  if (made.status !== 0) {
    throw new CommandError(
      `${python} cannot make a virtual environment:\n\n${made.output.trim()}`,
      adviceFor(made.output) ??
        'Install what it lacks: `apt install python3-pip python3-venv`, or the like.',
    );
  }
  return reachesIn
    ? { command: [python, '-m', 'pip', '--python', inside], reports: true }
    : { command: [inside, '-m', 'pip'], reports: false };
}

/** @returns the dependency that the index lacks, if torch was installed without dependencies; else undefined */
async function installTorch(
  { command, reports }: Pip,
  request: TorchRequest,
  report: string,
  note: (text: string) => void,
): Promise<string | undefined> {
  const [program, ...pip] = command as [string, ...string[]];
  const options = ['--only-binary=:all:', ...(reports ? ['--report', report] : [])];
  const install = (args: readonly string[]) => {
    note(`pip install ${args.join(' ')}`);
    return run(program, [...pip, 'install', ...options, ...args], { env: environmentOfPip() });
  };
  let outputs = '';
  for (const attempt of attemptsFor(request)) {
    const { status, output } = await install(attempt);
    if (status === 0) {
      return undefined;
    }
    outputs += output;
    const missing = /No matching distribution found for ([\w.-]+)/.exec(output)?.[1];
    if (missing === 'torch') {
      continue;
    }
    if (missing && request.cuda) {
      throw withoutCudaLibraries(missing);
    }
    if (missing && !request.requirements) {
      const alone = await install(['--no-deps', ...attempt]);
      if (alone.status === 0) return missing;
      outputs += alone.output;
    }
    break;
  }
  throw new CommandError(
    `pip could not install torch ${request.version}. Its messages are above.`,
    adviceFor(outputs) ??
      `Check that the index has torch ${request.version} for this Python (${capture(program, ['--version'])}) and this ` +
        'kind of machine, or set LIBTORCH to a libtorch that you have.',
  );
}

function withoutCudaLibraries(missing: string): CommandError {
  return new CommandError(
    `The index that pip uses has no ${missing}, and a CUDA build of torch loads only with its dependencies.`,
    'Give pip an index that has them, for example PIP_EXTRA_INDEX_URL=https://pypi.org/simple.',
  );
}

// The CPU build from where pip is configured to look, else from PyTorch's own index, else any
// build. The CUDA build is the one without a `+cpu`, which `===` tells apart from it.
function attemptsFor({ version, cuda, requirements }: TorchRequest): readonly string[][] {
  if (requirements) {
    return [['--require-hashes', '--requirement', requirements]];
  }
  return cuda
    ? [[`torch===${version}`], [`torch==${version}`]]
    : [
        [`torch==${version}+cpu`],
        [
          `torch==${version}+cpu`,
          '--extra-index-url',
          PYTORCH_CPU_INDEX,
          '--retries=1',
          '--timeout=15',
        ],
        [`torch==${version}`],
      ];
}

// Removes the variables that make pip install into another place. Limits pip's retries: if an index cannot be reached,
// five tries for each package that torch needs would take minutes.
function environmentOfPip(): NodeJS.ProcessEnv {
  const { PIP_TARGET, PIP_PREFIX, PIP_ROOT, PIP_USER, ...env } = process.env;
  return { PIP_RETRIES: '2', ...env };
}

interface PipReport {
  install: {
    metadata: { name: string; version: string };
    download_info: { archive_info?: { hashes?: { sha256?: string } } };
  }[];
}

function readReport(file: string): Fetched[] {
  if (!existsSync(file)) {
    return [];
  }
  const { install } = JSON.parse(readFileSync(file, 'utf8')) as PipReport;
  return install.map(({ metadata: { name, version }, download_info }) => ({
    name,
    version,
    sha256: download_info.archive_info?.hashes?.sha256,
  }));
}
