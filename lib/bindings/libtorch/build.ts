/** Reads from libtorch's files how it was built. */
import { readFileSync } from 'node:fs';
import path from 'node:path';

import type { Libtorch } from './find';
import { exists } from './folders';

/** Returns whether a libtorch is a CUDA build. */
export function isCudaBuild({ directory }: Libtorch): boolean {
  return exists(path.join(directory, 'lib', 'libtorch_cuda.so'));
}

/** Returns the CUDA version that a libtorch was built with, such as `13.0`, or null for a CPU build. */
export function cudaVersionOf(libtorch: Libtorch): string | null {
  const tag = /\+cu(\d+)(\d)$/.exec(libtorch.version);
  return versionField(libtorch, 'cuda') ?? (tag ? `${tag[1]}.${tag[2]}` : null);
}

/** Returns the commit of PyTorch that a libtorch was built from, or null if it has no version.py. */
export function commitOf(libtorch: Libtorch): string | null {
  return versionField(libtorch, 'git_version') ?? null;
}

/** Returns a string from the version.py of a torch package. */
function versionField({ directory }: Libtorch, name: string): string | undefined {
  const file = path.join(directory, 'version.py');
  const text = exists(file) ? readFileSync(file, 'utf8') : '';
  return new RegExp(`^${name}(?:: [^=]*)? = '([^']+)'`, 'm').exec(text)?.[1];
}
