/** The properties of both environments that determine the bits of results. */
import { existsSync, readFileSync, realpathSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';

import { PACKAGE_VERSION } from '../../bindings/libtorch/folders';
import { libtorch, native } from '../../bindings/native';
import type { PythonEnvironment } from './oracle';

/** The environment of this process, with the same names as Python's. */
export interface OurEnvironment {
  torch: string;
  git_version: string | null;
  /** The directory of libtorch. */
  directory: string;
  /** The CUDA version that libtorch was built with. */
  cuda: string | null;
  threads: number;
  cpu_capability: string;
  /** The own kernels that are enabled and passed their self-test. */
  kernels: readonly string[];
  /** The version of torch-losses. */
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

/** Returns the kernels that passed their self-test, which runs before their first use. */
export function kernelsOn(): string[] {
  return native.kernel_names().filter((name) => native.kernel_state(name)[0] === 'on');
}

// version.py in a torch package has lines such as `cuda: Optional[str] = '12.6'`.
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

/** A property that differs between the environments. Equal bits are then not guaranteed. */
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

/** Returns the properties that differ. The list is empty if both compute with the same libtorch in the same way. */
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
      python: formatProperty(python[name]),
      ours: formatProperty(ours[name]),
    }));
}

/** Formats a value. A commit is cut to its first digits. */
const formatProperty = (value: string | number | null): string =>
  String(value ?? 'none').replace(/^([0-9a-f]{12})[0-9a-f]{28}$/, '$1');

const realPath = (file: string): string => (existsSync(file) ? realpathSync(file) : file);
