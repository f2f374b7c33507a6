// `npm run lint` checks formatting, lint rules, types, that the faults of `npm run mutate` apply to the sources, and that
// the files that comments and guides name exist. `npm run format` fixes what can be fixed automatically.
import './lib/node-version.mjs';

import { readdirSync } from 'node:fs';
import path from 'node:path';

import { main } from './lib/advice.mjs';
import { ROOT, tool } from './lib/checkout.mjs';
import { withFaults } from './lib/fault_text.mjs';
import { FAULTS } from './lib/faults.mjs';
import { KERNEL_FAULTS } from './lib/kernel_faults.mjs';
import { withLock } from './lib/lock.mjs';
import { checkNamedFiles } from './lib/named_files.mjs';
import { installPackages } from './lib/packages.mjs';
import { mustRun } from './lib/run.mjs';
import { checkTypes, compileLibrary } from './lib/typescript.mjs';

const fix = process.argv.includes('--fix');
const NATIVE = ['native', 'test/cuda/simulator'];

await main(async () => {
  await withLock(installPackages);
  await node(
    'clang-format',
    tool('clang-format', 'index.js'),
    ...(fix ? ['-i'] : ['--dry-run', '-Werror']),
    ...nativeSources(),
  );
  await node(
    'biome',
    tool('@biomejs', 'biome', 'bin', 'biome'),
    'check',
    ...(fix ? ['--write'] : ['--error-on-warnings']),
  );
  if (!fix) {
    checkNamedFiles();
    for (const faults of [FAULTS, KERNEL_FAULTS]) withFaults(faults, () => 'true');
    await withLock(compileLibrary); // the tests and examples see the library's types through its package name
    await checkTypes('test');
    await checkTypes('examples');
  }
});

function node(what, ...args) {
  return mustRun(what, process.execPath, args);
}

function nativeSources() {
  return NATIVE.flatMap((folder) =>
    readdirSync(path.join(ROOT, folder), { recursive: true })
      .filter((name) => /\.(cc|h)$/.test(name))
      .map((name) => path.join(folder, name)),
  );
}
