// `node scripts/archive.mjs [FILE]` makes an archive for a GPU host that has no network, npm or Node. It contains Node,
// these sources, and the npm packages for building and testing. The host needs Python torch, CMake and a C++ compiler.
// Run there: `tar xf FILE && torch-losses/run.sh`. If tar does not support xz, use `python3 -m tarfile -e FILE`.
import './lib/node-version.mjs';

import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  copyFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';

import { main, SetupError } from './lib/advice.mjs';
import { BUILD, NODE_MODULES, ROOT } from './lib/checkout.mjs';
import { withLock } from './lib/lock.mjs';
import { installPackages } from './lib/packages.mjs';

const MOST_BYTES = 60 * 10 ** 6;
const STAGE = path.join(BUILD, 'archive');
const CONTENT = path.join(STAGE, 'torch-losses');
/** Packages for formatting, linting and the documentation, which are not needed on the host. */
const LEFT_OUT = ['@biomejs', 'clang-format', 'typedoc', '@shikijs', 'katex', 'lunr'];

/** Runs everything on the host. */
const RUN = `#!/bin/sh
# Builds the addon against this host's torch, then runs the tests and the benchmarks of CUDA; with --all the
# other tests too.
# Needs: Python 3 with torch 2.11 or newer (on PATH, or LIBTORCH set), CMake, ninja or make, a C++20 compiler.
cd "$(dirname "$0")" || exit 1
PATH="$PWD/.node/bin:$PATH"
export PATH
unset CI # where it is set, a warning of a compiler that nobody has tried would end the build
exec node scripts/gpu.mjs "$@"
`;

await main(async () => {
  const [file = path.join(BUILD, 'torch-losses-gpu.tar.xz')] = process.argv.slice(2);
  await withLock(installPackages);
  rmSync(STAGE, { recursive: true, force: true });
  stageSources();
  stagePackages();
  stageNode();
  pack(path.resolve(file));
});

// Copies the files that git lists, as they are on the disk.
function stageSources() {
  const listed = execFileSync(
    'git',
    ['ls-files', '-z', '--cached', '--others', '--exclude-standard'],
    {
      cwd: ROOT,
      encoding: 'utf8',
    },
  );
  for (const name of listed.split('\0').filter(Boolean)) {
    const from = path.join(ROOT, name);
    if (!existsSync(from)) {
      continue; // deleted, and not yet committed so
    }
    const to = path.join(CONTENT, name);
    mkdirSync(path.dirname(to), { recursive: true });
    copyFileSync(from, to);
  }
  const script = path.join(CONTENT, 'run.sh');
  writeFileSync(script, RUN);
  chmodSync(script, 0o755);
}

// Includes the stamp of the set-up, so that the set-up on the host installs nothing.
function stagePackages() {
  const leftOut = new Set(LEFT_OUT.map((name) => path.join(NODE_MODULES, name)));
  cpSync(NODE_MODULES, path.join(CONTENT, 'node_modules'), {
    recursive: true,
    verbatimSymlinks: true,
    filter: (source) => !leftOut.has(source) && path.basename(source) !== '.bin',
  });
}

function stageNode() {
  const folder = path.join(CONTENT, '.node', 'bin');
  mkdirSync(folder, { recursive: true });
  const node = path.join(folder, 'node');
  copyFileSync(process.execPath, node);
  chmodSync(node, 0o755);
}

function pack(file) {
  mkdirSync(path.dirname(file), { recursive: true });
  const args = ['--create', '--file', file, '--xz', '--directory', STAGE, '--owner=0', '--group=0'];
  execFileSync('tar', [...args, 'torch-losses'], {
    env: { ...process.env, XZ_OPT: '-6 -T0' },
    stdio: 'inherit',
  });
  rmSync(STAGE, { recursive: true, force: true });
  const { size } = statSync(file);
  console.log(`${file}: ${(size / 10 ** 6).toFixed(1)} MB, Node ${process.version}`);
  if (size > MOST_BYTES) {
    throw new SetupError(`The archive is larger than ${MOST_BYTES / 10 ** 6} MB.`);
  }
}
