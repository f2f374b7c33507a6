/** What a libtorch was built with, as its files say. */
import { readFileSync } from 'node:fs';
import path from 'node:path';

import type { Libtorch } from './find';
import { exists } from './folders';

/** Whether it is a CUDA build. */
export function isCudaBuild({ directory }: Libtorch): boolean {
  return exists(path.join(directory, 'lib', 'libtorch_cuda.so'));
}

/** The CUDA that it was built with, such as `13.0`; null for a CPU build. */
export function cudaVersionOf(libtorch: Libtorch): string | null {
  const tag = /\+cu(\d+)(\d)$/.exec(libtorch.version);
  return versionField(libtorch, 'cuda') ?? (tag ? `${tag[1]}.${tag[2]}` : null);
}

/** The commit of PyTorch that it was built from; null where only Python's package would say it. */
export function commitOf(libtorch: Libtorch): string | null {
  return versionField(libtorch, 'git_version') ?? null;
}

/** A string in the version.py of a torch package. */
function versionField({ directory }: Libtorch, name: string): string | undefined {
  const file = path.join(directory, 'version.py');
  const text = exists(file) ? readFileSync(file, 'utf8') : '';
  return new RegExp(`^${name}(?:: [^=]*)? = '([^']+)'`, 'm').exec(text)?.[1];
}
