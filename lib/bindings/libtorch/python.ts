import { createHash } from 'node:crypto';
import { readFileSync, renameSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';

import { CACHE_FOLDER, makeFolder } from './folders';

// Finds torch like `import torch`, but does not import it, which takes seconds.
const FIND_TORCH = `
import importlib.util, json, sys
sys.path = [entry for entry in sys.path if entry]
spec = importlib.util.find_spec("torch")
places = list(spec.submodule_search_locations or []) if spec else []
print(json.dumps({"directory": places[0] if places else None, "searched": sys.path}))
`;

// The variables and files that decide which torch an interpreter finds, in addition to the interpreter and the folders
// that it searches. The `python3` on PATH may be a shim of pyenv or asdf, which chooses an interpreter by a variable or
// by a file in a parent folder.
const PYTHON_VARIABLES = ['PYTHONPATH', 'PYTHONHOME', 'PYTHONNOUSERSITE', 'PYTHONUSERBASE', 'HOME'];
const SHIM_VARIABLES = ['PYENV_VERSION', 'ASDF_PYTHON_VERSION'];
const SHIM_FILES = ['.python-version', '.tool-versions'];

interface Answer {
  directory: string | null;
  searched: string[];
}

interface CachedAnswer extends Answer {
  timeStamps: string;
}

/**
 * Returns the Python interpreters that a shell would run, in the order of preference: that of VIRTUAL_ENV, then those
 * on PATH.
 */
export function activePythons(): string[] {
  const folders = (process.env['PATH'] ?? '')
    .split(path.delimiter)
    .filter((folder) => path.isAbsolute(folder));
  const onPath = ['python3', 'python'].map((name) =>
    folders
      .map((folder) => path.join(folder, name))
      .find((file) => modificationTime(file) !== undefined),
  );
  const ofVirtualEnvironment =
    process.env['VIRTUAL_ENV'] && path.join(process.env['VIRTUAL_ENV'], 'bin', 'python');
  const interpreters = [ofVirtualEnvironment, ...onPath].filter(
    (file): file is string => !!file && modificationTime(file) !== undefined,
  );
  return [...new Set(interpreters)];
}

/**
 * Returns the directory of the `torch` package that an interpreter imports, or null.
 *
 * The answer is cached in a file. The interpreter is asked again after it, a folder that it searches or an environment
 * variable that it uses has changed.
 */
export function torchOfPython(interpreter: string): string | null {
  const cacheFile = cacheFileOf(interpreter);
  const cached = readCache(cacheFile);
  if (cached && cached.timeStamps === timeStampsOf(interpreter, cached.searched)) {
    return cached.directory;
  }
  const answer = ask(interpreter);
  if (!answer) {
    return null;
  }
  writeCache(cacheFile, { ...answer, timeStamps: timeStampsOf(interpreter, answer.searched) });
  return answer.directory;
}

function ask(interpreter: string): Answer | undefined {
  // Loaded here, because it is rarely needed and takes a hundredth of the time to start.
  const { spawnSync } = process.getBuiltinModule('node:child_process');
  try {
    const run = spawnSync(interpreter, ['-c', FIND_TORCH], { encoding: 'utf8', timeout: 60_000 });
    return run.status === 0 ? (JSON.parse(run.stdout) as Answer) : undefined;
  } catch {
    return undefined; // Node's permission model allows no child processes
  }
}

function cacheFileOf(interpreter: string): string {
  const variables = [...PYTHON_VARIABLES, ...SHIM_VARIABLES].map((name) => process.env[name] ?? '');
  const key = [interpreter, ...variables].join('\0');
  const name = createHash('sha256').update(key).digest('hex').slice(0, 16);
  return path.join(CACHE_FOLDER, `python-${name}.json`);
}

function readCache(file: string): CachedAnswer | undefined {
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as CachedAnswer;
  } catch {
    return undefined;
  }
}

// If the cache cannot be written, Python is asked each time.
function writeCache(file: string, answer: CachedAnswer): void {
  try {
    makeFolder(path.dirname(file));
    const unfinished = `${file}.${process.pid}`;
    writeFileSync(unfinished, JSON.stringify(answer));
    renameSync(unfinished, file);
  } catch {}
}

function timeStampsOf(interpreter: string, searched: string[]): string {
  return [interpreter, ...filesHeededByShim(interpreter), ...searched]
    .map((place) => modificationTime(place) ?? '-')
    .join(' ');
}

function filesHeededByShim(shim: string): string[] {
  const files = [path.resolve(shim, '..', '..', 'version')];
  for (let folder = process.cwd(); ; folder = path.dirname(folder)) {
    files.push(...SHIM_FILES.map((name) => path.join(folder, name)));
    if (folder === path.dirname(folder)) {
      return files;
    }
  }
}

function modificationTime(file: string): number | undefined {
  try {
    return statSync(file, { throwIfNoEntry: false })?.mtimeMs;
  } catch {
    return undefined; // this process may not read it
  }
}
