// `node scripts/archive.mjs [FILE]`: one archive with all that a GPU host lacks that has neither
// network, npm nor Node: Node itself, these sources and the npm packages that building and testing
// need. There, with Python torch, CMake and a C++ compiler: `tar xf FILE && torch-losses/run.sh`, or
// `python3 -m tarfile -e FILE` where tar finds no xz.
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
/** For formatting, linting and the documentation, which are not made there. */
const LEFT_OUT = ['@biomejs', 'clang-format', 'typedoc', '@shikijs', 'katex', 'lunr'];

/** Runs everything there is to run on the host. */
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

// What git knows of, as it is on the disk.
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

// With the stamp of the set-up, which then finds nothing to install.
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
