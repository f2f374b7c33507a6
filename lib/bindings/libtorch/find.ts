import { readFileSync, realpathSync } from 'node:fs';
import path from 'node:path';

import { addonFor, hasAddon, versionsWithAddon } from './addons';
import { LibtorchError } from './error';
import { exists, IS_BUNDLED, IS_CHECKOUT } from './folders';
import { activePythons, torchOfPython } from './python';
import { setupPythons } from './setups';
import { isSupported, SUPPORTED_VERSIONS } from './versions';

/** A libtorch on this machine. */
export interface Libtorch {
  /** The directory that contains `lib/libtorch_cpu.so`. */
  readonly directory: string;
  /** Its version, such as `2.13.0+cpu`. */
  readonly version: string;
  /** How it was found: by the variable LIBTORCH, through the active Python, or in what `setup` fetched. */
  readonly source: 'LIBTORCH' | 'python' | 'setup';
  /** The interpreter that imports this torch. Undefined if LIBTORCH is set, and no Python here imports that torch. */
  readonly python: string | undefined;
}

/** A place that was searched for a libtorch. */
export interface Candidate extends Omit<Libtorch, 'directory'> {
  /** Undefined if the Python has no torch. */
  readonly directory: string | undefined;
  /** The reason why it cannot be used, as the end of a sentence. Undefined if it can be used. */
  readonly problem: string | undefined;
  /** Whether only an addon is missing, which can be built with the headers in the directory. */
  readonly needsBuild: boolean;
}

/** The commands that error messages recommend. */
export const ADVICE = IS_CHECKOUT
  ? { setup: 'npm run setup', build: 'npm run setup' }
  : { setup: 'npx torch-losses setup', build: 'npx torch-losses build' };

/** The advice if there is no Python, as the middle of a sentence. */
export const PYTHON_NEEDED =
  'install Python 3 with pip (`apt install python3-pip python3-venv`, or the like)';

/**
 * Yields the places where a libtorch may be, in the order of preference. If `LIBTORCH` is set, that directory is the
 * only one. Otherwise these are the torch of the active Pythons, then what `setup` fetched. Nothing is loaded.
 */
export function* candidates(): Generator<Candidate, void> {
  const ordered = process.env['LIBTORCH'];
  if (ordered) {
    yield candidateOf(path.resolve(ordered), 'LIBTORCH', undefined);
    return;
  }
  const setups = setupPythons();
  for (const python of activePythons().filter((python) => !setups.includes(python))) {
    yield candidateOf(torchOfPython(python) ?? undefined, 'python', python);
  }
  for (const python of setups.filter((python) => exists(python))) {
    yield candidateOf(torchOfPython(python) ?? undefined, 'setup', python);
  }
}

/**
 * Returns the first of the {@link candidates} that can be used.
 *
 * @throws LibtorchError that lists where was looked, what was found, and the command that mends it
 */
export function findLibtorch(): Libtorch {
  const refused: Candidate[] = [];
  for (const candidate of candidates()) {
    const { directory, problem, source, version } = candidate;
    if (directory && !problem) {
      return {
        directory,
        version,
        source,
        // A getter, because the answer may need a run of each interpreter.
        get python() {
          return candidate.python ?? pythonThatImports(directory);
        },
      };
    }
    refused.push(candidate);
  }
  throw new LibtorchError(
    refused[0]?.source === 'LIBTORCH' ? messageForVariable(refused[0]) : messageForNone(refused),
    'ERR_TORCH_NOT_FOUND',
  );
}

/** Returns the libtorch in a directory, even if it cannot be used. */
export function libtorchIn(directory: string): Pick<Libtorch, 'directory' | 'version'> {
  return { directory: path.resolve(directory), version: versionOf(directory) };
}

function candidateOf(
  directory: string | undefined,
  source: Candidate['source'],
  python: string | undefined,
): Candidate {
  const version = directory && exists(directory) ? versionOf(directory) : '';
  const problem = directory ? problemOf(directory, version) : 'has no torch';
  return {
    directory,
    version,
    source,
    python,
    problem,
    needsBuild: !!directory && !!problem && canBuildFor(directory, version),
  };
}

function problemOf(directory: string, version: string): string | undefined {
  if (!exists(path.join(directory, 'lib', 'libtorch_cpu.so'))) {
    return `has no ${path.join(directory, 'lib', 'libtorch_cpu.so')}`;
  }
  if (!isSupported(version)) {
    return `has torch ${version || 'of an unknown version'}, which torch-losses does not support`;
  }
  if (hasAddon(addonFor(version)) || (IS_CHECKOUT && canBuildFor(directory, version))) {
    return undefined;
  }
  return canBuildFor(directory, version)
    ? `has torch ${version}, for which there is no addon yet`
    : `has torch ${version}, for which there is no addon, and not its headers`;
}

/** Returns whether an addon can be built for a libtorch. */
export function canBuildFor(directory: string, version: string): boolean {
  return isSupported(version) && exists(path.join(directory, 'include', 'ATen'));
}

function messageForVariable({ directory, problem, needsBuild }: Candidate): string {
  return (
    `LIBTORCH is set to ${directory}, which ${problem}. ` +
    (needsBuild
      ? `To build one, run \`${ADVICE.build}\`.`
      : `Set it to a directory that holds lib/libtorch_cpu.so of PyTorch ${SUPPORTED_VERSIONS.join(', ')}, ` +
        'or unset it to use the torch of the active Python.')
  );
}

function messageForNone(refused: readonly Candidate[]): string {
  const tried = refused.map(
    ({ python, problem }) => `  - the torch of a Python: ${python} ${problem}`,
  );
  return [
    `No libtorch to use: torch-losses needs that of PyTorch ${SUPPORTED_VERSIONS.join(', ')}. Looked for`,
    '  - the environment variable LIBTORCH: not set',
    ...(tried.length > 0 ? tried : ['  - the torch of a Python: no python3 or python on PATH']),
    ...(IS_BUNDLED ? [] : [addonsHere()]),
    tried.length === 0
      ? `To mend it, ${PYTHON_NEEDED}, then run \`${ADVICE.setup}\`,`
      : refused.some(({ needsBuild }) => needsBuild)
        ? `To mend it, run \`${ADVICE.build}\`, which builds an addon for the torch that is there, or \`${ADVICE.setup}\`,`
        : `To mend it, run \`${ADVICE.setup}\`, or \`pip install torch\` in the active Python,`,
    'or set LIBTORCH to a directory that holds lib/libtorch_cpu.so.',
  ].join('\n');
}

/** Returns a sentence that lists the versions with an addon. */
export function addonsHere(): string {
  const versions = versionsWithAddon();
  return versions.length > 0
    ? `There are addons here for ${versions.join(', ')}.`
    : `There are no addons here: \`${ADVICE.build}\` builds one for a libtorch that is there.`;
}

function pythonThatImports(directory: string): string | undefined {
  return [...activePythons(), ...setupPythons()].find((interpreter) => {
    const imported = exists(interpreter) && torchOfPython(interpreter);
    return !!imported && realpathSync(imported) === realpathSync(directory);
  });
}

// Reads the version from version.py of a torch package, or from build-version in PyTorch's zip of the C++ library.
function versionOf(directory: string): string {
  const file = ['version.py', 'build-version']
    .map((name) => path.join(directory, name))
    .find((name) => exists(name));
  const text = file ? readFileSync(file, 'utf8') : '';
  return /^(?:__version__ = ')?(\d+\.\d+[^'\s]*)/m.exec(text)?.[1] ?? '';
}
