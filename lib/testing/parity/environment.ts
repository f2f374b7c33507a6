/** The environment that decides which bits come out, ours and Python's. */
import { existsSync, readFileSync, realpathSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';

import { PACKAGE_VERSION } from '../../bindings/libtorch/folders';
import { libtorch, native } from '../../bindings/native';
import type { PythonEnvironment } from './oracle';

/** Our environment, under the names that Python's has. */
export interface OurEnvironment {
  torch: string;
  git_version: string | null;
  /** The directory of libtorch. */
  directory: string;
  /** The version of CUDA that it was built with. */
  cuda: string | null;
  threads: number;
  cpu_capability: string;
  /** The own kernels that are on: they computed what they accept. */
  kernels: readonly string[];
  /** torch-losses' own version. */
  version: string;
  node: string;
}

export interface Machine {
  cpu: string;
  cores: number;
  memory_gb: number;
  system: string;
}

export function ourEnvironment(): OurEnvironment {
  const { directory, version } = libtorch;
  return {
    torch: version,
    git_version: ofVersionFile(directory, 'git_version'),
    directory,
    cuda: ofVersionFile(directory, 'cuda'),
    threads: native.get_num_threads(),
    cpu_capability: native.cpu_capability(),
    kernels: kernelsOn(),
    version: PACKAGE_VERSION,
    node: process.version,
  };
}

/** The kernels that passed their self-test, which comes before their first use. */
export function kernelsOn(): string[] {
  return native.kernel_names().filter((name) => native.kernel_state(name)[0] === 'on');
}

// A torch package's version.py has lines such as `cuda: Optional[str] = '12.6'`.
function ofVersionFile(directory: string, name: string): string | null {
  const file = path.join(directory, 'version.py');
  const text = existsSync(file) ? readFileSync(file, 'utf8') : '';
  return new RegExp(`^${name}\\b.*= '([^']*)'`, 'm').exec(text)?.[1] ?? null;
}

export function machine(): Machine {
  return {
    cpu: os.cpus()[0]?.model.trim() ?? 'unknown',
    cores: os.availableParallelism(),
    memory_gb: Math.round(os.totalmem() / 2 ** 30),
    system: `${os.type()} ${os.release()} ${os.arch()}`,
  };
}

/** A property in which the environments differ, so that equal bits cannot be promised. */
export interface BuildDifference {
  what: string;
  python: string;
  ours: string;
}

const PROPERTIES = {
  torch: 'version of torch',
  git_version: 'commit of torch',
  cuda: 'version of CUDA',
  threads: 'threads',
  cpu_capability: 'CPU capability',
} as const;

/** Returns an empty list if both compute with the same libtorch in the same way. */
export function buildDifferences(
  python: PythonEnvironment,
  ours: OurEnvironment,
): BuildDifference[] {
  const same = realPath(python.directory) === realPath(ours.directory);
  const names = Object.keys(PROPERTIES) as (keyof typeof PROPERTIES)[];
  return names
    .filter((name) => python[name] !== ours[name])
    .filter((name) => !(same && ['git_version', 'cuda', 'torch'].includes(name)))
    .map((name) => ({
      what: PROPERTIES[name],
      python: shown(python[name]),
      ours: shown(ours[name]),
    }));
}

/** A commit by its first digits, as people know it. */
const shown = (value: string | number | null): string =>
  String(value ?? 'none').replace(/^([0-9a-f]{12})[0-9a-f]{28}$/, '$1');

const realPath = (file: string): string => (existsSync(file) ? realpathSync(file) : file);
