import { existsSync, readFileSync, realpathSync } from 'node:fs';
import path from 'node:path';

import { addonName, findAddon, IS_CHECKOUT, MENDING_COMMAND, PACKAGE_ROOT } from './addons';
import { LibtorchError } from './error';
import { activePythons, torchOfPython } from './python';
import { minorVersion, SUPPORTED_VERSIONS } from './versions';

/** A libtorch on this machine. */
export interface Libtorch {
  /** The directory with `lib/libtorch_cpu.so` in it. */
  readonly directory: string;
  /** Its version, such as `2.13.0+cpu`. */
  readonly version: string;
  /** What led to it: the variable LIBTORCH, the active Python, or what the set-up fetched. */
  readonly source: 'LIBTORCH' | 'python' | 'setup';
  /** The interpreter whose torch this is; undefined for a LIBTORCH that no Python here imports. */
  readonly python: string | undefined;
}

/** The interpreter of the virtual environment into which the set-up fetches torch. */
export const SETUP_PYTHON = path.join(PACKAGE_ROOT, '.venv', 'bin', 'python');

/**
 * Finds the libtorch to use: `LIBTORCH`, else the torch of the active Python, else what the set-up
 * fetched.
 *
 * `LIBTORCH` is an order: where it cannot be used, that is an error. A Python's torch that cannot
 * be used is passed over. Nothing is loaded.
 *
 * @throws LibtorchError
 */
export function findLibtorch(): Libtorch {
  const ordered = process.env['LIBTORCH'];
  if (ordered) {
    return libtorchOfVariable(path.resolve(ordered));
  }
  const refused: string[] = [];
  const pythons = activePythons().filter((python) => python !== SETUP_PYTHON);
  for (const python of [...pythons, SETUP_PYTHON]) {
    const source = python === SETUP_PYTHON ? 'setup' : 'python';
    const directory = existsSync(python) ? torchOfPython(python) : null;
    const libtorch =
      directory && ({ directory, version: versionOf(directory), source, python } as const);
    const problem = libtorch
      ? problemOf(libtorch)
      : existsSync(python)
        ? 'has no torch'
        : 'does not exist';
    if (libtorch && !problem) {
      return libtorch;
    }
    refused.push(`${python} ${problem}`);
  }
  throw new LibtorchError(
    [
      `No libtorch to use: torch-losses needs that of PyTorch ${SUPPORTED_VERSIONS.join(', ')}. Looked for`,
      '  - the environment variable LIBTORCH: not set',
      ...refused.map((line) => `  - the torch of a Python: ${line}`),
      `To mend it, run \`${MENDING_COMMAND}\`, or \`pip install torch\` in the active Python, or set LIBTORCH to a`,
      'directory that holds lib/libtorch_cpu.so.',
    ].join('\n'),
    'ERR_TORCH_NOT_FOUND',
  );
}

function libtorchOfVariable(directory: string): Libtorch {
  const version = existsSync(directory) ? versionOf(directory) : '';
  const python = [...activePythons(), SETUP_PYTHON].find((interpreter) =>
    importsFrom(interpreter, directory),
  );
  const libtorch = { directory, version, source: 'LIBTORCH', python } as const;
  const problem = problemOf(libtorch);
  if (problem) {
    throw new LibtorchError(
      `LIBTORCH is set to ${directory}, which ${problem}. Set it to a directory that holds lib/libtorch_cpu.so of ` +
        `PyTorch ${SUPPORTED_VERSIONS.join(', ')}, or unset it to use the torch of the active Python.`,
      'ERR_TORCH_NOT_FOUND',
    );
  }
  return libtorch;
}

function importsFrom(interpreter: string, directory: string): boolean {
  const imported = existsSync(interpreter) && torchOfPython(interpreter);
  return !!imported && existsSync(directory) && realpathSync(imported) === realpathSync(directory);
}

/** Why a libtorch cannot be used, as the end of a sentence; undefined where it can. */
function problemOf({ directory, version }: Libtorch): string | undefined {
  if (!existsSync(path.join(directory, 'lib', 'libtorch_cpu.so'))) {
    return `has no ${path.join(directory, 'lib', 'libtorch_cpu.so')}`;
  }
  if (!SUPPORTED_VERSIONS.includes(minorVersion(version))) {
    return `has torch ${version || 'of an unknown version'}`;
  }
  if (findAddon(addonName(version))) {
    return undefined;
  }
  if (!IS_CHECKOUT) {
    return `has torch ${version}, for which this package has no addon`;
  }
  return existsSync(path.join(directory, 'include', 'ATen'))
    ? undefined
    : `has torch ${version}, but not its headers`;
}

// A torch package says its version in version.py, PyTorch's zip of the C++ library in
// build-version.
function versionOf(directory: string): string {
  const file = ['version.py', 'build-version']
    .map((name) => path.join(directory, name))
    .find((name) => existsSync(name));
  const text = file ? readFileSync(file, 'utf8') : '';
  return /^(?:__version__ = ')?(\d+\.\d+[^'\s]*)/m.exec(text)?.[1] ?? '';
}
